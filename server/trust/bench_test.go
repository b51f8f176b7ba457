package trust_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
	"cairn/server/trust"
)

// benchEvents is how long the log of the benchmarks is; CAIRN_BENCH_EVENTS sets
// another length, such as 1000000.
func benchEvents(b *testing.B) int {
	if s := os.Getenv("CAIRN_BENCH_EVENTS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatalf("CAIRN_BENCH_EVENTS: %v", err)
		}
		return n
	}
	return 50_000
}

// drain reads all messages of the store in dir with a consumer that does nothing,
// as fast as JetStream delivers them in process.
func drain(b *testing.B, dir string, n int) time.Duration {
	b.Helper()
	var took time.Duration
	jetStream(b, filepath.Join(dir, "store"), func(js jetstream.JetStream) {
		began := time.Now()
		c, err := js.OrderedConsumer(b.Context(), "CAIRN", jetstream.OrderedConsumerConfig{})
		if err != nil {
			b.Fatal(err)
		}
		it, err := c.Messages(jetstream.PullMaxMessages(5000), jetstream.StopAfter(n))
		if err != nil {
			b.Fatal(err)
		}
		for range n {
			if _, err := it.Next(); err != nil {
				b.Fatal(err)
			}
		}
		took = time.Since(began)
		it.Stop()
	})
	return took
}

// BenchmarkVerify compares verify with the drain of an ordered consumer, in
// turns: "of-drain" is the ratio of their rates.
func BenchmarkVerify(b *testing.B) {
	n := benchEvents(b)
	dir := made(b, n, "")
	var drained, verified time.Duration
	for b.Loop() {
		drained += drain(b, dir, n)
		l, err := trust.Inspect(b.Context(), natslog.Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if _, err := trust.Verify(b.Context(), l, trust.Options{}); err != nil {
			b.Fatal(err)
		}
		verified += time.Since(began)
		_ = l.Close()
	}
	b.ReportMetric(drained.Seconds()/verified.Seconds(), "of-drain")
	b.ReportMetric(float64(n*b.N)/verified.Seconds(), "events/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkProve proves events of a long log whose tiles are there.
func BenchmarkProve(b *testing.B) {
	n := benchEvents(b)
	l := open(b, made(b, n, ""), "")
	seq := events.Seq(1)
	for b.Loop() {
		if _, err := trust.Prove(b.Context(), l, seq); err != nil {
			b.Fatal(err)
		}
		seq = (seq+7919)%events.Seq(n) + 1
	}
}

// BenchmarkCheckpoint is what a signature costs where a log is closed.
func BenchmarkCheckpoint(b *testing.B) {
	l := open(b, made(b, 10, ""), "")
	for b.Loop() {
		if _, err := trust.Checkpoint(l); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLeaf is what the tree costs an append: the leaf of an event, the
// frontier, and its share of the tiles.
func BenchmarkLeaf(b *testing.B) {
	l := open(b, made(b, 200, ""), "")
	env, err := l.Event(b.Context(), 150)
	if err != nil {
		b.Fatal(err)
	}
	w, err := merkle.NewTiles(b.TempDir()).Writer(0)
	if err != nil {
		b.Fatal(err)
	}
	var f merkle.Frontier
	b.Run(fmt.Sprint(len(env.Body), " bytes"), func(b *testing.B) {
		for b.Loop() {
			leaf := merkle.Leaf(env.Body)
			f.Append(leaf)
			if err := w.Append(leaf); err != nil {
				b.Fatal(err)
			}
		}
	})
}
