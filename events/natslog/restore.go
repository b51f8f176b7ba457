package natslog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"

	"cairn/events"
	"cairn/events/merkle"
)

// ErrExists is wrapped by the error of Restore where something lies already.
var ErrExists = errors.New("something lies there already")

// Restore makes a log in c.Dir of the bodies of another, in their order: the
// same events get the same sequences, and so the same roots. The bodies are
// taken as they are; who gives them has checked them. The log gets a key of its
// own, and last, which is given its verifier line, returns the event that
// announces it. c.Dir must not exist, or be empty; otherwise it is ErrExists.
//
// The log is made beside c.Dir, in c.Dir with ".restoring" behind its name, and
// renamed when it is whole. After an error nothing is left of it; after a crash
// that directory may be, and the next Restore begins anew.
func Restore(ctx context.Context, c Config, origin string, bodies iter.Seq2[[]byte, error], last func(verifier string) (*events.Envelope, error)) (Head, error) {
	c.defaults()
	if entries, err := os.ReadDir(c.Dir); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Head{}, occupied(c.Dir)
	}
	if err := os.MkdirAll(filepath.Dir(c.Dir), 0o700); err != nil {
		return Head{}, unwritable(c.Dir, err)
	}
	made := c.Dir + ".restoring"
	if err := os.MkdirAll(made, 0o700); err != nil {
		return Head{}, unwritable(made, err)
	}
	if name := onNetwork(made); name != "" {
		return Head{}, errors.Join(onNetworkError(c.Dir, name), os.Remove(made))
	}
	lock, err := acquire(ctx, made, c.Wait, nil)
	if err != nil {
		return Head{}, err
	}
	l := &Log{dir: made, place: c.Dir, origin: origin, lock: lock}
	l.life, l.end = context.WithCancel(context.Background())
	head, err := l.restore(ctx, &c, bodies, last)
	if err == nil {
		// Before it is there: a crash may come, and then the next to open it would take it
		// for a copy of what was restored elsewhere.
		c.expect(origin, head)
		_ = lock.f.Truncate(0) // who holds it; the lock itself moves along
		if err = move(made, c.Dir); err != nil {
			c.forget()
		}
	}
	if err != nil {
		_ = os.RemoveAll(made)
		l.release()
		return Head{}, err
	}
	l.release()
	if c.Memory != "" {
		// What was seen at this place before is another log: this one was asked for.
		l.dir, l.memory, l.head = c.Dir, c.Memory, fixedHead{head}
		_ = l.remember()
	}
	return head, nil
}

// expect remembers a log at c.Dir that comes to lie there, in place of what was
// seen there before. To lose that is harmless.
func (c *Config) expect(origin string, head Head) {
	if c.Memory != "" {
		_ = writeMemory(c.Memory, memory{c.placeToBe(), origin, head.N, head.Root, head.Frontier.Marshal(), ""})
	}
}

// forget forgets what was seen at c.Dir.
func (c *Config) forget() {
	if c.Memory != "" {
		_ = os.Remove(memoryPath(c.Memory, c.placeToBe()))
	}
}

// placeToBe is the place of c.Dir, which need not be there yet.
func (c *Config) placeToBe() string {
	return filepath.Join(realPath(filepath.Dir(c.Dir)), filepath.Base(c.Dir))
}

func occupied(dir string) error {
	e := &Error{Err: ErrExists, Message: fmt.Sprintf("%s is not empty", dir), Hint: "Nothing was written. Restore into a new directory: --data NEWDIR"}
	if h, err := Peek(dir); err == nil {
		e.Message = fmt.Sprintf("there is a log in %s already, of %d events", dir, h.N)
	}
	return e
}

// move puts a whole log in its place. It fails where something came to lie there.
func move(from, to string) error {
	_ = os.Remove(to) // an empty directory
	if err := os.Rename(from, to); err != nil {
		if entries, _ := os.ReadDir(to); len(entries) > 0 {
			return occupied(to)
		}
		return unwritable(to, err)
	}
	return syncDir(filepath.Dir(to))
}

// restore fills the locked directory of l, whose server has stopped when it
// returns.
func (l *Log) restore(ctx context.Context, c *Config, bodies iter.Seq2[[]byte, error], last func(string) (*events.Envelope, error)) (Head, error) {
	entries, err := os.ReadDir(l.dir) // of an attempt that was cut off
	if err != nil {
		return Head{}, unwritable(l.dir, err)
	}
	for _, e := range entries {
		if e.Name() == filepath.Base(lockPath(l.dir)) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(l.dir, e.Name())); err != nil {
			return Head{}, unwritable(l.dir, err)
		}
	}
	if err := os.MkdirAll(storePath(l.dir), 0o700); err != nil {
		return Head{}, unwritable(storePath(l.dir), err)
	}
	_, verifier, err := makeKey(l.dir, l.origin)
	if err != nil {
		return Head{}, err
	}
	defer l.quit()
	if err := l.start(ctx); err != nil {
		return Head{}, err
	}
	if l.stream, err = l.js.CreateStream(ctx, streamConfig(1)); err != nil {
		return Head{}, l.failed(ctx, "create the stream", err)
	}
	f := &filler{l: l, tiles: &tiles{Tiles: merkle.NewTiles(l.dir)}}
	for body, err := range bodies {
		if err == nil {
			err = f.add(ctx, body)
		}
		if err != nil {
			return Head{}, err
		}
	}
	env, err := last(verifier)
	if err != nil {
		return Head{}, err
	}
	body, err := events.Marshal(env)
	if err == nil {
		err = f.add(ctx, body)
	}
	if err == nil {
		err = f.flush(ctx)
	}
	if err != nil {
		return Head{}, err
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return Head{}, l.failed(ctx, "look up the stream", err)
	}
	if err := checkState(l.place, info.State); err != nil {
		return Head{}, err
	}
	head := headOf(f.frontier, f.leaf)
	if events.Seq(info.State.LastSeq) != head.N {
		return Head{}, damaged("the log stored %d events of %d", info.State.LastSeq, head.N)
	}
	l.quit()
	return head, seal(l.dir, &f.frontier, f.leaf, marker{Origin: l.origin, Created: c.Now().UTC(), Format: format})
}

// quit ends the server and the connection.
func (l *Log) quit() {
	if l.nc != nil {
		l.nc.Close()
		l.nc = nil
	}
	if l.server != nil {
		l.server.stop()
		l.server = nil
	}
}

// filler stores bodies in batches.
type filler struct {
	l        *Log
	w        write
	size     int
	frontier merkle.Frontier
	leaf     merkle.Hash
	tiles    *tiles // nil where there are none
}

const (
	fillEvents = 2000
	fillBytes  = 8 << 20
)

func (f *filler) add(ctx context.Context, body []byte) error {
	env, err := events.Unmarshal(body)
	if err != nil {
		return err
	}
	msg, leaf, err := message(env.Checklist, &env)
	if err != nil {
		return err
	}
	f.w.msgs, f.w.leaves, f.size = append(f.w.msgs, msg), append(f.w.leaves, leaf), f.size+len(body)
	if len(f.w.msgs) < fillEvents && f.size < fillBytes {
		return nil
	}
	return f.flush(ctx)
}

func (f *filler) flush(ctx context.Context) error {
	if len(f.w.msgs) == 0 {
		return nil
	}
	f.w.msgs[0].Header[jetstream.ExpectedLastSeqHeader] = []string{fmt.Sprint(f.frontier.N())}
	last, err := f.l.publish(ctx, &f.w)
	if err != nil {
		return f.l.failed(ctx, "restore", err)
	}
	if f.tiles != nil {
		f.tiles.add(f.frontier.N(), f.w.leaves)
	}
	for _, leaf := range f.w.leaves {
		f.frontier.Append(leaf)
		f.leaf = leaf
	}
	if uint64(last) != f.frontier.N() {
		return damaged("the log stored an event at @%d, want @%d", last, f.frontier.N())
	}
	f.w, f.size = write{}, 0
	return ctx.Err()
}
