package trust_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/server/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// event is the event of a checklist with that revision.
func event(revision uint64, what string) events.Envelope {
	at := began.Add(time.Duration(revision) * time.Second)
	return events.Envelope{
		ID: uuid.NewString(), Revision: revision, Time: at, RecordedTime: at, EffectiveTime: at,
		Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test",
		CommandID: uuid.NewString(), CommandName: "Comment", Part: 1, Parts: 1,
		Data: &events.TaskCommented{Key: int(revision), Text: what},
	}
}

// stamp is who changes the keys in these tests.
func stamp() trust.Stamp {
	return trust.Stamp{
		Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "test",
		Now: func() time.Time { return began.Add(time.Hour) }, NewID: uuid.NewString,
	}
}

func open(t testing.TB, dir, memory string) *natslog.Log {
	t.Helper()
	l, err := natslog.Open(t.Context(), natslog.Config{Dir: dir, Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// made returns the directory of a closed log of n events: log.opened, and the
// others in turn of checklists a and b. Event @s says "event @s".
func made(t testing.TB, n int, memory string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	l, err := natslog.Open(t.Context(), natslog.Config{
		Dir: dir, Memory: memory, Create: true, Now: func() time.Time { return began },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	grow(t, l, n)
	return dir
}

// grow appends events up to @n.
func grow(t testing.TB, l *natslog.Log, n int) {
	t.Helper()
	last := map[string]events.Envelope{}
	for env, err := range l.Read(t.Context(), events.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		last[env.Checklist] = env
	}
	for seq := int(l.End()) + 1; seq <= n; {
		var appends []events.Append // the events in turn, one expectation a checklist
		expect := map[string]events.Seq{"a": last["a"].Seq, "b": last["b"].Seq}
		for ; len(appends) < 1000 && seq <= n; seq++ {
			name := string(rune('a' + seq%2))
			env := event(last[name].Revision+1, fmt.Sprintf("event @%d", seq))
			appends = append(appends, events.Append{Checklist: name, Expect: expect[name], Events: []events.Envelope{env}})
			env.Seq = events.Seq(seq)
			last[name] = env
		}
		if _, err := l.Append(t.Context(), appends); err != nil {
			t.Fatal(err)
		}
	}
}

// inspect verifies the log in dir.
func inspect(t testing.TB, dir, memory string, o trust.Options) (*trust.Report, error) {
	t.Helper()
	l, err := trust.Inspect(t.Context(), natslog.Config{Dir: dir, Memory: memory})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return trust.Verify(t.Context(), l, o)
}

// hashes returns the hash of every file of a log that holds what was recorded:
// not of what JetStream writes at every start and end.
func hashes(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" || d.Name() == "index.db" {
			return err
		}
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		rel, _ := filepath.Rel(dir, path)
		all[rel] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// block returns the first file of messages in a store.
func block(t testing.TB, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "CAIRN", "msgs", "1.blk"))
	if err != nil || len(found) != 1 {
		t.Fatalf("no block in %s: %v", dir, err)
	}
	return found[0]
}

// forge replaces old by now, of the same length, in the body of the first event
// that holds it, and computes its checksum anew, as somebody would who knows the
// form of JetStream's blocks:
//
//	length 4 (high bit: has headers), sequence 8, time 8, subject's length 2,
//	subject, [headers' length 4, headers], body, checksum 8
func forge(t testing.TB, dir, old, now string) {
	t.Helper()
	path := block(t, dir)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256([]byte("CAIRN-1"))
	hh, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	for at := 0; at < len(b); {
		size := int(le.Uint32(b[at:]) &^ (1 << 31))
		record := b[at : at+size]
		at += size
		subject := 22 + int(le.Uint16(record[20:]))
		i := bytes.Index(record, []byte(old))
		if i < 0 {
			continue
		}
		if len(old) != len(now) || le.Uint32(record)&(1<<31) == 0 {
			t.Fatal("a forgery of another length, or a message without headers")
		}
		sum := func() []byte {
			hh.Reset()
			_, _ = hh.Write(record[4:20])
			_, _ = hh.Write(record[22:subject])
			_, _ = hh.Write(record[subject+4 : size-8])
			return hh.Sum(nil)
		}
		if !bytes.Equal(sum(), record[size-8:]) {
			t.Fatal("this is not how JetStream computes its checksums")
		}
		copy(record[i:], now)
		copy(record[size-8:], sum())
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no event with %q", old)
}

// flip changes one bit of the first event that holds what.
func flip(t testing.TB, dir, what string) {
	t.Helper()
	path := block(t, dir)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(b, []byte(what))
	if i < 0 {
		t.Fatalf("no %q", what)
	}
	b[i] ^= 1
	info, err := os.Stat(path) // a disk that forgets says nothing
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err == nil {
		err = os.Chtimes(path, time.Time{}, info.ModTime())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// jetStream runs JetStream on a store.
func jetStream(t testing.TB, store string, use func(js jetstream.JetStream)) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		ServerName: "cairn", DontListen: true, NoSigs: true, NoLog: true, JetStream: true, StoreDir: store,
		NoSystemAccount: true, JetStreamLimits: server.JSLimitOpts{MaxBatchSize: events.MaxBatch},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer func() { srv.Shutdown(); srv.WaitForShutdown() }()
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	use(js)
}

// rebuild puts a whole and valid store in the place of the log's, with other
// messages: as somebody would who may write there and knows nothing of trees.
func rebuild(t testing.TB, dir string, change func([]*nats.Msg) []*nats.Msg) {
	t.Helper()
	var cfg jetstream.StreamConfig
	var msgs []*nats.Msg
	store := filepath.Join(dir, "store")
	jetStream(t, store, func(js jetstream.JetStream) {
		s, err := js.Stream(t.Context(), "CAIRN")
		if err != nil {
			t.Fatal(err)
		}
		cfg = s.CachedInfo().Config
		for seq := range s.CachedInfo().State.LastSeq {
			m, err := s.GetMsg(t.Context(), seq+1)
			if err != nil {
				t.Fatal(err)
			}
			msgs = append(msgs, &nats.Msg{Subject: m.Subject, Data: m.Data, Header: nats.Header{"Content-Type": m.Header["Content-Type"]}})
		}
	})
	if err := os.RemoveAll(store); err != nil {
		t.Fatal(err)
	}
	jetStream(t, store, func(js jetstream.JetStream) {
		if _, err := js.CreateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		for _, m := range change(msgs) {
			if _, err := js.PublishMsg(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// copyDir puts a copy of from where to is.
func copyDir(t testing.TB, to, from string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
