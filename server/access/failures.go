package access

import (
	"net/netip"
	"sync"
	"time"
)

// A network may show so many tokens that open nothing at once, and one more each
// failureEvery.
const (
	failureBurst = 10
	failureEvery = 2 * time.Second
	// maxNetworks bounds the memory of a flood; those beyond share a bucket.
	maxNetworks = 1024
)

// failures slows down who guesses, per network: a token bucket each. It never
// refuses a token that opens: it is asked only about those that do not. Guessing
// 256 random bits is hopeless at any speed; what this saves is work and noise.
type failures struct {
	mu      sync.Mutex // guards below
	buckets map[netip.Prefix]*bucket
	swept   time.Time
}

// bucket is full at a time: it held fewer tokens before.
type bucket struct{ full time.Time }

func newFailures() *failures { return &failures{buckets: make(map[netip.Prefix]*bucket)} }

// failed counts one failure, and returns how long to wait before the next; zero
// while there are few.
func (f *failures) failed(now time.Time, from netip.Prefix) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.buckets[from]
	if b == nil {
		if len(f.buckets) >= maxNetworks {
			f.sweep(now)
		}
		if len(f.buckets) >= maxNetworks {
			from = netip.Prefix{}
			b = f.buckets[from]
		}
		if b == nil {
			b = &bucket{}
			f.buckets[from] = b
		}
	}
	if b.full.Before(now) {
		b.full = now
	}
	if empty := b.full.Sub(now) + failureEvery - failureBurst*failureEvery; empty > 0 {
		return empty
	}
	b.full = b.full.Add(failureEvery)
	return 0
}

// sweep forgets the buckets that are full, once a second at most.
func (f *failures) sweep(now time.Time) {
	if now.Sub(f.swept) < time.Second {
		return
	}
	f.swept = now
	for from, b := range f.buckets {
		if !b.full.After(now) {
			delete(f.buckets, from)
		}
	}
}
