package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// observed counts what a request is answered with.
type observed struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *observed) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *observed) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *observed) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observe logs each request in a line, counts it, gives it an id, and answers for
// a handler that panics. Queries and headers may hold secrets: they are not logged.
func observe(next http.Handler, log *slog.Logger, m *Metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := requestID(r)
		w.Header().Set("Cairn-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		ow := &observed{ResponseWriter: w}
		defer func() {
			v := recover()
			err, _ := v.(error)
			gone := errors.Is(err, http.ErrAbortHandler) || v != nil && r.Context().Err() != nil
			if v != nil && !gone {
				log.Error("panic", "request_id", id, "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if ow.status == 0 {
					write(ow, problem(http.StatusInternalServerError, "failure", 1, "the server made a mistake").hinted("Its log has more about request "+id+"."))
				}
			}
			if gone && ow.status == 0 {
				ow.status = 499 // the client has gone
			} else if ow.status == 0 {
				ow.status = http.StatusOK
			}
			took := time.Since(began)
			m.request(r, ow.status, took)
			log.LogAttrs(context.WithoutCancel(r.Context()), levelOf(ow.status), "request",
				slog.String("method", method(r)), slog.String("route", route(r)), slog.Int("status", ow.status),
				slog.Duration("took", took), slog.Int64("bytes", ow.bytes), slog.String("request_id", id))
			if v != nil && (gone || ow.status != http.StatusInternalServerError) {
				panic(http.ErrAbortHandler) // what was sent is not all
			}
		}()
		next.ServeHTTP(ow, r)
	})
}

func levelOf(status int) slog.Level {
	if status >= 500 {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// route is the pattern that a request matched, so that there are few of them.
func route(r *http.Request) string {
	_, pattern, found := strings.Cut(r.Pattern, " ")
	if !found {
		pattern = r.Pattern
	}
	if pattern == "" || pattern == everywhere {
		return "none"
	}
	return pattern
}

// method is one of those that there are, or other.
func method(r *http.Request) string {
	for _, m := range append(methods, http.MethodOptions) {
		if r.Method == m {
			return m
		}
	}
	return "other"
}

var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`) })

// requestID is the client's own, where it is one that can stand in a log.
func requestID(r *http.Request) string {
	if id := r.Header.Get("Cairn-Request-Id"); idForm().MatchString(id) {
		return id
	}
	return uuid.NewString()
}
