package docfile

import (
	"context"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"cairn/events"
	"cairn/server/commands"
	"cairn/server/gitlog"
)

// HistoryTaker is what [TakeHistory] needs of an app.
type HistoryTaker interface {
	// ExecuteHistory is commands.Handler.ExecuteAll.
	ExecuteHistory(ctx context.Context, name string, steps iter.Seq2[commands.Step, error], stored func(done int)) (added int, err error)
}

// TakeHistory makes a checklist of the git history of a file, each version one
// command by the author of its commit, or goes on where it was cut off. source
// is how the log names the file; it is tied to the checklist after the last
// version if follow says so. stored is called now and then with the number of
// versions that are in the log.
func TakeHistory(ctx context.Context, a HistoryTaker, name string, f *gitlog.File, history gitlog.History, source, markers string, follow bool, stored func(done int)) (added int, err error) {
	steps := func(yield func(commands.Step, error) bool) {
		n := 0
		for v, err := range history.Versions(ctx) {
			var step commands.Step
			if err == nil {
				n++
				step.Meta, err = MetaOf(ctx, f, v, name)
			}
			if err != nil {
				yield(step, err)
				return
			}
			step.Meta.Committed = v.Committed
			more := n < history.Len()
			switch {
			case n == 1:
				step.Cmd = commands.ImportDocument{Source: source, Follow: follow, Document: v.Content, Commit: v.Commit, More: more, Markers: markers}
			default:
				sync := commands.SyncDocument{Document: v.Content, Commit: v.Commit, More: more, Prefer: "file", AcceptReopens: true}
				if follow {
					sync.Path = source
				}
				step.Cmd = sync
			}
			if !yield(step, nil) {
				return
			}
		}
	}
	return a.ExecuteHistory(ctx, name, steps, stored)
}

// commitID is the id of the command that takes a commit's version of a file:
// the same history gives the same commands.
func commitID(v gitlog.Version, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("cairn commit "+v.Commit+" "+v.Path+" "+name)).String()
}

// MetaOf says who changed the file in a version, when, and by which commit; of
// a merge, that of each line.
func MetaOf(ctx context.Context, f *gitlog.File, v gitlog.Version, name string) (commands.Meta, error) {
	sources, err := f.Sources(ctx, v)
	if err != nil {
		return commands.Meta{}, fmt.Errorf("%s of commit %.9s: %w", v.Path, v.Commit, err)
	}
	meta := commands.Meta{
		ID: commitID(v, name), Derived: true, Checklist: name, Via: "git",
		Actor: actorOf(sources.Other.Author), On: sources.Other.Author.Time, Cause: sources.Other.Commit, Reason: v.Subject,
	}
	for _, l := range sources.Lines {
		var o *commands.Origin
		if l.Commit != "" {
			o = &commands.Origin{Actor: actorOf(l.Author), Time: l.Author.Time, Cause: l.Commit}
		}
		meta.Lines = append(meta.Lines, o)
	}
	return meta, nil
}

func actorOf(s gitlog.Signature) events.Actor {
	a := events.Actor{ID: s.Email, Display: s.Name, Auth: events.Unauthenticated}
	if a.ID == "" {
		a.ID, a.Display = s.Name, ""
	}
	if a.ID == "" {
		a.ID = "unknown"
	}
	return a
}
