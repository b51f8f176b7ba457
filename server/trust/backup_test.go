package trust_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
	"cairn/server/trust"
)

func backup(t testing.TB, l *natslog.Log) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := trust.Backup(t.Context(), l, &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restore(t testing.TB, b []byte, dir, memory string) (*trust.Restored, error) {
	t.Helper()
	return trust.Restore(t.Context(), bytes.NewReader(b), natslog.Config{Dir: dir, Memory: memory}, stamp(), trust.Options{})
}

// events up to the one that a restore adds.
func bodies(t testing.TB, l *natslog.Log, upto events.Seq) []byte {
	t.Helper()
	var b bytes.Buffer
	for env, err := range l.Read(t.Context(), events.Filter{Upto: upto}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%d %s %s\n", env.Seq, env.Checklist, env.Body)
	}
	return b.Bytes()
}

// A restored log is the log: the same events at the same sequences, so the same
// roots; old checkpoints and proofs hold, and its own backup is the same up to
// what it added.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	memory := t.TempDir()
	dir := made(t, 3001, memory) // several batches
	l := open(t, dir, memory)
	checkpoint, err := trust.Checkpoint(l)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := trust.Prove(t.Context(), l, 2000)
	if err != nil {
		t.Fatal(err)
	}
	b := backup(t, l)
	if !bytes.Equal(b, backup(t, l)) {
		t.Error("two backups of the same log differ")
	}
	key := l.Opened().Key
	if r, err := trust.VerifyBackup(bytes.NewReader(b), trust.Options{Key: key, Checkpoint: checkpoint}); err != nil || r.N != 3001 || r.Checklists() != 2 {
		t.Fatalf("verify: got %+v, %v", r, err)
	}
	if strings.Contains(string(b), "PRIVATE") {
		t.Error("the backup holds a private key")
	}
	to := filepath.Join(t.TempDir(), "deep", "down", "log")
	r, err := restore(t, b, to, memory)
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, to, memory) // remembered: it is no older copy to be refused
	if r.Seq != 3002 || again.End() != 3002 || again.Origin() != l.Origin() {
		t.Errorf("got @%d and @%d of %s, want @3002 of %s", r.Seq, again.End(), again.Origin(), l.Origin())
	}
	if !bytes.Equal(bodies(t, again, 3001), bodies(t, l, 3001)) {
		t.Error("the restored log has other events")
	}
	verifier, err := again.Verifier()
	if err != nil || verifier != r.Verifier || verifier == key {
		t.Errorf("key: got %s, %v, want a new one, %s", verifier, err, r.Verifier)
	}
	second := backup(t, again)
	lines := bytes.SplitAfter(b, []byte("\n"))
	if !bytes.HasPrefix(second, bytes.Join(lines[:3001], nil)) {
		t.Error("the backup of the restored log does not begin with that of the log")
	}
	// Its new key is nobody's whom the old one vouches for.
	_, err = trust.VerifyBackup(bytes.NewReader(second), trust.Options{Key: key})
	wantDamage(t, err, trust.Signature, 0)
	if _, err := trust.VerifyBackup(bytes.NewReader(second), trust.Options{Key: verifier}); err != nil {
		t.Error(err)
	}
	again.Close()
	if _, err := inspect(t, to, memory, trust.Options{Checkpoint: checkpoint}); err != nil {
		t.Errorf("the old checkpoint: %v", err)
	}
	if _, err := trust.CheckProof(proof.Marshal(), key); err != nil {
		t.Errorf("the old proof: %v", err)
	}
	// The log itself goes on beside it.
	l.Close()
	open(t, dir, memory)
}

// A restore of less than was seen says so.
func TestRestoreOfAnOldBackup(t *testing.T) {
	t.Parallel()
	memory := t.TempDir()
	dir := made(t, 10, memory)
	l := open(t, dir, memory)
	b := backup(t, l)
	grow(t, l, 15)
	l.Close()
	r, err := restore(t, b, filepath.Join(t.TempDir(), "log"), memory)
	if err != nil || r.Later == nil || r.Later.N != 15 {
		t.Errorf("got %+v, %v, want that @15 was seen", r, err)
	}
}

// entries lists what lies in a directory.
func entries(t testing.TB, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// Nothing that is not the whole backup is restored, and nothing is left behind.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	l := open(t, made(t, 12, ""), "")
	b := backup(t, l)
	lines := strings.SplitAfter(string(b), "\n")
	lines = lines[:len(lines)-1]
	other := strings.SplitAfter(string(backup(t, open(t, made(t, 12, ""), ""))), "\n")
	join := func(parts ...[]string) []byte {
		var all []string
		for _, p := range parts {
			all = append(all, p...)
		}
		return []byte(strings.Join(all, ""))
	}
	for name, test := range map[string]struct {
		b    []byte
		kind trust.Kind
		seq  events.Seq
	}{
		"empty":                       {nil, trust.Missing, 1},
		"another file":                {[]byte("# Plan\n"), trust.Unreadable, 1},
		"without its checkpoint":      {join(lines[:12]), trust.Missing, 13},
		"without its end":             {join(lines[:7]), trust.Missing, 8},
		"cut off within a line":       {b[:len(b)/2], trust.Missing, 7},
		"without its last line feed":  {b[:len(b)-1], trust.Missing, 13},
		"the last event dropped":      {join(lines[:11], lines[12:]), trust.Missing, 12},
		"an event dropped":            {join(lines[:6], lines[7:]), trust.Revision, 8},
		"two events in another order": {join(lines[:6], lines[7:8], lines[6:7], lines[8:]), trust.Altered, 1},
		"an event twice":              {join(lines[:6], lines[5:]), trust.Revision, 7},
		"a line more":                 {join(lines, lines[3:4]), trust.Malformed, 13},
		"two checkpoints":             {join(lines, lines[12:]), trust.Malformed, 13},
		"another log's checkpoint":    {join(lines[:12], other[12:]), trust.Origin, 0},
		"another log's event":         {join(lines[:6], other[6:7], lines[7:]), trust.Altered, 1},
		"a blank line":                {join(lines[:6], []string{"\n"}, lines[6:]), trust.Unreadable, 7},
	} {
		_, err := trust.VerifyBackup(bytes.NewReader(test.b), trust.Options{})
		if name == "two events in another order" || name == "another log's event" {
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
		} else {
			wantDamage(t, err, test.kind, test.seq)
		}
		if t.Failed() {
			t.Fatalf("%s: %v", name, err)
		}
		place := t.TempDir()
		_, err = restore(t, test.b, filepath.Join(place, "log"), "")
		if !errors.Is(err, events.ErrIntegrity) {
			t.Errorf("%s: restore: got %v, want ErrIntegrity", name, err)
		}
		if left := entries(t, place); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
	// A place where something lies already.
	place := made(t, 3, "")
	before := hashes(t, place)
	if _, err := restore(t, b, place, ""); !errors.Is(err, natslog.ErrExists) {
		t.Errorf("a place with a log: got %v, want ErrExists", err)
	}
	if after := hashes(t, place); len(after) != len(before) || after["head"] != before["head"] {
		t.Error("the log that lay there was changed")
	}
	notes := t.TempDir()
	if err := os.WriteFile(filepath.Join(notes, "notes"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := restore(t, b, notes, ""); !errors.Is(err, natslog.ErrExists) {
		t.Errorf("a place with something else: got %v, want ErrExists", err)
	}
	if _, err := restore(t, b, t.TempDir(), ""); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
}

// No byte of a backup can be changed, taken away or added.
func TestBackupEveryByte(t *testing.T) {
	t.Parallel()
	l := open(t, made(t, 3, ""), "")
	b := backup(t, l)
	key := l.Opened().Key
	try := func(what string, changed []byte) {
		if _, err := trust.VerifyBackup(bytes.NewReader(changed), trust.Options{Key: key}); !errors.Is(err, events.ErrIntegrity) {
			t.Errorf("%s: got %v, want ErrIntegrity", what, err)
		}
	}
	for i := range b {
		for _, to := range []byte{b[i] ^ 1, b[i] ^ 32, '\n', ' ', 'A'} {
			if to != b[i] {
				changed := bytes.Clone(b)
				changed[i] = to
				try(fmt.Sprintf("byte %d is %q", i, to), changed)
			}
		}
		try(fmt.Sprintf("without byte %d", i), append(bytes.Clone(b[:i]), b[i+1:]...))
		try(fmt.Sprintf("a space before byte %d", i), append(append(bytes.Clone(b[:i]), ' '), b[i:]...))
	}
}

// A line longer than any event ends the reading, not the memory.
func TestBackupLongLine(t *testing.T) {
	t.Parallel()
	_, err := trust.VerifyBackup(strings.NewReader(strings.Repeat("x", 2<<20)), trust.Options{})
	wantDamage(t, err, trust.Malformed, 1)
}

// An altered log makes no backup that could be taken for one.
func TestBackupOfAnAlteredLog(t *testing.T) {
	t.Parallel()
	dir := made(t, 30, "")
	forge(t, dir, "event @20", "event @99")
	l := open(t, dir, "")
	var b bytes.Buffer
	_, err := trust.Backup(t.Context(), l, &b, nil)
	wantDamage(t, err, trust.Altered, 1)
	if _, err := trust.VerifyBackup(&b, trust.Options{}); err == nil {
		t.Error("what was written is taken for a backup")
	}
}

// What was erased by law keeps its place, and every root stays as it was.
func TestErased(t *testing.T) {
	t.Parallel()
	l := open(t, made(t, 9, ""), "")
	proof, err := trust.Prove(t.Context(), l, 8)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(backup(t, l)), "\n")
	env, err := l.Event(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	env.Reason, env.Data = "", &events.EventErased{
		LeafHash: merkle.Leaf(env.Body).String(), Erased: env.Data.Kind(), Revision: int(env.Revision), Authority: "a court",
	}
	body, err := events.Marshal(&env)
	if err != nil {
		t.Fatal(err)
	}
	lines[4] = string(body) + "\n"
	erased := []byte(strings.Join(lines, ""))
	r, err := trust.VerifyBackup(bytes.NewReader(erased), trust.Options{})
	if err != nil || len(r.Erased) != 1 || r.Erased[0] != 5 {
		t.Fatalf("got %+v, %v, want @5 erased", r, err)
	}
	dir := filepath.Join(t.TempDir(), "log")
	if _, err := restore(t, erased, dir, ""); err != nil {
		t.Fatal(err)
	}
	if r, err := inspect(t, dir, "", trust.Options{}); err != nil || len(r.Erased) != 1 {
		t.Errorf("restored: got %+v, %v, want @5 erased", r, err)
	}
	again := open(t, dir, "")
	if _, err := trust.Prove(t.Context(), again, 5); !errors.Is(err, trust.ErrNoEvent) {
		t.Errorf("a proof of what was erased: got %v, want ErrNoEvent", err)
	}
	if _, err := trust.CheckProof(proof.Marshal(), l.Opened().Key); err != nil {
		t.Errorf("the proof of another event: %v", err)
	}
	lines[4] = strings.Replace(lines[4], `"leafhash":"`, `"leafhash":"A`, 1)
	_, err = trust.VerifyBackup(strings.NewReader(strings.Join(lines, "")), trust.Options{})
	wantDamage(t, err, trust.Unreadable, 5)
}

// backupOf returns a backup made without a log, always the same, and its key.
func backupOf(t testing.TB) (b []byte, key string) {
	t.Helper()
	const origin = "cairn/fuzz"
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	key, err := note.NewEd25519VerifierKey(origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Split(key, "+")[1]
	signer, err := note.NewSigner("PRIVATE+KEY+" + origin + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, private.Seed()...)))
	if err != nil {
		t.Fatal(err)
	}
	var tree merkle.Frontier
	for i := range 5 {
		env := event(uint64(max(i, 1)), "fuzz")
		env.ID, env.CommandID, env.Checklist = fmt.Sprint(i), fmt.Sprint(i), "a"
		if i == 0 {
			env.Checklist, env.Data = "", &events.LogOpened{Origin: origin, Key: key, Format: "1"}
		}
		body, err := events.Marshal(&env)
		if err != nil {
			t.Fatal(err)
		}
		tree.Append(merkle.Leaf(body))
		b = append(append(b, body...), '\n')
	}
	signed, err := merkle.Checkpoint{Origin: origin, N: tree.N(), Root: tree.Root()}.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	last, err := json.Marshal(string(signed))
	if err != nil {
		t.Fatal(err)
	}
	return append(b, "{\"checkpoint\":"+string(last)+"}\n"...), key
}

func FuzzBackup(f *testing.F) {
	b, key := backupOf(f)
	if _, err := trust.VerifyBackup(bytes.NewReader(b), trust.Options{Key: key}); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, line := range bytes.SplitAfter(b, []byte("\n")) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := trust.VerifyBackup(bytes.NewReader(in), trust.Options{Key: key}); err == nil && !bytes.Equal(in, b) {
			t.Errorf("accepted %q", in)
		} else if err != nil && !errors.Is(err, events.ErrIntegrity) {
			t.Errorf("got %v, want ErrIntegrity", err)
		}
	})
}
