package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/api"
	"cairn/server/app"
	"cairn/server/commands"
)

// ServeConfig says what to serve and where.
type ServeConfig struct {
	Config
	// Place is the log's directory; it is made where there is none.
	Place Place
	// Listen is the address of the HTTP door; empty is 127.0.0.1:8080.
	Listen string
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
	// App is what the doors open to, URL where the HTTP door is.
	App *app.Shared
	URL string

	log      *natslog.Log
	http     *http.Server
	listener net.Listener
	place    Place
	said     *slog.Logger
	secret   string
}

// NewServer opens the log and listens. The caller runs it, or closes it.
func NewServer(ctx context.Context, c ServeConfig) (s *Server, err error) {
	if c.Place.Dir == "" {
		return nil, fmt.Errorf("%w: no home directory to keep it in; name one with --data", events.ErrStorage)
	}
	s = &Server{place: c.Place, said: c.Log}
	if s.said == nil {
		s.said = slog.New(slog.DiscardHandler)
	}
	nc := c.Place.config(c.Config)
	nc.Create = true
	if s.log, err = natslog.Open(ctx, nc); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := c.Place.made(); err != nil {
		return nil, err
	}
	if s.App, err = app.NewShared(ctx, s.log, commands.Config{Now: c.Now}); err != nil {
		return nil, err
	}
	if err := s.listen(ctx, &c); err != nil {
		return nil, err
	}
	a := Announcement{PID: os.Getpid(), URL: s.URL, Secret: s.secret}
	return s, a.Announce(c.Place.Dir)
}

func (s *Server) listen(ctx context.Context, c *ServeConfig) error {
	address := c.Listen
	if address == "" {
		address = DefaultListen
	}
	var err error
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
		return &commands.Error{
			Code: commands.CodeUsage, Message: fmt.Sprintf("cannot listen on %s: %v", address, err),
			Hint: "Choose another address: cairn serve --listen 127.0.0.1:8081",
		}
	}
	s.URL = "http://" + s.listener.Addr().String()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	s.secret = base64.RawURLEncoding.EncodeToString(secret)
	handler := api.New(s.App, api.Config{Version: c.Version, Now: c.Now})
	if c.Wrap != nil {
		handler = c.Wrap(handler)
	}
	s.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.said.Handler(), slog.LevelWarn),
	}
	return nil
}

// Run serves until ctx is done, then lets what is under way come to its end.
func (s *Server) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listener) }()
	select {
	case err := <-ended:
		return errors.Join(err, s.Close())
	case <-ctx.Done():
	}
	s.said.Info("stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err := s.http.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-ended
	return errors.Join(err, s.Close())
}

// Close closes the doors and the log.
func (s *Server) Close() error {
	if s.listener != nil {
		_ = s.listener.Close() // it may be closed already
	}
	if s.place.Dir != "" && s.secret != "" {
		withdraw(s.place.Dir)
	}
	if s.App != nil {
		s.App.Close()
	}
	return s.log.Close()
}
