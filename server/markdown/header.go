package markdown

import (
	"strings"

	"cairn/events"
)

// Header is what the Owner line of a document says:
//
//	Owner: ______  |  Target start: 2026-10-01  |  Target finish: ______
//
// "______" is empty. A day that is not written YYYY-MM-DD is no day.
type Header struct {
	Owner         string
	Start, Finish events.Day
}

// HeaderFields are new values for the Owner line. A nil field stays as it is;
// an empty value is written as "______".
type HeaderFields struct {
	Owner         *string
	Start, Finish *events.Day
}

type headerField struct {
	name     string // owner, start, finish or ""
	from, to int    // where the value stands, without space around it
}

// ParseHeader reads a paragraph of fields "label: value", cut by "|" or line
// ends. ok is false if it is anything else, or has neither an owner nor both
// target days.
func ParseHeader(raw string) (h Header, ok bool) {
	seen := map[string]bool{}
	fields, ok := headerFields(raw)
	if !ok {
		return Header{}, false
	}
	for _, f := range fields {
		if f.name == "" || seen[f.name] {
			continue
		}
		seen[f.name] = true
		value := headerValue(raw[f.from:f.to])
		switch f.name {
		case "owner":
			h.Owner = value
		case "start":
			h.Start = dayOrNone(value)
		case "finish":
			h.Finish = dayOrNone(value)
		}
	}
	if !seen["owner"] && !(seen["start"] && seen["finish"]) {
		return Header{}, false
	}
	return h, true
}

// HeaderWith returns the Owner line with other values. Only fields whose value
// changes are rewritten; those that the line lacks are left out.
func HeaderWith(raw string, set HeaderFields) string {
	h, ok := ParseHeader(raw)
	if !ok {
		return raw
	}
	values := map[string]string{}
	if set.Owner != nil && oneField(*set.Owner) != h.Owner {
		values["owner"] = oneField(*set.Owner)
	}
	if set.Start != nil && *set.Start != h.Start {
		values["start"] = string(*set.Start)
	}
	if set.Finish != nil && *set.Finish != h.Finish {
		values["finish"] = string(*set.Finish)
	}
	fields, _ := headerFields(raw)
	var b strings.Builder
	at := 0
	for _, f := range fields {
		v, ok := values[f.name]
		if !ok {
			continue
		}
		delete(values, f.name)
		if v == "" {
			v = "______"
		}
		b.WriteString(raw[at:f.from])
		if f.from == f.to && raw[f.from-1] != ' ' {
			b.WriteByte(' ')
		}
		b.WriteString(v)
		at = f.to
	}
	return b.String() + raw[at:]
}

// headerFields finds the fields of raw; ok is false if a piece of it is none.
func headerFields(raw string) (fields []headerField, ok bool) {
	at := 0
	for at < len(raw) {
		n := lineLen(raw[at:])
		end := at + len(chomp(raw[at:at+n]))
		for from := at; from <= end; {
			to := end
			if i := strings.IndexByte(raw[from:end], '|'); i >= 0 {
				to = from + i
			}
			if strings.Trim(raw[from:to], space+">") != "" {
				f, ok := fieldAt(raw, from, to)
				if !ok {
					return nil, false
				}
				fields = append(fields, f)
			}
			from = to + 1
		}
		at += n
	}
	return fields, true
}

func fieldAt(raw string, from, to int) (headerField, bool) {
	colon := strings.IndexByte(raw[from:to], ':')
	if colon < 0 {
		return headerField{}, false
	}
	label := strings.TrimLeft(raw[from:from+colon], space+">")
	f := headerField{from: from + colon + 1, to: to}
	if strings.HasPrefix(label, "*") {
		f.from += len(raw[f.from:to]) - len(strings.TrimLeft(raw[f.from:to], "*"))
	}
	if v := strings.TrimLeft(raw[f.from:to], space); v != "" {
		f.from = to - len(v)
		f.to = f.from + len(strings.TrimRight(v, space))
	} else if f.from < to {
		f.from++ // "Owner: |": the space behind the colon stays
		f.to = f.from
	}
	switch strings.ToLower(strings.Join(strings.Fields(strings.Trim(label, "*_ \t")), " ")) {
	case "owner", "owners":
		f.name = "owner"
	case "target start", "start":
		f.name = "start"
	case "target finish", "finish", "target end", "target date":
		f.name = "finish"
	}
	return f, true
}

// headerValue returns a value as meant: "______" is "".
func headerValue(s string) string {
	if strings.Trim(s, "_") == "" {
		return ""
	}
	return s
}

func dayOrNone(s string) events.Day {
	if d := events.Day(s); d.Valid() {
		return d
	}
	return ""
}

// oneField returns s so that it can be the value of one field.
func oneField(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '|' || r < ' ' {
			return ' '
		}
		return r
	}, s)
	return headerValue(strings.Trim(s, space))
}
