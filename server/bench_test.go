package server_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/natslog"
	"cairn/projections"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/server/commands"
)

// The benchmarks of this file compare Cairn with raw JetStream, in turns within
// one run, and report the median of the ratios: ours over raw, of events a
// second. `make bench` runs them.

// raw is a JetStream server like the one in the log, without anything of ours:
// the same durability, in process.
type raw struct {
	server *natsserver.Server
	nc     *nats.Conn
	js     jetstream.JetStream
}

func openRaw(b *testing.B, store string) *raw {
	b.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{
		DontListen: true, JetStream: true, StoreDir: store, SyncAlways: true, NoLog: true, NoSigs: true,
		JetStreamMaxMemory: -1, JetStreamMaxStore: -1,
	})
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(5 * time.Second) {
		b.Fatal("the raw server did not start")
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		b.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	return &raw{s, nc, js}
}

func (r *raw) close() {
	r.nc.Close()
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

// publish stores bodies under a checklist's subject, one after the other.
func (r *raw) publish(b *testing.B, name string, bodies [][]byte) {
	for _, body := range bodies {
		if _, err := r.js.Publish(b.Context(), "raw.log."+name+".task.completed", body); err != nil {
			b.Error(err)
			return
		}
	}
}

func openLog(b *testing.B, dir string) *natslog.Log {
	b.Helper()
	log, err := natslog.Open(b.Context(), natslog.Config{Dir: dir, Create: true})
	if err != nil {
		b.Fatal(err)
	}
	return log
}

func document(tasks int) []byte {
	var s strings.Builder
	s.WriteString("# A long piece of work\n")
	for i := range tasks {
		if i%50 == 0 {
			fmt.Fprintf(&s, "\n## %d) Section\n\n", i/50+1)
		}
		fmt.Fprintf(&s, "- [ ] Task %d of a long piece of work, with a text of usual length\n", i+1)
	}
	return []byte(s.String())
}

func name(i int) string { return "list-" + strconv.Itoa(i) }

func meta(list string) commands.Meta {
	return commands.Meta{Checklist: list, Actor: events.Actor{ID: "ada@example.com", Auth: events.Unauthenticated}, Via: "bench"}
}

// benchAppend lets writers complete tasks, spread over lists of that many
// tasks, and rawWriters publish the same bodies.
func benchAppend(b *testing.B, writers, lists, tasks, rawWriters, perRound int) {
	log := openLog(b, b.TempDir())
	defer log.Close()
	r := openRaw(b, b.TempDir())
	defer r.close()
	ctx := b.Context()
	if _, err := r.js.CreateStream(ctx, jetstream.StreamConfig{Name: "RAW", Subjects: []string{"raw.log.>"}, Storage: jetstream.FileStorage, Duplicates: 100 * time.Millisecond}); err != nil {
		b.Fatal(err)
	}
	h := commands.NewHandler(log, commands.Config{Exclusive: true})
	for l := range lists {
		if _, err := h.Execute(ctx, meta(name(l)), commands.ImportDocument{Document: document(tasks)}); err != nil {
			b.Fatal(err)
		}
	}
	verbs := []commands.Verb{commands.Done, commands.Reopen}
	done := make([]int, writers)
	ours := func() ([][][]byte, time.Duration) {
		bodies := make([][][]byte, writers)
		var wait sync.WaitGroup
		start := time.Now()
		for w := range writers {
			wait.Go(func() {
				for range perRound {
					// Each writer has tasks of its own, also on a shared list.
					span := tasks * lists / writers
					key := w/lists*span + done[w]%span + 1
					verb := verbs[done[w]/span%2]
					done[w]++
					result, err := h.Execute(ctx, meta(name(w%lists)), commands.Transition{Verb: verb, Tasks: []string{strconv.Itoa(key)}})
					if err != nil || len(result.Events) != 1 {
						b.Errorf("writer %d, %s %d: %d events, %v", w, verb, key, len(result.Events), err)
						return
					}
					bodies[w] = append(bodies[w], result.Events[0].Body)
				}
			})
		}
		wait.Wait()
		return bodies, time.Since(start)
	}
	// The raw writers share the same number of publishes among them.
	theirs := func(bodies [][][]byte) time.Duration {
		var wait sync.WaitGroup
		start := time.Now()
		for w := range rawWriters {
			wait.Go(func() {
				for i := w; i < writers; i += rawWriters {
					r.publish(b, name(w%lists), bodies[i])
				}
			})
		}
		wait.Wait()
		return time.Since(start)
	}
	var ratios, rates []float64
	for b.Loop() {
		bodies, a := ours()
		if b.Failed() {
			return
		}
		t := theirs(bodies)
		mine := float64(writers*perRound) / a.Seconds()
		ratios = append(ratios, t.Seconds()/a.Seconds())
		rates = append(rates, mine)
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(rates), "events/s")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// One writer on a checklist of 10,000 tasks, against one raw writer.
func BenchmarkAppend1(b *testing.B) { benchAppend(b, 1, 1, 10_000, 1, 200) }

// 64 writers on 64 checklists, against 64 raw writers.
func BenchmarkAppend64(b *testing.B) { benchAppend(b, 64, 64, 66, 64, 20) }

// 64 writers on one checklist, against one raw writer.
func BenchmarkAppend64On1(b *testing.B) { benchAppend(b, 64, 1, 6400, 1, 20) }

// The import of a file of 10,000 tasks, from its bytes to the durable log.
func BenchmarkImport10000(b *testing.B) {
	log := openLog(b, b.TempDir())
	defer log.Close()
	doc := document(10_000)
	i := 0
	for b.Loop() {
		i++
		h := commands.NewHandler(log, commands.Config{Exclusive: true})
		if _, err := h.Execute(b.Context(), meta(name(i)), commands.ImportDocument{Document: doc}); err != nil {
			b.Fatal(err)
		}
	}
}

// Replay into the checklist view, against an ordered consumer that drains the
// same stream and does nothing.
func BenchmarkReplay(b *testing.B) {
	benchFold(b, func(events iter.Seq2[events.Envelope, error]) (*checklist.State, error) {
		return projections.Fold(checklist.Projection, events, nil)
	})
}

// BenchmarkBurndown is BenchmarkReplay for the work of each day.
func BenchmarkBurndown(b *testing.B) {
	benchFold(b, func(events iter.Seq2[events.Envelope, error]) (*checklist.State, error) {
		s, err := projections.Fold(burndown.Projection, events, nil)
		return s.State(), err
	})
}

// benchFold compares a fold with draining the stream.
func benchFold(b *testing.B, fold func(iter.Seq2[events.Envelope, error]) (*checklist.State, error)) {
	dir := b.TempDir()
	n := fillLog(b, dir)
	var ratios, rates []float64
	for b.Loop() {
		log := openLog(b, dir)
		start := time.Now()
		st, err := fold(log.Read(b.Context(), events.Filter{Checklist: name(0)}))
		a := time.Since(start)
		if err != nil || int(st.Revision) != n {
			b.Fatalf("replayed %d of %d: %v", st.Revision, n, err)
		}
		if err := log.Close(); err != nil {
			b.Fatal(err)
		}
		t := drain(b, dir, n)
		ratios = append(ratios, t.Seconds()/a.Seconds())
		rates = append(rates, float64(n)/a.Seconds())
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(rates), "events/s")
	b.ReportMetric(0, "ns/op")
}

// fillLog makes a log of one checklist with 100,000 events or so, or as many as
// CAIRN_BENCH_EVENTS says, tasks done and opened again in turns.
func fillLog(b *testing.B, dir string) int {
	b.Helper()
	ctx := b.Context()
	log := openLog(b, dir)
	defer log.Close()
	h := commands.NewHandler(log, commands.Config{Exclusive: true})
	if _, err := h.Execute(ctx, meta(name(0)), commands.ImportDocument{Document: document(5000)}); err != nil {
		b.Fatal(err)
	}
	all := make([]string, 5000)
	for i := range all {
		all[i] = strconv.Itoa(i + 1)
	}
	events := 100_000
	if s := os.Getenv("CAIRN_BENCH_EVENTS"); s != "" {
		var err error
		if events, err = strconv.Atoi(s); err != nil {
			b.Fatalf("CAIRN_BENCH_EVENTS=%s: want a number", s)
		}
	}
	for i := range max(events/len(all)-2, 1) {
		verb := []commands.Verb{commands.Done, commands.Reopen}[i%2]
		if _, err := h.Execute(ctx, meta(name(0)), commands.Transition{Verb: verb, Tasks: all}); err != nil {
			b.Fatal(err)
		}
	}
	var n int
	if err := h.View(ctx, name(0), func(st *checklist.State) error {
		n = int(st.Revision)
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	return n
}

// drain reads a log's stream with a plain ordered consumer.
func drain(b *testing.B, dir string, n int) time.Duration {
	b.Helper()
	r := openRaw(b, filepath.Join(dir, "store"))
	defer r.close()
	ctx := b.Context()
	start := time.Now()
	c, err := r.js.OrderedConsumer(ctx, "CAIRN", jetstream.OrderedConsumerConfig{FilterSubjects: []string{"cairn.log." + name(0) + ".>"}})
	if err != nil {
		b.Fatal(err)
	}
	msgs, err := c.Messages(jetstream.PullMaxMessages(5000))
	if err != nil {
		b.Fatal(err)
	}
	defer msgs.Stop()
	for range n {
		if _, err := msgs.Next(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
