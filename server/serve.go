package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/access"
	"cairn/server/api"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/trust"
)

// ServeConfig says what to serve and where.
type ServeConfig struct {
	Config
	// Place is the log's directory; it is made where there is none. With NATS it is
	// this server's own: for its key, and what can be lost.
	Place Place
	// NATS is the URL of a JetStream elsewhere that has the log, or several with
	// commas between them; empty for a log in Place. Any number of servers may share
	// it.
	NATS string
	// Credentials is that of [NATS].Creds.
	Credentials string
	// Replicas of the streams, where they are made; zero is 1.
	Replicas int
	// Listen is the address of the HTTP door; empty is 127.0.0.1:8080.
	Listen string
	// CertFile and KeyFile are those of TLS; without, and without BehindProxy, Listen
	// must be an address of this machine alone.
	CertFile, KeyFile string
	// BehindProxy says that a proxy in front does TLS, and says from where requests
	// come.
	BehindProxy bool
	// ListenNATS is the address of the door for NATS clients, which see changes and
	// can do nothing else; empty for none. Not with NATS.
	ListenNATS string
	// ListenMetrics is the address of a door for Prometheus alone, which asks for no
	// token; empty for none. The figures are at /metrics of Listen, too.
	ListenMetrics string
	// Version is told to clients.
	Version string
	// Log takes what operators want to know; nil is nothing.
	Log *slog.Logger
	// Wrap, if set, is put around the HTTP handler.
	Wrap func(http.Handler) http.Handler
}

// DefaultListen is where the HTTP door is unless told otherwise.
const DefaultListen = "127.0.0.1:8080"

// stopWithin is how long requests may go on when the server stops.
const stopWithin = 10 * time.Second

// Server is a log with its doors open.
type Server struct {
	// App is what the doors open to, URL where the HTTP door is. Where the log is
	// opened again, there is another App.
	App *app.Shared
	URL string

	config   ServeConfig
	log      *natslog.Log
	http     *http.Server
	handler  atomic.Pointer[http.Handler]
	listener net.Listener
	place    Place
	pin      string // the certificate's; see [Announcement]
	said     *slog.Logger
	secret   string
	gate     *access.Gate
	stopGate func()
	cut      context.CancelFunc // ends the feeds
	nats     *natsDoor          // nil if there is none
	figures  figures
}

// NewServer opens the log and listens. The caller runs it, or closes it.
func NewServer(ctx context.Context, c ServeConfig) (*Server, error) {
	if c.Place.Dir == "" {
		return nil, fmt.Errorf("%w: no home directory to keep it in; name one with --data", events.ErrStorage)
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if err := c.checkListen(); err != nil {
		return nil, err
	}
	if err := c.checkListenNATS(); err != nil {
		return nil, err
	}
	s := &Server{config: c, place: c.Place, said: c.Log}
	if s.said == nil {
		s.said = slog.New(slog.DiscardHandler)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	s.secret = base64.RawURLEncoding.EncodeToString(secret)
	if c.ListenNATS != "" {
		s.nats = &natsDoor{life: context.WithoutCancel(ctx)}
	}
	err := s.listen(ctx) // first: a port that is taken leaves no log behind
	if err == nil && c.ListenMetrics != "" {
		err = s.figures.listen(ctx, c.ListenMetrics, s.said)
	}
	if err == nil {
		err = s.open(ctx)
	}
	if err == nil {
		a := Announcement{PID: os.Getpid(), URL: Near(s.URL), Secret: s.secret, Certificate: s.pin, NATS: s.NATS()}
		err = a.Announce(c.Place.Dir)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open opens the log and what stands on it; what it did by then is the caller's to
// close.
func (s *Server) open(ctx context.Context) (err error) {
	c := &s.config
	if s.log, err = c.open(ctx, s.nats, s.URL); err != nil {
		return err
	}
	if c.NATS == "" {
		err = c.Place.made()
	} else {
		err = c.announceKey(ctx, s.log)
	}
	if err != nil {
		return err
	}
	if s.App, err = app.NewShared(ctx, s.log, commands.Config{Now: c.Now}); err != nil {
		return err
	}
	s.gate = access.New(access.Config{
		Members: s.App.Members, Record: s.recordRefusals, Secret: s.secret, BehindProxy: c.BehindProxy, Now: c.Now,
	})
	if s.nats != nil {
		s.nats.gate.Store(s.gate)
	}
	feeds, cut := context.WithCancel(context.WithoutCancel(ctx))
	s.cut = cut
	metrics := api.NewMetrics()
	s.figures.metrics.Store(metrics)
	handler := api.New(s.App, api.Config{
		Version: c.Version, Metrics: metrics, Now: c.Now, Trust: trust.NewOwn(s.log), Gate: s.gate, Log: s.said, Stopping: feeds.Done(),
	})
	if c.Wrap != nil {
		handler = c.Wrap(handler)
	}
	s.handler.Store(&handler)
	return nil
}

// open opens the log of the server, whose own URL is given.
func (c *ServeConfig) open(ctx context.Context, door *natsDoor, own string) (*natslog.Log, error) {
	nc := c.Place.config(c.Config)
	if c.NATS == "" {
		nc.Create, nc.Busy = true, c.Place.servedAlready(ctx, c.Config, Near(own))
		if door != nil {
			nc.Listen = natslog.Listen{
				Addr: c.ListenNATS, Cert: c.CertFile, Key: c.KeyFile, Plain: c.BehindProxy, Authenticate: door.authenticate,
			}
		}
		return natslog.Open(ctx, nc)
	}
	at, shared := NATS{URL: c.NATS, Creds: c.Credentials, Replicas: c.Replicas, Keys: c.Place.Dir}, c.Config
	shared.Create = true
	r, err := at.Remote(shared)
	if err != nil {
		return nil, err
	}
	return natslog.Connect(ctx, c.NATS, r)
}

// servedAlready returns what ends the wait for the lock of a place that another
// server has. One that is stopping does not answer any more; nor does the one at own
// yet, whose address one that was killed may have left behind.
func (p Place) servedAlready(ctx context.Context, c Config, own string) func() error {
	var s *Session
	answered := p.answered(ctx, c, &s)
	return func() error {
		if a, err := announced(p.Dir); err == nil && a.URL == own {
			return nil
		}
		err := answered()
		if !errors.Is(err, errServed) {
			return err
		}
		defer s.Close()
		return &natslog.Error{
			Err: events.ErrUnavailable, Message: fmt.Sprintf("the log in %s is served already, at %s", p.Dir, s.URL),
			Hint: "Nothing was started. Commands of this machine find that server by themselves.",
		}
	}
}

// announceKey announces the key of a server that shares a log, once.
func (c *ServeConfig) announceKey(ctx context.Context, log *natslog.Log) error {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	_, _, err := trust.Join(ctx, log, machine(), trust.Stamp{
		Actor: events.Actor{ID: "cairn", Auth: "system"}, Via: "cairn", Now: now,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	})
	return err
}

func (s *Server) listen(ctx context.Context) error {
	c := &s.config
	var certificate tls.Certificate
	if c.CertFile != "" {
		var err error
		if certificate, err = tls.LoadX509KeyPair(c.CertFile, c.KeyFile); err != nil {
			return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--tls-cert and --tls-key: %v", err)}
		}
		pin := sha256.Sum256(certificate.Certificate[0])
		s.pin = hex.EncodeToString(pin[:])
	}
	var err error
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen); err != nil {
		return &commands.Error{
			Code: commands.CodeUsage, Message: fmt.Sprintf("cannot listen on %s: %v", c.Listen, err),
			Hint: "Choose another address: cairn serve --listen 127.0.0.1:8081",
		}
	}
	s.URL = "http://" + s.listener.Addr().String()
	if c.CertFile != "" {
		s.URL = "https://" + s.listener.Addr().String()
		s.listener = tls.NewListener(s.listener, &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		})
	}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.handler.Load()).ServeHTTP(w, r) }),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.said.Handler(), slog.LevelWarn),
	}
	s.http.RegisterOnShutdown(func() { s.cut() })
	return nil
}

// checkListen refuses an address that others reach without TLS.
func (c *ServeConfig) checkListen() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return &commands.Error{Code: commands.CodeUsage, Message: "--tls-cert and --tls-key belong together"}
	}
	return c.checkAddress("--listen", c.Listen)
}

// checkListenNATS is checkListen for NATS clients.
func (c *ServeConfig) checkListenNATS() error {
	switch {
	case c.ListenNATS == "":
		return nil
	case c.NATS != "":
		return &commands.Error{
			Code: commands.CodeUsage, Message: "--nats-listen and --nats exclude each other",
			Hint: "Readers connect to that NATS itself, as a user that may subscribe to cairn.changes.> alone.",
		}
	}
	return c.checkAddress("--nats-listen", c.ListenNATS)
}

func (c *ServeConfig) checkAddress(flag, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s %s: want HOST:PORT", flag, address)}
	}
	ip, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && ip.IsLoopback() || c.CertFile != "" || c.BehindProxy {
		return nil
	}
	return &commands.Error{
		Code: commands.CodeUsage, Message: fmt.Sprintf("%s can be reached by others, and tokens would pass in the clear", address),
		Hint: "Give --tls-cert and --tls-key, or --behind-proxy where a proxy does TLS.",
	}
}

// recordRefusals stores attempts that were turned away.
func (s *Server) recordRefusals(ctx context.Context, refusals []commands.Refusal) error {
	_, err := s.App.Administer(ctx, commands.Meta{Actor: events.Actor{ID: "cairn", Auth: "system"}, Via: "http"}, commands.RecordRefusals{Refusals: refusals})
	return err
}

// keepGate has the gate record what it turned away, until stopGate.
func (s *Server) keepGate(ctx context.Context) {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() {
		s.gate.Run(life, func(err error) { s.said.Warn("record who was turned away", "err", err) })
	})
	if s.nats != nil {
		running.Go(func() { s.nats.watch(life, s.log, s.App.Feed()) })
	}
	s.stopGate = func() {
		stop()
		running.Wait()
	}
}

// Run serves until ctx is done, then lets what is under way come to its end.
func (s *Server) Run(ctx context.Context) error {
	s.keepGate(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listener) }()
	var beside sync.WaitGroup
	beside.Go(s.figures.serve)
	defer beside.Wait()
	if err := s.keepOpen(ctx, ended); err != nil {
		return errors.Join(err, s.Close())
	}
	s.said.Info("stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err := s.http.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, s.Close())
}

// Close closes the doors and the log.
func (s *Server) Close() error {
	s.figures.close()
	if s.listener != nil {
		_ = s.listener.Close() // it may be closed already
	}
	if s.place.Dir != "" && s.secret != "" {
		withdraw(s.place.Dir, s.secret)
	}
	return s.shut()
}

// shut closes what [Server.open] opened, as far as it came; again does nothing.
func (s *Server) shut() (err error) {
	if s.cut != nil {
		s.cut()
	}
	if s.stopGate != nil {
		s.stopGate()
	}
	if s.App != nil {
		s.App.Close()
	}
	if s.log != nil {
		err = s.log.Close()
	}
	return err
}

// Session returns a session over the log, for use in this process before [Server.Run].
// It ends with the server.
func (s *Server) Session() *Session {
	return &Session{App: s.App, Trust: trust.NewOwn(s.log), Place: s.place, close: func() error { return nil }}
}

// Log returns where the log is: its directory, or the URL of NATS without secrets.
func (s *Server) Log() string { return s.log.Place() }

// NATS returns the URL of the door for NATS clients; empty if there is none.
func (s *Server) NATS() string {
	at := s.log.Listening()
	if at == nil {
		return ""
	}
	return "nats://" + at.String()
}

// Secret opens the server to whoever can read its announcement.
func (s *Server) Secret() string { return s.secret }
