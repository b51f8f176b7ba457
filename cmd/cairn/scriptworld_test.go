package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/minio/highwayhash"
	"github.com/rogpeppe/go-internal/testscript"

	"cairn/events"
	"cairn/events/natslog"
)

// Script commands about the world around cairn: its log, files, and what runs
// beside it.

// logEnd checks at which @SEQ the log in a directory ends, or that of the server
// that the script uses instead.
func logEnd(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "logend DIR N")
	if url := ts.Getenv("CAIRN_SERVER"); url != "" {
		if got := fmt.Sprint(endOf(url)); got != args[1] {
			ts.Fatalf("the log of %s ends at @%s, want @%s", url, got, args[1])
		}
		return
	}
	head, err := natslog.Peek(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprint(head.N); got != args[1] {
		ts.Fatalf("the log ends at @%s, want @%s", got, args[1])
	}
}

// hold keeps the log in a directory open, in another process than cairn's,
// until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "hold DIR")
	log, err := natslog.Open(context.Background(), natslog.Config{Dir: ts.MkAbs(args[0])})
	ts.Check(err)
	ts.Defer(func() { _ = log.Close() })
}

// newer appends an event of a kind that no version knows yet.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "newer DIR CHECKLIST KIND")
	ctx := context.Background()
	log, err := natslog.Open(ctx, natslog.Config{Dir: ts.MkAbs(args[0])})
	ts.Check(err)
	defer log.Close()
	var last events.Envelope
	for env, err := range log.Read(ctx, events.Filter{Checklist: args[1]}) {
		ts.Check(err)
		last = env
	}
	body := fmt.Sprintf(`{"specversion":"1.0","id":"0199c0de-0000-7000-8000-000000000001","source":"/checklists/%s","type":%q,"subject":"task/1",`+
		`"time":"2026-11-23T10:00:00Z","recordedtime":"2026-11-23T10:00:00Z","revision":%d,"authtype":"unauthenticated","authid":"eli@example.com","via":"cli",`+
		`"correlationid":"0199c0de-0000-7000-8000-000000000002","commandname":"SnoozeTask","datacontenttype":"application/json","data":{"key":1}}`,
		args[1], args[2], last.Revision+1)
	env := events.Decode(0, args[1], []byte(body))
	_, err = log.Append(ctx, []events.Append{{Checklist: args[1], Expect: last.Seq, Events: []events.Envelope{env}}})
	ts.Check(err)
}

// forge alters an event in the store as somebody does who knows how JetStream
// stores it: its checksum fits.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3 && len(args[1]) == len(args[2]), "forge DIR OLD NEW, of one length")
	found, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "store", "jetstream", "*", "streams", "CAIRN", "msgs", "1.blk"))
	ts.Check(err)
	usage(ts, len(found) == 1, "forge DIR OLD NEW, in a log's directory")
	b, err := os.ReadFile(found[0])
	ts.Check(err)
	key := sha256.Sum256([]byte("CAIRN-1"))
	sum, err := highwayhash.NewDigest64(key[:])
	ts.Check(err)
	for rest := b; len(rest) > 30; {
		size := int(binary.LittleEndian.Uint32(rest) &^ (1 << 31))
		record, subject := rest[:size], 22+int(binary.LittleEndian.Uint16(rest[20:]))
		rest = rest[size:]
		i := bytes.Index(record, []byte(args[1]))
		if i < 0 {
			continue
		}
		copy(record[i:], args[2])
		for _, part := range [][]byte{record[4:20], record[22:subject], record[subject+4 : size-8]} {
			_, _ = sum.Write(part)
		}
		copy(record[size-8:], sum.Sum(nil))
		ts.Check(os.WriteFile(found[0], b, 0o600))
		return
	}
	ts.Fatalf("no event holds %q", args[1])
}

// generate makes a file: of N tasks, of N MiB, or with one line of N KiB.
func generate(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "generate tasks|mib|line N FILE")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	switch args[0] {
	case "tasks":
		b.WriteString("# Big\n\n")
		for i := range n {
			fmt.Fprintf(&b, "- [ ] task number %d\n", i+1)
		}
	case "mib":
		b.Write(bytes.Repeat([]byte("a line of text\n"), n<<20/15+1))
	case "line":
		fmt.Fprintf(&b, "# Long\n\n- [ ] short\n- [ ] %s\n", strings.Repeat("x", n<<10))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b.Bytes(), 0o644))
}

// job is a program in the background.
type job struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// jobs are the programs that a script has in the background, by name.
type jobs map[string]*job

type jobsKey struct{}

// begin starts cairn in the background; both its streams go to NAME.out.
func begin(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "begin NAME cairn ARGS...")
	out, err := os.Create(ts.MkAbs(args[0] + ".out"))
	ts.Check(err)
	cmd := exec.Command(filepath.Join(bin, args[1]), args[2:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), out, out
	for _, name := range []string{"PATH", "HOME", "CAIRN_ACTOR", "CAIRN_TEST_NOW", "CAIRN_DATA", "CAIRN_SERVER", "CAIRN_TOKEN"} {
		if v := ts.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	ts.Check(cmd.Start())
	j := &job{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		out.Close()
		close(j.done)
	}()
	ts.Value(jobsKey{}).(jobs)[args[0]] = j
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		<-j.done
	})
}

// interrupt sends Ctrl-C to a program in the background and checks its exit code.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "interrupt NAME CODE")
	j := ts.Value(jobsKey{}).(jobs)[args[0]]
	if j == nil {
		ts.Fatalf("nothing runs as %s", args[0])
	}
	ts.Check(j.cmd.Process.Signal(os.Interrupt))
	<-j.done
	if got := strconv.Itoa(j.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("%s: exit code %s, want %s", args[0], got, args[1])
	}
}

// waitFor waits until a file matches a pattern, a second at most unless told.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && (len(args) == 2 || len(args) == 3), "waitfor FILE PATTERN [DURATION]")
	pattern := regexp.MustCompile(`(?m)` + args[1])
	limit := 10 * time.Second
	if len(args) == 3 {
		var err error
		limit, err = time.ParseDuration(args[2])
		ts.Check(err)
	}
	for began := time.Now(); ; {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && pattern.Match(b) {
			return
		}
		if time.Since(began) > limit {
			ts.Fatalf("%s does not match %q within %v:\n%s", args[0], args[1], limit, b)
		}
		time.Sleep(2 * time.Millisecond) // nothing tells when a file grows
	}
}

// serverAt sets a variable to the URL of the server of the log in a directory, and
// $CAIRN_TOKEN to what opens it.
func serverAt(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "serverat DIR VAR")
	var at struct{ URL, Secret string }
	for began := time.Now(); at.URL == ""; {
		b, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), "server.json"))
		if err == nil {
			ts.Check(json.Unmarshal(b, &at))
		} else if time.Since(began) > 10*time.Second {
			ts.Fatalf("no server came up: %v", err)
		}
		time.Sleep(2 * time.Millisecond) // nothing tells when a file comes
	}
	ts.Setenv(args[1], at.URL)
	ts.Setenv("CAIRN_TOKEN", at.Secret)
}
