package docfile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/gitlog"
)

// repository is what git knows about a file.
type repository struct {
	file *gitlog.File
	head string
	// content is the file as HEAD has it; nil where it does not.
	content []byte
}

// repositoryOf returns the repository of the file; nil where it is in none, or
// where no commit has it.
func repositoryOf(ctx context.Context, file Tied) (*repository, error) {
	f, err := gitlog.Open(ctx, file.Path)
	if errors.Is(err, gitlog.ErrNoGit) || errors.Is(err, gitlog.ErrNoRepository) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	head, content, err := f.Committed(ctx)
	if errors.Is(err, gitlog.ErrNoCommit) || errors.Is(err, gitlog.ErrNoHistory) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &repository{f, head, content}, nil
}

// known are the commits and the bytes of the file that the log has heard of.
type known struct {
	commits map[string]bool
	hashes  map[string]bool
}

func knownTo(ctx context.Context, a app.App, name string) (known, error) {
	k := known{make(map[string]bool), make(map[string]bool)}
	for env, err := range a.Events(ctx, events.Filter{Checklist: name, Kinds: []events.Kind{events.KindDocumentSynced}}) {
		if err != nil {
			return k, err
		}
		if sync, ok := env.Data.(*events.DocumentSynced); ok {
			k.commits[sync.Commit] = true
			k.hashes[sync.SHA256] = true
		}
	}
	return k, nil
}

// unknownCommits returns the last version of the file that the log has heard of,
// and those behind it, up to HEAD. Without anything that it has heard of,
// there are none: nobody knows where to begin.
func (r *repository) unknownCommits(ctx context.Context, a app.App, name, seen string) (list gitlog.History, err error) {
	k, err := knownTo(ctx, a, name)
	if err != nil {
		return list, err
	}
	history, err := r.file.History(ctx, gitlog.Range{Shallow: true})
	if err != nil {
		return list, err
	}
	all := history.List()
	from := -1
	for i := len(all) - 1; i >= 0 && from < 0; i-- {
		if k.commits[all[i].Commit] || all[i].Commit == seen {
			from = i
		}
	}
	if from < 0 { // by what the file was
		n := 0
		for v, err := range history.Versions(ctx) {
			if err != nil {
				return list, err
			}
			if k.hashes[Sum(v.Content)] {
				from = n
			}
			n++
		}
	}
	if from < 0 {
		return list, nil
	}
	return history.Slice(from, len(all)), nil
}

// takeCommits takes what lies in commits since the last sync, each by its
// author. seen is the last commit that this copy knows to be in the log.
func (s *Synced) takeCommits(ctx context.Context, a app.App, meta commands.Meta, r *repository, path, seen string, o SyncOptions) error {
	list, err := r.unknownCommits(ctx, a, meta.Checklist, seen)
	if err != nil || list.Len() == 0 {
		return err
	}
	if s.taken = list.List()[0].Commit; list.Len() == 1 {
		return nil
	}
	var was []byte
	first := true
	for v, err := range list.Versions(ctx) {
		if err != nil {
			return err
		}
		if first {
			was, first = v.Content, false
			continue
		}
		if err := s.takeCommit(ctx, a, meta, r, path, v, was, o); err != nil {
			return err
		}
		was, s.taken = v.Content, v.Commit
	}
	return nil
}

func (s *Synced) takeCommit(ctx context.Context, a app.App, meta commands.Meta, r *repository, path string, v gitlog.Version, was []byte, o SyncOptions) error {
	of, err := MetaOf(ctx, r.file, v, meta.Checklist)
	if err != nil {
		return err
	}
	if was == nil {
		was = []byte{}
	}
	sync := commands.SyncDocument{Path: path, Commit: v.Commit, Document: v.Content, BaseDocument: was, Prefer: o.Prefer, AcceptReopens: o.AcceptReopens}
	do := a.Execute
	if o.DryRun {
		do = a.Preview
	}
	out, err := do(ctx, of, sync)
	if err != nil {
		var refusal *commands.Error
		if errors.As(err, &refusal) {
			refusal.Message = fmt.Sprintf("commit %.9s: %s", v.Commit, refusal.Message)
		}
		return err
	}
	if len(out.Events) > 0 && !out.Repeated {
		s.Commits = append(s.Commits, CommitTaken{v, out})
	}
	return nil
}

// CommitTaken is a commit whose edits went into the log.
type CommitTaken struct {
	Version gitlog.Version
	Edits   app.Outcome
}

// inHead finds out what the file was before its uncommitted edits: HEAD's
// version, if HEAD moved since this copy was last equal to the checklist.
func (r *repository) inHead(ctx context.Context, a app.App, name string, c Copy, ok bool) ([]byte, error) {
	if r == nil || r.content == nil || ok && c.Head == r.head {
		return nil, nil
	}
	// Only what the log has heard of is a base.
	heard := false
	err := a.Checklist(ctx, name, nil, func(st *checklist.State) error {
		heard = st.Is(r.content)
		return nil
	})
	if err != nil || heard {
		return r.content, err
	}
	k, err := knownTo(ctx, a, name)
	if err != nil {
		return nil, err
	}
	all, err := r.file.History(ctx, gitlog.Range{Shallow: true})
	if err != nil {
		return nil, err
	}
	if k.hashes[Sum(r.content)] || slices.ContainsFunc(all.List(), func(v gitlog.Version) bool { return k.commits[v.Commit] }) {
		return r.content, nil
	}
	return nil, nil
}

// atRestIn returns the commit that is checked out where the file lies; "" outside
// of git. While git is in the middle of something it refuses; for another git
// command, which takes a moment, it waits.
func atRestIn(ctx context.Context, file Tied) (head string, err error) {
	for try := 0; ; try++ {
		head, busy := gitlog.Checked(file.Path)
		switch {
		case busy == "":
			return head, nil
		case busy != "another command" || try == 40:
			return "", &commands.Error{
				Code: commands.CodeRefused, Message: fmt.Sprintf("git is in the middle of %s, and %s with it", busy, file.Shown),
				Hint: "Nothing was written. Finish that first; a conflict in the file: cairn sync --resolve",
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// FindCommit returns the position in the log that a commit is: where the log had
// taken it, or, for what came out of the log, where it was that document. A
// commit that did not change the file is the one before that did.
func FindCommit(ctx context.Context, a app.App, name string, file Tied, rev string) (events.Seq, error) {
	missing := &commands.Error{Code: commands.CodeNoMoment, Message: fmt.Sprintf("%s is no commit of the history of %s", rev, file.Shown)}
	at, err := app.Commits(ctx, a, name)
	if err != nil {
		return 0, err
	}
	var history gitlog.History
	f, err := gitlog.Open(ctx, file.Path)
	if err == nil {
		var commit string
		if commit, err = f.Find(ctx, rev); err == nil {
			history, err = f.History(ctx, gitlog.Range{Rev: commit, Shallow: true})
		}
	}
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case errors.Is(err, gitlog.ErrNoGit) || errors.Is(err, gitlog.ErrNoRepository):
		seq, ok := at.Find(rev) // by the log alone
		if !ok {
			return 0, missing
		}
		return seq, nil
	case errors.Is(err, gitlog.ErrNoCommit) || errors.Is(err, gitlog.ErrNoHistory) || errors.Is(err, gitlog.ErrDiverged):
		return 0, missing
	case err != nil:
		return 0, err
	}
	for i, version := range slices.Backward(history.List()) {
		if seq, ok := at[version.Commit]; ok {
			return seq, nil
		}
		for v, err := range history.Slice(i, i+1).Versions(ctx) {
			if err != nil {
				return 0, err
			}
			if _, seq, err := earlier(ctx, a, name, v.Content); err != nil || seq > 0 {
				return seq, err
			}
		}
	}
	return 0, missing
}
