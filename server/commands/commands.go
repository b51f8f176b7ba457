// Package commands decides: it turns what somebody wishes into events, or
// refuses with a reason, and appends them to the log.
//
// For most uses, give a [Command] to [Handler.Execute]. Every rule about what
// may happen to a checklist lives in Decide, which is pure; the handler is the
// one write path.
package commands

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"cairn/events"
	"cairn/projections/checklist"
)

// Command is a wish, in the imperative. Its JSON form is what the caller sent:
// tasks, sections and days as people write them. The set of implementations is
// sealed to this package.
type Command interface {
	// Name is the stored name, such as "CompleteTask".
	Name() string

	// resolve returns the command with every TASK, SECTION and day word
	// replaced by keys and days.
	resolve(r *resolver) (Command, error)
	// decide adds the events of a resolved command.
	decide(d *decision) error
}

// Decide returns the events that a resolved command makes of st, or why not.
// Nothing to do is no event and no error. It changes nothing and has no clock.
func Decide(st *checklist.State, cmd Command) ([]events.Event, error) {
	d, err := decided(st, cmd)
	if err != nil {
		return nil, err
	}
	return d.events, nil
}

// decided is Decide with all that was found out.
func decided(st *checklist.State, cmd Command) (*decision, error) {
	if err := mayWrite(st, cmd); err != nil {
		return nil, err
	}
	d, err := newDecision(st), error(nil)
	if changesShape(cmd) {
		d, err = shaped(st, cmd)
	} else {
		err = cmd.decide(d)
	}
	if err != nil {
		return nil, err
	}
	if len(d.events) > events.MaxBatch {
		return nil, &Error{
			Code: CodeOverLimit, Message: fmt.Sprintf("%s would be %d events; one command may be %d", cmd.Name(), len(d.events), events.MaxBatch),
			Hint: "Nothing was written. Do it in parts.",
		}
	}
	return d, nil
}

// mayWrite refuses what holds for the checklist as a whole.
func mayWrite(st *checklist.State, cmd Command) error {
	_, imports := cmd.(ImportDocument)
	switch {
	case st.Incomplete.Seq != 0:
		return &Error{
			Code: CodeNewerEvent, Message: "this checklist was written by a newer Cairn",
			Hint: fmt.Sprintf("@%d is %s, unknown to this version. Reading works;\nwriting needs a newer cairn.", st.Incomplete.Seq, st.Incomplete.Kind),
		}
	case st.Revision == 0 && !imports:
		return &Error{Code: CodeNoChecklist, Message: "there is no such checklist", Hint: "cairn checklists names those that are there."}
	case st.PublishedTo != "":
		return &Error{Code: CodeRefused, Message: fmt.Sprintf("%s goes on at %s", st.Name, st.PublishedTo), Hint: "Nothing was written. There: cairn --server " + st.PublishedTo}
	case st.Synced != nil && st.Synced.More && !ofHistory(cmd):
		return &Error{
			Code: CodeRefused, Message: fmt.Sprintf("the git history of %s is not all in the log yet", st.Name),
			Hint: "Nothing was written. Finish it: cairn import FILE",
		}
	case st.Archived:
		if !ofArchived(cmd) {
			return &Error{Code: CodeRefused, Message: st.Name + " is archived", Hint: "To go on with it: cairn reactivate -c " + st.Name}
		}
	}
	return nil
}

// ofArchived reports whether a command is one for an archived checklist.
func ofArchived(cmd Command) bool {
	var p *past
	switch cmd := cmd.(type) {
	case Archive, Reactivate:
		return true
	case Undo:
		p = cmd.past
	case Redo:
		p = cmd.past
	}
	return p != nil && p.before.Archived != p.after.Archived
}

// ofHistory reports whether a command takes a commit.
func ofHistory(cmd Command) bool {
	sync, ok := cmd.(SyncDocument)
	return ok && sync.Commit != ""
}

// named is what both kinds of command have.
type named interface{ Name() string }

// Hash returns the SHA-256, in hex, of the canonical JSON of the command as
// sent: names sorted, no space, no HTML escapes. The checklist is "" for a
// [SystemCommand].
func Hash(checklistName string, cmd named) (string, error) {
	// A document can have megabytes: its place is kept by a word.
	var document []byte
	if d, ok := cmd.(documented); ok {
		cmd, document = d.withoutDocument()
	}
	body, err := json.Marshal(cmd)
	if err != nil {
		return "", fmt.Errorf("hash %s: %w", cmd.Name(), err)
	}
	var members map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		return "", fmt.Errorf("hash %s: %w", cmd.Name(), err)
	}
	members["checklist"], members["command"] = checklistName, cmd.Name()
	if document != nil {
		members["document"] = documentWord
	}
	var canonical bytes.Buffer
	enc := json.NewEncoder(&canonical)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(members); err != nil {
		return "", fmt.Errorf("hash %s: %w", cmd.Name(), err)
	}
	text := bytes.TrimSuffix(canonical.Bytes(), []byte("\n")) // Encode ends the line
	sum := sha256.New()
	if document != nil {
		before, after, _ := bytes.Cut(text, []byte(`"document":"`+documentWord))
		sum.Write(before)
		sum.Write([]byte(`"document":"`))
		b64 := base64.NewEncoder(base64.StdEncoding, sum)
		_, _ = b64.Write(document) // a hash takes everything
		b64.Close()
		text = after
	}
	sum.Write(text)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// documented is a command that carries a document.
type documented interface {
	withoutDocument() (Command, []byte)
}

const documentWord = "(the document)"
