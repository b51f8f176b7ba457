package app

// JSONIdentity is who asks, as it is printed and sent. Fields are added, never
// changed.
type JSONIdentity struct {
	Schema     int      `json:"schema"`
	Kind       string   `json:"kind" example:"identity"`
	User       string   `json:"user" doc:"Who it is"`
	Role       *string  `json:"role" doc:"viewer, editor or admin; null without users"`
	Checklists []string `json:"checklists" doc:"Those that the user is limited to; null for all"`
	Auth       string   `json:"auth" doc:"How that is known: unauthenticated where it was only declared"`
}

// NewIdentity returns the JSON form of an identity; role is empty where there are
// no users.
func NewIdentity(user, role string, checklists []string, auth string) JSONIdentity {
	id := JSONIdentity{Schema: 1, Kind: "identity", User: user, Checklists: checklists, Auth: auth}
	if role != "" {
		id.Role = &role
	}
	return id
}
