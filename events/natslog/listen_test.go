package natslog

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"cairn/events"
)

// guests knows ada, who may see every checklist, bob, who may see a, eve, who may
// see none, and a token of bob's.
func guests(c Client) ([]string, bool) {
	if !c.From.IsLoopback() {
		return nil, false
	}
	switch c.User + "/" + c.Secret {
	case "ada/sesame", "ada@example.com/sesame":
		return nil, true
	case "bob/sesame", "/bobs-token":
		return []string{"a"}, true
	case "eve/sesame":
		return []string{}, true
	case "mallory/sesame":
		return []string{">", "*", "a.b", ""}, true
	}
	return nil, false
}

// quiet keeps refusals from standard error: tests ask for them.
var quiet = nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})

func listening(t *testing.T) *Log {
	t.Helper()
	return open(t, Config{Dir: t.TempDir(), Create: true, Listen: Listen{Addr: "127.0.0.1:0", Authenticate: guests}})
}

// dial connects from outside.
func dial(t *testing.T, l *Log, options ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+l.Listening().String(), append([]nats.Option{nats.NoReconnect(), quiet}, options...)...)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestNothingListens(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	if at := l.Listening(); at != nil {
		t.Errorf("listens on %v", at)
	}
	if n := l.Recheck(); n != 0 {
		t.Errorf("recheck: got %d, want 0", n)
	}
}

func TestOutsiders(t *testing.T) {
	t.Parallel()
	l := listening(t)
	mustAppend(t, l, batch("a", 0, 0, 3), batch("b", 0, 0, 2))
	for name, test := range map[string]struct {
		as    nats.Option
		onlyA bool
	}{
		"all checklists":         {nats.UserInfo("ada", "sesame"), false},
		"a name with a dot":      {nats.UserInfo("ada@example.com", "sesame"), false},
		"one checklist":          {nats.UserInfo("bob", "sesame"), true},
		"one checklist, a token": {nats.Token("bobs-token"), true},
	} {
		t.Run(name, func(t *testing.T) {
			refusesOutsiders(t, l, test.onlyA, func(t *testing.T, options ...nats.Option) *nats.Conn {
				return dial(t, l, append(options, test.as)...)
			})
		})
	}
	t.Run("changes of all", func(t *testing.T) {
		seesChanges(t, l, dial(t, l, nats.UserInfo("ada", "sesame")), changes, "a", "b")
	})
	t.Run("changes of one", func(t *testing.T) {
		seesChanges(t, l, dial(t, l, nats.Token("bobs-token")), "cairn.changes.a.>", "a")
	})
}

func TestWhoMayNotConnect(t *testing.T) {
	t.Parallel()
	l := listening(t)
	for name, options := range map[string][]nats.Option{
		"nobody":             nil,
		"a wrong secret":     {nats.UserInfo("ada", "guess")},
		"a wrong token":      {nats.Token("guess")},
		"the log's own user": {nats.UserInfo(insider, "")},
		"no checklist":       {nats.UserInfo("eve", "sesame")},
		"no such checklists": {nats.UserInfo("mallory", "sesame")},
	} {
		nc, err := nats.Connect("nats://"+l.Listening().String(), options...)
		if err == nil {
			nc.Close()
		}
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: got %v, want %v", name, err, nats.ErrAuthorization)
		}
	}
	l.door.mu.Lock()
	defer l.door.mu.Unlock()
	if n := len(l.door.in); n != 0 {
		t.Errorf("%d are noted as let in", n)
	}
}

// Trap: the server complains about clients with the names that they give
// themselves. Who is called as a full disk is reported would stop all writes.
func TestMaliciousNames(t *testing.T) {
	t.Parallel()
	l := listening(t)
	for _, user := range []string{"no space left on device", "ada"} {
		nc, err := nats.Connect("nats://"+l.Listening().String(), nats.UserInfo(user, "sesame"), nats.Name("failed to store a msg: disabling jetstream, no space left"), nats.NoReconnect())
		if err != nil {
			continue
		}
		if err := errors.Join(nc.Publish("permission.denied", nil), nc.Flush()); err != nil {
			t.Fatal(err)
		}
		nc.Close()
	}
	l.server.said.Errorf(`127.0.0.1:4711 - cid:7 - "v1.55.0:go" - authentication error - User "no space left"`)
	mustAppend(t, l, batch("a", 0, 0, 1))
}

// A token that was revoked ends what goes on under it, and nothing else.
func TestRecheck(t *testing.T) {
	t.Parallel()
	var revoked, widened atomic.Bool
	l := open(t, Config{Dir: t.TempDir(), Create: true, Listen: Listen{Addr: "127.0.0.1:0", Authenticate: func(c Client) ([]string, bool) {
		if c.User == "cy" && widened.Load() {
			return nil, true
		}
		return []string{"a"}, c.User != "bob" || !c.Inside || !revoked.Load()
	}}})
	closed := make(chan string, 3)
	for _, user := range []string{"ada", "bob", "cy"} {
		dial(t, l, nats.UserInfo(user, "x"), nats.ClosedHandler(func(*nats.Conn) { closed <- user }))
	}
	if n := l.Recheck(); n != 0 {
		t.Fatalf("got %d disconnected, want 0", n)
	}
	ends := func(user string) {
		t.Helper()
		if n := l.Recheck(); n != 1 {
			t.Errorf("got %d disconnected, want %s", n, user)
		}
		select {
		case got := <-closed:
			if got != user {
				t.Errorf("got %s disconnected, want %s", got, user)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s is still connected", user)
		}
	}
	revoked.Store(true)
	ends("bob")
	widened.Store(true)
	ends("cy")
	if n := len(l.door.in); n != 1 {
		t.Errorf("%d are noted as let in, want 1", n)
	}
}

// A client that reads nothing does not brake the log: what waits for it is given
// up, with the client.
func TestSlowOutsider(t *testing.T) {
	t.Parallel()
	notRaced(t)
	l := listening(t)
	conn, err := net.Dial("tcp", l.Listening().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	if _, err := r.ReadString('\n'); err != nil { // INFO
		t.Fatal(err)
	}
	fmt.Fprint(conn, `CONNECT {"verbose":false,"user":"ada","pass":"sesame"}`+"\r\nSUB cairn.changes.> 1\r\nPING\r\n")
	if pong, err := r.ReadString('\n'); err != nil || pong != "PONG\r\n" {
		t.Fatalf("got %q, %v, want PONG", pong, err)
	}
	quick := dial(t, l, nats.UserInfo("ada", "sesame"))
	sub, err := quick.SubscribeSync(changes)
	if err != nil {
		t.Fatal(err)
	}
	if err := quick.Flush(); err != nil {
		t.Fatal(err)
	}
	last := events.Seq(0)
	const n = 90 // of 1 MB each: more than the server keeps for one client
	for i := range uint64(n) {
		a := batch("a", last, i, 1)
		a.Events[0].Reason = strings.Repeat("x", events.MaxEvent-2000)
		last = mustAppend(t, l, a)
		if _, err := sub.NextMsg(10 * time.Second); err != nil {
			t.Fatalf("the quick client, change %d: %v", i, err)
		}
	}
	if l.server.NumSlowConsumers() == 0 { // may be counted twice: too much waits, and for too long
		t.Error("the slow client was not given up: too little was sent to be a test")
	}
}

func TestListenTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key)
	l := open(t, Config{Dir: filepath.Join(dir, "log"), Create: true, Listen: Listen{Addr: "127.0.0.1:0", Cert: cert, Key: key, Authenticate: guests}})
	seesChanges(t, l, dial(t, l, nats.Token("bobs-token"), nats.RootCAs(cert)), "cairn.changes.a.>", "a")

	// A secret is never sent without it: the client sees that TLS is required.
	nc := dial(t, l, nats.UserInfo("ada", "sesame"), nats.RootCAs(cert))
	if state, err := nc.TLSConnectionState(); err != nil || !state.HandshakeComplete {
		t.Errorf("got %v, want TLS", err)
	}
	// A renewed certificate is used at once.
	writeCertificate(t, cert, key)
	dial(t, l, nats.Token("bobs-token"), nats.RootCAs(cert))
}

func TestListenRefusals(t *testing.T) {
	t.Parallel()
	taken := listening(t)
	for name, test := range map[string]struct {
		l    Listen
		want string
	}{
		"no port":            {Listen{Addr: "127.0.0.1", Authenticate: guests}, "missing port"},
		"no number":          {Listen{Addr: "127.0.0.1:nats", Authenticate: guests}, "invalid syntax"},
		"nobody to ask":      {Listen{Addr: "127.0.0.1:0"}, "nothing says who may connect"},
		"plain and open":     {Listen{Addr: ":0", Authenticate: guests}, "others would read"},
		"plain and open, 0s": {Listen{Addr: "0.0.0.0:0", Authenticate: guests}, "others would read"},
		"no such file":       {Listen{Addr: "127.0.0.1:0", Cert: "none.pem", Key: "none.pem", Authenticate: guests}, "no such file"},
		"taken":              {Listen{Addr: taken.Listening().String(), Authenticate: guests}, "address already in use"},
	} {
		dir := t.TempDir()
		l, err := Open(t.Context(), Config{Dir: dir, Create: true, Listen: test.l})
		if err == nil {
			l.Close()
		}
		if !errors.Is(err, events.ErrUnavailable) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want ErrUnavailable: %s", name, err, test.want)
		}
		open(t, Config{Dir: dir, Create: true, Wait: -1}) // the lock is free again
	}
	plain := open(t, Config{Dir: t.TempDir(), Create: true, Listen: Listen{Addr: "0.0.0.0:0", Plain: true, Authenticate: guests}})
	if plain.Listening() == nil {
		t.Error("nothing listens")
	}
}

// A log that was made before anything could listen is found by one that listens,
// and the other way round.
func TestListenToExisting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(t.Context(), Config{Dir: dir, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, l, batch("a", 0, 0, 3))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(storePath(dir), "jetstream", "$G", "streams", streamName)); err != nil {
		t.Fatal(err)
	}
	for _, listen := range []Listen{{Addr: "127.0.0.1:0", Authenticate: guests}, {}} {
		l, err := Open(t.Context(), Config{Dir: dir, Listen: listen})
		if err != nil {
			t.Fatal(err)
		}
		if got := l.End(); got != 4 {
			t.Errorf("got @%d, want @4", got)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// writeCertificate makes a certificate for 127.0.0.1 that signs itself.
func writeCertificate(t *testing.T, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: signed}, key: {Type: "EC PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
