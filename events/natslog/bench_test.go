package natslog

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
)

// benchLog returns a directory with a closed log of n events.
func benchLog(b *testing.B, n int) string {
	b.Helper()
	l, dir := create(b)
	if n > 1 {
		mustAppend(b, l, batch("a", 0, 0, n-1))
	}
	l.Close()
	return dir
}

func BenchmarkOpenClose(b *testing.B) {
	for _, n := range []int{1, 200, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := benchLog(b, n)
			for b.Loop() {
				l, err := Open(b.Context(), Config{Dir: dir})
				if err != nil {
					b.Fatal(err)
				}
				l.Close()
			}
		})
	}
}

// BenchmarkCommand is what one command of the command line costs the log.
func BenchmarkCommand(b *testing.B) {
	dir := benchLog(b, 200)
	for b.Loop() {
		l, err := Open(b.Context(), Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		var last events.Envelope
		for env, err := range l.Read(b.Context(), events.Filter{Checklist: "a"}) {
			if err != nil {
				b.Fatal(err)
			}
			last = env
		}
		mustAppend(b, l, batch("a", last.Seq, last.Revision, 1))
		l.Close()
	}
}

func BenchmarkAppend(b *testing.B) {
	l, _ := create(b)
	var last events.Seq
	for i := uint64(0); b.Loop(); i++ {
		last = mustAppend(b, l, batch("a", last, i, 1))
	}
}

func BenchmarkAppendParallel(b *testing.B) {
	l, _ := create(b)
	var list atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		name := fmt.Sprintf("list-%d", list.Add(1))
		var last events.Seq
		for i := uint64(0); pb.Next(); i++ {
			last = mustAppend(b, l, batch(name, last, i, 1))
		}
	})
}

func BenchmarkBatch(b *testing.B) {
	l, _ := create(b)
	var last events.Seq
	for i := uint64(0); b.Loop(); i++ {
		last = mustAppend(b, l, batch("a", last, i*1000, 1000))
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{200, 10_000} {
		l, _ := create(b)
		mustAppend(b, l, batch("a", 0, 0, n-1))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				for _, err := range l.Read(b.Context(), events.Filter{}) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(fmt.Sprint(n, " by an ordered consumer, not decoded"), func(b *testing.B) {
			for b.Loop() {
				c, err := l.js.OrderedConsumer(b.Context(), streamName, jetstream.OrderedConsumerConfig{})
				if err != nil {
					b.Fatal(err)
				}
				it, err := c.Messages(jetstream.PullMaxMessages(pullMessages), jetstream.StopAfter(n))
				if err != nil {
					b.Fatal(err)
				}
				for range n {
					if _, err := it.Next(); err != nil {
						b.Fatal(err)
					}
				}
				it.Stop()
			}
		})
	}
}
