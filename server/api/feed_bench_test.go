package api_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"cairn/events"
	"cairn/server/api"
	"cairn/server/commands"
)

// The benchmarks of this file measure the feed. Its subscribers live in a process
// of their own, so that the server's memory is the server's alone; the clock is
// the machine's, which both share.

// subscribersAt says where the subscribers of a benchmark connect, and how many:
// it makes the test binary one of them.
const subscribersAt = "CAIRN_FEED_SUBSCRIBERS"

func TestMain(m *testing.M) {
	if at := os.Getenv(subscribersAt); at != "" {
		if err := subscribers(at); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// arrived is one event at one subscriber, as the process of the subscribers writes
// it to its output: subscriber, position, and when, in nanoseconds.
const arrivedSize = 4 + 8 + 8

// subscribers opens n streams at an address, "n address", and writes one byte when
// all are open, then what arrives.
func subscribers(at string) error {
	moreFiles()
	count, address, _ := strings.Cut(at, " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends with the benchmark
		os.Exit(0)
	}()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	var mu sync.Mutex
	var open sync.WaitGroup
	failed := make(chan error, n)
	for i := range n {
		open.Add(1)
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		go func() {
			in := bufio.NewReaderSize(conn, 4<<10)
			fmt.Fprintf(conn, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", address)
			var rec [arrivedSize]byte
			binary.BigEndian.PutUint32(rec[:], uint32(i))
			begun := false
			for {
				line, err := in.ReadSlice('\n')
				if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
					failed <- fmt.Errorf("stream %d ended: %w", i, err)
					return
				}
				id, ok := bytes.CutPrefix(line, []byte("id: "))
				if !ok {
					continue
				}
				if !begun {
					begun = true
					open.Done()
					continue
				}
				seq, _ := strconv.ParseUint(string(bytes.TrimSpace(id)), 10, 64)
				binary.BigEndian.PutUint64(rec[4:], seq)
				binary.BigEndian.PutUint64(rec[12:], uint64(time.Now().UnixNano()))
				mu.Lock()
				_, _ = out.Write(rec[:]) // the benchmark misses it
				if n == 1 {
					out.Flush()
				}
				mu.Unlock()
			}
		}()
	}
	open.Wait()
	mu.Lock()
	out.WriteByte('!')
	out.Flush()
	mu.Unlock()
	go func() {
		for range time.Tick(50 * time.Millisecond) {
			mu.Lock()
			out.Flush()
			mu.Unlock()
		}
	}()
	return <-failed
}

// moreFiles allows as many open files as the system does.
func moreFiles() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}

// startSubscribers returns what reads their arrivals, once all are open, and what
// ends them.
func startSubscribers(b *testing.B, h *house, n int) (arrivals *bufio.Reader, stop func()) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", subscribersAt, n, h.http.Listener.Addr()))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		in.Close()
		_ = cmd.Wait()
	})
	b.Cleanup(stop)
	r := bufio.NewReaderSize(out, 1<<20)
	if c, err := r.ReadByte(); err != nil || c != '!' {
		b.Fatalf("the subscribers did not come: %v", err)
	}
	return r, stop
}

// inUse is the memory of this process that is in use.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func quantile(v []time.Duration, q float64) time.Duration {
	slices.Sort(v)
	return v[min(len(v)-1, int(float64(len(v))*q))]
}

// benchFeed has n subscribers hear of rate events a second, and fails where one
// does not come. It reports the time from an event's acknowledgement to each
// subscriber, and what each takes of the server's memory.
func benchFeed(b *testing.B, n, rate int) {
	moreFiles()
	const rounds = 10 // seconds
	for b.Loop() {
		h := openHouse(b, b.TempDir(), api.Config{})
		h.tasks(b, "plan", 100)
		before := inUse()
		arrivals, stop := startSubscribers(b, h, n)
		each := float64(inUse()-min(inUse(), before)) / float64(n)
		type came struct {
			who uint32
			seq events.Seq
			at  time.Time
		}
		all := make([]came, 0, n*rounds*rate)
		done := make(chan error, 1)
		go func() { // as they come: the pipe is short
			for range cap(all) {
				who, seq, at, err := arrival(arrivals)
				if err != nil {
					done <- err
					return
				}
				all = append(all, came{who, seq, at})
			}
			done <- nil
		}()
		acked := make(map[events.Seq]time.Time)
		tick := time.NewTicker(time.Second / time.Duration(rate))
		for i := range rounds * rate {
			<-tick.C
			seq := h.do(b, "plan", commands.CommentTask{Task: strconv.Itoa(i%100 + 1), Text: "number " + strconv.Itoa(i)})
			acked[seq] = time.Now()
		}
		tick.Stop()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		took := make([]time.Duration, 0, len(all))
		next := make([]events.Seq, n)
		for _, c := range all {
			if next[c.who] != 0 && c.seq != next[c.who] {
				b.Fatalf("subscriber %d: @%d, want @%d", c.who, c.seq, next[c.who])
			}
			next[c.who] = c.seq + 1
			took = append(took, c.at.Sub(acked[c.seq]))
		}
		b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(quantile(took, 0.99).Microseconds())/1000, "p99-ms")
		b.ReportMetric(each/1024, "KB/subscriber")
		b.ReportMetric(0, "ns/op")
		stop()
		h.close(b)
	}
}

func arrival(r *bufio.Reader) (who uint32, seq events.Seq, at time.Time, err error) {
	var rec [arrivedSize]byte
	_, err = io.ReadFull(r, rec[:])
	return binary.BigEndian.Uint32(rec[:]), events.Seq(binary.BigEndian.Uint64(rec[4:])),
		time.Unix(0, int64(binary.BigEndian.Uint64(rec[12:]))), err
}

func BenchmarkFeed500At50(b *testing.B)  { benchFeed(b, 500, 50) }
func BenchmarkFeed2000At10(b *testing.B) { benchFeed(b, 2000, 10) }

// BenchmarkFeedLatency compares one subscriber with one of plain NATS, in process,
// that hears of the same events in the same run: the p99 of the time until each has
// them, from the command on, of which ratio is the ratio, and from the
// acknowledgement on, which the subscriber of NATS may come before.
func BenchmarkFeedLatency(b *testing.B) {
	const each = 2000
	h := openHouse(b, b.TempDir(), api.Config{})
	h.tasks(b, "plan", 100)
	nc, err := h.log.Conn()
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	plain := make(chan *nats.Msg, each)
	if _, err := nc.ChanSubscribe("cairn.changes.>", plain); err != nil {
		b.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		b.Fatal(err)
	}
	var seen [each]time.Time
	sub := make(chan int, each)
	go func() {
		i := 0
		for range plain {
			seen[i] = time.Now()
			sub <- i
			i = (i + 1) % each
		}
	}()
	defer close(plain)
	streams, stop := startSubscribers(b, h, 1)
	// By acknowledgement and by command: the p99 of each round, in ms.
	reported := make(map[string][]float64)
	for b.Loop() {
		took := make(map[string][]time.Duration)
		for i := range each {
			began := time.Now()
			h.do(b, "plan", commands.CommentTask{Task: strconv.Itoa(i%100 + 1), Text: "number " + strconv.Itoa(i)})
			acked := time.Now()
			_, _, at, err := arrival(streams)
			if err != nil {
				b.Fatal(err)
			}
			theirs := seen[<-sub]
			took["feed-p99-ms"] = append(took["feed-p99-ms"], at.Sub(began))
			took["nats-p99-ms"] = append(took["nats-p99-ms"], theirs.Sub(began))
			took["ack-feed-p99-ms"] = append(took["ack-feed-p99-ms"], max(0, at.Sub(acked)))
			took["ack-nats-p99-ms"] = append(took["ack-nats-p99-ms"], max(0, theirs.Sub(acked)))
		}
		for name, v := range took {
			reported[name] = append(reported[name], quantile(v, 0.99).Seconds()*1000)
		}
		last := len(reported["feed-p99-ms"]) - 1
		reported["ratio"] = append(reported["ratio"], reported["feed-p99-ms"][last]/reported["nats-p99-ms"][last])
	}
	for name, v := range reported {
		b.ReportMetric(middle(v), name)
	}
	b.ReportMetric(0, "ns/op")
	stop()
	h.close(b)
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
