// Package access says who is let in by a door: by a token of a user, by the secret
// of the machine's owner, or, where a log has no users, from the machine itself.
//
// For most uses, make one [Gate] for a server, keep [Gate.Run] running beside it,
// ask [Gate.Admit] at the beginning of every request and [Gate.Allow] once it is
// known what the request is about.
//
// A log without users is open to its own machine, and to nothing that a browser
// can be made to do for somebody else: the connection, the Host and the Origin must
// all be the machine's own. Reading needs nothing more; writing, and all that an
// admin does, needs the secret of server.json or the cookie of the page. As soon as
// the log has a user, every request needs a token, or that secret.
package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"cairn/projections/members"
	"cairn/server/commands"
)

// Config is what a Gate needs. Members and Record are required.
type Config struct {
	// Members calls look with who may use the log now. It is asked at every
	// request, so that a change counts at once.
	Members func(ctx context.Context, look func(*members.State) error) error
	// Record stores what was turned away; see [Gate.Run].
	Record func(context.Context, []commands.Refusal) error
	// Secret is that of server.json; without one, nobody is the machine's owner.
	Secret string
	// Door is the name of the door in the log; the default is "http".
	Door string
	// BehindProxy says that every request comes through a proxy, which says in
	// X-Forwarded-For from where.
	BehindProxy bool
	// Now is the clock; the default is the system's.
	Now func() time.Time
}

// Gate admits requests to a server. It is safe for concurrent use.
type Gate struct {
	config   Config
	session  string // the page's cookie: of this process, and of a log without users
	failures *failures
	tally    *tally
}

// New returns a Gate.
func New(c Config) *Gate {
	if c.Door == "" {
		c.Door = "http"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Gate{config: c, session: NewToken(), failures: newFailures(), tally: newTally()}
}

// ActorHeader declares who acts, where nothing tells it better: without users, and
// with the secret of the machine's owner.
const ActorHeader = "Cairn-Actor"

// cookieName is the page's session, of a log without users. A browser has one jar
// for all ports of a machine.
func cookieName(r *http.Request) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return "cairn_session_" + port
	}
	return "cairn_session"
}

// Admit returns who makes a request. It returns *Error for one that is turned away,
// and notes that; other errors are those of Config.Members.
func (g *Gate) Admit(r *http.Request) (members.Identity, error) {
	from, err := g.origin(r)
	if err != nil {
		return members.Identity{}, g.refuse(r, from, err)
	}
	shown, err := bearer(r.Header)
	if err != nil {
		return members.Identity{}, g.refuse(r, from, err)
	}
	now := g.config.Now()
	var id members.Identity
	closed := false
	var opens error // why the token opens nothing
	hash := Hash(shown)
	if err := g.config.Members(r.Context(), func(st *members.State) error {
		if closed = st.Closed(); closed {
			id, opens = st.Authenticate(hash, now)
		}
		return nil
	}); err != nil {
		return members.Identity{}, err
	}
	switch {
	case g.owner(shown, from):
		// Whoever reads server.json can read the log beside it, and write to it:
		// a token would protect nothing. But nobody was asked who he is, so the
		// actor is declared, and marked so.
		if id, err = declared(r, members.Admin); err == nil && !closed {
			err = g.local(r, from)
		}
	case !closed:
		id, err = g.open(r, from, shown)
	case shown == "":
		err = needsToken("no token", false)
	case opens != nil:
		err = needsToken(strings.Replace(opens.Error(), members.ErrUnauthenticated.Error()+": ", "", 1), true)
	}
	if err != nil {
		return members.Identity{}, g.refuse(r, from, err)
	}
	return id, nil
}

// owner reports whether the secret of server.json was shown, from this machine.
func (g *Gate) owner(shown string, from source) bool {
	return g.config.Secret != "" && from.local() &&
		subtle.ConstantTimeCompare([]byte(shown), []byte(g.config.Secret)) == 1
}

// open admits to a log without users.
func (g *Gate) open(r *http.Request, from source, shown string) (members.Identity, error) {
	if g.config.BehindProxy {
		// What a proxy passes on comes from this machine, too: it proves nothing.
		return members.Identity{}, forbidden("no users behind a proxy", "this log has no users, and behind a proxy it is closed without them", addFirst)
	}
	if err := g.local(r, from); err != nil {
		return members.Identity{}, err
	}
	if shown != "" {
		// A secret that is wrong is never passed over: its owner believes in it.
		return members.Identity{}, needsToken("wrong secret, and the log has no users", true)
	}
	if g.page(r) {
		return declared(r, members.Admin)
	}
	if !safe(r.Method) {
		return members.Identity{}, &Error{
			Status: http.StatusUnauthorized, Code: codeUnauthenticated, Message: "this needs the server's secret",
			Hint: "Use cairn on the same machine, or the page of the server.", challenge: challenge, why: "no secret",
		}
	}
	return declared(r, members.Viewer)
}

// page reports whether the request comes from the server's own page: with its
// cookie, and, where it writes, said by the browser to be of the same origin.
func (g *Gate) page(r *http.Request) bool {
	var cookie *http.Cookie
	for _, c := range r.CookiesNamed(cookieName(r)) {
		if subtle.ConstantTimeCompare([]byte(c.Value), []byte(g.session)) == 1 {
			cookie = c
		}
	}
	return cookie != nil && (safe(r.Method) || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "same-origin")
}

// Session gives the page at / its cookie, where the log has no users. It is called
// for a request that was admitted, and does nothing where there are users.
func (g *Gate) Session(w http.ResponseWriter, r *http.Request) error {
	closed := true
	if err := g.config.Members(r.Context(), func(st *members.State) error {
		closed = st.Closed()
		return nil
	}); err != nil || closed {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: g.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	return nil
}

// Allow returns nil where an identity has a right on a checklist; "" is all of
// them. Otherwise it notes the attempt and returns an *Error, which tells somebody
// with a limit the same of a checklist beyond it as of one that is not there.
func (g *Gate) Allow(r *http.Request, id members.Identity, right members.Right, checklist string) error {
	if id.May(right, checklist) {
		return nil
	}
	from, err := g.origin(r)
	if err != nil {
		from = source{}
	}
	return g.refuse(r, from, denied(id, right, checklist))
}

// addFirst is what to do about a log without users.
const addFirst = "On the server: cairn user add NAME --role admin"

// safe reports whether a method changes nothing.
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// refuse notes an attempt that was turned away, and slows down who guesses. It
// never waits.
func (g *Gate) refuse(r *http.Request, from source, err error) error {
	var refusal *Error
	if !errors.As(err, &refusal) {
		return err
	}
	now := g.config.Now()
	g.tally.note(now, tallyKey{g.config.Door, from.group(), refusal.why}, r.Method+" "+r.URL.Path)
	if !refusal.guess {
		return refusal
	}
	if wait := g.failures.failed(now, from.network()); wait > 0 {
		return tooMany(wait)
	}
	return refusal
}

// source is where a request comes from.
type source struct {
	addr netip.Addr // invalid for a Unix socket
	// direct says that nobody forwarded it.
	direct bool
	// known says that there is a source at all.
	known bool
}

// local reports whether the request comes from this machine, by nobody's word.
func (s source) local() bool {
	return s.known && s.direct && (!s.addr.IsValid() || s.addr.IsLoopback())
}

// network is what one person can easily have many addresses of.
func (s source) network() netip.Prefix {
	bits := 32
	if s.addr.Is6() {
		bits = 64
	}
	p, err := s.addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// group is how the log names the source: the address, the network of one of IPv6,
// or "local" for a Unix socket.
func (s source) group() string {
	switch {
	case !s.known:
		return "unknown"
	case !s.addr.IsValid():
		return "local"
	case s.addr.Is6() && !s.addr.IsLoopback():
		return s.network().String()
	}
	return s.addr.String()
}
