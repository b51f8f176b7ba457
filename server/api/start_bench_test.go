package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"cairn/server/api"
	"cairn/server/commands"
)

// BenchmarkStart is the time from the start of a server until it answers: who it
// is, one document, and the list of all checklists, for which all are read. The
// log has $CAIRN_START_EVENTS events (20,000) in ten checklists.
func BenchmarkStart(b *testing.B) {
	const lists = 10
	total := number("CAIRN_START_EVENTS", 20_000)
	dir := b.TempDir()
	h := openHouse(b, dir, api.Config{})
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = strconv.Itoa(i + 1)
	}
	for l := range lists {
		name := "list-" + strconv.Itoa(l)
		h.tasks(b, name, len(keys))
		for i := 0; i < total/lists-len(keys); i += len(keys) {
			h.toggle(b, name, []commands.Verb{commands.Done, commands.Reopen}[i/len(keys)%2], keys...)
		}
	}
	end := h.app.End()
	h.close(b)
	reported := make(map[string][]float64)
	for b.Loop() {
		began := time.Now()
		h := openHouse(b, dir, api.Config{})
		for _, at := range []struct{ name, path string }{
			{"server-s", ""}, {"document-s", "/checklists/list-7/document"}, {"checklists-s", "/checklists"},
		} {
			if err := get(h.http.URL + "/api/v1" + at.path); err != nil {
				b.Fatal(err)
			}
			reported[at.name] = append(reported[at.name], time.Since(began).Seconds())
		}
		h.http.CloseClientConnections()
		h.close(b)
	}
	for name, v := range reported {
		b.ReportMetric(middle(v), name)
	}
	b.ReportMetric(float64(end), "events")
	b.ReportMetric(0, "ns/op")
}

func get(url string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", url, res.Status, body)
	}
	return err
}
