package markdown

import "strings"

// isATX reports whether line is a heading of the form "## title".
func isATX(line string) bool {
	s := strings.TrimPrefix(line, bom)
	t := strings.TrimLeft(s, " ")
	rest := strings.TrimLeft(t, "#")
	n := len(t) - len(rest)
	return len(s)-len(t) <= 3 && n >= 1 && n <= 6 && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// headingSpan returns where the title stands in raw, the bytes of a heading.
func headingSpan(raw string) (from, to int) {
	at := 0
	if strings.HasPrefix(raw, bom) {
		at = len(bom)
	}
	n := lineLen(raw)
	first := chomp(raw[:n])
	if !isATX(first) {
		to = len(chomp(raw))
		if i := strings.LastIndexAny(raw[:to], "\r\n"); i >= at {
			to = i
		}
		to = at + len(strings.TrimRight(raw[at:to], " \t\r\n"))
		return to - len(strings.TrimLeft(raw[at:to], " \t")), to
	}
	from = at + len(first[at:]) - len(strings.TrimLeft(strings.TrimLeft(first[at:], " "), "#"))
	body := strings.TrimRight(first[from:], " \t")
	if t := strings.TrimRight(body, "#"); t == "" || t[len(t)-1] == ' ' || t[len(t)-1] == '\t' {
		body = strings.TrimRight(t, " \t")
	}
	to = from + len(body)
	return to - len(strings.TrimLeft(body, " \t")), to
}

// readHeading returns the level and the title of a heading, markup as written.
// The lines of a title are joined with a space.
func readHeading(raw string) (level int, title string) {
	from, to := headingSpan(raw)
	first := strings.TrimPrefix(chomp(raw[:lineLen(raw)]), bom)
	if isATX(first) {
		t := strings.TrimLeft(first, " ")
		return len(t) - len(strings.TrimLeft(t, "#")), raw[from:to]
	}
	level = 1
	if strings.HasSuffix(strings.TrimRight(raw, " \t\r\n"), "-") {
		level = 2
	}
	return level, joinLines(raw[from:to])
}

// joinLines returns the lines of s, trimmed, with one space between them.
func joinLines(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return strings.TrimSpace(s)
	}
	l := splitLines(s)
	parts := make([]string, 0, l.len())
	for i := range l.len() {
		if t := strings.TrimSpace(l.line(i)); t != "" {
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, " ")
}

// NewSection returns the line of a heading. level is 1 to 6, title one line.
func NewSection(level int, title, eol string) string {
	return strings.Repeat("#", min(max(level, 1), 6)) + " " + atxTitle(title) + eol
}

// Retitle returns raw, the bytes of a heading or of a <summary>, with another
// title, which is one line. All else stays: closing #s, underline, tags around
// the summary, line ends.
func Retitle(raw, title string) string {
	atx := isATX(chomp(raw[:lineLen(raw)]))
	if !atx {
		if from, to, ok := summarySpan(raw); ok {
			return raw[:from] + title + raw[to:]
		}
	}
	from, to := headingSpan(raw)
	if !atx {
		return raw[:from] + title + raw[to:]
	}
	if from > 0 && raw[from-1] == '#' {
		return raw[:from] + " " + atxTitle(title) + raw[to:]
	}
	return raw[:from] + atxTitle(title) + raw[to:]
}

// atxTitle returns title with an end that is not read as closing #s.
func atxTitle(title string) string {
	t := strings.TrimRight(title, "#")
	if t == title || t != "" && t[len(t)-1] != ' ' && t[len(t)-1] != '\t' {
		return title
	}
	return t + "\\" + title[len(t):]
}
