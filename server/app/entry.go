package app

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"cairn/events"
)

// Entry is an event of the feed, shared between all that read it.
type Entry struct {
	// Env must not be changed.
	Env events.Envelope

	once  sync.Once
	frame []byte
}

// Frame returns the event as a text/event-stream has it, made once for all
// readers; it must not be changed.
//
//	id: 57
//	event: cairn.task.completed.v1
//	data: {"specversion":"1.0",…,"sequence":"57"}
func (e *Entry) Frame() []byte {
	e.once.Do(func() { e.frame = frameOf(&e.Env) })
	return e.frame
}

// size is about what the entry takes, its frame included.
func (e *Entry) size() int { return 2*len(e.Env.Body) + 1<<10 }

func frameOf(env *events.Envelope) []byte {
	data := events.Sequenced(env.Body, env.Seq)
	b := make([]byte, 0, len(data)+128)
	b = append(b, "id: "...)
	b = strconv.AppendUint(b, uint64(env.Seq), 10)
	// A kind that nobody knows is any string; it is neither a line of its own nor
	// the name of an event of the stream's.
	if kind := string(env.Data.Kind()); strings.HasPrefix(kind, "cairn.") && !strings.ContainsFunc(kind, unicode.IsControl) {
		b = append(b, "\nevent: "...)
		b = append(b, kind...)
	}
	// One line, unless something else than Cairn wrote it.
	for line := range bytes.Lines(bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))) {
		b = append(b, "\ndata: "...)
		b = append(b, bytes.TrimSuffix(line, []byte("\n"))...)
	}
	return append(b, "\n\n"...)
}
