package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/docfile"
	"cairn/server/gitlog"
)

// fileHistory is the git history of a file that is to be imported.
type fileHistory struct {
	file *gitlog.File
	gitlog.History
	list []gitlog.Version // without contents
}

// history finds the git history of the file; nil where it has none, or where
// nobody wants it.
func (c *cli) history(ctx context.Context, o *importOptions) (*fileHistory, error) {
	if o.noGit {
		if o.rev != "" || o.since != "" {
			return nil, &commands.Error{Code: commands.CodeUsage, Message: "--rev and --since are about the git history, which --no-git leaves alone"}
		}
		return nil, nil
	}
	wanted := o.rev != "" || o.since != ""
	r := gitlog.Range{Rev: o.rev, Shallow: o.since != ""}
	var since time.Time
	if o.since != "" {
		w, err := commands.ParseWhen(o.since, c.now(), time.UTC)
		if err != nil {
			return nil, err
		}
		since = w.From
	}
	f, err := gitlog.Open(ctx, o.path)
	if err == nil {
		var all gitlog.History
		if all, err = f.History(ctx, r); err == nil {
			list := all.List()
			from := max(slices.IndexFunc(list, func(v gitlog.Version) bool { return !v.Committed.Before(since) }), 0)
			if list = list[from:]; !list[len(list)-1].Committed.Before(since) {
				return &fileHistory{f, all.Slice(from, all.Len()), list}, nil
			}
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, gitlog.ErrShallow):
		return nil, &commands.Error{
			Code: commands.CodeRefused, Message: fmt.Sprintf("%s: the clone is shallow, so the history before its first commit is missing", o.path),
			Hint: "Nothing was written. Get the rest: git fetch --unshallow\nOnly the file as it is now: cairn import --no-git " + o.path,
		}
	case wanted && errors.Is(err, gitlog.ErrNoCommit):
		return nil, &commands.Error{Code: commands.CodeNoMoment, Message: fmt.Sprintf("no commit %s", o.rev)}
	case wanted:
		return nil, &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s has no git history of that range", o.path)}
	case err == nil || gitlog.Outside(err):
		return nil, nil
	}
	return nil, err
}

// importHistory takes the history of the file, or the rest of it, and then what
// is not committed yet. done is false where another import is to decide.
func (c *cli) importHistory(ctx context.Context, o *importOptions, h *fileHistory, path string, document []byte) (done bool, err error) {
	name, err := c.tiedTo(ctx, path)
	if err != nil {
		return false, err
	}
	if name != "" {
		return false, nil // says so
	}
	open, err := c.cutOff(ctx, o.name)
	if err != nil {
		return false, err
	}
	if !open {
		taken, err := c.exists(ctx, o.name)
		if err != nil {
			return false, err
		}
		if taken {
			return c.hasHistory(ctx, o, h, c.source(path)) // else it is refused
		}
	}
	if o.dryRun {
		c.tellDryHistory(o, h)
		return true, nil
	}
	source := c.source(path)
	bar := c.progress(len(h.list), "commits")
	if _, err := docfile.TakeHistory(ctx, c.session, o.name, h.file, h.History, source, strings.Join(o.markers, ","), !o.noFollow, bar); err != nil {
		return true, err
	}
	bar(-1)
	c.used = o.name
	if document != nil && !bytes.Equal(document, lastContent(ctx, h)) {
		if err := c.takeUncommitted(ctx, o, path, document); err != nil {
			return true, err
		}
	}
	return true, c.tellHistory(ctx, o, h, path)
}

func (c *cli) tellDryHistory(o *importOptions, h *fileHistory) {
	c.talk("%s: would take %s.\nNothing was written.\n", o.name, h.told())
}

// told is "41 commits by 5 people, 2026-02-03 to 2026-11-20".
func (h *fileHistory) told() string {
	people := make(map[string]bool)
	for _, v := range h.list {
		people[v.Author.Email] = true
	}
	return fmt.Sprintf("%s by %s, %s to %s", count(len(h.list), "commit"), persons(len(people)),
		h.list[0].Committed.Format("2006-01-02"), h.list[len(h.list)-1].Committed.Format("2006-01-02"))
}

// lastContent is the file as the last commit has it.
func lastContent(ctx context.Context, h *fileHistory) []byte {
	for v, err := range h.Slice(h.Len()-1, h.Len()).Versions(ctx) {
		if err == nil {
			return v.Content
		}
	}
	return nil
}

// takeUncommitted takes what the file has beyond its last commit, by who runs
// the command.
func (c *cli) takeUncommitted(ctx context.Context, o *importOptions, path string, document []byte) error {
	meta := c.meta(o.name, &o.writeFlags)
	sync := commands.SyncDocument{Document: document, Prefer: "file", AcceptReopens: true}
	if !o.noFollow {
		sync.Path = c.source(path)
	}
	_, err := c.session.Execute(ctx, meta, sync)
	return err
}

// cutOff reports whether a checklist is one whose history is not whole yet.
func (c *cli) cutOff(ctx context.Context, name string) (open bool, err error) {
	if there, err := c.exists(ctx, name); err != nil || !there {
		return false, err
	}
	err = c.session.Checklist(ctx, name, nil, func(st *checklist.State) error {
		open = st.Synced != nil && st.Synced.More
		return nil
	})
	return open, err
}

// hasHistory says so where a checklist has the history of the file already, all
// of it, without following the file.
func (c *cli) hasHistory(ctx context.Context, o *importOptions, h *fileHistory, source string) (has bool, err error) {
	last := h.list[len(h.list)-1].Commit
	for env, err := range c.session.Events(ctx, events.Filter{Checklist: o.name, Kinds: []events.Kind{events.KindDocumentSynced}}) {
		if err != nil {
			return false, err
		}
		sync, ok := env.Data.(*events.DocumentSynced)
		has = has || ok && sync.Commit == last
	}
	if !has {
		return false, nil
	}
	return has, c.session.Checklist(ctx, o.name, nil, func(st *checklist.State) error {
		if has = st.Source == source; has {
			c.talk("%s has the history of %s already, at @%d; nothing was added.\n", o.name, o.path, st.Seq())
		}
		return nil
	})
}

func (c *cli) exists(ctx context.Context, name string) (bool, error) {
	all, err := c.session.Checklists(ctx)
	for _, sum := range all {
		if sum.Name == name {
			return true, nil
		}
	}
	return false, err
}

// tellHistory tells what an import of a history made.
func (c *cli) tellHistory(ctx context.Context, o *importOptions, h *fileHistory, path string) error {
	return c.session.Checklist(ctx, o.name, nil, func(st *checklist.State) error {
		report, err := docfile.Inspect(st.Document(), st.Markers)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(app.JSONResult{
				Schema: 1, Kind: "result", Checklist: o.name, Changed: true, Seq: st.Seq(), Tasks: []checklist.JSONTask{}, Events: []json.RawMessage{},
			})
		}
		o.history = h.told()
		c.tellImport(report, o, path)
		return nil
	})
}

func persons(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}
