package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"cairn/events"
	"cairn/server/api"
	"cairn/server/api/client"
	"cairn/server/commands"
)

// A client tells a refusal, which stands, from an answer after which the same
// command may be sent again.
func TestRefusedOrNot(t *testing.T) {
	t.Parallel()
	d := open(t, api.Config{})
	base, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		status int
		code   string
		want   error // nil is a refusal
	}{
		{http.StatusConflict, "changed_meanwhile", events.ErrConflict},
		{http.StatusServiceUnavailable, "unavailable", events.ErrUnavailable},
		{http.StatusServiceUnavailable, "busy", events.ErrUnavailable},
		{http.StatusPreconditionFailed, "changed_meanwhile", nil},
		{http.StatusConflict, "refused", nil},
	} {
		proxy := httputil.NewSingleHostReverseProxy(base)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				proxy.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(row.status)
			fmt.Fprintf(w, `{"status":%d,"code":%q,"detail":"no"}`, row.status, row.code)
		}))
		a, err := client.Dial(t.Context(), client.Config{At: client.At{URL: s.URL}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Execute(t.Context(), commands.Meta{Checklist: "migration", Actor: events.Actor{ID: "ada"}}, commands.Transition{Verb: commands.Done, Tasks: []string{"1"}})
		var refused *commands.Error
		if row.want == nil && !errors.As(err, &refused) || row.want != nil && (errors.As(err, &refused) || !errors.Is(err, row.want)) {
			t.Errorf("%d %s: got %#v, want %v", row.status, row.code, err, row.want)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		s.Close()
	}
}
