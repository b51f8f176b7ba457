package natslog

import (
	"sync"
	"time"
)

// Trap: a connection to a server that is cut off from the rest of its cluster is a
// good connection; nothing on it is ever answered, or with "no responders", and the
// client stays.
//
// So where questions stay without an answer for a while, the connection goes to
// the next of the servers that were given. That does no harm while a leader is
// elected: what was under way had no answer anyway.
const silence = 2 * time.Second

// patience is how long questions had no answer.
type patience struct {
	mu    sync.Mutex // guards since
	since time.Time  // of the first that had none; zero: the last one had
}

// answered says that there was an answer.
func (p *patience) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = time.Time{}
}

// lost reports whether it is time to ask another server, after one more question
// without an answer.
func (p *patience) lost(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = now
		return false
	}
	if now.Sub(p.since) < silence {
		return false
	}
	p.since = time.Time{}
	return true
}

// silent is called when a question to a server elsewhere had no answer in time.
func (l *Log) silent() {
	if l.server == nil && l.patience.lost(time.Now()) && len(l.nc.Servers()) > 1 {
		_ = l.nc.ForceReconnect() // fails on a closed connection only
	}
}
