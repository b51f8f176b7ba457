package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/server/api"
)

// BenchmarkWriters has 1, 16 and 64 writers complete and reopen tasks over HTTP,
// each on a checklist of its own, in turns within one run, beside as many that
// publish as much to a raw JetStream of the same durability. x16 and x64 are how
// much more the many reach than one; raw1, raw16 and raw64 are ours over raw.
func BenchmarkWriters(b *testing.B) {
	moreFiles()
	h := openHouse(b, b.TempDir(), api.Config{})
	defer h.close(b)
	for i := range 64 {
		h.tasks(b, "list-"+strconv.Itoa(i), 66)
	}
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer c.CloseIdleConnections()
	done := make([]int, 64)
	post := func(w int) error {
		key := done[w]%66 + 1
		verb := []string{"CompleteTask", "ReopenTask"}[done[w]/66%2]
		done[w]++
		url := fmt.Sprintf("%s/api/v1/checklists/list-%d/commands/%s", h.http.URL, w, verb)
		res, err := c.Post(url, "application/json", strings.NewReader(`{"tasks":["`+strconv.Itoa(key)+`"]}`))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", res.Status, body)
		}
		return err
	}
	js := rawStream(b)
	body := []byte(strings.Repeat("x", 600))
	publish := func(w int) error {
		_, err := js.Publish(b.Context(), "raw.log.list-"+strconv.Itoa(w)+".task.completed", body)
		return err
	}
	each := func(writers, n int, do func(int) error) time.Duration {
		began := time.Now()
		var wait sync.WaitGroup
		for w := range writers {
			wait.Go(func() {
				for range n {
					if err := do(w); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		return time.Since(began)
	}
	rate := func(writers int, do func(int) error) float64 {
		each(writers, 2, do) // connections are made
		n := max(60, 960/writers)
		return float64(writers*n) / each(writers, n, do).Seconds()
	}
	reported := make(map[string][]float64)
	for b.Loop() {
		ours := make(map[int]float64)
		for _, n := range []int{1, 16, 64} {
			ours[n] = rate(n, post)
			raw := rate(n, publish)
			if b.Failed() {
				return
			}
			name := strconv.Itoa(n)
			reported["raw"+name] = append(reported["raw"+name], ours[n]/raw)
			reported["events/s-"+name] = append(reported["events/s-"+name], ours[n])
		}
		for _, n := range []int{16, 64} {
			reported["x"+strconv.Itoa(n)] = append(reported["x"+strconv.Itoa(n)], ours[n]/ours[1])
		}
	}
	for name, v := range reported {
		b.ReportMetric(middle(v), name)
	}
	b.ReportMetric(0, "ns/op")
}

// rawStream is a JetStream like that of the log, without anything of ours.
func rawStream(b *testing.B) jetstream.JetStream {
	b.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{
		DontListen: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: true, NoLog: true, NoSigs: true,
		JetStreamMaxMemory: -1, JetStreamMaxStore: -1,
	})
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	b.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(5 * time.Second) {
		b.Fatal("the raw server did not start")
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "RAW", Subjects: []string{"raw.log.>"}, Storage: jetstream.FileStorage, Duplicates: 100 * time.Millisecond}); err != nil {
		b.Fatal(err)
	}
	return js
}
