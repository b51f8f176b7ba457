package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server"
	"cairn/server/commands"
)

// publishBytes is about how much one request of a publication takes; publishPart,
// how many events.
const publishBytes = 32 << 20

type publishOptions struct{ yes bool }

func newPublish(c *cli) *cobra.Command {
	o := &publishOptions{}
	cmd := &cobra.Command{
		Use: "publish [CHECKLIST]", Short: "Move a checklist to a server",
		Long: `Copy a checklist to a server, with its whole history, and close it here: it goes
on there. Keys, ids, times and actors stay; positions are those of the server.
What was cut off goes on where it was when it is called again.

  cairn publish --server https://cairn.example:8443
  cairn publish migration --server https://cairn.example:8443 --yes`,
		Args: args(0, 1, "at most the name of a checklist"),
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 1 {
				if c.checklist != "" && c.checklist != given[0] {
					return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("publish %s or %s?", given[0], c.checklist)}
				}
				c.checklist = given[0]
			}
			return c.publish(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.yes, "yes", false, "without asking")
	return cmd
}

// publication is a checklist on its way to a server.
type publication struct {
	c        *cli
	name, to string
	from     *server.Session
	there    *server.Session
	last     events.Seq // of the checklist here, but for the event that closes it
	revision uint64
	// By an earlier try it was closed here, or had arrived there as well.
	closed, arrived bool
}

// publisher is what a session must be able to do to take a checklist over.
type publisher interface {
	Adopt(ctx context.Context, meta commands.Meta, from string, bodies [][]byte) (revision uint64, err error)
	Arrive(ctx context.Context, meta commands.Meta, to, from string) (commands.Result, error)
}

func (c *cli) publish(ctx context.Context, o *publishOptions) error {
	to, err := c.publishTo()
	if err != nil {
		return err
	}
	name, err := c.name(ctx)
	if err != nil {
		return err
	}
	p := &publication{c: c, name: name, to: to, from: c.session}
	if err := p.look(ctx); err != nil {
		return err
	}
	if p.there, err = c.reach(ctx, to); err != nil {
		return err
	}
	defer p.there.Close()
	if p.there.Origin() == c.session.Origin() {
		return &commands.Error{Code: commands.CodeRefused, Message: fmt.Sprintf("%s is on %s already: this is its log", name, to)}
	}
	door, ok := p.there.App.(publisher)
	if !ok {
		return fmt.Errorf("publish %s: that is no server", name)
	}
	if !o.yes && !p.closed {
		if err := c.mayPublish(ctx, p); err != nil {
			return err
		}
	}
	return p.run(ctx, door)
}

// publishTo returns the server that is meant. What is published lies here, whichever
// server the repository uses.
func (c *cli) publishTo() (string, error) {
	to := c.server
	if to == "" {
		to = c.getenv("CAIRN_SERVER")
	}
	if to == "" && c.data == "" {
		if err := c.locate(); err != nil {
			return "", err
		}
		to = c.place.URL
	}
	if to == "" {
		return "", &commands.Error{Code: commands.CodeUsage, Message: "publish to which server?", Hint: "cairn publish --server URL"}
	}
	c.server, c.here = "", true
	return server.CheckURL(to)
}

// look finds out what there is to publish.
func (p *publication) look(ctx context.Context) error {
	return p.from.Checklist(ctx, p.name, nil, func(st *checklist.State) error {
		p.last, p.revision = st.Seq(), st.Revision
		switch {
		case st.PublishedTo == p.to:
			p.closed, p.revision = true, st.Revision-1
		case st.PublishedTo != "":
			return &commands.Error{Code: commands.CodeRefused, Message: fmt.Sprintf("%s goes on at %s", p.name, st.PublishedTo)}
		}
		return nil
	})
}

// mayPublish asks; without a terminal it refuses and names the flag.
func (c *cli) mayPublish(ctx context.Context, p *publication) error {
	return c.agree(ctx, fmt.Sprintf("%s moves to %s, with %s, and is closed here. Go on?", p.name, p.to, count(int(p.revision), "event")), &commands.Error{
		Code: commands.CodeConfirm, Message: fmt.Sprintf("publish closes %s here", p.name), Hint: "Nothing was sent. To do it without being asked: --yes",
	})
}

func (p *publication) run(ctx context.Context, door publisher) error {
	had, err := door.Adopt(ctx, p.c.meta(p.name, nil), p.from.Origin(), nil)
	if err != nil {
		return err
	}
	if err := p.copy(ctx, door, had); err != nil {
		return err
	}
	p.arrived = p.closed && had > p.revision
	meta := p.c.meta(p.name, nil)
	if meta.Cause, err = p.checkpoint(ctx); err != nil {
		return err
	}
	// It is closed here before it is said there that it arrived: what was added
	// here meanwhile would be lost.
	if !p.closed {
		here := p.c.meta(p.name, nil)
		here.Expect = []commands.Expected{{Seqs: []events.Seq{p.last}}}
		if _, err := p.from.Execute(ctx, here, commands.Publish{To: p.to}); err != nil {
			return err
		}
	}
	meta.ID = ""
	if _, err := door.Arrive(ctx, meta, p.to, p.from.Origin()); err != nil {
		return err
	}
	return p.tell(ctx)
}

// copy sends the events that the server does not have; and the last that it has,
// which it compares.
func (p *publication) copy(ctx context.Context, door publisher, had uint64) error {
	if had > p.revision {
		had = p.revision // it arrived, or it is another: the server tells by the last
	}
	var part [][]byte
	size := 0
	send := func() error {
		_, err := door.Adopt(ctx, p.c.meta(p.name, nil), p.from.Origin(), part)
		part, size = nil, 0
		return err
	}
	bar := p.c.progress(int(p.revision), "events")
	defer bar(-1)
	for env, err := range p.from.Events(ctx, events.Filter{Checklist: p.name}) {
		if err != nil {
			return err
		}
		if env.Revision < had || env.Revision > p.revision {
			continue
		}
		part = append(part, env.Body)
		if size += len(env.Body); len(part) == publishPart() || size > publishBytes {
			if err := send(); err != nil {
				return err
			}
			bar(int(env.Revision))
		}
	}
	if len(part) == 0 {
		return nil
	}
	return send()
}

// checkpoint is what the copy is said to come from: the log's origin, length and
// root, as a checkpoint begins.
func (p *publication) checkpoint(ctx context.Context) (string, error) {
	signed, err := p.from.Trust.Checkpoint(ctx)
	if err != nil {
		return "", err
	}
	body, _, _ := strings.Cut(string(signed), "\n\n")
	return strings.ReplaceAll(body, "\n", " "), nil
}

// tell says what was done, and lets the clones of the repository know the server.
func (p *publication) tell(ctx context.Context) error {
	c := p.c
	wrote, err := c.pointTo(p.to)
	if err != nil {
		return err
	}
	if err := p.moveCopy(ctx); err != nil {
		return err
	}
	c.used = "" // its file is the server's business from now on
	if c.json {
		return c.printJSON(struct {
			Schema    int    `json:"schema"`
			Kind      string `json:"kind"`
			Checklist string `json:"checklist"`
			To        string `json:"to"`
			Origin    string `json:"origin"`
			Events    uint64 `json:"events"`
			Pointer   string `json:"pointer"`
		}{1, "published", p.name, p.to, p.there.Origin(), p.revision, wrote})
	}
	if p.arrived {
		c.talk("%s moved to %s before; nothing was sent.\n", p.name, p.to)
		return nil
	}
	c.talk("%s: %s copied, keys and ids kept; @ numbers are the server's now\n", p.name, count(int(p.revision), "event"))
	c.talk("The log in %s is closed for it and points there.\n", c.shown(c.place.Dir))
	if wrote != "" {
		c.talk("Wrote %s; commit it, and every clone finds the server.\n", c.shown(wrote))
	}
	return nil
}

// pointTo writes the server's URL into .cairn-server at the top of the repository,
// if there is one and the file does not say so already.
func (c *cli) pointTo(url string) (wrote string, err error) {
	if c.place.Base == "" {
		return "", nil
	}
	path := filepath.Join(c.place.Base, ".cairn-server")
	if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == url {
		return "", nil
	}
	if err := renameio.WriteFile(path, []byte(url+"\n"), 0o644); err != nil {
		return "", fmt.Errorf("%w: %w", events.ErrStorage, err)
	}
	return path, nil
}

// moveCopy remembers of the tied file that it follows the server's log now: its
// revisions are the same.
func (p *publication) moveCopy(ctx context.Context) error {
	return p.from.Checklist(ctx, p.name, nil, func(st *checklist.State) error {
		file, ok := p.c.tied(st)
		if !ok {
			return nil
		}
		copies := p.c.copies()
		known, ok := copies.Load(file.Path)
		if !ok || known.Origin != p.from.Origin() {
			return nil
		}
		known.Origin = p.there.Origin()
		_ = copies.Save(known) // losing it is harmless
		return nil
	})
}

// reach returns a session over the server at a URL.
func (c *cli) reach(ctx context.Context, url string) (*server.Session, error) {
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	s, err := server.Open(ctx, server.Place{URL: url, Base: c.place.Base}, config)
	if err != nil {
		return nil, c.needsLogin(err)
	}
	return s, nil
}
