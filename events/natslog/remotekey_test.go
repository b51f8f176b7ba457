package natslog

import (
	"errors"
	"os"
	"testing"

	"cairn/events"
	"cairn/events/merkle"
)

// Each process that connects has a key and tiles of its own; who makes the log
// names the key in its first event. The tiles go on where they ended, also in
// another process, and are made anew where they are not what the log says.
func TestKeyAndTilesOfALogElsewhere(t *testing.T) {
	t.Parallel()
	srv := runServer(t, t.TempDir())
	states := []string{t.TempDir(), t.TempDir()}
	one := connect(t, srv, Remote{Create: true, State: states[0]})
	verifier, err := one.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	if got := one.Opened().Key; got != verifier {
		t.Errorf("log.opened names %q, want %q", got, verifier)
	}
	two := connect(t, srv, Remote{State: states[1]})
	if other, err := two.Verifier(); err != nil || other == verifier {
		t.Errorf("got %q, %v, want a key of its own", other, err)
	}
	if _, err := Connect(t.Context(), srv.ClientURL(), Remote{State: states[1]}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("a directory in use: got %v, want ErrUnavailable", err)
	}

	proves := func(l *Log) {
		t.Helper()
		head, err := l.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.MakeTiles(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range uint64(head.N) {
			if _, err := merkle.Inclusion(l.Tiles().Reader(uint64(head.N), head.Root), uint64(head.N), i); err != nil {
				t.Fatalf("@%d: %v", i+1, err)
			}
		}
	}
	last, revision := events.Seq(0), uint64(0)
	appendTo := func(l *Log) {
		t.Helper()
		if last, err = l.Append(t.Context(), []events.Append{batch("plan", last, revision, 3)}); err != nil {
			t.Fatal(err)
		}
		revision += 3
	}
	appendTo(one)
	proves(two)
	appendTo(one)
	proves(two)
	proves(one)
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	appendTo(one)
	again := connect(t, srv, Remote{State: states[1]})
	proves(again)
	if got := again.own.frontier.N(); got != uint64(last) {
		t.Errorf("the tiles reach @%d, want @%d", got, last)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(again.own.path(), encodeSlot(&merkle.Frontier{}, merkle.Hash{}), 0o600); err != nil {
		t.Fatal(err)
	}
	proves(connect(t, srv, Remote{State: states[1]}))
}
