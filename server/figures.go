package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"cairn/server/api"
	"cairn/server/commands"
)

// figures is a door for Prometheus alone. Whoever reaches its address reads the
// server's figures, which name no checklist and nobody: it is for a network of
// one's own.
type figures struct {
	metrics  atomic.Pointer[api.Metrics] // of the log that is open
	http     *http.Server
	listener net.Listener
}

// listen opens the door; Serve answers from then on.
func (f *figures) listen(ctx context.Context, address string, said *slog.Logger) (err error) {
	if f.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
		return &commands.Error{
			Code: commands.CodeUsage, Message: fmt.Sprintf("cannot listen on %s: %v", address, err),
			Hint: "Choose another address: cairn serve --metrics-listen 127.0.0.1:9464",
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) { f.metrics.Load().Handler().ServeHTTP(w, r) })
	f.http = &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(said.Handler(), slog.LevelWarn),
	}
	return nil
}

// serve answers until close; it may be called where there is no door.
func (f *figures) serve() {
	if f.http != nil {
		_ = f.http.Serve(f.listener) // http.ErrServerClosed
	}
}

func (f *figures) close() {
	if f.listener != nil {
		_ = f.listener.Close() // it may be closed already
	}
	if f.http != nil {
		_ = f.http.Close()
	}
}

// Metrics returns the URL of the door for Prometheus; empty if there is none.
func (s *Server) Metrics() string {
	if s.figures.listener == nil {
		return ""
	}
	return "http://" + s.figures.listener.Addr().String() + "/metrics"
}
