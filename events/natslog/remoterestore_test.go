package natslog

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"testing"

	"cairn/events"
)

// backupOf returns the bodies of a log of its own, more than one batch of them.
func backupOf(t *testing.T) (origin string, bodies [][]byte) {
	t.Helper()
	l, _ := create(t)
	mustAppend(t, l, batch("a", 0, 0, fillEvents), batch("b", 0, 0, fillEvents/2))
	for _, env := range read(t, l, events.Filter{}) {
		bodies = append(bodies, env.Body)
	}
	return l.Origin(), bodies
}

var errCut = errors.New("cut off")

// upto yields n bodies, and then an error if there were more.
func upto(bodies [][]byte, n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i, body := range bodies {
			if i == n {
				yield(nil, errCut)
				return
			}
			if !yield(body, nil) {
				return
			}
		}
	}
}

// announce returns the event of a key.
func announce(verifier string) (*events.Envelope, error) {
	env := started(2)
	env.Data = &events.SignerAdded{Key: verifier}
	return &env, nil
}

// A restore into a JetStream keeps bodies and sequences. Cut off anywhere, what is
// left is no log, and the same restore again completes it; another does not.
func TestRestoreRemote(t *testing.T) {
	t.Parallel()
	origin, bodies := backupOf(t)
	other, others := backupOf(t)
	for _, cut := range []int{0, fillEvents - 1, fillEvents, fillEvents + 1, len(bodies), len(bodies) + 1} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			srv, keys, memory := runServer(t, t.TempDir()), filepath.Join(t.TempDir(), "keys"), t.TempDir()
			restore := func(origin string, bodies iter.Seq2[[]byte, error], last func(string) (*events.Envelope, error)) (Head, error) {
				return RestoreRemote(t.Context(), srv.ClientURL(), Remote{Memory: memory, State: keys}, origin, bodies, last)
			}
			last := announce
			if cut == len(bodies) {
				last = func(string) (*events.Envelope, error) { return nil, errCut }
			}
			if cut <= len(bodies) {
				if _, err := restore(origin, upto(bodies, cut), last); !errors.Is(err, errCut) {
					t.Fatalf("got %v, want %v", err, errCut)
				}
			} else { // all but the head
				if _, err := restore(origin, upto(bodies, cut), announce); err != nil {
					t.Fatal(err)
				}
				l := connect(t, srv, Remote{})
				if err := l.js.DeleteStream(t.Context(), headStreamName); err != nil {
					t.Fatal(err)
				}
				if err := l.Close(); err != nil {
					t.Log(err) // it cannot save the head
				}
			}
			if cut >= fillEvents {
				if _, err := Connect(t.Context(), srv.ClientURL(), Remote{Create: true}); !errors.Is(err, events.ErrIntegrity) {
					t.Errorf("half made: got %v, want ErrIntegrity", err)
				}
				if _, err := restoreOther(t, srv.ClientURL(), other, others); !errors.Is(err, ErrExists) {
					t.Errorf("another backup: got %v, want ErrExists", err)
				}
			}
			if _, err := restore(origin, upto(bodies, -1), announce); err != nil {
				t.Fatal(err)
			}
			l := connect(t, srv, Remote{Memory: memory, State: keys})
			got := read(t, l, events.Filter{})
			if len(got) != len(bodies)+1 || l.Origin() != origin {
				t.Fatalf("got %d events of %s, want %d of %s", len(got), l.Origin(), len(bodies)+1, origin)
			}
			for i, body := range bodies {
				if string(got[i].Body) != string(body) {
					t.Fatalf("@%d differs", i+1)
				}
			}
			verifier, err := l.Verifier()
			if added, ok := got[len(bodies)].Data.(*events.SignerAdded); err != nil || !ok || added.Key != verifier {
				t.Errorf("the key is not announced: %v", err)
			}
			mustAppend(t, l, batch("c", 0, 0, 1)) // it is a log like any other
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := restore(origin, upto(bodies, -1), announce); !errors.Is(err, ErrExists) {
				t.Errorf("again: got %v, want ErrExists", err)
			}
		})
	}
}

func restoreOther(t *testing.T, url, origin string, bodies [][]byte) (Head, error) {
	return RestoreRemote(t.Context(), url, Remote{State: t.TempDir()}, origin, upto(bodies, -1), announce)
}
