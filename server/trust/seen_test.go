package trust

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/events"
	"cairn/events/merkle"
)

// grown is a log of leaves, of which each size has a root and a proof.
type grown []merkle.Hash

func (g grown) at(n uint64) merkle.Checkpoint {
	var f merkle.Frontier
	for _, leaf := range g[:n] {
		f.Append(leaf)
	}
	return merkle.Checkpoint{Origin: "cairn/x", N: n, Root: f.Root()}
}

func (g grown) proofs(t interface{ Fatal(...any) }, dir string, sizes []uint64) [][]merkle.Hash {
	tiles := merkle.NewTiles(dir)
	if err := tiles.Reset(); err != nil {
		t.Fatal(err)
	}
	w, err := tiles.Writer(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Append(g...), w.Flush()); err != nil {
		t.Fatal(err)
	}
	now := g.at(uint64(len(g)))
	var proofs [][]merkle.Hash
	for _, n := range sizes {
		var p []merkle.Hash
		if n > 0 && n < now.N {
			if p, err = merkle.Consistency(tiles.Reader(now.N, now.Root), now.N, n); err != nil {
				t.Fatal(err)
			}
		}
		proofs = append(proofs, p)
	}
	return proofs
}

func leavesFrom(label string, n int) grown {
	var g grown
	for i := range n {
		g = append(g, merkle.Leaf([]byte{label[0], byte(i), byte(i >> 8)}))
	}
	return g
}

// A log goes on from what was seen exactly if it has the same beginning, at each
// size that was seen: a root that the server only told is not forgotten.
func TestSeenContinues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		real := leavesFrom("a", 40)
		n := rapid.Uint64Range(1, 30).Draw(t, "n")
		seen := Seen{Place: "https://x", Origin: "cairn/x", N: n, Root: real.at(n).Root}
		if rapid.Bool().Draw(t, "told") {
			told := rapid.Uint64Range(n+1, 31).Draw(t, "told at")
			seen.Told = []Told{{told, real.at(told).Root}}
		}
		same := rapid.IntRange(0, 40).Draw(t, "the same up to")
		length := rapid.IntRange(1, 40).Draw(t, "length")
		now := append(append(grown{}, real[:min(same, length)]...), leavesFrom("b", length-min(same, length))...)
		want := uint64(length) >= seen.Last().N && uint64(same) >= seen.Last().N
		d := seen.Continues(now.at(uint64(length)), now.proofs(t, dir, seen.Sizes()))
		if (d == nil) != want {
			t.Fatalf("seen %+v, the same up to %d of %d: got %v", seen, same, length, d)
		}
	})
}

func TestSeenRefuses(t *testing.T) {
	t.Parallel()
	g := leavesFrom("a", 9)
	seen := Seen{Place: "https://x", Origin: "cairn/x", N: 5, Root: g.at(5).Root}
	proofs := g.proofs(t, t.TempDir(), seen.Sizes())
	other := g.at(9)
	other.Origin = "cairn/y"
	for name, test := range map[string]struct {
		now    merkle.Checkpoint
		proofs [][]merkle.Hash
		want   Kind
	}{
		"another log":   {other, proofs, Origin},
		"no proof":      {g.at(9), nil, Fork},
		"nothing":       {merkle.Checkpoint{Origin: "cairn/x"}, proofs, Shorter},
		"a wrong proof": {g.at(9), [][]merkle.Hash{{g[0]}}, Fork},
	} {
		d := seen.Continues(test.now, test.proofs)
		if d == nil || d.Kind != test.want || !errors.Is(d, events.ErrIntegrity) {
			t.Errorf("%s: got %v, want %s", name, d, test.want)
		}
	}
	if d := seen.Continues(g.at(9), proofs); d != nil {
		t.Errorf("its continuation: %v", d)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	m := Memory(t.TempDir())
	g := leavesFrom("a", 9)
	want := Seen{Place: "https://x", Origin: "cairn/x", N: 5, Root: g.at(5).Root, Told: []Told{{7, g.at(7).Root}}, Checkpoint: "signed"}
	if got := m.Recall("https://x"); got != nil {
		t.Errorf("nothing was seen: got %+v", got)
	}
	if err := m.Remember(want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, m.Recall("https://x")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := m.Recall("https://y"); got != nil {
		t.Errorf("another place: got %+v", got)
	}
	if got := m.RecallOrigin("cairn/x"); got == nil || got.Last().N != 7 {
		t.Errorf("by its origin: got %+v, want @7", got)
	}
	if err := os.WriteFile(m.File("https://x"), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := m.Recall("https://x"); got != nil {
		t.Errorf("a torn file: got %+v", got)
	}
}
