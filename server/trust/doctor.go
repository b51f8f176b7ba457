package trust

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"cairn/events"
	"cairn/events/natslog"
)

// Finding is what [Doctor] says about one thing that a log needs.
type Finding struct {
	// What is the thing, Text how it is.
	What, Text string
	// Remedy is what to do about it; empty where all is well.
	Remedy string
	// Damaged says that the integrity of the log is concerned.
	Damaged bool
}

// OK reports whether all is well.
func (f Finding) OK() bool { return f.Remedy == "" }

// lowDisk is how many bytes a disk should have free: an import of the largest
// file, and what JetStream needs to go on.
const lowDisk = 64 << 20

const keepIt = "Keep the directory as it is; cairn verify says what is damaged."

// Doctor looks at everything around the log in c.Dir and returns its findings, in
// a fixed order. It reads no events but the log's own: that is [Verify]. It
// changes nothing. What it could not look at because of another finding, or
// because another process has the log open, is left out.
func Doctor(ctx context.Context, c natslog.Config) []Finding {
	d := &doctor{}
	s, err := natslog.Survey(c.Dir)
	if err != nil {
		d.sick("directory", "Make a log: cairn import FILE, or cairn init. From a backup: cairn restore FILE", "there is no log in %s", c.Dir)
		return d.found
	}
	d.ok("directory", "%s, %d KB", c.Dir, (s.Used+1023)/1024)
	d.surroundings(c.Dir, s)
	if s.Unwritable != nil {
		return d.found
	}
	if c.Wait == 0 {
		c.Wait = time.Second
	}
	log, err := natslog.Inspect(ctx, c)
	switch {
	case errors.Is(err, events.ErrUnavailable):
		d.ok("lock", "in use: %v; what lies in the store was not looked at", err)
		d.versions("")
		return d.found
	case err != nil:
		d.bad("store", err, keepIt)
		return d.found
	}
	defer log.Close()
	d.ok("lock", "free until now, held by this command")
	d.log(ctx, log)
	return d.found
}

// doctor collects findings.
type doctor struct{ found []Finding }

func (d *doctor) ok(what, format string, args ...any) {
	d.found = append(d.found, Finding{What: what, Text: fmt.Sprintf(format, args...)})
}

func (d *doctor) sick(what, remedy, format string, args ...any) {
	d.found = append(d.found, Finding{What: what, Text: fmt.Sprintf(format, args...), Remedy: remedy})
}

// bad is sick of an error, with its own remedy where it has one.
func (d *doctor) bad(what string, err error, remedy string) {
	f := Finding{What: what, Text: err.Error(), Remedy: remedy, Damaged: errors.Is(err, events.ErrIntegrity)}
	var e *natslog.Error
	if errors.As(err, &e) {
		f.Text = e.Message
		if e.Cause != nil && !f.Damaged {
			f.Text = e.Error()
			f.Remedy = e.Hint
		}
	}
	d.found = append(d.found, f)
}

func (d *doctor) surroundings(dir string, s *natslog.Surroundings) {
	if len(s.Open) > 0 {
		slices.Sort(s.Open)
		d.sick("permissions", "Others must not read it: chmod -R go-rwx "+dir, "%s", strings.Join(s.Open, ", "))
	} else {
		d.ok("permissions", "only its owner reads and writes it")
	}
	if s.Unwritable != nil {
		d.bad("writing", s.Unwritable, "Free space or permissions, then try again.")
	}
	if s.Network != "" {
		d.sick("file system", "Move the log to a local disk: locks do not hold here.", "network file system (%s)", s.Network)
	} else {
		d.ok("file system", "local")
	}
	if s.Free < lowDisk {
		d.sick("disk", "Free some space: what cannot be stored is refused.", "%d MB free", s.Free>>20)
	} else {
		d.ok("disk", "%d MB free", s.Free>>20)
	}
}

// log looks at what lies in the store.
func (d *doctor) log(ctx context.Context, log *natslog.Log) {
	found, opened := log.Found(), log.Opened()
	switch {
	case found.Origin == "":
		d.bad("marker", damage(Head, 0, "there is a log but no marker"), keepIt)
	case opened.Origin != found.Origin:
		d.bad("marker", damage(Origin, 1, "%s was set up here, but the log is %s", found.Origin, opened.Origin), keepIt)
	default:
		d.ok("marker", "%s, set up on %s", found.Origin, found.Created.Format(time.DateOnly))
	}
	d.stream(log)
	d.head(log)
	d.key(ctx, log)
	d.memory(log)
	d.versions(opened.Format)
}

func (d *doctor) stream(log *natslog.Log) {
	found := log.Found()
	if found.Settings != nil {
		d.bad("stream", found.Settings, "Undo that change of the stream's settings.")
	} else if err := log.Complete(); err != nil {
		d.bad("stream", err, keepIt)
	} else {
		d.ok("stream", "settings as they should be; @1 to @%d, without a hole", found.Last)
	}
}

func (d *doctor) head(log *natslog.Log) {
	found := log.Found()
	switch h := found.Head; {
	case found.HeadErr != nil:
		d.bad("head", found.HeadErr, keepIt)
	case found.Last < h.N:
		d.bad("head", damage(Shorter, found.Last+1, "it saw @%d, but the log ends at @%d", h.N, found.Last), keepIt)
	case !log.LeafAt(h):
		d.bad("head", damage(Altered, h.N, "@%d is another event than it saw", h.N), keepIt)
	case found.Last > h.N && log.Dir() == "":
		d.ok("head", "@%d; the servers write it once a second", h.N)
	case found.Last > h.N:
		d.ok("head", "@%d; the next command takes in %d more, whose writer died", h.N, found.Last-h.N)
	default:
		d.ok("head", "@%d, root %s", h.N, h.Root)
	}
}

func (d *doctor) memory(log *natslog.Log) {
	found, opened := log.Found(), log.Opened()
	switch m := log.Remembered(); {
	case m == nil:
		d.ok("memory", "this client has not seen this log before")
	case m.Origin != opened.Origin:
		d.bad("memory", damage(Origin, 1, "this client saw another log here: %s", m.Origin), "If that is meant, remove "+m.File+".")
	case m.N > uint64(found.Last):
		d.bad("memory", damage(Shorter, found.Last+1, "this client saw @%d, but the log ends at @%d", m.N, found.Last), "An older copy? If that is meant, remove "+m.File+".")
	default:
		d.ok("memory", "this client saw @%d", m.N)
	}
}

// key looks at the key that lies with the log, and at who else may sign.
func (d *doctor) key(ctx context.Context, log *natslog.Log) {
	keys, err := KeysOf(ctx, log)
	if err != nil {
		d.bad("key", err, keepIt)
		return
	}
	verifier, err := log.Verifier()
	if err != nil {
		d.sick("key", "Make a new one: cairn key rotate", "%v", err)
		return
	}
	k := keys.Find(verifier)
	switch {
	case natslog.Pending(log.KeyDir()):
		d.ok("key", "a change of it was cut off; the next command settles which one counts")
	case k == nil && log.Dir() == "":
		d.sick("key", "Announce it: cairn key --nats URL", "the log does not know the key of this client: nobody believes what it signs")
	case k == nil || k.Removed > 0:
		d.sick("key", "Announce a new one: cairn key rotate", "the log does not know the key that lies here, or took it away: nobody believes what it signs")
	default:
		others := 0
		for i := range keys {
			if keys[i].Removed == 0 && keys[i].Line != verifier {
				others++
			}
		}
		text := fmt.Sprintf("%s, from @%d", k.Fingerprint(), k.Added)
		if others > 0 {
			text += fmt.Sprintf("; %d more may sign (cairn verify)", others)
		}
		d.ok("key", "%s", text)
	}
}

func (d *doctor) versions(format string) {
	text := fmt.Sprintf("NATS %s, %s", natsserver.VERSION, runtime.Version())
	if format != "" {
		text += ", format " + format
	}
	d.ok("versions", "%s", text)
}
