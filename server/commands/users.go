package commands

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"cairn/events"
	"cairn/projections/members"
)

var userForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9._+-]{0,62}(@[a-z0-9]([a-z0-9.-]{0,188}[a-z0-9])?)?$`)
})

// CheckUser refuses what cannot be the name of a user: a name is short (ada) or an
// e-mail address, the one that git has for the same person. Capitals are refused
// rather than changed: Ada and ada are never two.
func CheckUser(name string) error {
	if userForm().MatchString(name) {
		return nil
	}
	err := usage("%q is no name of a user: want small letters, digits and . _ + -, such as ada, or an e-mail address", clip(name))
	if lower := strings.ToLower(name); lower != name && userForm().MatchString(lower) {
		err.Hint = "Names are in small letters: " + lower
	}
	return err
}

// AddUser lets somebody use the log. The first user is an admin: from then on
// only users come in.
type AddUser struct {
	User string       `json:"user"`
	Role members.Role `json:"role"`
	// Checklists limits the role to these, by their exact names; none is no limit.
	Checklists []string `json:"checklists,omitempty"`
}

// Name returns the stored name.
func (AddUser) Name() string { return "AddUser" }

func (c AddUser) decideSystem(st *members.State, _ time.Time) ([]events.Event, error) {
	if err := CheckUser(c.User); err != nil {
		return nil, err
	}
	if err := role(c.Role); err != nil {
		return nil, err
	}
	checklists, err := limit(c.Checklists)
	if err != nil {
		return nil, err
	}
	if u := st.User(c.User); u != nil {
		if u.Role == c.Role && slices.Equal(u.Checklists, checklists) {
			return nil, nil
		}
		return nil, refuse("To change that: cairn user change "+c.User, "%s is a user already: %s", c.User, may(u.Role, u.Checklists))
	}
	if err := whole(c.Role, checklists); err != nil {
		return nil, err
	}
	if c.Role != members.Admin && len(st.Admins()) == 0 {
		return nil, refuse("Nothing was written. With users, only users come in: begin with cairn user add NAME --role admin",
			"the log has no admin yet; %s would be %s", c.User, c.Role)
	}
	return []events.Event{&events.UserAdded{User: c.User, Role: string(c.Role), Checklists: checklists}}, nil
}

// whole refuses a limit of an admin, who could lift it himself.
func whole(r members.Role, checklists []string) error {
	if r == members.Admin && len(checklists) > 0 {
		return refuse("Nothing was written. Limit an editor or a viewer; an admin is for all of them.", "an admin cannot be limited to checklists: he could lift the limit himself")
	}
	return nil
}

// ChangeUser changes what a user may do. What is not given stays.
type ChangeUser struct {
	User string `json:"user"`
	// Role is the role after; "" leaves it.
	Role members.Role `json:"role,omitempty"`
	// Checklists is the limit after; nil leaves it, an empty list lifts it.
	Checklists *[]string `json:"checklists,omitempty"`
}

// Name returns the stored name.
func (ChangeUser) Name() string { return "ChangeUser" }

func (c ChangeUser) decideSystem(st *members.State, _ time.Time) ([]events.Event, error) {
	u, err := userOf(st, c.User)
	if err != nil {
		return nil, err
	}
	after, checklists := u.Role, u.Checklists
	if c.Role != "" {
		if err := role(c.Role); err != nil {
			return nil, err
		}
		after = c.Role
	}
	if c.Checklists != nil {
		if checklists, err = limit(*c.Checklists); err != nil {
			return nil, err
		}
	}
	if after == u.Role && slices.Equal(checklists, u.Checklists) {
		return nil, nil
	}
	if onlyAdmin(st, c.User) {
		return nil, last(c.User, "become "+may(after, checklists))
	}
	if err := whole(after, checklists); err != nil {
		if c.Checklists == nil {
			return nil, refuse("Nothing was written. Lift it with the same command: --all-checklists", "%s is limited to %s, and an admin is not", c.User, strings.Join(checklists, ", "))
		}
		return nil, err
	}
	return []events.Event{&events.UserChanged{User: c.User, Role: string(after), Checklists: checklists}}, nil
}

// RemoveUser takes a user's access away, with that of all his tokens.
type RemoveUser struct {
	User string `json:"user"`
}

// Name returns the stored name.
func (RemoveUser) Name() string { return "RemoveUser" }

func (c RemoveUser) decideSystem(st *members.State, _ time.Time) ([]events.Event, error) {
	if st.Former(c.User) {
		return nil, nil
	}
	if _, err := userOf(st, c.User); err != nil {
		return nil, err
	}
	if onlyAdmin(st, c.User) {
		return nil, last(c.User, "go")
	}
	return []events.Event{&events.UserRemoved{User: c.User}}, nil
}

func onlyAdmin(st *members.State, name string) bool {
	return slices.Equal(st.Admins(), []string{name})
}

func last(name, wish string) error {
	return refuse("Nothing was written. Make somebody else an admin first: cairn user change NAME --role admin",
		"%s is the only admin and cannot %s: nobody could say who may come in", name, wish)
}

// userOf returns the user of that name.
func userOf(st *members.State, name string) (*members.User, error) {
	if u := st.User(name); u != nil {
		return u, nil
	}
	if err := CheckUser(name); err != nil {
		return nil, err
	}
	err := &Error{Code: CodeNoUser, Message: "there is no user " + name, Hint: "There are none yet: cairn user add NAME --role admin"}
	if st.Former(name) {
		err.Message = fmt.Sprintf("%s is no user any more", name)
	}
	if users := st.Users(); len(users) > 0 {
		var names []string
		for _, u := range users {
			names = append(names, u.Name)
		}
		err.Hint = "There is: " + strings.Join(names, ", ")
	}
	return nil, err
}
