package natslog

import (
	"context"
	"fmt"
	"sync"

	"cairn/events"
	"cairn/events/merkle"
)

// tiles keeps the cache of the tree's nodes in step with the head. Where they
// do not fit together (a log of an earlier version, or after a crash), nothing
// is written: whoever needs the tiles makes them anew.
type tiles struct {
	merkle.Tiles

	mu     sync.Mutex // guards all below, and the files
	w      *merkle.TileWriter
	broken bool
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

// Tiles returns the cache of the tree's nodes of an embedded log. It may be
// missing, short or wrong, which its readers find out.
func (l *Log) Tiles() merkle.Tiles {
	if k, ok := l.head.(*fileHead); ok {
		_ = k.sync() // what fails is tried again in a second
	}
	return merkle.NewTiles(l.dir)
}

// MakeTiles makes the tiles of an embedded log anew, from its events. It returns
// [events.ErrIntegrity] where these are not what the head says, and leaves no
// tiles then.
func (l *Log) MakeTiles(ctx context.Context) error {
	t := &tiles{Tiles: merkle.NewTiles(l.dir)}
	if k, ok := l.head.(*fileHead); ok {
		t = k.tiles
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	head := l.head.get()
	err := l.makeTiles(ctx, t, head)
	if t.broken = err != nil; t.broken {
		_ = t.Reset()
	}
	return err
}

func (l *Log) makeTiles(ctx context.Context, t *tiles, head Head) error {
	if err := t.Reset(); err != nil {
		return unwritable(l.dir, err)
	}
	var err error
	if t.w, err = t.Writer(0); err != nil {
		return err
	}
	var f merkle.Frontier
	for env, err := range l.Read(ctx, events.Filter{Upto: head.N}) {
		if err != nil {
			return err
		}
		leaf, err := merkle.LeafOf(&env)
		if err != nil {
			return damaged("@%d of the log in %s: %v", env.Seq, l.place, err)
		}
		f.Append(leaf)
		if err := t.w.Append(leaf); err != nil {
			return unwritable(l.dir, err)
		}
	}
	if f.Root() != head.Root {
		return damaged("the log in %s is not the one it was: its events do not lead to its root", l.place)
	}
	if err := t.w.Flush(); err != nil {
		return unwritable(l.dir, err)
	}
	return nil
}
