package merkle_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tdmerkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"cairn/events/merkle"
)

// tiled returns the tiles of n leaves, written in steps of various sizes.
func tiled(t testing.TB, n int) merkle.Tiles {
	t.Helper()
	tiles := merkle.NewTiles(t.TempDir())
	_, leaves := grown(n)
	for at, step := 0, 1; at < n; step = step*3 + 1 {
		w, err := tiles.Writer(uint64(at))
		if err != nil {
			t.Fatal(err)
		}
		to := min(n, at+step)
		if err := w.Append(leaves[at:to]...); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		at = to
	}
	return tiles
}

func prove(t testing.TB, tiles merkle.Tiles, n, index int, k key) *merkle.Proof {
	t.Helper()
	c, b := signed(t, n, k)
	hashes, err := merkle.Inclusion(tiles.Reader(c.N, c.Root), c.N, uint64(index))
	if err != nil {
		t.Fatal(err)
	}
	return &merkle.Proof{Index: uint64(index), Body: body(index), Hashes: hashes, Checkpoint: b}
}

// Every event of logs of many sizes is proved, and nothing else is. What we
// prove, transparency-dev/merkle checks, which shares no code with us.
func TestInclusion(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	for _, n := range []int{1, 2, 3, 7, 255, 256, 257, 600} {
		tiles := tiled(t, n)
		f, _ := grown(n)
		for i := 0; i < n; i += 1 + n/50 {
			p := prove(t, tiles, n, i, k)
			read, err := merkle.ParseProof(p.Marshal())
			if err != nil {
				t.Fatal(err)
			}
			if c, by, err := read.Check(k.Verifier); err != nil || c.N != uint64(n) || by == nil {
				t.Fatalf("leaf %d of %d: got %v, %v", i, n, c, err)
			}
			root := f.Root()
			if err := tdmerkle.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), uint64(n), rfc6962.DefaultHasher.HashLeaf(body(i)), bytesOf(p.Hashes), root[:]); err != nil {
				t.Fatalf("leaf %d of %d: transparency-dev: %v", i, n, err)
			}
			read.Body = body(i + 1)
			if _, _, err := read.Check(k.Verifier); !errors.Is(err, merkle.ErrProof) {
				t.Fatalf("another event as leaf %d of %d: got %v, want ErrProof", i, n, err)
			}
		}
	}
}

func bytesOf(hashes []merkle.Hash) [][]byte {
	b := make([][]byte, len(hashes))
	for i := range hashes {
		b[i] = hashes[i][:]
	}
	return b
}

func TestConsistency(t *testing.T) {
	t.Parallel()
	const n = 600
	tiles := tiled(t, n)
	f, _ := grown(n)
	now := merkle.Checkpoint{Origin: origin, N: n, Root: f.Root()}
	for _, size := range []int{1, 2, 3, 8, 255, 256, 257, 511, 599, 600} {
		g, _ := grown(size)
		old := merkle.Checkpoint{Origin: origin, N: uint64(size), Root: g.Root()}
		hashes, err := merkle.Consistency(tiles.Reader(n, now.Root), n, old.N)
		if err != nil {
			t.Fatal(err)
		}
		if err := merkle.CheckConsistency(hashes, now, old); err != nil {
			t.Errorf("%d: %v", size, err)
		}
		if err := tdmerkle.VerifyConsistency(rfc6962.DefaultHasher, old.N, n, bytesOf(hashes), old.Root[:], now.Root[:]); err != nil {
			t.Errorf("%d: transparency-dev: %v", size, err)
		}
		forged := old
		forged.Root[0] ^= 1
		for what, c := range map[string]merkle.Checkpoint{
			"another root": forged, "another log": {Origin: "cairn/other", N: old.N, Root: old.Root}, "longer": {Origin: origin, N: n + 1, Root: old.Root},
		} {
			if err := merkle.CheckConsistency(hashes, now, c); !errors.Is(err, merkle.ErrProof) {
				t.Errorf("%d, %s: got %v, want ErrProof", size, what, err)
			}
		}
	}
	var nothing merkle.Frontier
	if err := merkle.CheckConsistency(nil, now, merkle.Checkpoint{Origin: origin, Root: nothing.Root()}); err != nil {
		t.Errorf("from nothing: %v", err)
	}
}

// No byte of a proof can be changed, added or taken away.
func TestProofEveryByte(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	p := prove(t, tiled(t, 5), 5, 2, k)
	eachChange(p.Marshal(), func(what string, changed []byte) {
		read, err := merkle.ParseProof(changed)
		if err == nil {
			_, _, err = read.Check(k.Verifier)
		}
		if err == nil {
			t.Errorf("%s: accepted", what)
		}
	})
	other := newKey(t)
	if _, _, err := p.Check(other.Verifier); !errors.Is(err, merkle.ErrSignature) {
		t.Errorf("another key: got %v, want ErrSignature", err)
	}
}

// A proof of hashes only is read and written as it is, and proves an event to who
// has that.
func TestProofOfHashes(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	p := prove(t, tiled(t, 5), 5, 2, k)
	p.Body = nil
	b := p.Marshal()
	if bytes.Contains(b, []byte("extra")) {
		t.Errorf("it holds an event:\n%s", b)
	}
	read, err := merkle.ParseProof(b)
	if err != nil || !bytes.Equal(read.Marshal(), b) {
		t.Fatalf("got %v", err)
	}
	if _, _, err := read.Check(k.Verifier); !errors.Is(err, merkle.ErrProof) {
		t.Errorf("without the event: got %v, want ErrProof", err)
	}
	read.Body = body(3)
	if _, _, err := read.Check(k.Verifier); !errors.Is(err, merkle.ErrProof) {
		t.Errorf("with another event: got %v, want ErrProof", err)
	}
	read.Body = body(2)
	if _, _, err := read.Check(k.Verifier); err != nil {
		t.Errorf("with the event: %v", err)
	}
}

// An index behind the end is refused, not reckoned with.
func TestProofBehindTheEnd(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	p := prove(t, tiled(t, 1), 1, 0, k)
	for _, index := range []uint64{1, 1 << 62} {
		p.Index = index
		if _, _, err := p.Check(k.Verifier); !errors.Is(err, merkle.ErrProof) {
			t.Errorf("index %d: got %v, want ErrProof", index, err)
		}
	}
}

// Tiles are believed only as far as they lead to the root.
func TestTilesAreChecked(t *testing.T) {
	t.Parallel()
	const n = 70_000 // three levels
	f, leaves := grown(n)
	dir := t.TempDir()
	tiles := merkle.NewTiles(dir)
	w, err := tiles.Writer(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Append(leaves...), w.Flush()); err != nil {
		t.Fatal(err)
	}
	got, err := tiles.Leaves(n, f.Root())
	if err != nil || len(got) != n || got[n-1] != leaves[n-1] {
		t.Fatalf("got %d leaves, %v, want %d", len(got), err, n)
	}
	// A shorter tree is read from the tiles of a longer one.
	g, _ := grown(66_000)
	hashes, err := merkle.Inclusion(tiles.Reader(g.N(), g.Root()), g.N(), 65_999)
	if err != nil || tlog.CheckRecord(hashes, 66_000, g.Root(), 65_999, leaves[65_999]) != nil {
		t.Errorf("a leaf of a shorter tree: %v", err)
	}
	for _, path := range []string{"tile/0/000", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"} {
		path = filepath.Join(dir, path)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		index := uint64(0)
		if filepath.Base(path) == "112" || filepath.Base(path) == "17" {
			index = n - 1
		}
		for what, content := range map[string][]byte{"a flipped bit": flipped(b), "cut": b[:len(b)-1], "empty": {}} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := merkle.Inclusion(tiles.Reader(n, f.Root()), n, index); err == nil {
				t.Errorf("%s, %s: believed", path, what)
			}
			if _, err := tiles.Leaves(n, f.Root()); err == nil && strings.Contains(path, "tile/0/") {
				t.Errorf("%s, %s: its leaves were believed", path, what)
			}
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "tile/1/001.p/17")); err != nil {
		t.Fatal(err)
	}
	if _, err := tiles.Writer(n); err == nil {
		t.Error("a writer goes on behind tiles that are not there")
	}
}

func flipped(b []byte) []byte {
	c := append([]byte(nil), b...)
	c[len(c)/2] ^= 1
	return c
}

func FuzzProof(f *testing.F) {
	k := newKey(f)
	good := prove(f, tiled(f, 600), 600, 300, k).Marshal()
	f.Add(good)
	f.Add(prove(f, tiled(f, 1), 1, 0, k).Marshal())
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := merkle.ParseProof(in)
		if err != nil {
			if !errors.Is(err, merkle.ErrMalformed) {
				t.Errorf("got %v, want ErrMalformed", err)
			}
			return
		}
		if string(p.Marshal()) != string(in) {
			t.Errorf("read %q, but writes %q", in, p.Marshal())
		}
		_, _, _ = p.Check(k.Verifier)
	})
}

func BenchmarkTiles(b *testing.B) {
	tiles := merkle.NewTiles(b.TempDir())
	w, err := tiles.Writer(0)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := w.Append(merkle.Hash{}); err != nil {
			b.Fatal(err)
		}
	}
}
