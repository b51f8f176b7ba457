// Package natslog is the event log on NATS JetStream.
//
// For most uses, open the log that lies in a directory; JetStream then runs
// inside this process, without a port:
//
//	log, err := natslog.Open(ctx, natslog.Config{Dir: ".cairn", Create: true})
//	…
//	defer log.Close()
//
// [Connect] opens a log that lies in a JetStream elsewhere, where any number
// of servers may share it.
//
// A log is never repaired and never made anew where one should be: what is not
// as it was is refused with [events.ErrIntegrity], and nothing is written. The
// package is a set of guards around JetStream; each file says which trap it
// closes.
//
//	lock     held while the log is open; never deleted
//	marker   says that a log was set up here; written last
//	key      the Ed25519 key that signs checkpoints
//	key.next a key that is about to take its place
//	head     how long the log is, and its Merkle tree
//	tile/    the nodes of that tree: a cache
//	store/   JetStream's files
package natslog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/merkle"
)

var _ events.Log = (*Log)(nil)

// Log is an open log. It is safe for concurrent use.
type Log struct {
	place  string // directory or URL, for messages
	origin string
	first  *events.LogOpened
	memory string

	nc     *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream

	// home is where the key and the tiles of a log elsewhere are; see keys.
	home string
	own  *tiles // of such a log
	// away is since when there is no connection; nil while there is.
	away atomic.Pointer[time.Time]

	// Of an embedded log only.
	dir    string
	server *embedded
	lock   *dirLock
	door   *door

	head headKeeper
	// acked is set where the stream has several replicas.
	acked *acked
	// patience is that with the server we are connected to.
	patience patience

	// life ends when the log is closed; work counts what must end before.
	life   context.Context
	end    context.CancelFunc
	work   sync.WaitGroup
	mu     sync.Mutex // guards closed, and work against Add after Wait
	closed bool

	// found is set of a log that was opened by Inspect.
	found *Found

	// broken is the reason why nothing is appended any more.
	broken atomic.Pointer[Error]
	// batch is held while an atomic batch is under way: the server allows few.
	batch sync.Mutex
}

// Head is how far the log was known to reach: its length and Merkle tree.
type Head struct {
	// N is the sequence of the last event.
	N events.Seq
	// Root is the Merkle root over the first N events, Leaf the hash of the
	// last of them.
	Root, Leaf merkle.Hash
	// Frontier is the tree itself. It is the caller's copy.
	Frontier merkle.Frontier
}

// headKeeper keeps the head of the log in step with what is appended.
type headKeeper interface {
	// get returns the head as it is now.
	get() Head
	// appended is called once for each acknowledged write, in any order. It
	// returns when the head includes it.
	appended(ctx context.Context, first events.Seq, leaves []merkle.Hash) error
	// close saves the head.
	close() error
}

// Origin returns the name of the log, unique among all logs.
func (l *Log) Origin() string { return l.origin }

// Opened returns the log's first event: origin, verifier key and format.
func (l *Log) Opened() events.LogOpened { return *l.first }

// Dir returns the directory of an embedded log, "" of one elsewhere.
func (l *Log) Dir() string { return l.dir }

// Place returns where the log is: the directory, or the URL without secrets.
func (l *Log) Place() string { return l.place }

// Head returns how far the log reaches. Over [Connect] it may be up to a
// second old.
func (l *Log) Head() Head { return l.head.get() }

// End returns the sequence of the last event, with the same reservation as
// [Log.Head].
func (l *Log) End() events.Seq { return l.head.get().N }

// Away returns for how long there has been no connection to a log elsewhere; 0
// while there is one.
func (l *Log) Away() time.Duration {
	if since := l.away.Load(); since != nil {
		return max(time.Since(*since), 1)
	}
	return 0
}

// Latest is Head, and includes all that the stream held when it was asked.
func (l *Log) Latest(ctx context.Context) (Head, error) {
	if k, ok := l.head.(*remoteHead); ok {
		if l.Away() > 0 {
			return Head{}, l.unreachable("look up the end", nats.ErrDisconnected)
		}
		if err := k.catchUp(ctx); err != nil {
			return Head{}, err
		}
	}
	return l.head.get(), nil
}

// Checklists returns the names of all checklists that have events, sorted.
// It reads no events.
func (l *Log) Checklists(ctx context.Context) ([]string, error) {
	if err := l.there(ctx); err != nil {
		return nil, err
	}
	info, err := l.stream.Info(ctx, jetstream.WithSubjectFilter(everyChecklist))
	if err != nil {
		return nil, l.failed(ctx, "list checklists", err)
	}
	var names []string
	for subject := range info.State.Subjects {
		if name, ok := checklistOf(subject); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// begin counts a piece of work that Close waits for; done ends it. It returns
// an error once the log is closed.
func (l *Log) begin() (done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, &Error{Err: events.ErrUnavailable, Message: fmt.Sprintf("the log in %s is closed", l.place)}
	}
	l.work.Add(1)
	return l.work.Done, nil
}

// Close ends all reading and appending, saves the head and lets go of the
// directory. Closing again does nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()

	// Shutdown sleeps 50 ms while pull requests are open: readers end first.
	l.end()
	l.work.Wait()
	err := l.head.close()
	if l.memory != "" && l.broken.Load() == nil && l.found == nil {
		// To lose the memory is harmless; what was appended is appended.
		_ = l.remember()
	}
	l.release()
	return err
}

// release lets go of everything that a half-opened log may hold.
func (l *Log) release() {
	if l.end != nil {
		l.end()
	}
	if l.nc != nil {
		l.nc.Close()
	}
	if l.server != nil {
		l.server.stop()
	}
	if l.lock != nil {
		l.lock.release()
	}
}

// options returns the options the embedded server runs with.
func (l *Log) options() *server.Options { return l.server.opts }

// body returns the stored bytes and the subject of event seq.
func (l *Log) body(ctx context.Context, seq events.Seq) (subject string, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	msg, err := l.stream.GetMsg(ctx, uint64(seq))
	if err != nil {
		return "", nil, err
	}
	return msg.Subject, msg.Data, nil
}

// Event returns the event at seq. It returns [events.ErrIntegrity] where it
// cannot be read; its Data is as [events.Decode] says.
func (l *Log) Event(ctx context.Context, seq events.Seq) (events.Envelope, error) {
	done, err := l.begin()
	if err != nil {
		return events.Envelope{}, err
	}
	defer done()
	if err := l.there(ctx); err != nil {
		return events.Envelope{}, err
	}
	subject, body, err := l.body(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return events.Envelope{}, damaged("the log in %s has a hole: @%d cannot be read", l.place, seq)
	}
	if err != nil {
		return events.Envelope{}, l.failed(ctx, "read an event", err)
	}
	return Stored{seq, subject, body}.Decode(), nil
}

// apiTimeout bounds one question to JetStream.
const apiTimeout = 5 * time.Second

// paths of a log's directory.
func lockPath(dir string) string   { return filepath.Join(dir, "lock") }
func markerPath(dir string) string { return filepath.Join(dir, "marker") }
func keyPath(dir string) string    { return filepath.Join(dir, "key") }
func nextPath(dir string) string   { return filepath.Join(dir, "key.next") }
func headPath(dir string) string   { return filepath.Join(dir, "head") }
func storePath(dir string) string  { return filepath.Join(dir, "store") }

// line returns v as one line of JSON.
func line(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own plain structs come here
	}
	return append(b, '\n')
}
