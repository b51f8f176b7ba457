package docfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cairn/projections/checklist"
	"cairn/server/app"
	"cairn/server/commands"
)

// Resolve settles a merge conflict that git left in the file: what is committed
// on our side is in the log, what the other side changed is put on top of it,
// block by block. Only the file is written, and what our side had committed; the
// other side's changes come into the log, by their authors, with the sync after
// the merge.
func Resolve(ctx context.Context, a app.App, meta commands.Meta, file Tied, path string, copies Copies, o SyncOptions) (Synced, error) {
	s := Synced{Checklist: meta.Checklist}
	none := &commands.Error{Code: commands.CodeRefused, Message: fmt.Sprintf("git left no merge conflict in %s", file.Shown), Hint: "Nothing was written. To take its edits: cairn sync"}
	var err error
	if s.Before, err = Read(file.Path); err != nil {
		return s, err
	}
	repo, err := repositoryOf(ctx, file)
	if err != nil {
		return s, err
	}
	if repo == nil {
		return s, none
	}
	conflict, there, err := repo.file.Conflict(ctx)
	if err != nil {
		return s, err
	}
	if !there {
		return s, none
	}
	copied, ok := copies.Load(file.Path)
	seen := ""
	if ok && copied.Origin == a.Origin() && copied.Checklist == meta.Checklist {
		seen = copied.Taken
	}
	if err := s.takeCommits(ctx, a, meta, repo, path, seen, o); err != nil {
		return s, err
	}
	base := firstSides(conflict.Base)
	theirs := commands.SyncDocument{Path: path, Document: conflict.Theirs, BaseDocument: base, Prefer: o.Prefer, AcceptReopens: true}
	if s.Edits, err = a.Preview(ctx, meta, theirs); err != nil {
		var refusal *commands.Error
		if errors.As(err, &refusal) && refusal.Code == commands.CodeConflict {
			refusal.Hint += "\n(The file's side is the other branch; the log's is yours.)"
		}
		return s, err
	}
	err = a.Checklist(ctx, meta.Checklist, nil, func(st *checklist.State) error {
		if s.Edits.After != nil {
			st = s.Edits.After
		}
		s.After = st.Document()
		return nil
	})
	if err != nil || o.DryRun {
		return s, err
	}
	if !bytes.Equal(s.Before, s.After) {
		if err := Write(file.Path, s.After); err != nil {
			return s, err
		}
		s.Wrote = true
	}
	return s, nil
}

// firstSides is a document without the conflicts in it: of each, the first side.
// Where branches were merged both ways before, what git takes for their common
// version is itself a merge, conflicts and all.
func firstSides(document []byte) []byte {
	out := make([]byte, 0, len(document))
	var dropping []bool // of each conflict that is open
	for line := range bytes.Lines(document) {
		mark := byte(0)
		if len(line) >= 7 && bytes.Count(line[:7], line[:1]) == 7 {
			mark = line[0]
		}
		n := len(dropping)
		switch {
		case mark == '<':
			dropping = append(dropping, n > 0 && dropping[n-1])
		case n > 0 && (mark == '=' || mark == '|'):
			dropping[n-1] = true
		case n > 0 && mark == '>':
			dropping = dropping[:n-1]
		case n == 0 || !dropping[n-1]:
			out = append(out, line...)
		}
	}
	return out
}
