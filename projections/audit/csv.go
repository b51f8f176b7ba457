package audit

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cairn/projections/checklist"
)

// csvHeader names the columns of [CSV]. Columns are added at the end, never
// changed.
var csvHeader = []string{
	"seq", "revision", "time", "effective_time", "recorded_time", "actor", "actor_id", "auth_type", "via", "on_behalf_of",
	"action", "kind", "target", "task", "text", "section", "section_title", "state_before", "state_after", "change", "reason",
	"command", "command_id", "part", "parts", "cause", "undoes", "id", "checklist", "changes",
}

// CSV writes a header and one record for each row, events of the checklist that
// about names. Times are RFC 3339 in UTC; "change" is what the log shows,
// "changes" the fields before and after as JSON. Each cell is one line.
//
// A cell that a spreadsheet would take for a formula begins with an apostrophe;
// see [Guard].
func CSV(w io.Writer, rows []Row, about About) error {
	out := newTable(w)
	out.record(csvHeader...)
	for _, r := range rows {
		changes := r.Changes
		if changes == nil {
			changes = []Change{}
		}
		fields, err := json.Marshal(changes)
		if err != nil {
			return err
		}
		before, after, _ := r.State()
		e := single(r)
		out.record(
			num(r.Seq), num(r.Revision), stamp(r.Time), stamp(r.Effective), stamp(r.Recorded), r.Who(), r.Actor.ID, r.Actor.Auth, r.Via, r.OnBehalfOf,
			r.Action, string(r.Kind), cmp.Or(r.Subject, r.Target.String()), key(r.Key), e.Text, r.Section.String(), r.SectionTitle, string(before), string(after), e.Detail(""), r.Reason,
			r.CommandName, r.CommandID, num(r.Part), num(r.Parts), r.Cause, r.Undoes, r.ID, about.Name, string(fields),
		)
	}
	return out.flush()
}

// table is a CSV writer whose cells are safe to open in a spreadsheet.
type table struct{ *csv.Writer }

func newTable(w io.Writer) table { return table{csv.NewWriter(w)} }

// record writes one record; the writer keeps its first error until flush.
func (t table) record(cells ...string) {
	guarded := make([]string, len(cells))
	for i, cell := range cells {
		guarded[i] = Guard(cell)
	}
	_ = t.Write(guarded)
}

func (t table) flush() error {
	t.Flush()
	return t.Error()
}

// Guard returns s as one line that no spreadsheet takes for a formula: where it
// begins with = + - or @, also in their wide forms and after blanks, or with a
// blank that a spreadsheet drops, an apostrophe goes before it.
func Guard(s string) string {
	bare := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	first, _ := utf8.DecodeRuneInString(bare)
	risky := bare != "" && strings.ContainsRune("=+-@＝＋－＠", first) || s != "" && strings.IndexByte("\t\r\n", s[0]) >= 0
	if s = checklist.Clean(s); risky {
		return "'" + s
	}
	return s
}

func num[T ~int | ~uint64](n T) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
