package checklist

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// List writes the tasks that f selects, in document order. For a pipe each is
// one line of seven columns with tabs between, - where there is nothing:
//
//	KEY  STATE  OWNERS  DUE  WAITS FOR  SECTION  TEXT
func List(w io.Writer, st *State, f Filter, s Style) error {
	buf := bufio.NewWriter(w)
	r := newRows(st, s)
	tasks := st.Select(f, r.today)
	if s.Piped() {
		for _, b := range tasks {
			buf.WriteString(r.record(b))
		}
		return buf.Flush()
	}
	for _, b := range tasks {
		r.task(b, 0)
	}
	total := st.root.Tally().Counts.Tasks
	r.flush(buf)
	if len(tasks) > 0 {
		buf.WriteByte('\n')
	}
	fmt.Fprintln(buf, s.Dim(fmt.Sprintf("%d of %s · %s", len(tasks), plural(total, "task"), r.id())))
	return buf.Flush()
}

// record is a task for a pipe, one line with tabs.
func (r *rows) record(b *Block) string {
	t := b.Task
	section := ""
	if heading := b.Heading(); heading != nil {
		section = Clean(heading.Section.Title)
	}
	var waits []string
	for _, key := range r.st.Waits(b) {
		waits = append(waits, strconv.Itoa(key))
	}
	columns := []string{
		strconv.Itoa(t.Key), string(t.State), Clean(strings.Join(t.Assignees, ",")), Clean(string(t.Due)), strings.Join(waits, ","), section, Clean(t.Text),
	}
	for i, column := range columns {
		if column == "" {
			columns[i] = "-"
		}
	}
	return strings.Join(columns, "\t") + "\n"
}
