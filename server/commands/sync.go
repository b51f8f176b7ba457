package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"cairn/events"
	"cairn/projections/checklist"
	"cairn/server/markdown"
)

// SyncDocument takes the edits of a file that follows a checklist: what the
// document says against the checklist that the file was last equal to.
type SyncDocument struct {
	// Path is the file as the log names it; Replica names the copy, Commit the
	// git commit whose version it is. All are optional.
	Path    string `json:"path,omitempty"`
	Replica string `json:"replica,omitempty"`
	Commit  string `json:"commit,omitempty"`
	// Document is the exact bytes.
	Document []byte `json:"document"`
	// Base is the revision that the file was last equal to; 0 where nobody
	// knows. Its edits are then what it says against the checklist now, and
	// nothing may be taken back by that.
	Base uint64 `json:"base,omitempty"`
	// BaseDocument is what the file was before its edits, where that is no
	// revision: the version of the commit before.
	BaseDocument []byte `json:"base_document,omitempty"`
	// Prefer decides what both sides changed differently: "file", "log" or "".
	Prefer markdown.Side `json:"prefer,omitempty"`
	// AcceptReopens takes any number of tasks that were closed as open again.
	AcceptReopens bool `json:"accept_reopens,omitempty"`
	// More says that the commit is one of a history that goes on.
	More bool `json:"more,omitempty"`

	base *checklist.State // at Base; nil: the state itself
}

// Name returns the stored name.
func (SyncDocument) Name() string { return "SyncDocument" }

func (c SyncDocument) resolve(*resolver) (Command, error) { return c, nil }

func (c SyncDocument) withoutDocument() (Command, []byte) {
	document := c.Document
	c.Document = nil
	return c, document
}

// At returns the command with the checklist as it was at revision c.Base.
func (c SyncDocument) At(base *checklist.State) SyncDocument {
	c.base = base
	return c
}

// maxReopens is how many closed tasks a file may open again unasked: more look
// like an old copy.
const maxReopens = 5

func (c SyncDocument) decide(d *decision) error {
	base := c.base
	if base == nil || base.Revision == d.st.Revision {
		base = d.st
	}
	if d.st.Is(c.Document) {
		if c.Commit != "" && c.BaseDocument == nil {
			c.record(d, true) // a commit of the history that changed the name
		}
		return nil
	}
	delta, err := markdown.Diff(base, d.st, c.Document, markdown.DiffOptions{Base: c.BaseDocument, Markers: d.markers, Prefer: c.Prefer})
	if errors.Is(err, markdown.ErrLimit) {
		return &Error{Code: CodeOverLimit, Message: err.Error(), Hint: "Nothing was written."}
	}
	if err != nil {
		return err
	}
	file := c.Path
	if file == "" {
		file = "the file"
	}
	switch n := len(delta.Reopened); {
	case c.Base == 0 && c.BaseDocument == nil && c.Prefer != markdown.FileSide && n+len(delta.Removed)+len(delta.Reworded) > 0:
		return &Error{
			Code: CodeRefused, Message: fmt.Sprintf("nobody knows which checklist %s was last equal to, and it would %s", file, wouldDo(delta)),
			Hint: "Nothing was written. If it is an old copy, bring it up to date: cairn sync --prefer log\nIf it is right as it is: cairn sync --prefer file\nIf it was changed since a known moment: cairn sync --base WHEN",
		}
	case n > maxReopens && !c.AcceptReopens:
		return &Error{
			Code: CodeRefused, Message: fmt.Sprintf("%s would re-open %d tasks", file, n),
			Hint: "Nothing was written. If it is an old copy, bring it up to date: cairn sync --prefer log\nThey really are open again: cairn sync --accept-reopens",
		}
	case c.Commit == "" && c.Prefer != markdown.FileSide && d.empties(delta):
		return &Error{
			Code: CodeRefused, Message: fmt.Sprintf("%s holds no task any more; it would remove all %d", file, len(delta.Removed)),
			Hint: "Nothing was written. If it was emptied by mistake, write it again: cairn sync --prefer log\nThey really are gone: cairn sync --prefer file",
		}
	case len(delta.Conflicts) > 0:
		return c.conflict(d.st, file, delta.Conflicts)
	}
	d.events, d.lines = delta.Events, delta.Lines
	// What came out of the log and was then committed adds nothing.
	if len(d.events) > 0 && (delta.Equal || c.Commit != "") || c.Commit != "" && c.BaseDocument == nil {
		c.record(d, delta.Equal)
	}
	return nil // if not equal, they are once the file has been replaced: RecordSync
}

// record adds that the document's edits are in the log; equal says that it is
// the checklist now.
func (c SyncDocument) record(d *decision, equal bool) {
	e := &events.DocumentSynced{Replica: c.Replica, Path: c.Path, SHA256: sum(c.Document), Commit: c.Commit, More: c.More}
	if c.More {
		e.Path = "" // tied after the last
	}
	if equal {
		e.AtRevision = int(d.st.Revision) + len(d.events)
	}
	d.add(e)
}

// empties reports whether a file leaves no task of the checklist: an editor that
// crashed does, and a shell's >.
func (d *decision) empties(delta markdown.Delta) bool {
	left := -len(delta.Removed)
	for range d.st.Root().Tasks() {
		left++
	}
	for _, e := range delta.Events {
		if e.Kind() == events.KindTaskAdded {
			left++
		}
	}
	return left <= 0 && len(delta.Removed) > 0
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// wouldDo tells what a file would take back.
func wouldDo(delta markdown.Delta) string {
	var parts []string
	for _, part := range []struct {
		what string
		keys []int
	}{{"re-open", delta.Reopened}, {"remove", delta.Removed}, {"reword", delta.Reworded}} {
		if n := len(part.keys); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", part.what, n))
		}
	}
	noun := " tasks"
	if len(delta.Reopened)+len(delta.Removed)+len(delta.Reworded) == 1 {
		noun = " task"
	}
	return strings.Join(parts, ", ") + noun
}

// conflict tells what both sides changed differently, with both values.
func (c SyncDocument) conflict(st *checklist.State, file string, conflicts []markdown.Conflict) error {
	const most = 20
	lines := []string{fmt.Sprintf("%9s  %-8s %-28s %s", "", "field", "file", "log")}
	for i, x := range conflicts {
		if i == most {
			lines = append(lines, fmt.Sprintf("… and %d more", len(conflicts)-most))
			break
		}
		mine, theirs := sides(x)
		if by := lastChange(st, x); by != "" {
			theirs += "  " + by
		}
		lines = append(lines, fmt.Sprintf("%9s  %-8s %-28s %s", x.Ref, x.Field, mine, theirs))
	}
	noun := "things"
	if len(conflicts) == 1 {
		noun = "thing"
	}
	return &Error{
		Code:    CodeConflict,
		Message: fmt.Sprintf("%s and the log both changed %d %s", file, len(conflicts), noun),
		Hint:    strings.Join(lines, "\n") + "\nNothing was written. cairn sync --prefer file | log, or edit the file.",
	}
}

// sides are the two values of a conflict as a message shows them.
func sides(x markdown.Conflict) (file, log string) {
	show := func(s string) string {
		switch {
		case s == "" && x.Field == markdown.ExistField:
			return "removed"
		case x.Field == markdown.StateField:
			return "[" + string(markdown.DefaultMark(events.State(s))) + "]"
		}
		r := []rune(short(s))
		if len(r) > 26 {
			r = append(r[:25], '…')
		}
		return `"` + string(r) + `"`
	}
	return show(x.File), show(x.Log)
}

// lastChange is who gave the log's side its value, and when.
func lastChange(st *checklist.State, x markdown.Conflict) string {
	b := st.Block(x.Ref)
	var ch checklist.Change
	switch {
	case b == nil:
	case b.Task != nil && x.Field == markdown.StateField:
		ch = b.Task.StateChanged
	case b.Task != nil:
		ch = b.Task.Changed
	case b.Section != nil:
		ch = b.Section.Changed
	}
	if ch.Seq == 0 {
		return ""
	}
	return fmt.Sprintf("%s, %s, @%d", ch.By.Name(), ch.At.In(st.Zone()).Format("2006-01-02 15:04"), ch.Seq)
}

// RecordSync says that a copy of the file is equal to the checklist: a file that
// took in what the log had.
type RecordSync struct {
	Path    string `json:"path,omitempty"`
	Replica string `json:"replica,omitempty"`
	Commit  string `json:"commit,omitempty"`
	// SHA256 is the hash of the file's bytes.
	SHA256 string `json:"sha256"`
}

// Name returns the stored name.
func (RecordSync) Name() string { return "RecordSync" }

func (c RecordSync) resolve(*resolver) (Command, error) { return c, nil }

func (c RecordSync) decide(d *decision) error {
	if sum(d.st.Document()) != c.SHA256 {
		return nil // it was equal; it is not any more
	}
	d.add(&events.DocumentSynced{Replica: c.Replica, Path: c.Path, SHA256: c.SHA256, AtRevision: int(d.st.Revision), Commit: c.Commit})
	return nil
}
