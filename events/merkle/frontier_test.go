package merkle_test

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"cairn/events/merkle"
)

// stored is a tlog tree in memory, the reference implementation.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s[x]
	}
	return out, nil
}

func TestRootIsThatOfTlog(t *testing.T) {
	t.Parallel()
	var (
		f   merkle.Frontier
		ref stored
	)
	for n := range int64(300) {
		body := fmt.Appendf(nil, `{"event":%d}`, n)
		more, err := tlog.StoredHashes(n, body, ref)
		if err != nil {
			t.Fatal(err)
		}
		ref = append(ref, more...)
		f.Append(merkle.Leaf(body))

		want, err := tlog.TreeHash(n+1, ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Root(); got != want {
			t.Fatalf("root of %d leaves: got %v, want %v", n+1, got, want)
		}
		if got := f.N(); got != uint64(n+1) {
			t.Fatalf("N: got %d, want %d", got, n+1)
		}
	}
}

func TestRootOfNothing(t *testing.T) {
	t.Parallel()
	var f merkle.Frontier
	want, err := tlog.TreeHash(0, stored(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Root(); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMarshalAndGoOn(t *testing.T) {
	t.Parallel()
	var f merkle.Frontier
	for n := range 300 {
		var g merkle.Frontier
		if err := g.Unmarshal(f.Marshal()); err != nil {
			t.Fatalf("frontier of %d: %v", n, err)
		}
		leaf := merkle.Leaf(fmt.Append(nil, n))
		c := f.Clone()
		c.Append(merkle.Leaf([]byte("another")))
		f.Append(leaf)
		g.Append(leaf)
		if got, want := g.Root(), f.Root(); got != want || g.N() != f.N() {
			t.Fatalf("after %d: got %v, want %v", n, got, want)
		}
		if c.Root() == f.Root() {
			t.Fatalf("after %d: another leaf has the same root", n)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	var f merkle.Frontier
	f.Append(merkle.Leaf([]byte("a")))
	f.Append(merkle.Leaf([]byte("b")))
	f.Append(merkle.Leaf([]byte("c")))
	good := f.Marshal()
	for _, b := range [][]byte{nil, good[:7], good[:8], good[:len(good)-1], append(f.Marshal(), 0)} {
		g := f.Clone()
		if err := g.Unmarshal(b); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("%d bytes: got %v, want ErrMalformed", len(b), err)
		}
		if g.Root() != f.Root() {
			t.Errorf("%d bytes: the frontier changed", len(b))
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	body := make([]byte, 700)
	var f merkle.Frontier
	for b.Loop() {
		f.Append(merkle.Leaf(body))
	}
}

func BenchmarkRoot(b *testing.B) {
	var f merkle.Frontier
	for range 1<<16 - 1 {
		f.Append(merkle.Hash{})
	}
	for b.Loop() {
		f.Root()
	}
}
