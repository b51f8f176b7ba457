package natslog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"cairn/events"
	"cairn/events/merkle"
)

// tiles keeps the cache of the tree's nodes in step with the head. Where they
// do not fit together (a log of an earlier version, or after a crash), nothing
// is written: whoever needs the tiles makes them anew.
type tiles struct {
	merkle.Tiles
	dir string // of the tiles of a log elsewhere

	mu     sync.Mutex // guards all below, and the files
	w      *merkle.TileWriter
	broken bool
	// frontier is the tree in the tiles of a log elsewhere.
	frontier merkle.Frontier
}

// add takes in the leaves behind the first n.
func (t *tiles) add(n uint64, leaves []merkle.Hash) {
	if len(leaves) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken {
		return
	}
	var err error
	if t.w == nil {
		t.w, err = t.Writer(n)
	}
	if err == nil {
		err = t.append(n, leaves)
	}
	t.broken = err != nil
}

// append writes what of the leaves is not there yet. t.mu must be held.
func (t *tiles) append(n uint64, leaves []merkle.Hash) error {
	had := t.w.N()
	switch {
	case had < n:
		return fmt.Errorf("%d leaves in the tiles, %d in the log", had, n)
	case had >= n+uint64(len(leaves)):
		return nil
	}
	if err := t.w.Append(leaves[had-n:]...); err != nil {
		return err
	}
	return t.w.Flush()
}

// Tiles returns the cache of the tree's nodes. It may be missing, short or wrong,
// which its readers find out.
func (l *Log) Tiles() merkle.Tiles {
	if k, ok := l.head.(*fileHead); ok {
		k.flush()
	}
	return merkle.NewTiles(l.keys())
}

// MakeTiles makes the tiles anew, from the log's events; of a log elsewhere it
// goes on from those that it made before. It returns [events.ErrIntegrity] where
// the events are not what the head says, and leaves no tiles then.
func (l *Log) MakeTiles(ctx context.Context) error {
	if l.keys() == "" {
		return fmt.Errorf("%w: no place for the tiles of %s", ErrNotFound, l.place)
	}
	t := &tiles{Tiles: merkle.NewTiles(l.keys())}
	k, embedded := l.head.(*fileHead)
	switch {
	case embedded:
		t = k.tiles
	case l.own != nil:
		t = l.own
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	head := l.head.get()
	if t == l.own && t.resume(head) && l.makeTiles(ctx, t, head) == nil {
		return t.remember()
	}
	if err := t.Reset(); err != nil {
		return unwritable(l.keys(), err)
	}
	t.frontier = merkle.Frontier{}
	var err error
	if t.w, err = t.Writer(0); err == nil {
		err = l.makeTiles(ctx, t, head)
	}
	if t.broken = err != nil; t.broken {
		_ = t.Reset()
		return err
	}
	if t == l.own {
		return t.remember()
	}
	return nil
}

// makeTiles writes the tiles from where t stands to head.
func (l *Log) makeTiles(ctx context.Context, t *tiles, head Head) error {
	f := t.frontier.Clone()
	if events.Seq(f.N()) < head.N {
		for env, err := range l.Read(ctx, events.Filter{After: events.Seq(f.N()), Upto: head.N}) {
			if err != nil {
				return err
			}
			leaf, err := merkle.LeafOf(&env)
			if err != nil {
				return damaged("@%d of the log in %s: %v", env.Seq, l.place, err)
			}
			f.Append(leaf)
			if err := t.w.Append(leaf); err != nil {
				return unwritable(l.keys(), err)
			}
		}
	}
	if f.Root() != head.Root {
		return damaged("the log in %s is not the one it was: its events do not lead to its root", l.place)
	}
	if err := t.w.Flush(); err != nil {
		return unwritable(l.keys(), err)
	}
	t.frontier = f
	return nil
}

// path returns the file that says how far the tiles of a log elsewhere reach: the
// frontier, in the form of a slot of the head file. It is a cache, too.
func (t *tiles) path() string { return filepath.Join(t.dir, "tiles") }

// resume makes t ready to go on from what lies there, no further than head. It
// reports false where that must be made anew.
func (t *tiles) resume(head Head) bool {
	if t.w != nil {
		return !t.broken && t.frontier.N() <= uint64(head.N)
	}
	b, err := os.ReadFile(t.path())
	if err != nil {
		return false
	}
	h, ok := decodeSlot(b)
	if !ok || h.N > head.N {
		return false
	}
	t.frontier = h.Frontier
	t.w, err = t.Writer(uint64(h.N))
	return err == nil
}

func (t *tiles) remember() error {
	if err := os.WriteFile(t.path(), encodeSlot(&t.frontier, merkle.Hash{}), 0o600); err != nil {
		return unwritable(t.path(), err)
	}
	return nil
}
