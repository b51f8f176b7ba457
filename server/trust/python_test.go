package trust_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	tdmerkle "github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"cairn/events"
	"cairn/server/trust"
)

// python runs docs/verify.py and returns its exit code and what it said.
func python(t *testing.T, args ...string) (int, string) {
	t.Helper()
	for _, program := range []string{"python3", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("docs/verify.py is not tested: there is no %s here", program)
		}
	}
	cmd := exec.CommandContext(t.Context(), "python3", append([]string{"../../docs/verify.py"}, args...)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// What we sign and prove, a program verifies that shares nothing with us but the
// formats.
func TestPython(t *testing.T) {
	t.Parallel()
	l := open(t, made(t, 300, ""), "")
	first := l.Opened().Key
	if _, _, err := trust.RotateKey(t.Context(), l, stamp()); err != nil {
		t.Fatal(err)
	}
	second, err := l.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	b := backup(t, l)
	p, err := trust.Prove(t.Context(), l, 200)
	if err != nil {
		t.Fatal(err)
	}
	proof := p.Marshal()
	bare := *p
	bare.Body = nil
	swapped := bytes.SplitAfter(b, []byte("\n"))
	swapped[100], swapped[101] = swapped[101], swapped[100]
	key := write("key", []byte(second+"\n"))
	for _, test := range []struct {
		what string
		want int
		args []string
	}{
		{"the backup", 0, []string{"backup", write("b", b)}},
		{"the backup and the first key", 0, []string{"backup", write("b", b), first}},
		{"the backup and the second key", 0, []string{"backup", write("b", b), key}},
		{"a forged backup", 7, []string{"backup", write("b1", bytes.Replace(b, []byte("event @77"), []byte("event @78"), 1))}},
		{"a backup cut off", 7, []string{"backup", write("b2", b[:len(b)/2])}},
		{"a backup in another order", 7, []string{"backup", write("b3", bytes.Join(swapped, nil))}},
		{"the proof", 0, []string{"proof", write("p", proof), key}},
		{"the proof and another key", 7, []string{"proof", write("p", proof), first}},
		{"a forged proof", 7, []string{"proof", write("p1", bytes.Replace(proof, []byte("index 199"), []byte("index 198"), 1)), key}},
		{"a proof cut off", 7, []string{"proof", write("p2", proof[:len(proof)-20]), key}},
		{"a proof of hashes only", 7, []string{"proof", write("p5", bare.Marshal()), key}},
		{"no proof", 7, []string{"proof", write("p3", []byte("no proof\n")), key}},
	} {
		code, out := python(t, test.args...)
		if code != test.want {
			t.Errorf("%s: exit code %d, want %d\n%s", test.what, code, test.want, out)
		}
		if test.want == 0 && !strings.Contains(out, l.Origin()) {
			t.Errorf("%s: says nothing of %s:\n%s", test.what, l.Origin(), out)
		}
	}
	// Its proofs of every place in trees of odd sizes.
	for seq := events.Seq(1); seq <= 302; seq += 43 {
		p, err := trust.Prove(t.Context(), l, seq)
		if err != nil {
			t.Fatal(err)
		}
		if code, out := python(t, "proof", write("p4", p.Marshal()), key); code != 0 {
			t.Errorf("@%d: exit code %d\n%s", seq, code, out)
		}
	}
}

// The root of a log is the one that another implementation computes.
func TestAnotherImplementation(t *testing.T) {
	t.Parallel()
	l := open(t, made(t, 333, ""), "")
	f := &tdmerkle.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	r := f.NewEmptyRange(0)
	for env, err := range l.Read(t.Context(), events.Filter{}) {
		if err == nil {
			err = r.Append(rfc6962.DefaultHasher.HashLeaf(env.Body), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := r.GetRootHash(nil)
	want := l.Head().Root
	if err != nil || !bytes.Equal(root, want[:]) {
		t.Errorf("got %x, %v, want %x", root, err, want)
	}
}
