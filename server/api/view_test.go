package api

import (
	"context"
	"errors"
	"net/http"
	"testing"
)

// TestLimiter: who finds all turns taken is told to come again, who goes away
// meanwhile is told nothing, and a turn that is given back is the next one's.
func TestLimiter(t *testing.T) {
	t.Parallel()
	l := newLimiter(1, 0)
	l.turns <- struct{}{}
	_, err := l.enter(t.Context())
	var p *Problem
	if !errors.As(err, &p) || p.Status != http.StatusServiceUnavailable || p.Code != "busy" || p.GetHeaders().Get("Retry-After") == "" {
		t.Fatalf("got %v, want busy", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.enter(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	<-l.turns
	l.wait = heavyWait
	done, err := l.enter(t.Context())
	if err != nil || len(l.turns) != 1 {
		t.Fatalf("%d turns taken, %v", len(l.turns), err)
	}
	done()
	if len(l.turns) != 0 {
		t.Error("the turn was not given back")
	}
}

// TestQuality: the most specific range that holds a type counts (RFC 9110, 12.5.1).
func TestQuality(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		accept, kind string
		want         float64
	}{
		{"*/*", "image/png", 1},
		{"image/*;q=0.5, */*;q=0.1", "image/png", 0.5},
		{"image/png;q=0, image/*", "image/png", 0},
		{"IMAGE/PNG ; q=0.25", "image/png", 0.25},
		{"text/html", "image/png", 0},
		{"image/png;q=many", "image/png", 0},
		{"image/png;q=7", "image/png", 0},
		{"imag/*", "image/png", 0},
		{",;,/;*/", "image/png", 0},
	} {
		if got := quality(c.accept, c.kind); got != c.want {
			t.Errorf("%s of %s: got %v, want %v", c.kind, c.accept, got, c.want)
		}
	}
}
