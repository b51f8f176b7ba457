package markdown

import "strings"

// html reads the <details>, <summary> and </details> in an HTML block. Of a
// line with several <summary> only the first counts.
func (s *scanned) html(first, last int) {
	comment := false
	for i := first; i <= last; i++ {
		line := asciiLower(s.src.line(i))
		taken := false
		for at := 0; at < len(line); {
			rest := line[at:]
			if comment {
				end := strings.Index(rest, "-->")
				if end < 0 {
					break
				}
				at += end + 3
				comment = false
				continue
			}
			lt := strings.IndexByte(rest, '<')
			if lt < 0 {
				break
			}
			at += lt + 1
			switch rest = rest[lt+1:]; {
			case strings.HasPrefix(rest, "!--"):
				comment = true
			case tag(rest, "details"):
				s.spans = append(s.spans, span{op: opDetails, first: i, last: i})
			case tag(rest, "/details"):
				s.spans = append(s.spans, span{op: opEnd, first: i, last: i})
			case tag(rest, "summary") && !taken:
				end := s.summaryEnd(i, last)
				title := readSummary(s.src.raw(i, end))
				if title == "" {
					continue
				}
				s.spans = append(s.spans, span{op: opSummary, first: i, last: end, title: title})
				s.begun = true
				if taken = true; end > i {
					i = end
					line = asciiLower(s.src.line(i))
					at = 0
				}
			}
		}
	}
}

// tag reports whether s, what follows a "<", is the tag name.
func tag(s, name string) bool {
	s, ok := strings.CutPrefix(s, name)
	return ok && (s == "" || strings.ContainsRune("> \t/", rune(s[0])))
}

// summaryEnd returns the line of the </summary>, first if none is near.
func (s *scanned) summaryEnd(first, last int) int {
	for i := first; i <= min(last, first+16); i++ {
		if strings.Contains(asciiLower(s.src.line(i)), "</summary") {
			return i
		}
	}
	return first
}

// summarySpan returns where in raw the text of its <summary> stands.
func summarySpan(raw string) (from, to int, ok bool) {
	low := asciiLower(raw)
	at := strings.Index(low, "<summary")
	if at < 0 {
		return 0, 0, false
	}
	gt := strings.IndexByte(low[at:], '>')
	if gt < 0 {
		return 0, 0, false
	}
	from = at + gt + 1
	to = len(chomp(raw))
	if end := strings.Index(low[from:], "</summary"); end >= 0 {
		to = from + end
	}
	if to < from {
		return 0, 0, false
	}
	trimmed := strings.TrimLeft(raw[from:to], " \t\r\n")
	from = to - len(trimmed)
	return from, from + len(strings.TrimRight(trimmed, " \t\r\n")), true
}

// asciiLower is strings.ToLower that keeps every byte offset.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// readSummary returns the text of the <summary> in raw, without tags.
func readSummary(raw string) string {
	from, to, ok := summarySpan(raw)
	if !ok {
		return ""
	}
	var b strings.Builder
	for rest := raw[from:to]; ; {
		lt := strings.IndexByte(rest, '<')
		gt := -1
		if lt >= 0 {
			gt = strings.IndexByte(rest[lt:], '>')
		}
		if gt < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:lt])
		rest = rest[lt+gt+1:]
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
