package natslog_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cairn/events"
	"cairn/events/natslog"
)

// What was seen at a place is forgotten before another log comes to lie there: a
// restore that is killed between the two would leave a log that is refused.
func TestRestoreForgetsFirst(t *testing.T) {
	t.Parallel()
	dir, memory := filepath.Join(t.TempDir(), "log"), t.TempDir()
	log, err := natslog.Open(t.Context(), natslog.Config{Dir: dir, Create: true, Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for env, err := range log.Read(t.Context(), events.Filter{Upto: log.End()}) {
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, env.Body)
	}
	origin := log.Origin()
	if err := errors.Join(log.Close(), os.RemoveAll(dir)); err != nil {
		t.Fatal(err)
	}
	if natslog.Recall(memory, origin) == nil {
		t.Fatal("nothing is remembered")
	}
	_, err = natslog.Restore(t.Context(), natslog.Config{Dir: dir, Memory: memory}, origin, func(yield func([]byte, error) bool) {
		for _, body := range bodies {
			if !yield(body, nil) {
				return
			}
		}
	}, func(verifier string) (*events.Envelope, error) {
		// Something comes to lie there, in the last moment.
		if err := os.MkdirAll(filepath.Join(dir, "in the way"), 0o700); err != nil {
			return nil, err
		}
		return &events.Envelope{
			ID: "0199c5a0-0000-7000-8000-000000000001", Revision: uint64(len(bodies)) + 1,
			Actor: events.Actor{ID: "ada"}, Data: &events.SignerAdded{Key: verifier},
		}, nil
	})
	if !errors.Is(err, natslog.ErrExists) {
		t.Fatalf("got %v, want ErrExists", err)
	}
	if seen := natslog.Recall(memory, origin); seen != nil {
		t.Errorf("@%d is remembered of what is gone", seen.N)
	}
}
