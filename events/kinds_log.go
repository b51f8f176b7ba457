package events

import "time"

// LogOpened says that a log begins. It is always event 1.
//
//	{"origin":"cairn/0199…","key":"<note verifier>","format":"1"}
type LogOpened struct {
	// Origin names the log for heads, checkpoints and clients.
	Origin string
	// Key is the note verifier line of the key made with the log.
	Key string
	// Format is the version of the stored form.
	Format string
}

// Kind returns the stored type.
func (*LogOpened) Kind() Kind { return KindLogOpened }

// Subject returns what the event is about.
func (*LogOpened) Subject() string { return "log" }
func (*LogOpened) event()          {}
func (e *LogOpened) fields(c *codec) {
	c.str("origin", &e.Origin)
	c.str("key", &e.Key)
	c.str("format", &e.Format)
}

// SignerAdded says that a further key may sign checkpoints of the log.
//
//	{"key":"<note verifier>","server":"srv-2","signature":"— cairn/0199… <base64>"}
type SignerAdded struct {
	Key string
	// Server says whose key it is. Optional.
	Server string
	// Signature is the line by which a key that could sign before vouches for
	// this one; merkle.Endorse has its form. Optional: who restores a backup has
	// no such key.
	Signature string
}

// Kind returns the stored type.
func (*SignerAdded) Kind() Kind { return KindSignerAdded }

// Subject returns what the event is about.
func (*SignerAdded) Subject() string { return "signer" }
func (*SignerAdded) event()          {}
func (e *SignerAdded) fields(c *codec) {
	c.str("key", &e.Key)
	c.str("server", &e.Server)
	c.str("signature", &e.Signature)
}

// SignerRemoved says that a key may no longer sign.
//
//	{"key":"<note verifier>"}
type SignerRemoved struct {
	Key string
}

// Kind returns the stored type.
func (*SignerRemoved) Kind() Kind { return KindSignerRemoved }

// Subject returns what the event is about.
func (*SignerRemoved) Subject() string { return "signer" }
func (*SignerRemoved) event()          {}
func (e *SignerRemoved) fields(c *codec) {
	c.str("key", &e.Key)
}

// UserAdded says that somebody may use the log.
//
//	{"user":"ada","role":"editor","checklists":["migration"]}     no checklists: all
type UserAdded struct {
	User string
	// Role is viewer, editor or admin.
	Role string
	// Checklists limits the role to these; empty is all.
	Checklists []string
}

// Kind returns the stored type.
func (*UserAdded) Kind() Kind { return KindUserAdded }

// Subject returns what the event is about.
func (e *UserAdded) Subject() string { return "user/" + e.User }
func (*UserAdded) event()            {}
func (e *UserAdded) fields(c *codec) {
	c.str("user", &e.User)
	c.str("role", &e.Role)
	c.strs("checklists", &e.Checklists)
}

// UserChanged says that a user has another role or other checklists. Both are the values after.
//
//	{"user":"ada","role":"admin","checklists":null}
type UserChanged struct {
	User       string
	Role       string
	Checklists []string
}

// Kind returns the stored type.
func (*UserChanged) Kind() Kind { return KindUserChanged }

// Subject returns what the event is about.
func (e *UserChanged) Subject() string { return "user/" + e.User }
func (*UserChanged) event()            {}
func (e *UserChanged) fields(c *codec) {
	c.str("user", &e.User)
	c.str("role", &e.Role)
	c.value("checklists", &e.Checklists)
}

// UserRemoved says that a user may no longer use the log.
//
//	{"user":"ada"}
type UserRemoved struct {
	User string
}

// Kind returns the stored type.
func (*UserRemoved) Kind() Kind { return KindUserRemoved }

// Subject returns what the event is about.
func (e *UserRemoved) Subject() string { return "user/" + e.User }
func (*UserRemoved) event()            {}
func (e *UserRemoved) fields(c *codec) {
	c.str("user", &e.User)
}

// TokenCreated says that a user has a further token. Only its hash is stored.
//
//	{"token":"0199…","user":"ada","hash":"<sha-256, hex>","label":"laptop","expires":"2027-01-01T00:00:00Z"}
type TokenCreated struct {
	Token, User string
	// Hash is the SHA-256 of the token, in hex.
	Hash string
	// Label and Expires are optional.
	Label   string
	Expires time.Time
}

// Kind returns the stored type.
func (*TokenCreated) Kind() Kind { return KindTokenCreated }

// Subject returns what the event is about.
func (e *TokenCreated) Subject() string { return "token/" + e.Token }
func (*TokenCreated) event()            {}
func (e *TokenCreated) fields(c *codec) {
	c.str("token", &e.Token)
	c.str("user", &e.User)
	c.str("hash", &e.Hash)
	c.str("label", &e.Label)
	c.time("expires", &e.Expires)
}

// TokenRevoked says that a token no longer opens anything.
//
//	{"token":"0199…"}
type TokenRevoked struct {
	Token string
}

// Kind returns the stored type.
func (*TokenRevoked) Kind() Kind { return KindTokenRevoked }

// Subject returns what the event is about.
func (e *TokenRevoked) Subject() string { return "token/" + e.Token }
func (*TokenRevoked) event()            {}
func (e *TokenRevoked) fields(c *codec) {
	c.str("token", &e.Token)
}

// AccessRefused says that an attempt was turned away; count of them since the last such event.
//
//	{"door":"http","action":"POST /api/v1/…","remote":"127.0.0.1","why":"expired token","count":3}
type AccessRefused struct {
	Door, Action, Remote, Why string
	Count                     int
}

// Kind returns the stored type.
func (*AccessRefused) Kind() Kind { return KindAccessRefused }

// Subject returns what the event is about.
func (*AccessRefused) Subject() string { return "access" }
func (*AccessRefused) event()          {}
func (e *AccessRefused) fields(c *codec) {
	c.str("door", &e.Door)
	c.str("action", &e.Action)
	c.str("remote", &e.Remote)
	c.str("why", &e.Why)
	c.num("count", &e.Count)
}

// PublicationBegun says that a checklist is being taken over from the log of an
// origin, in parts: until the checklist's own checklist.published from there, nothing
// else is written to it.
//
//	{"checklist":"migration","from":"cairn/0199…"}
type PublicationBegun struct {
	Checklist, From string
}

// Kind returns the stored type.
func (*PublicationBegun) Kind() Kind { return KindPublicationBegun }

// Subject returns what the event is about.
func (*PublicationBegun) Subject() string { return "publication" }
func (*PublicationBegun) event()          {}
func (e *PublicationBegun) fields(c *codec) {
	c.str("checklist", &e.Checklist)
	c.str("from", &e.From)
}

// EventErased says that an event was erased by law; this takes its place. Reserved.
//
//	{"leafhash":"<base64>","kind":"cairn.task.commented.v1","revision":12,"authority":"…"}
type EventErased struct {
	LeafHash  string
	Erased    Kind
	Revision  int
	Authority string
}

// Kind returns the stored type.
func (*EventErased) Kind() Kind { return KindEventErased }

// Subject returns what the event is about.
func (*EventErased) Subject() string { return "event" }
func (*EventErased) event()          {}
func (e *EventErased) fields(c *codec) {
	c.str("leafhash", &e.LeafHash)
	strAs(c, "kind", &e.Erased)
	c.num("revision", &e.Revision)
	c.str("authority", &e.Authority)
}
