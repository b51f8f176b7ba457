package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/server/app"
	"cairn/server/trust"
)

var _ trust.Log = (*App)(nil)

// witness is what the client knows of the log without believing the server.
type witness struct {
	memory trust.Memory
	place  string
	before *trust.Seen // as it was remembered; nil if it was not

	mu  sync.Mutex // guards now
	now trust.Seen
}

// greeting is what a server says of itself.
type greeting struct {
	Origin, Version, Kind string
	Seq                   events.Seq
	Tree                  *struct {
		N    uint64
		Root merkle.Hash
	}
	Checkpoint  *string
	Consistency [][]string
}

// greet asks a server who it is, and for the proof that its log goes on from what
// this client saw of it.
func (r *remote) greet(ctx context.Context, seen *trust.Seen) (g greeting, err error) {
	q := make(url.Values)
	if sizes := seen.Sizes(); sizes != nil {
		q.Set("from", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(sizes)), ","), "[]"))
	}
	if err := r.get(ctx, "", q, &g); err != nil {
		return g, err
	}
	if g.Kind != "server" || g.Origin == "" {
		return g, r.unavailable(errors.New("what answers there is no Cairn"))
	}
	if seen == nil {
		return g, nil
	}
	now := merkle.Checkpoint{Origin: g.Origin}
	if g.Tree != nil {
		now.N, now.Root = g.Tree.N, g.Tree.Root
	}
	proofs, err := decoded(g.Consistency)
	if err != nil {
		return g, r.unavailable(err)
	}
	if d := seen.Continues(now, proofs); d != nil {
		d.Hint += "\nIf that is meant, remove " + r.seen.memory.File(r.seen.place) + "."
		return g, d
	}
	return g, nil
}

func decoded(proofs [][]string) ([][]merkle.Hash, error) {
	var out [][]merkle.Hash
	for _, p := range proofs {
		hashes := make([]merkle.Hash, len(p))
		for i, s := range p {
			b, err := base64.StdEncoding.DecodeString(s)
			if err != nil || len(b) != len(hashes[i]) {
				return nil, errors.New("it sends a proof that cannot be read")
			}
			hashes[i] = merkle.Hash(b)
		}
		out = append(out, hashes)
	}
	return out, nil
}

// meet greets the server and refuses a log that is not the continuation of the
// one that this client saw: there, or where it was never there, elsewhere.
func (r *remote) meet(ctx context.Context, elsewhere func(origin string) *trust.Seen) error {
	w := &r.seen
	w.before = w.memory.Recall(w.place)
	g, err := r.greet(ctx, w.before)
	if err != nil {
		return err
	}
	if w.before == nil && elsewhere != nil {
		if seen := elsewhere(g.Origin); seen != nil {
			seen.Place = w.place
			if g, err = r.greet(ctx, seen); err != nil {
				return err
			}
			w.before = seen
		}
	}
	r.origin = g.Origin
	w.now = trust.Seen{Place: w.place, Origin: g.Origin}
	if g.Tree != nil {
		w.now.N, w.now.Root = g.Tree.N, g.Tree.Root
	}
	if g.Checkpoint == nil {
		return nil
	}
	if c, err := merkle.ParseCheckpoint([]byte(*g.Checkpoint)); err == nil && c == w.now.Last() {
		w.now.Checkpoint = *g.Checkpoint
	}
	return nil
}

// told takes in what the server says behind a change.
func (w *witness) told(header string) {
	var t trust.Told
	n, root, _ := strings.Cut(header, " ")
	if _, err := fmt.Sscanf(n, "%d", &t.N); err != nil || json.Unmarshal([]byte(`"`+root+`"`), &t.Root) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.N > w.now.N && (len(w.now.Told) == 0 || t.N > w.now.Told[0].N) {
		w.now.Told = []trust.Told{t}
	}
}

// remember writes down what is new.
func (w *witness) remember() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now.N == 0 || w.before != nil && w.before.Place == w.place && w.before.Last() == w.now.Last() && len(w.before.Told) == len(w.now.Told) {
		return
	}
	_ = w.memory.Remember(w.now) // to lose it is harmless
}

// Remembered returns the most that was seen of the log before this contact, and
// in which file that is written down; nil if nothing was.
func (a *App) Remembered() (*merkle.Checkpoint, string) {
	w := &a.r.seen
	if w.before == nil {
		return nil, ""
	}
	last := w.before.Last()
	return &last, w.memory.File(w.place)
}

// Key returns the note verifier line of the key that signs.
func (a *App) Key(ctx context.Context) (string, error) {
	var k struct{ Verifier string }
	err := a.r.get(ctx, "/key", nil, &k)
	return k.Verifier, err
}

// RotateKey has the server make a new key.
func (a *App) RotateKey(ctx context.Context, s trust.Stamp) (verifier string, seq events.Seq, err error) {
	body, err := json.Marshal(map[string]string{"reason": s.Reason, "via": s.Via})
	if err != nil {
		return "", 0, err
	}
	if s.ID == "" { // with one of its own it can be sent again
		s.ID = s.NewID()
	}
	h := http.Header{"Content-Type": {"application/json"}, "Cairn-Actor": {s.Actor.ID}, "Idempotency-Key": {s.ID}}
	var k struct {
		Verifier string
		Seq      events.Seq
	}
	err = a.r.json(ctx, http.MethodPost, "/key/rotate", h, body, &k)
	return k.Verifier, k.Seq, err
}

// Checkpoint returns a signed checkpoint of the log as it is now, as the server
// gave it. It is one of this log, whoever signed it.
func (a *App) Checkpoint(ctx context.Context) ([]byte, error) {
	signed, err := a.r.file(ctx, "/checkpoint")
	if err != nil {
		return nil, err
	}
	c, err := merkle.ParseCheckpoint(signed)
	if err == nil && c.Origin != a.r.origin {
		err = fmt.Errorf("it is of another log: %s", c.Origin)
	}
	if err != nil {
		return nil, a.r.unavailable(fmt.Errorf("its checkpoint cannot be used: %w", err))
	}
	return signed, nil
}

// Prove returns the proof that an event stands in the log, as the server gave it.
func (a *App) Prove(ctx context.Context, seq events.Seq) (*merkle.Proof, error) {
	b, err := a.r.file(ctx, "/proofs/"+itoa(seq))
	if err != nil {
		return nil, err
	}
	p, err := merkle.ParseProof(b)
	if err == nil && events.Seq(p.Index)+1 != seq {
		err = fmt.Errorf("it is that of @%d", p.Index+1)
	}
	if err != nil {
		return nil, a.r.unavailable(fmt.Errorf("its proof cannot be used: %w", err))
	}
	return p, nil
}

// Consistency returns the proof that the first to events go on from the first from.
func (a *App) Consistency(ctx context.Context, from, to uint64) ([]merkle.Hash, error) {
	var doc struct{ Hashes []string }
	q := url.Values{"from": {fmt.Sprint(from)}, "to": {fmt.Sprint(to)}}
	if err := a.r.get(ctx, "/proofs/consistency", q, &doc); err != nil {
		return nil, err
	}
	proofs, err := decoded([][]string{doc.Hashes})
	if err != nil {
		return nil, a.r.unavailable(err)
	}
	return proofs[0], nil
}

// Backup downloads a backup and checks it on the way: what was written to w after
// an error is of no use.
func (a *App) Backup(ctx context.Context, w io.Writer, progress func(done events.Seq)) (*merkle.Checkpoint, error) {
	report, err := a.download(ctx, w, trust.Options{Progress: progress})
	if err != nil {
		return nil, err
	}
	return &merkle.Checkpoint{Origin: report.Origin, N: uint64(report.N), Root: report.Root}, nil
}

// Verify downloads all events and checks them here: the server is not believed.
func (a *App) Verify(ctx context.Context, o trust.Options) (*trust.Report, error) {
	report, err := a.download(ctx, io.Discard, o)
	var d *trust.Damage
	if errors.As(err, &d) {
		if seen, file := a.Remembered(); seen != nil {
			d.Hint += fmt.Sprintf("  remembered  @%d %s  in %s\n", seen.N, seen.Root, file)
		}
		if c, err := merkle.ParseCheckpoint(o.Checkpoint); err == nil {
			d.Hint += fmt.Sprintf("  checkpoint  @%d %s  %s\n", c.N, c.Root, c.Origin)
		}
		d.Hint += "Nothing was written. Ask who runs the server; keep your checkpoints and backups."
	}
	return report, err
}

func (a *App) download(ctx context.Context, w io.Writer, o trust.Options) (*trust.Report, error) {
	res, err := a.r.do(ctx, http.MethodGet, "/backup", nil, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	o.Seen, _ = a.Remembered()
	report, err := trust.VerifyBackup(io.TeeReader(&lines{r: a.r, in: bufio.NewReaderSize(res.Body, events.MaxEvent+2)}, w), o)
	if err == nil && report.Origin != a.r.origin {
		return nil, a.r.unavailable(fmt.Errorf("it gives the events of another log: %s", report.Origin))
	}
	return report, err
}

// lines passes on a body of lines until one of them says that something went
// wrong.
type lines struct {
	r    *remote
	in   *bufio.Reader
	rest []byte
}

// Read reads whole lines and parts of them.
func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		line, err := l.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if !errors.Is(err, io.EOF) {
				err = l.r.unavailable(err)
			}
			return copy(p, line), err // a line without its end is refused
		}
		if bytes.HasPrefix(line, []byte(`{"error":`)) {
			if _, err := decode(line); err != nil {
				return 0, err
			}
		}
		l.rest = line
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// file asks for what is no JSON.
func (r *remote) file(ctx context.Context, path string) ([]byte, error) {
	res, err := r.do(ctx, http.MethodGet, path, nil, nil) //nolint:bodyclose // drained closes it
	if err != nil {
		return nil, err
	}
	defer drained(res.Body)
	b, err := io.ReadAll(io.LimitReader(res.Body, 2*events.MaxEvent))
	if err != nil {
		return nil, r.unavailable(err)
	}
	return b, nil
}

// WhoAmI returns who the server says is asking.
func (a *App) WhoAmI(ctx context.Context, declared string) (app.JSONIdentity, error) {
	var id app.JSONIdentity
	h := http.Header{"Cairn-Actor": {declared}}
	err := a.r.json(ctx, http.MethodGet, "/whoami", h, nil, &id)
	return id, err
}
