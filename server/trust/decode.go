package trust

import (
	"context"
	"iter"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
)

// entry is an event with its leaf.
type entry struct {
	env  events.Envelope
	leaf merkle.Hash
}

// decodeBatch is how many events are handed from one goroutine to the next.
const decodeBatch = 256

// decoded yields all events of a log, decoded and hashed, while more are read.
// An event whose leaf cannot be computed is Unreadable.
func decoded(ctx context.Context, log *natslog.Log) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		batches := make(chan []natslog.Stored, 8)
		var failed error // set before batches is closed
		go func() {
			defer close(batches)
			batch := make([]natslog.Stored, 0, decodeBatch)
			for s, err := range log.Scan(ctx, 0) {
				if failed = err; err != nil {
					return
				}
				if batch = append(batch, s); len(batch) == decodeBatch {
					batches <- batch
					batch = make([]natslog.Stored, 0, decodeBatch)
				}
			}
			batches <- batch
		}()
		defer func() { // the reader is waited for
			cancel()
			for range batches {
			}
		}()
		for batch := range batches {
			for _, s := range batch {
				if !yield(decode(s), nil) {
					return
				}
			}
		}
		if failed != nil {
			yield(entry{}, failed)
		}
	}
}

func decode(s natslog.Stored) entry {
	e := entry{env: s.Decode()}
	var err error
	if e.leaf, err = merkle.LeafOf(&e.env); err != nil {
		e.env.Data = &events.Unreadable{Err: err}
	}
	return e
}
