package natslog

import (
	"errors"
	"os"
	"testing"

	"cairn/events"
	"cairn/events/merkle"
)

// tree returns the head of a log with those bodies.
func tree(bodies ...string) (Head, []merkle.Hash) {
	var f merkle.Frontier
	var leaves []merkle.Hash
	for _, b := range bodies {
		leaves = append(leaves, merkle.Leaf([]byte(b)))
		f.Append(leaves[len(leaves)-1])
	}
	return headOf(f, leaves[len(leaves)-1]), leaves
}

// Trap: a power cut tears what was being written; the other slot counts then.
func TestTornSlot(t *testing.T) {
	t.Parallel()
	older, _ := tree("a", "b")
	newer, _ := tree("a", "b", "c")
	file := make([]byte, 2*slotSize)
	copy(file, encodeSlot(&older.Frontier, older.Leaf))
	slot := encodeSlot(&newer.Frontier, newer.Leaf)
	for whole := range slot {
		b := append([]byte(nil), file...)
		copy(b[slotSize:], slot[:whole])
		h, which, err := decodeHead(b)
		if err != nil || h.N != 2 || h.Root != older.Root || which != 0 {
			t.Fatalf("%d bytes of the second slot: got @%d of slot %d, %v, want @2 of slot 0", whole, h.N, which, err)
		}
	}
	copy(file[slotSize:], slot)
	h, which, err := decodeHead(file)
	if err != nil || h.N != 3 || h.Root != newer.Root || h.Leaf != newer.Leaf || which != 1 {
		t.Errorf("both slots: got @%d of slot %d, %v, want @3 of slot 1", h.N, which, err)
	}
	for i := range slot {
		b := append([]byte(nil), slot...)
		b[i] ^= 0x10
		if _, ok := decodeSlot(b); ok {
			t.Errorf("byte %d flipped: got a whole slot", i)
		}
	}
}

// A torn slot of the real file: the log opens, and goes on.
func TestTornHeadFile(t *testing.T) {
	t.Parallel()
	for slot := range int64(2) {
		l, dir := create(t)
		mustAppend(t, l, batch("a", 0, 0, 1))
		mustAppend(t, l, batch("a", 2, 1, 1))
		l.Close()
		f, err := os.OpenFile(headPath(dir), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{1, 2, 3}, slot*slotSize+20); err != nil {
			t.Fatal(err)
		}
		f.Close()
		l = open(t, Config{Dir: dir})
		if got := l.End(); got != 3 {
			t.Errorf("end: got @%d, want @3", got)
		}
		mustAppend(t, l, batch("a", 3, 2, 1))
		want := l.Head()
		l.Close()
		if got, err := Peek(dir); err != nil || got.Root != want.Root || got.N != 4 {
			t.Errorf("peek: got @%d, %v, want @4", got.N, err)
		}
	}
}

// A lost or broken head is refused: without it, nothing tells whether the
// store is whole.
func TestBrokenHead(t *testing.T) {
	t.Parallel()
	for _, content := range [][]byte{nil, {}, make([]byte, 2*slotSize)} {
		l, dir := create(t)
		l.Close()
		if content == nil {
			if err := os.Remove(headPath(dir)); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(headPath(dir), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), Config{Dir: dir, Create: true}); !errors.Is(err, events.ErrIntegrity) {
			t.Errorf("%d bytes: got %v, want ErrIntegrity", len(content), err)
		}
	}
}

// A store that is ahead of its head is what a crash leaves behind.
func TestHeadBehind(t *testing.T) {
	t.Parallel()
	l, dir := create(t)
	mustAppend(t, l, batch("a", 0, 0, 1))
	l.Close()
	old, err := os.ReadFile(headPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	l = open(t, Config{Dir: dir})
	mustAppend(t, l, batch("a", 2, 1, 7))
	want := l.Head()
	l.Close()
	if err := os.WriteFile(headPath(dir), old, 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, Config{Dir: dir})
	if got := l.Head(); got.N != want.N || got.Root != want.Root || got.Leaf != want.Leaf {
		t.Errorf("got @%d %v, want @%d %v", got.N, got.Root, want.N, want.Root)
	}
}

// Acknowledgements come in any order; the head moves in the log's.
func TestHeadOrder(t *testing.T) {
	t.Parallel()
	h, leaves := tree("1", "2", "3", "4", "5", "6")
	start, _ := tree("1")
	k, err := openHead(headPath(t.TempDir()), start, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	errs := make(chan error, 3)
	go func() { errs <- k.appended(t.Context(), 5, leaves[4:6]) }()
	go func() { errs <- k.appended(t.Context(), 3, leaves[2:4]) }()
	go func() { errs <- k.appended(t.Context(), 2, leaves[1:2]) }()
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := k.get(); got.Root != h.Root || got.N != 6 || got.Leaf != h.Leaf {
		t.Errorf("got @%d %v, want @6 %v", got.N, got.Root, h.Root)
	}
}

func TestRootIsThatOfTheBodies(t *testing.T) {
	t.Parallel()
	l, _ := create(t)
	mustAppend(t, l, batch("a", 0, 0, 1))
	mustAppend(t, l, batch("a", 2, 1, 30), batch("b", 0, 0, 3))
	var f merkle.Frontier
	for _, env := range read(t, l, events.Filter{}) {
		f.Append(merkle.Leaf(env.Body))
	}
	if got, want := l.Head().Root, f.Root(); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
