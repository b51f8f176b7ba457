package natslog

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/nats-io/nats-server/v2/server"

	"cairn/events"
)

// Listen lets NATS clients from outside subscribe to the changes of an embedded
// log: cairn.changes.<checklist>.<noun>.<verb>, whose messages are the stored
// events. They can do nothing else. They are in an account of their own, into
// which only the changes are imported, and may not publish: the log, its stream
// and cairn.sys are out of their reach twice; see docs/adr/0019. The zero Listen
// is no port at all.
type Listen struct {
	// Addr is host:port; port 0 is any free one. Empty: nothing listens.
	Addr string
	// Cert and Key are files with a certificate and its private key, PEM. They
	// are read at each handshake, so a renewed one is used at once.
	Cert, Key string
	// Plain allows an Addr that other machines reach without Cert and Key: behind
	// a proxy that speaks TLS, for secrets are sent as they are.
	Plain bool
	// Authenticate says whose changes a client may see: those of the named
	// checklists, or of every one for nil. It is called for each connection, and
	// again by [Log.Recheck]. It may be called concurrently. Required if Addr is
	// given.
	Authenticate func(Client) (checklists []string, ok bool)
}

// Client is who wants to listen.
type Client struct {
	// User and Secret are the name and the password that it gave, or "" and its
	// token.
	User, Secret string
	// From is its address.
	From netip.Addr
	// Inside says that it was let in already, and is asked about again.
	Inside bool
}

// The accounts: the log is in the global one, under whose name JetStream keeps
// it on the disk, and always was.
const (
	outside = "OUTSIDE"
	insider = "cairn"
)

// What one client, and all of them, may take up.
const (
	maxClients       = 1000
	maxSubscriptions = 10_000
)

// door is who may come in, and who did.
type door struct {
	Listen
	host   string
	port   int
	secret string // of the in-process connections
	tls    *tls.Config

	mu      sync.Mutex // guards all below
	server  *server.Server
	account *server.Account // of those from outside; nil until it is there
	in      map[uint64]entrant
}

// entrant is a client that was let in.
type entrant struct {
	Client
	checklists []string
}

// newDoor returns nil if nothing is to listen.
func newDoor(l Listen) (*door, error) {
	if l.Addr == "" {
		return nil, nil //nolint:nilnil // no door is no error
	}
	refuse := func(err error, hint string) error {
		return &Error{Err: events.ErrUnavailable, Message: "cannot listen for NATS clients on " + l.Addr, Cause: err, Hint: hint}
	}
	host, word, err := net.SplitHostPort(l.Addr)
	if err != nil {
		return nil, refuse(err, "An address is host:port, like 127.0.0.1:4222.")
	}
	port, err := strconv.ParseUint(word, 10, 16)
	if err != nil {
		return nil, refuse(err, "An address is host:port, like 127.0.0.1:4222.")
	}
	if l.Authenticate == nil {
		return nil, refuse(errors.New("nothing says who may connect"), "")
	}
	d := &door{Listen: l, host: host, port: int(port), secret: rand.Text(), in: make(map[uint64]entrant)}
	if port == 0 {
		d.port = server.RANDOM_PORT
	}
	switch {
	case l.Cert != "" || l.Key != "":
		first, err := tls.LoadX509KeyPair(l.Cert, l.Key)
		if err != nil {
			return nil, refuse(err, "Name a certificate and its key, PEM.")
		}
		d.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if now, err := tls.LoadX509KeyPair(l.Cert, l.Key); err == nil {
				return &now, nil
			}
			return &first, nil // half written, or gone
		}}
	case !l.Plain && !ownMachine(host):
		return nil, refuse(errors.New("others would read the secrets that are sent there"), "Name a certificate and its key, or listen on 127.0.0.1.")
	}
	return d, nil
}

// ownMachine reports whether only this machine reaches host.
func ownMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (d *door) configure(o *server.Options) {
	o.Host, o.Port, o.TLSConfig = d.host, d.port, d.tls
	o.CustomClientAuthentication = d
	o.MaxConn, o.MaxSubs = maxClients, maxSubscriptions
}

// listen opens the door, if there is one.
func (e *embedded) listen() error {
	if e.door == nil {
		return nil
	}
	account, _ := e.LookupOrRegisterAccount(outside)
	log := e.GlobalAccount()
	err := log.AddStreamExport(changes, []*server.Account{account})
	if err == nil {
		err = account.AddStreamImport(log, changes, "")
	}
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	e.door.mu.Lock()
	e.door.server, e.door.account = e.Server, account
	e.door.mu.Unlock()
	ready := make(chan struct{})
	go e.AcceptLoop(ready)
	<-ready
	if e.Addr() == nil {
		return &Error{
			Err: events.ErrUnavailable, Cause: e.complaint(), Hint: "Choose another address.",
			Message: "cannot listen for NATS clients on " + e.door.Addr,
		}
	}
	return nil
}

// Check decides about a connection and gives it its rights; see
// [server.Authentication].
func (d *door) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if o.Username == insider && subtle.ConstantTimeCompare([]byte(o.Password), []byte(d.secret)) == 1 {
		return true // the log's own: all rights in its account
	}
	its := entrant{Client: Client{User: o.Username, Secret: o.Password}}
	if o.Token != "" {
		its.User, its.Secret = "", o.Token
	}
	if at, ok := c.RemoteAddress().(*net.TCPAddr); ok {
		its.From = at.AddrPort().Addr().Unmap()
	}
	// Trap: the server prints the name where it complains.
	if c.Kind() != server.CLIENT || strings.ContainsFunc(its.User, unicode.IsSpace) {
		return false
	}
	account := d.entering(c.GetID(), its)
	if account == nil {
		return false
	}
	checklists, ok := d.Authenticate(its.Client)
	subjects := changesOf(checklists)
	if !ok || len(subjects) == 0 {
		d.mu.Lock()
		delete(d.in, c.GetID())
		d.mu.Unlock()
		return false
	}
	its.checklists = checklists
	d.entering(c.GetID(), its)
	rights := &server.Permissions{
		Publish:   &server.SubjectPermission{Deny: []string{">"}},
		Subscribe: &server.SubjectPermission{Allow: subjects},
	}
	// Trap: where it cannot come into the account, it stays in that of the log,
	// with what rights it has. So these come first.
	c.RegisterUser(&server.User{Permissions: rights})
	c.RegisterUser(&server.User{Permissions: rights, Account: account})
	return true
}

// entering notes who comes in, before it is decided: a [Log.Recheck] meanwhile
// must find it. It returns the account of all that do; nil if the door is closed.
func (d *door) entering(id uint64, its entrant) *server.Account {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.account == nil {
		return nil
	}
	if len(d.in) >= 2*maxClients {
		maps.DeleteFunc(d.in, func(id uint64, _ entrant) bool { return d.server.GetClient(id) == nil })
	}
	d.in[id] = its
	return d.account
}

// changesOf returns the subjects of the changes of checklists; nil are all.
func changesOf(checklists []string) []string {
	if checklists == nil {
		return []string{changes}
	}
	var subjects []string
	for _, name := range checklists {
		if token(name) {
			subjects = append(subjects, strings.Replace(changes, ">", name+".>", 1))
		}
	}
	return subjects
}

// Listening returns where NATS clients from outside can connect; nil if nothing
// listens.
func (l *Log) Listening() net.Addr {
	if l.server == nil || l.server.door == nil {
		return nil
	}
	return l.server.Addr()
}

// Listeners returns how many NATS clients from outside there are.
func (l *Log) Listeners() int {
	if l.server == nil || l.server.door == nil {
		return 0
	}
	d := l.server.door
	d.mu.Lock()
	account := d.account
	d.mu.Unlock()
	if account == nil {
		return 0
	}
	return account.NumLocalConnections()
}

// Recheck asks Authenticate again about each client from outside, and
// disconnects those that it answers otherwise about than when they came: a token
// that was revoked ends what goes on under it. It returns how many that were.
func (l *Log) Recheck() int {
	if l.server == nil || l.server.door == nil {
		return 0
	}
	return l.server.recheck()
}

func (e *embedded) recheck() (ended int) {
	d := e.door
	d.mu.Lock()
	in := maps.Clone(d.in)
	d.mu.Unlock()
	for id, its := range in {
		its.Inside = true
		checklists, ok := d.Authenticate(its.Client)
		if ok && (checklists == nil) == (its.checklists == nil) && slices.Equal(checklists, its.checklists) {
			continue
		}
		if e.DisconnectClientByID(id) == nil { // not gone by itself
			ended++
		}
		d.mu.Lock()
		delete(d.in, id)
		d.mu.Unlock()
	}
	return ended
}

// aboutOutsider reports whether the server speaks of a client and not of itself.
func aboutOutsider(said string) bool {
	return strings.Contains(said, " - cid:") || strings.Contains(said, "Account:"+outside)
}
