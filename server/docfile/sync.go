package docfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
	"cairn/server/markdown"
)

// SyncOptions say how to sync. The zero value is fine.
type SyncOptions struct {
	// Base is the moment at which the file was last equal to the checklist,
	// where that is not remembered; nil: nobody knows.
	Base *commands.When
	// Prefer decides what both sides changed differently. LogSide also gives
	// up the edits of a file whose base nobody knows, and of one without a task.
	Prefer markdown.Side
	// AcceptReopens takes any number of closed tasks as open again.
	AcceptReopens bool
	// DryRun changes nothing.
	DryRun bool
}

// Synced is what a sync did, or would do.
type Synced struct {
	// Checklist is its name.
	Checklist string
	// Commits are what was taken from commits, before.
	Commits []CommitTaken
	// Edits are what was taken from the file.
	Edits app.Outcome
	// Wrote says that the file was replaced; Old that it had been the
	// checklist of an earlier time: that of revision OldRevision, @OldSeq.
	Wrote, Old  bool
	OldRevision uint64
	OldSeq      events.Seq
	// Before and After are the file's bytes.
	Before, After []byte

	taken string // the last commit of the file that the log has heard of
}

// Sync makes a file and its checklist equal: the file's edits go into the log,
// then the file is replaced if the log knows more, then the log hears of it. A
// crash between the steps leaves what the next sync completes.
//
// The file is replaced only if it still holds what was read; otherwise the
// error has the code changed_meanwhile, and the edits taken are in the log.
func Sync(ctx context.Context, a app.App, meta commands.Meta, file Tied, path string, copies Copies, o SyncOptions) (Synced, error) {
	s := Synced{Checklist: meta.Checklist}
	var err error
	if s.Before, err = Read(file.Path); err != nil {
		return s, err
	}
	if line := conflictMarker(s.Before); line > 0 {
		return s, &commands.Error{
			Code: commands.CodeRefused, Message: fmt.Sprintf("%s:%d: git left a merge conflict there", file.Shown, line),
			Hint: "Nothing was written. cairn sync --resolve settles it from the log; or resolve it by hand.",
		}
	}
	copied, ok := copies.Load(file.Path)
	ok = ok && copied.Origin == a.Origin() && copied.Checklist == meta.Checklist
	head, err := atRestIn(ctx, file)
	if err != nil {
		return s, err
	}
	var repo *repository // stays nil while nothing moved: git is not asked
	if !ok {
		copied = Copy{}
	}
	if head == "" || head != copied.Seen || head != copied.Head {
		if repo, err = repositoryOf(ctx, file); err != nil {
			return s, err
		}
		if repo != nil {
			head = repo.head // also where its files alone did not tell
		}
	}
	s.taken = copied.Taken
	if repo != nil {
		if err := s.takeCommits(ctx, a, meta, repo, path, copied.Taken, o); err != nil {
			return s, err
		}
	}
	sync := commands.SyncDocument{Path: path, Document: s.Before, Prefer: o.Prefer, AcceptReopens: o.AcceptReopens}
	if o.Base == nil {
		if sync.BaseDocument, err = repo.inHead(ctx, a, meta.Checklist, copied, ok); err != nil {
			return s, err
		}
	}
	takes, err := s.base(ctx, a, meta.Checklist, copied, ok, o, &sync)
	if err != nil {
		return s, err
	}
	if sync.BaseDocument != nil && bytes.Equal(sync.BaseDocument, s.Before) {
		takes = false // committed as it is
	}
	if takes {
		do := a.Execute
		if o.DryRun {
			do = a.Preview
		}
		if s.Edits, err = do(ctx, meta, sync); err != nil {
			return s, err
		}
	}
	if o.DryRun {
		return s, a.Checklist(ctx, meta.Checklist, nil, func(st *checklist.State) error {
			if s.Edits.After != nil {
				st = s.Edits.After
			}
			s.After = st.Document()
			s.Wrote = !bytes.Equal(s.After, s.Before)
			return nil
		})
	}
	return s, s.replace(ctx, a, meta, file, path, copies, head)
}

// base finds out what the file was last equal to; known is what is remembered of
// it, if ok. It reports whether the file may have edits.
func (s *Synced) base(ctx context.Context, a app.App, name string, known Copy, ok bool, o SyncOptions, sync *commands.SyncDocument) (bool, error) {
	var now uint64
	equal := false
	err := a.Checklist(ctx, name, nil, func(st *checklist.State) error {
		now = st.Revision
		equal = bytes.Equal(st.Document(), s.Before)
		return nil
	})
	if err != nil || equal {
		return false, err
	}
	if o.Base != nil {
		return true, a.Checklist(ctx, name, o.Base, func(st *checklist.State) error {
			sync.Base = st.Revision
			return nil
		})
	}
	if sync.BaseDocument != nil {
		return true, nil
	}
	ok = ok && known.Revision <= now
	switch {
	case ok && known.SHA256 == Sum(s.Before):
		return false, nil // nobody touched it
	case ok:
		sync.Base = known.Revision
	}
	if o.Prefer == markdown.FileSide {
		return true, nil // it is right as it is, also where it was so before
	}
	if s.OldRevision, s.OldSeq, err = earlier(ctx, a, name, s.Before); err != nil {
		return false, err
	}
	if s.Old = s.OldRevision > 0; s.Old {
		return false, nil
	}
	if o.Prefer == markdown.LogSide && !hasTask(s.Before) {
		return false, nil
	}
	// Without a base, the log's side is all that the log has.
	return ok || o.Prefer != markdown.LogSide, nil
}

// earlier returns the last revision at which the checklist was the document; 0
// if it never was.
func earlier(ctx context.Context, a app.App, name string, document []byte) (revision uint64, seq events.Seq, err error) {
	st := checklist.New()
	for env, err := range a.Events(ctx, events.Filter{Checklist: name}) {
		if err != nil {
			return 0, 0, err
		}
		if st, err = checklist.Evolve(st, env); err != nil {
			return 0, 0, err
		}
		if env.Part == env.Parts && size(st) == len(document) && bytes.Equal(st.Document(), document) {
			revision, seq = st.Revision, st.Seq()
		}
	}
	return revision, seq, nil
}

// hasTask reports whether a document has a task, as far as it can be read.
func hasTask(document []byte) bool {
	doc, err := markdown.Parse(document, markdown.Options{})
	return err != nil || slices.ContainsFunc(doc.Blocks, func(b markdown.Block) bool { return b.Noun == events.TaskNoun })
}

func size(st *checklist.State) int {
	n := 0
	for b := range st.Root().All() {
		n += len(b.Raw)
	}
	return n
}

// replace brings the file up to the checklist and remembers it.
func (s *Synced) replace(ctx context.Context, a app.App, meta commands.Meta, file Tied, path string, copies Copies, head string) error {
	var revision uint64
	err := a.Checklist(ctx, meta.Checklist, nil, func(st *checklist.State) error {
		s.After, revision = st.Document(), st.Revision
		return nil
	})
	if err != nil {
		return err
	}
	if !bytes.Equal(s.Before, s.After) {
		have, err := Read(file.Path)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, s.Before) {
			return &commands.Error{
				Code: commands.CodeChanged, Message: fmt.Sprintf("%s was changed meanwhile", file.Shown),
				Hint: "What it said before is in the log. Again: cairn sync",
			}
		}
		if err := Write(file.Path, s.After); err != nil {
			if len(s.Edits.Events)+len(s.Commits) > 0 {
				return fmt.Errorf("%s: its edits are in the log, but not the log's in it: %w", file.Shown, err)
			}
			return err
		}
		s.Wrote = true
	}
	// To lose the memory is harmless: see Follow.
	_ = copies.Save(Copy{
		Path: file.Path, Origin: a.Origin(), Checklist: meta.Checklist, Revision: revision, SHA256: Sum(s.After),
		Head: head, Taken: s.taken, Seen: head,
	})
	if s.Wrote && len(s.Edits.Events) > 0 {
		record := commands.RecordSync{Path: path, SHA256: Sum(s.After)}
		meta.ID, meta.Reason = "", ""
		if _, err := a.Execute(ctx, meta, record); err != nil {
			return fmt.Errorf("%s is in sync, but the log could not be told: %w", file.Shown, err)
		}
	}
	return nil
}

// conflictMarker returns the line, from 1, of a merge conflict that git left in
// the document; 0 if there is none.
func conflictMarker(document []byte) int {
	line, began, split := 0, 0, false
	for l := range bytes.Lines(document) {
		line++
		switch {
		case bytes.HasPrefix(l, []byte("<<<<<<< ")):
			began, split = line, false
		case began > 0 && bytes.Equal(bytes.TrimRight(l, "\r\n"), []byte("=======")):
			split = true
		case began > 0 && split && bytes.HasPrefix(l, []byte(">>>>>>> ")):
			return began
		}
	}
	return 0
}

// IsMissing reports whether err says that there is no file.
func IsMissing(err error) bool {
	var refusal *commands.Error
	return errors.As(err, &refusal) && refusal.Code == commands.CodeNoFile
}
