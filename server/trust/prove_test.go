package trust_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
	"cairn/server/trust"
)

func TestProve(t *testing.T) {
	t.Parallel()
	dir := made(t, 700, "")
	l := open(t, dir, "")
	key := l.Opened().Key
	other := open(t, made(t, 3, ""), "").Opened().Key
	for _, seq := range []events.Seq{1, 2, 256, 257, 699, 700} {
		p, err := trust.Prove(t.Context(), l, seq)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := trust.CheckProof(p.Marshal(), key)
		if err != nil || shown.Event.Seq != seq || shown.Checkpoint.N != 700 {
			t.Errorf("@%d: got %+v, %v", seq, shown, err)
		}
		_, err = trust.CheckProof(p.Marshal(), other)
		wantDamage(t, err, trust.Origin, 0)
		_, stranger, err := note.GenerateKey(rand.Reader, l.Origin())
		if err != nil {
			t.Fatal(err)
		}
		_, err = trust.CheckProof(p.Marshal(), stranger)
		wantDamage(t, err, trust.Signature, 0)
		p.Index ^= 1
		_, err = trust.CheckProof(p.Marshal(), key)
		if !errors.Is(err, events.ErrIntegrity) {
			t.Errorf("at another place: got %v, want ErrIntegrity", err)
		}
	}
	for _, seq := range []events.Seq{0, 701} {
		if _, err := trust.Prove(t.Context(), l, seq); !errors.Is(err, trust.ErrNoEvent) {
			t.Errorf("@%d: got %v, want ErrNoEvent", seq, err)
		}
	}
	// Without tiles, with wrong ones, and while the log grows.
	tile := filepath.Join(dir, "tile", "0", "001")
	for _, spoil := range []func() error{
		func() error { return os.RemoveAll(filepath.Join(dir, "tile")) },
		func() error { return os.WriteFile(tile, make([]byte, 8192), 0o600) },
		func() error { return os.Remove(tile) },
		func() error { grow(t, l, 800); return nil },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		p, err := trust.Prove(t.Context(), l, 300)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trust.CheckProof(p.Marshal(), key); err != nil {
			t.Error(err)
		}
	}
}

// An event that was altered is not proved, though its neighbours are.
func TestProveAltered(t *testing.T) {
	t.Parallel()
	dir := made(t, 30, "")
	forge(t, dir, "event @20", "event @99")
	l := open(t, dir, "")
	_, err := trust.Prove(t.Context(), l, 20)
	wantDamage(t, err, trust.Altered, 20)
	if _, err := trust.Prove(t.Context(), l, 21); err != nil {
		t.Error(err)
	}
}

func TestProveConsistency(t *testing.T) {
	t.Parallel()
	l := open(t, made(t, 300, ""), "")
	var old []merkle.Checkpoint
	for n := 300; n < 1200; n += 257 {
		grow(t, l, n)
		h := l.Head()
		old = append(old, merkle.Checkpoint{Origin: l.Origin(), N: uint64(h.N), Root: h.Root})
	}
	for _, c := range old {
		hashes, signed, err := trust.ProveConsistency(t.Context(), l, c)
		if err != nil {
			t.Fatal(err)
		}
		now, err := merkle.ParseCheckpoint(signed)
		if err != nil || merkle.CheckConsistency(hashes, now, c) != nil {
			t.Errorf("from @%d: not proved: %v", c.N, err)
		}
		c.Root[3] ^= 1
		_, _, err = trust.ProveConsistency(t.Context(), l, c)
		wantDamage(t, err, trust.Fork, 0)
	}
	c := old[0]
	c.N = 10_000
	_, _, err := trust.ProveConsistency(t.Context(), l, c)
	wantDamage(t, err, trust.Shorter, l.End()+1)
	c.Origin = "cairn/other"
	_, _, err = trust.ProveConsistency(t.Context(), l, c)
	wantDamage(t, err, trust.Origin, 0)
}

// A rotation leaves one key that works, wherever it was cut off.
func TestRotateKey(t *testing.T) {
	t.Parallel()
	dir := made(t, 5, "")
	l := open(t, dir, "")
	first := l.Opened().Key
	before, err := trust.Checkpoint(l)
	if err != nil {
		t.Fatal(err)
	}
	second, seq, err := trust.RotateKey(t.Context(), l, stamp())
	if err != nil || seq != 6 || l.End() != 7 {
		t.Fatalf("got @%d of @%d, %v, want @6 of @7", seq, l.End(), err)
	}
	signs := func(l *natslog.Log, want string) {
		t.Helper()
		if got, err := l.Verifier(); err != nil || got != want {
			t.Errorf("signs with %s, %v, want %s", got, err, want)
		}
		signed, err := trust.Checkpoint(l)
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(want)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := merkle.OpenCheckpoint(signed, v); err != nil {
			t.Error(err)
		}
	}
	signs(l, second)
	b := backup(t, l)
	for _, key := range []string{first, second, ""} { // the first vouches for the second
		if _, err := trust.VerifyBackup(bytes.NewReader(b), trust.Options{Key: key}); err != nil {
			t.Error(err)
		}
	}
	// Cut off before the events were stored: the key that was made is forgotten.
	if _, err := l.NextKey(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = open(t, dir, "")
	signs(l, second)
	if _, err := os.Stat(filepath.Join(dir, "key.next")); err == nil {
		t.Error("the key that nobody knows is still there")
	}
	// Cut off behind them: the log knows the new key, so that is the one.
	third, err := l.NextKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust.AddSigner(t.Context(), l, third, "", nil, stamp()); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.RemoveSigner(t.Context(), l, second, stamp()); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = open(t, dir, "")
	signs(l, third)
	// Nobody can make the old keys sign what comes now; what they signed holds.
	l.Close()
	if _, err := inspect(t, dir, "", trust.Options{Checkpoint: before, Key: first}); err != nil {
		t.Errorf("a checkpoint of before: %v", err)
	}
	// Without a readable key: a new one, for which nobody vouches.
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, "")
	if _, err := trust.Checkpoint(l); !errors.Is(err, events.ErrIntegrity) {
		t.Errorf("a damaged key: got %v, want ErrIntegrity", err)
	}
	fourth, _, err := trust.RotateKey(t.Context(), l, stamp())
	if err != nil {
		t.Fatal(err)
	}
	signs(l, fourth)
	_, err = trust.VerifyBackup(bytes.NewReader(backup(t, l)), trust.Options{Key: first})
	wantDamage(t, err, trust.Signature, 0)
}

// Whoever sends the same command again rotates once: at the same time, later, after
// other rotations, and to a process that was cut off before the new key counted.
func TestRotateKeyOnce(t *testing.T) {
	t.Parallel()
	dir := made(t, 5, "")
	l := open(t, dir, "")
	own := trust.NewOwn(l)
	s := stamp()
	s.ID = uuid.NewString()
	type answer struct {
		verifier string
		seq      events.Seq
		err      error
	}
	answers := make(chan answer)
	for range 4 {
		go func() {
			verifier, seq, err := own.RotateKey(t.Context(), s)
			answers <- answer{verifier, seq, err}
		}()
	}
	first := <-answers
	for range 3 {
		if next := <-answers; next != first || next.err != nil {
			t.Errorf("got %v and %v", first, next)
		}
	}
	if now, err := l.Verifier(); first.seq != 6 || l.End() != 7 || now != first.verifier || err != nil {
		t.Fatalf("got @%d of @%d and the key %s, %v, want @6 of @7 and %s", first.seq, l.End(), now, err, first.verifier)
	}
	other := stamp()
	other.ID = uuid.NewString()
	if _, _, err := own.RotateKey(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	end := l.End()
	if verifier, seq, err := own.RotateKey(t.Context(), s); err != nil || (answer{verifier, seq, nil}) != first || l.End() != end {
		t.Errorf("after another: got %s at @%d, %v, of @%d", verifier, seq, err, l.End())
	}
	// The new key is in the log and waits for its place when the process dies.
	cut := stamp()
	cut.ID = uuid.NewString()
	third, seq, err := own.RotateKey(t.Context(), cut)
	if err != nil {
		t.Fatal(err)
	}
	end = l.End()
	l.Close()
	if err := os.Rename(filepath.Join(dir, "key"), filepath.Join(dir, "key.next")); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, "")
	if verifier, again, err := trust.RotateKey(t.Context(), l, cut); err != nil || verifier != third || again != seq || l.End() != end {
		t.Errorf("after the process died: got %s at @%d, %v, of @%d, want %s at @%d of @%d", verifier, again, err, l.End(), third, seq, end)
	}
	if now, err := l.Verifier(); err != nil || now != third {
		t.Errorf("signs with %s, %v", now, err)
	}
	for _, id := range []string{"yearly", "-"} {
		bad := stamp()
		bad.ID = id
		if _, _, err := trust.RotateKey(t.Context(), l, bad); err == nil || l.End() != end {
			t.Errorf("with the id %q: got %v", id, err)
		}
	}
}

// A key that was taken away signs nothing that came later.
func TestRemovedKey(t *testing.T) {
	t.Parallel()
	dir := made(t, 5, "")
	l := open(t, dir, "")
	old, err := l.Signer()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := trust.RotateKey(t.Context(), l, stamp()); err != nil {
		t.Fatal(err)
	}
	h := l.Head()
	signed, err := merkle.Checkpoint{Origin: l.Origin(), N: uint64(h.N), Root: h.Root}.Sign(old)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = inspect(t, dir, "", trust.Options{Checkpoint: signed})
	wantDamage(t, err, trust.Signature, 0)
}

// A further server of a log signs with a key of its own.
func TestAddSigner(t *testing.T) {
	t.Parallel()
	dir := made(t, 5, "")
	l := open(t, dir, "")
	private, public, err := note.GenerateKey(rand.Reader, l.Origin())
	if err != nil {
		t.Fatal(err)
	}
	own, err := l.Signer()
	if err != nil {
		t.Fatal(err)
	}
	for want := range []int{6, 0} { // the second time it is so already
		seq, err := trust.AddSigner(t.Context(), l, public, "srv-2", own, stamp())
		if err != nil || seq != events.Seq([]int{6, 0}[want]) {
			t.Errorf("got @%d, %v", seq, err)
		}
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	h := l.Head()
	signed, err := merkle.Checkpoint{Origin: l.Origin(), N: uint64(h.N), Root: h.Root}.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := trust.KeysOf(t.Context(), l)
	if err != nil || len(keys) != 2 || keys[1].Server != "srv-2" {
		t.Errorf("got %v, %v, want the key of srv-2", keys, err)
	}
	first := l.Opened().Key
	l.Close()
	if _, err := inspect(t, dir, "", trust.Options{Checkpoint: signed, Key: first}); err != nil {
		t.Error(err)
	}
	l = open(t, dir, "")
	_, stranger, err := note.GenerateKey(rand.Reader, "somebody")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust.AddSigner(t.Context(), l, stranger, "", nil, stamp()); !errors.Is(err, merkle.ErrMalformed) {
		t.Errorf("a key of another name: got %v, want ErrMalformed", err)
	}
}

// Somebody who can append announces a key of theirs, with a voucher that they
// made up.
func TestForgedVoucher(t *testing.T) {
	t.Parallel()
	dir := made(t, 5, "")
	l := open(t, dir, "")
	private, _, err := note.GenerateKey(rand.Reader, l.Origin())
	if err != nil {
		t.Fatal(err)
	}
	_, public, err := note.GenerateKey(rand.Reader, l.Origin())
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust.AddSigner(t.Context(), l, public, "", s, stamp()); err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = inspect(t, dir, "", trust.Options{})
	wantDamage(t, err, trust.Signature, 6)
}
