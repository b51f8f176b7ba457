package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"cairn/server/api"
)

// BenchmarkViews asks for the views over the history of a checklist of 10,000
// events, as they are asked for again and again.
func BenchmarkViews(b *testing.B) {
	d := open(b, api.Config{})
	var doc strings.Builder
	doc.WriteString("# Many\n\n")
	for i := range 500 {
		fmt.Fprintf(&doc, "- [ ] task %d\n", i)
	}
	d.send(http.MethodPost, "/api/v1/checklists/many/commands/ImportDocument",
		encoded(b, map[string]any{"source": "many.md", "document": []byte(doc.String())}), "Content-Type: application/json").want(b, http.StatusOK)
	for i := 0; d.app.End() < 10_000; i++ {
		command := "CompleteTask"
		if i%2 == 1 {
			command = "ReopenTask"
			d.now = d.now.AddDate(0, 0, 1)
		}
		d.send(http.MethodPost, "/api/v1/checklists/many/commands/"+command, `{"tasks":["1-500"]}`, "Content-Type: application/json").want(b, http.StatusOK)
	}
	for _, path := range []string{"", "/next", "/log", "/log?kind=done&limit=10", "/burndown", "/burndown?format=svg", "/forecast", "/blame", "/burndown?as_of=@5000", "/diff?from=@5000", "/report"} {
		b.Run("path="+path, func(b *testing.B) {
			for b.Loop() {
				d.get("/api/v1/checklists/many"+path).want(b, http.StatusOK)
			}
		})
	}
}
