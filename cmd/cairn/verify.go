package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/commands"
	"cairn/server/trust"
)

type verifyOptions struct {
	checkpoint, backup, proof, key string
	nats                           natsFlags
}

func newVerify(c *cli) *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that nothing in the log is missing or altered",
		Long: `Read the whole log and compute all of it anew: no event is missing, none is
altered, and the log goes on from what was seen of it. What is wrong is named
with its first @SEQ, and the exit code is 7. A backup and a proof are checked
without the log; KEY is what cairn key prints, or a file with it.

  cairn verify
  cairn verify --checkpoint old.checkpoint
  cairn verify --backup plan.backup --key log.key
  cairn verify --proof plan-408.tlog-proof --key log.key`,
		Args: args(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.verify(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.checkpoint, "checkpoint", "", "the log must go on from this checkpoint, in a `FILE`")
	cmd.Flags().StringVar(&o.backup, "backup", "", "check the backup in a `FILE` instead")
	cmd.Flags().StringVar(&o.proof, "proof", "", "check the proof in a `FILE` instead; needs --key")
	cmd.Flags().StringVar(&o.key, "key", "", "`KEY` of the log, or a file with it")
	o.nats.add(cmd)
	return cmd
}

func (c *cli) verify(ctx context.Context, o *verifyOptions) error {
	key, err := keyLine(o.key)
	if err != nil {
		return err
	}
	opts := trust.Options{Key: key}
	if o.checkpoint != "" {
		if opts.Checkpoint, err = c.readFile(o.checkpoint); err != nil {
			return err
		}
		if _, err := merkle.ParseCheckpoint(opts.Checkpoint); err != nil {
			return &commands.Error{
				Code: commands.CodeUsage, Message: fmt.Sprintf("--checkpoint %s is no checkpoint: %v", o.checkpoint, err),
				Hint: "One is what cairn checkpoint prints.",
			}
		}
	}
	switch {
	case o.proof != "" && (o.backup != "" || o.checkpoint != ""):
		return &commands.Error{Code: commands.CodeUsage, Message: "--proof is checked alone; without --backup and --checkpoint"}
	case o.proof != "" && key == "":
		return &commands.Error{Code: commands.CodeUsage, Message: "--proof needs --key: whose log is it?", Hint: "The key is what cairn key prints, got from somebody you trust."}
	case o.nats.url != "" && (o.proof != "" || o.backup != ""):
		return &commands.Error{Code: commands.CodeUsage, Message: "--backup and --proof are checked without the log; without --nats"}
	case o.proof != "":
		return c.verifyProof(o.proof, key)
	}
	began := c.now()
	var r *trust.Report
	v := verified{Schema: 1, Kind: "verify", Source: "log"}
	if o.backup != "" {
		v.Source, v.Place = "backup", o.backup
		r, err = c.verifyBackup(o.backup, opts)
	} else {
		r, err = c.verifyLog(ctx, &v, o.nats, opts)
	}
	return c.tellVerified(&v, r, c.now().Sub(began), err)
}

func (c *cli) verifyLog(ctx context.Context, v *verified, n natsFlags, opts trust.Options) (*trust.Report, error) {
	log, s, err := c.inspect(ctx, n, 0)
	if err != nil {
		return nil, err
	}
	verify, last := func(o trust.Options) (*trust.Report, error) { return trust.Verify(ctx, log, o) }, events.Seq(0)
	v.Place = c.logPath()
	if s != nil {
		// The server is not believed: all is downloaded, and checked here.
		defer s.Close()
		if c.place.URL != "" {
			v.Source = "server"
		}
		last = s.End()
		verify = func(o trust.Options) (*trust.Report, error) { return s.Trust.Verify(ctx, o) }
	} else {
		if n.url != "" {
			v.Place = log.Place()
		}
		defer log.Close()
		last = log.Found().Last
	}
	bar := c.progress(int(last), "events")
	opts.Progress = func(done events.Seq) { bar(int(done)) }
	defer bar(-1)
	return verify(opts)
}

// inspect opens the log of this run only to look at it, or reaches the server that
// has it.
func (c *cli) inspect(ctx context.Context, n natsFlags, wait time.Duration) (*natslog.Log, *server.Session, error) {
	if n.url != "" {
		at, config, err := c.nats(n)
		if err != nil {
			return nil, nil, err
		}
		log, err := at.Inspect(ctx, config)
		return log, nil, err
	}
	if err := c.locate(); err != nil {
		return nil, nil, err
	}
	if !c.place.Exists {
		if err := natslog.Missing(c.place.Dir); err != nil {
			return nil, nil, err
		}
		return nil, nil, &commands.Error{Code: commands.CodeNoChecklist, Message: "there is no log here yet", Hint: "cairn import FILE makes one of a Markdown file."}
	}
	if c.place.URL == "" {
		if head, err := natslog.Peek(c.place.Dir); err == nil && head.N > manyEvents {
			expectHeap()
		}
	}
	config, err := c.config()
	if err != nil {
		return nil, nil, err
	}
	config.Wait = wait
	log, s, err := server.Inspect(ctx, c.place, config)
	return log, s, c.needsLogin(err)
}

func (c *cli) verifyBackup(path string, opts trust.Options) (*trust.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, noFile(path, err)
	}
	defer f.Close()
	return trust.VerifyBackup(f, opts)
}

func (c *cli) verifyProof(path, key string) error {
	b, err := c.readFile(path)
	if err != nil {
		return err
	}
	v := verified{Schema: 1, Kind: "verify", Source: "proof", Place: path}
	shown, err := trust.CheckProof(b, key)
	if err != nil {
		return c.tellVerified(&v, nil, 0, err)
	}
	v.OK, v.Origin, v.Seq, v.Root = true, shown.Checkpoint.Origin, events.Seq(shown.Checkpoint.N), shown.Checkpoint.Root.String()
	if c.json {
		v.Event, v.Keys, v.Erased = json.RawMessage(shown.Event.Body), []verifiedKey{{Verifier: key, Fingerprint: shown.By}}, []events.Seq{}
		return c.printJSON(v)
	}
	env := shown.Event
	what := env.Data.Subject()
	if env.Checklist != "" {
		what += " of " + env.Checklist
	}
	body := checklist.Clean(string(env.Body))
	if style := c.style(); !style.Piped() {
		body = checklist.Cut(body, style.Edge()-8)
	}
	fmt.Fprintf(c.out, "✓ @%d is in the log: %s\n", env.Seq, env.Data.Kind())
	c.line("about", "%s", checklist.Clean(what))
	c.line("by", "%s, recorded %s", checklist.Clean(env.Actor.ID), env.RecordedTime.Format(time.RFC3339))
	c.line("origin", "%s", v.Origin)
	c.line("root", "%s  @%d", v.Root, v.Seq)
	c.line("key", "%s", shown.By)
	c.line("event", "%s", body)
	return nil
}

// line prints one line of a result: what, and its value.
func (c *cli) line(what, format string, args ...any) {
	fmt.Fprintf(c.out, "  %-6s  %s\n", what, fmt.Sprintf(format, args...))
}

// verified is the result of verify in JSON.
type verified struct {
	Schema     int             `json:"schema"`
	Kind       string          `json:"kind"`
	Source     string          `json:"source"`
	Place      string          `json:"place"`
	OK         bool            `json:"ok"`
	Origin     string          `json:"origin"`
	Seq        events.Seq      `json:"seq"`
	Root       string          `json:"root"`
	Checklists int             `json:"checklists"`
	Keys       []verifiedKey   `json:"keys"`
	Opened     *time.Time      `json:"opened"`
	Last       *time.Time      `json:"last"`
	Unknown    int             `json:"unknown"`
	Erased     []events.Seq    `json:"erased"`
	Behind     events.Seq      `json:"behind"`
	Remembered *uint64         `json:"remembered"`
	Checkpoint *uint64         `json:"checkpoint"`
	Seconds    float64         `json:"seconds"`
	Event      json.RawMessage `json:"event"`
	Damage     *verifiedDamage `json:"damage"`
}

type verifiedKey struct {
	Verifier    string      `json:"verifier"`
	Fingerprint string      `json:"fingerprint"`
	Server      *string     `json:"server"`
	Added       *events.Seq `json:"added"`
	Removed     *events.Seq `json:"removed"`
}

type verifiedDamage struct {
	Kind    trust.Kind  `json:"kind"`
	Seq     *events.Seq `json:"seq"`
	Message string      `json:"message"`
}

// tellVerified prints what verify found; err, if there is one, stays the error.
func (c *cli) tellVerified(v *verified, r *trust.Report, took time.Duration, err error) error {
	v.Seconds, v.Keys, v.Erased = took.Seconds(), []verifiedKey{}, []events.Seq{}
	var d *trust.Damage
	if errors.As(err, &d) && c.json {
		v.Damage = &verifiedDamage{Kind: d.Kind, Message: d.Message}
		if d.Seq > 0 {
			v.Damage.Seq = &d.Seq
		}
		return errors.Join(c.printJSON(v), err)
	}
	if err != nil {
		return err
	}
	if !c.json {
		return c.showVerified(v, r, took)
	}
	v.OK, v.Origin, v.Seq, v.Root, v.Checklists = true, r.Origin, r.N, r.Root.String(), r.Checklists()
	v.Opened, v.Last, v.Unknown, v.Behind = &r.Opened, &r.Last, r.Unknown, r.Behind
	v.Erased = append(v.Erased, r.Erased...)
	for _, k := range r.Keys {
		key := verifiedKey{Verifier: k.Line, Fingerprint: k.Fingerprint(), Added: &k.Added}
		if k.Server != "" {
			key.Server = &k.Server
		}
		if k.Removed > 0 {
			key.Removed = &k.Removed
		}
		v.Keys = append(v.Keys, key)
	}
	if r.Seen != nil {
		v.Remembered = &r.Seen.N
	}
	if r.Continues != nil {
		v.Checkpoint = &r.Continues.N
	}
	return c.printJSON(v)
}

// shownPlace shows what is no path as it is.
func (c *cli) shownPlace(place string) string {
	if place == c.place.URL {
		return place
	}
	return c.shown(place)
}

// showVerified is tellVerified for people.
func (c *cli) showVerified(v *verified, r *trust.Report, took time.Duration) error {
	fmt.Fprintf(c.out, "✓ %s: none is missing, none is altered  (%.1f s)\n", count(int(r.N), "event"), took.Seconds())
	c.line(v.Source, "%s", c.shownPlace(v.Place))
	c.line("origin", "%s", r.Origin)
	c.line("since", "%s, in %s", r.Opened.Format(time.DateOnly), count(r.Checklists(), "checklist"))
	c.line("root", "%s  @%d", r.Root, r.N)
	for _, k := range r.Keys {
		if k.Removed == 0 {
			c.line("key", "%s  from @%d", k.Fingerprint(), k.Added)
		}
	}
	if r.Continues != nil {
		c.line("old", "@%d, the checkpoint: the log goes on from it", r.Continues.N)
	}
	if r.Seen != nil {
		c.line("seen", "@%d, by this client: the log goes on from it", r.Seen.N)
	}
	if r.Behind > 0 {
		c.line("behind", "%s of a writer that died before it could report them", count(int(r.Behind), "event"))
	}
	for _, seq := range r.Erased {
		c.line("erased", "@%d, by law: its hash is left in its place", seq)
	}
	if r.Unknown > 0 {
		c.line("newer", "%s of kinds that this version does not know", count(r.Unknown, "event"))
	}
	return nil
}

// keyLine returns a note verifier line: the word itself, or what stands in the
// file of that name.
func keyLine(word string) (string, error) {
	if word == "" {
		return "", nil
	}
	if _, err := note.NewVerifier(word); err == nil {
		return word, nil
	}
	b, err := os.ReadFile(word)
	if err != nil {
		return "", &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--key %q: neither a key nor a file with one", word), Hint: "A key is the line that cairn key prints."}
	}
	line := trimLine(string(b))
	if _, err := note.NewVerifier(line); err != nil {
		return "", &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("--key %s: there is no key in it", word), Hint: "A key is the line that cairn key prints."}
	}
	return line, nil
}
