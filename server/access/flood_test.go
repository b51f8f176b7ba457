package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"cairn/server/access"
	"cairn/server/commands"
)

// TestGuessing: who shows one wrong token after the other has to wait, others do
// not, and neither does a token that opens, from the same address.
func TestGuessing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{})
	w.users()
	guess := func(from string) (int, time.Duration) {
		t.Helper()
		_, err := w.Admit(request(from, "GET /", "Authorization: Bearer crn_guess"))
		var e *access.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v", err)
		}
		return e.Status, e.RetryAfter
	}
	for n := range 10 {
		if status, _ := guess(there); status != http.StatusUnauthorized {
			t.Fatalf("guess %d: got %d, want 401", n, status)
		}
	}
	for range 100 {
		if status, wait := guess(there); status != http.StatusTooManyRequests || wait != 2*time.Second {
			t.Fatalf("got %d, %s; want 429, 2s", status, wait)
		}
	}
	if got := outcome(w.Admit(request(there, "GET /", "Authorization: Bearer "+adas))); got != "ada admin user" {
		t.Errorf("a good token from there: %q", got)
	}
	if status, _ := guess("192.0.2.8:1"); status != http.StatusUnauthorized {
		t.Errorf("somebody else: got %d, want 401", status)
	}
	w.pass(2 * time.Second)
	if status, _ := guess(there); status != http.StatusUnauthorized {
		t.Errorf("after a while: got %d, want 401", status)
	}
	if status, _ := guess(there); status != http.StatusTooManyRequests {
		t.Errorf("and once more: got %d, want 429", status)
	}
	// One person has many addresses of IPv6.
	for n := range 10 {
		guess(fmt.Sprintf("[2001:db8::%d]:1", n+1))
	}
	if status, _ := guess("[2001:db8::ffff]:1"); status != http.StatusTooManyRequests {
		t.Errorf("the same network: got %d, want 429", status)
	}
}

// TestFlood: 20,000 refusals from 10,000 addresses by many at once are all counted,
// in few events.
func TestFlood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{})
	w.users()
	const each, at = 2500, 8
	var wait sync.WaitGroup
	for n := range at {
		wait.Go(func() {
			for i := range each {
				header := "Authorization: Bearer crn_x"
				if i%2 == 0 {
					header = "X: y"
				}
				if _, err := w.Admit(request(fmt.Sprintf("10.%d.%d.%d:1", n%4, i>>8, i&0xff), fmt.Sprintf("GET /%d", i), header)); err == nil {
					t.Error("admitted")
				}
				if i == each/2 && n == 0 {
					if err := w.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, r := range w.recorded {
		total += r.Count
	}
	if total != each*at || len(w.recorded) > 3*65 {
		t.Errorf("got %d refusals in %d events, want %d in at most %d", total, len(w.recorded), each*at, 3*65)
	}
}

// TestRefusalsAMinute: the first is recorded at once, the rest at most once a
// minute; what could not be recorded is counted with the next.
func TestRefusalsAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{Door: "nats"})
	w.users()
	refused := func(n int) {
		for i := range n {
			if _, err := w.Admit(request(there, fmt.Sprintf("GET /%d?token=crn_x", i))); err == nil {
				t.Fatal("admitted")
			}
		}
	}
	flush := func(want ...commands.Refusal) {
		t.Helper()
		w.recorded = nil
		if err := w.Flush(t.Context()); !errors.Is(err, w.broken) {
			t.Fatal(err)
		}
		if fmt.Sprint(w.recorded) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", w.recorded, want)
		}
	}
	row := func(n int) commands.Refusal {
		return commands.Refusal{Door: "nats", Action: "GET /0", Remote: "192.0.2.7", Why: "no token", Count: n}
	}
	flush()
	refused(3)
	flush(row(3))
	refused(4)
	flush()
	w.pass(59 * time.Second)
	flush()
	w.pass(time.Second)
	w.broken = errors.New("disk full")
	flush()
	w.broken = nil
	refused(1)
	flush(row(5))
	w.pass(time.Hour)
	flush()
	w.do(commands.RecordRefusals{Refusals: []commands.Refusal{row(5)}})
}

// TestRun: what is left is recorded when the server ends.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, access.Config{})
	w.users()
	if _, err := w.Admit(request(there, "GET /")); err == nil {
		t.Fatal("admitted")
	}
	if err := w.Flush(t.Context()); err != nil { // the next of its kind would be due in a minute
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.Run(ctx, nil); close(ended) }()
	for range 7 {
		if _, err := w.Admit(request(there, "GET /")); err == nil {
			t.Fatal("admitted")
		}
	}
	cancel()
	<-ended
	total := 0
	for _, r := range w.recorded {
		total += r.Count
	}
	if total != 8 {
		t.Errorf("got %v, want 8 refusals", w.recorded)
	}
}
