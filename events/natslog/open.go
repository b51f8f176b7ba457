package natslog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/merkle"
)

// Config says which log to open.
type Config struct {
	// Dir is the log's directory. Required.
	Dir string
	// Create makes a log where none is; otherwise that is ErrNotFound.
	Create bool
	// Wait is how long to wait for another process that has the log open.
	// Zero is 10 s, negative not at all.
	Wait time.Duration
	// Busy, if set, is asked again and again while another process has the log
	// open: an error ends the wait, and is what Open returns.
	Busy func() error
	// Memory is a folder in which the last seen head is remembered, outside of
	// Dir; an older copy of Dir is refused then. Empty: nothing is remembered.
	Memory string
	// Now and NewID stamp the first event of a new log. The defaults are
	// time.Now and UUIDv7.
	Now   func() time.Time
	NewID func() string
	// Listen lets others subscribe to changes. The zero Listen is no port.
	Listen Listen
}

const defaultWait = 10 * time.Second

func (c *Config) defaults() {
	switch {
	case c.Wait == 0:
		c.Wait = defaultWait
	case c.Wait < 0:
		c.Wait = 0
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
}

// Open opens the log in c.Dir and holds its lock until Close.
//
// It returns [ErrNotFound] where no log was set up (unless c.Create),
// [events.ErrUnavailable] where another process keeps the log open,
// [events.ErrStorage] where the directory cannot be written, and
// [events.ErrIntegrity] where the log is shorter than, or different from, what
// its head or the memory says, or has a hole.
func Open(ctx context.Context, c Config) (*Log, error) {
	c.defaults()
	// Where there is a lock, a server may have it that answers for a log elsewhere.
	absent := !Exists(c.Dir) && !c.Create && !hasStore(c.Dir)
	if _, err := os.Lstat(lockPath(c.Dir)); absent && err != nil {
		return nil, notFound(c.Dir)
	}
	door, err := newDoor(c.Listen)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, unwritable(c.Dir, err)
	}
	if name := onNetwork(c.Dir); name != "" {
		return nil, onNetworkError(c.Dir, name)
	}
	lock, err := acquire(ctx, c.Dir, c.Wait, c.Busy)
	if err != nil {
		return nil, err
	}
	if absent && !Exists(c.Dir) && !hasStore(c.Dir) {
		lock.release()
		return nil, notFound(c.Dir)
	}
	l := &Log{dir: c.Dir, place: c.Dir, lock: lock, memory: c.Memory, door: door}
	l.life, l.end = context.WithCancel(context.Background())
	if err := l.open(ctx, &c); err != nil {
		l.release()
		return nil, err
	}
	if err := l.server.listen(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func onNetworkError(dir, name string) error {
	return &Error{
		Err: events.ErrStorage, Message: fmt.Sprintf("%s lies on a network file system (%s)", dir, name),
		Hint: "Locks do not hold there. Use --data with a directory on a local disk.",
	}
}

func (l *Log) open(ctx context.Context, c *Config) error {
	mark, err := readMarker(c.Dir)
	if err != nil {
		return err
	}
	if mark != nil && !hasStore(c.Dir) {
		return lost(c.Dir, mark)
	}
	if h, err := Peek(c.Dir); c.Create && mark == nil && !hasEvents(c.Dir) && (err != nil || h.N <= 1) {
		// A creation was cut off before anything was stored. JetStream would
		// take its half-written description for its own, and not find the
		// stream at the next start.
		if err := os.RemoveAll(filepath.Join(storePath(c.Dir), "jetstream")); err != nil {
			return unwritable(storePath(c.Dir), err)
		}
	}
	if err := os.MkdirAll(storePath(c.Dir), 0o700); err != nil {
		return unwritable(storePath(c.Dir), err)
	}
	if err := probe(c.Dir); err != nil {
		return err
	}
	if mark != nil {
		h, err := Peek(c.Dir)
		if errors.Is(err, ErrNotFound) {
			err = damaged("%s is missing or damaged", headPath(l.dir))
		}
		if err == nil {
			err = checkBlocks(c.Dir, h.N)
		}
		if err != nil {
			return err
		}
	}
	if err := l.start(ctx); err != nil {
		return err
	}
	l.stream, err = l.js.Stream(ctx, streamName)
	absent := errors.Is(err, jetstream.ErrStreamNotFound)
	switch {
	case err != nil && !absent:
		return l.failed(ctx, "look up the stream", err)
	case mark != nil && absent:
		e := lost(c.Dir, mark)
		e.Cause = l.server.complaint()
		return e
	case mark == nil:
		if err := l.create(ctx, c, absent); err != nil {
			return err
		}
	}
	return l.enter(ctx, mark)
}

// start runs the server and connects to it.
func (l *Log) start(ctx context.Context) (err error) {
	if l.server, err = startServer(l.dir, l.door); err != nil {
		return err
	}
	if l.nc, err = l.server.connect(); err != nil {
		return l.failed(ctx, "connect", err)
	}
	if l.js, err = jetstream.New(l.nc); err != nil {
		return l.failed(ctx, "connect", err)
	}
	return nil
}

// enter compares the stream with the marker, the head and the memory.
func (l *Log) enter(ctx context.Context, mark *marker) error {
	info := l.stream.CachedInfo()
	if err := checkConfig(l.place, info.Config); err != nil {
		return err
	}
	b, err := os.ReadFile(headPath(l.dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritable(headPath(l.dir), err)
	}
	h, slot, err := decodeHead(b)
	if err != nil {
		return damaged("%s is missing or damaged", headPath(l.dir))
	}
	if err := l.compare(ctx, info, h); err != nil {
		return err
	}
	if err := l.readFirst(ctx); err != nil {
		return err
	}
	if mark != nil && mark.Origin != l.origin {
		return damaged("the log in %s is %s, but %s was set up there", l.place, l.origin, mark.Origin)
	}
	keeper, err := openHead(headPath(l.dir), h, slot)
	if err != nil {
		return err
	}
	l.head = keeper
	// Events behind the head were stored, but their writer died before it
	// could say so.
	if err := l.catchUp(ctx, keeper, events.Seq(info.State.LastSeq)); err != nil {
		return errors.Join(err, keeper.close())
	}
	if mark == nil {
		return nil // made just now: what was seen at this place before is another
	}
	if err := errors.Join(l.checkMemory(ctx), l.SettleKey(ctx)); err != nil {
		return errors.Join(err, keeper.close())
	}
	return nil
}

// compare returns an error unless the stream continues what h saw.
func (l *Log) compare(ctx context.Context, info *jetstream.StreamInfo, h Head) error {
	last := events.Seq(info.State.LastSeq)
	if last < h.N {
		e := damaged("the log is shorter than it was: it ends at @%d, we saw @%d", last, h.N)
		e.Hint = fmt.Sprintf("The store in %s lost %d events or is an older copy of itself.\n%s",
			l.place, h.N-last, hintDoctor)
		return e
	}
	if info.State.NumDeleted > 0 {
		if full, err := l.stream.Info(ctx, jetstream.WithDeletedDetails(true)); err == nil {
			info = full
		}
	}
	if err := checkState(l.place, info.State); err != nil {
		return err
	}
	if h.N == 0 {
		return nil
	}
	return l.compareLeaf(ctx, h)
}

// compareLeaf returns an error unless the event at the head is the one it saw.
func (l *Log) compareLeaf(ctx context.Context, h Head) error {
	subject, body, err := l.body(ctx, h.N)
	if err != nil {
		e := damaged("the log in %s has a hole: @%d cannot be read", l.place, h.N)
		e.Cause = err
		return e
	}
	env := Stored{h.N, subject, body}.Decode()
	if leaf, err := merkle.LeafOf(&env); err != nil || leaf != h.Leaf {
		return damaged("the log is not the one it was: @%d is another event than we saw", h.N)
	}
	return nil
}

// readFirst takes the log's name from its first event.
func (l *Log) readFirst(ctx context.Context) error {
	subject, body, err := l.body(ctx, 1)
	if err != nil {
		e := damaged("the log in %s has a hole: @1 cannot be read", l.place)
		e.Cause = err
		return e
	}
	env := events.Decode(1, "", body)
	opened, ok := env.Data.(*events.LogOpened)
	if !ok || subject != systemSubject {
		return damaged("the stream %s in %s does not begin with %s", streamName, l.place, events.KindLogOpened)
	}
	l.first, l.origin = opened, opened.Origin
	return nil
}

// catchUp adds the events up to last to the head.
func (l *Log) catchUp(ctx context.Context, k headKeeper, last events.Seq) error {
	n := k.get().N
	if n >= last {
		return nil
	}
	leaves := make([]merkle.Hash, 0, last-n)
	for env, err := range l.Read(ctx, events.Filter{After: n, Upto: last}) {
		if err != nil {
			return err
		}
		leaf, err := merkle.LeafOf(&env)
		if err != nil {
			return damaged("@%d of the log in %s: %v", env.Seq, l.place, err)
		}
		leaves = append(leaves, leaf)
	}
	return k.appended(ctx, n+1, leaves)
}

// create sets up a log in a locked directory without a marker. It goes on
// where an earlier attempt ended, and refuses anything else.
func (l *Log) create(ctx context.Context, c *Config, absent bool) error {
	if h, err := Peek(c.Dir); (err == nil && h.N > 1) || (absent && hasEvents(c.Dir)) {
		return damaged("%s holds parts of a log but not its marker", c.Dir)
	}
	if absent && !c.Create {
		return notFound(c.Dir)
	}
	origin, verifier, err := makeKey(c.Dir, "cairn/"+c.NewID())
	if err != nil {
		return err
	}
	if absent {
		if l.stream, err = l.js.CreateStream(ctx, streamConfig(1)); err != nil {
			return l.failed(ctx, "create the stream", err)
		}
	}
	now := c.Now().UTC()
	switch info := l.stream.CachedInfo(); info.State.LastSeq {
	case 0:
		if err := l.publishFirst(ctx, logOpened(origin, verifier, now, c.NewID())); err != nil {
			return err
		}
	case 1:
		if err := l.readFirst(ctx); err != nil {
			return err
		}
		if l.first.Key != verifier {
			return damaged("%s holds a log that was made with another key", c.Dir)
		}
	default:
		return damaged("%s holds a log of %d events but not its marker", c.Dir, info.State.LastSeq)
	}
	_, body, err := l.body(ctx, 1)
	if err != nil {
		return l.failed(ctx, "read the first event", err)
	}
	var f merkle.Frontier
	f.Append(merkle.Leaf(body))
	if err := seal(c.Dir, &f, merkle.Leaf(body), marker{Origin: origin, Created: now, Format: format}); err != nil {
		return err
	}
	first := &tiles{Tiles: merkle.NewTiles(c.Dir)}
	first.add(0, []merkle.Hash{merkle.Leaf(body)})
	if err := syncDir(filepath.Dir(c.Dir)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	l.stream, err = l.js.Stream(ctx, streamName)
	if err != nil {
		return l.failed(ctx, "look up the stream", err)
	}
	return nil
}

// seal writes the head and then the marker, which says that the log is whole.
func seal(dir string, f *merkle.Frontier, leaf merkle.Hash, m marker) error {
	file := make([]byte, 2*slotSize)
	copy(file, encodeSlot(f, leaf))
	if err := writeDurably(headPath(dir), file); err != nil {
		return err
	}
	return writeDurably(markerPath(dir), line(m))
}

// logOpened returns the first event of a log.
func logOpened(origin, verifier string, now time.Time, id string) *events.Envelope {
	return &events.Envelope{
		ID: id, Revision: 1, Time: now, RecordedTime: now, EffectiveTime: now,
		Actor: events.Actor{ID: "cairn", Auth: "system"}, Via: "cairn",
		CommandID: id, CommandName: "OpenLog", Part: 1, Parts: 1,
		Data: &events.LogOpened{Origin: origin, Key: verifier, Format: format},
	}
}

// publishFirst stores the first event of an empty log; if the log is not empty
// any more, that is ErrConflict.
func (l *Log) publishFirst(ctx context.Context, env *events.Envelope) error {
	body, err := events.Marshal(env)
	if err != nil {
		return err
	}
	msg := &nats.Msg{Subject: systemSubject, Data: body, Header: header()}
	if _, err := l.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequence(0)); err != nil {
		return l.failed(ctx, "store the first event", err)
	}
	return nil
}
