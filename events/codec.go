package events

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// codec walks the members of a JSON object in their stored order, once to
// write and once to read: an event describes its form in one method, fields,
// that serves both. It uses no reflection.
//
// Reading expects the members in the order in which they are written and takes
// each in one pass. If anything else stands between them (another order, an
// unknown member), the object is indexed and read again by name.
type codec struct {
	buf   []byte // writing: what has been written
	first bool   // writing: no member yet in this object

	reading bool
	src     string // reading: the whole body
	pos     int    // reading: where the next member is expected
	index   map[string]int
	err     error
}

var errSyntax = errors.New("malformed JSON")

// object reads the object at c.pos with walk and leaves c.pos behind it.
func (c *codec) object(walk func()) {
	outer := c.index
	defer func() { c.index = outer }()
	c.space()
	start := c.pos
	if !c.open() {
		return
	}
	walk()
	if c.err == nil && c.peek() == '}' {
		c.pos++
		return
	}
	// Not our order, or members we do not know: index, and read by name.
	c.err = nil
	end, err := c.members(start)
	if err != nil {
		c.fail(err)
		return
	}
	walk()
	c.pos = end
}

// open passes the opening brace.
func (c *codec) open() bool {
	c.space()
	if c.peek() != '{' {
		c.fail(fmt.Errorf("%w: want an object", errSyntax))
		return false
	}
	c.pos++
	c.space()
	c.index = nil
	return true
}

// members indexes the object at pos and returns where it ends.
func (c *codec) members(pos int) (int, error) {
	c.index = make(map[string]int)
	if at(c.src, pos) != '{' {
		return 0, fmt.Errorf("%w: want an object", errSyntax)
	}
	pos = skipSpace(c.src, pos+1)
	if at(c.src, pos) == '}' {
		return pos + 1, nil
	}
	for {
		name, next, err := scanString(c.src, pos)
		if err != nil {
			return 0, err
		}
		next = skipSpace(c.src, next)
		if at(c.src, next) != ':' {
			return 0, fmt.Errorf("%w: want a colon", errSyntax)
		}
		next = skipSpace(c.src, next+1)
		c.index[name] = next
		if next, err = skipValue(c.src, next, 0); err != nil {
			return 0, err
		}
		next = skipSpace(c.src, next)
		switch at(c.src, next) {
		case ',':
			pos = skipSpace(c.src, next+1)
		case '}':
			return next + 1, nil
		default:
			return 0, fmt.Errorf("%w: want a comma or a brace", errSyntax)
		}
	}
}

// member moves to the value of the member called name, if it is there.
func (c *codec) member(name string) bool {
	if c.err != nil {
		return false
	}
	if c.index != nil {
		at, ok := c.index[name]
		c.pos = at
		return ok
	}
	s := c.src[min(c.pos, len(c.src)):]
	if len(s) < len(name)+3 || s[0] != '"' || s[1:1+len(name)] != name || s[1+len(name)] != '"' || s[2+len(name)] != ':' {
		return false
	}
	c.pos += len(name) + 3
	c.space()
	return true
}

// done ends a member's value: it passes the comma behind it.
func (c *codec) done() {
	if c.index != nil || c.err != nil {
		return
	}
	c.space()
	if c.peek() == ',' {
		c.pos++
		c.space()
		if c.peek() == '}' {
			c.fail(fmt.Errorf("%w: a comma before the end", errSyntax))
		}
	} else if c.peek() != '}' {
		c.fail(fmt.Errorf("%w: want a comma or a brace", errSyntax))
	}
}

func (c *codec) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *codec) peek() byte { return at(c.src, c.pos) }
func (c *codec) space()     { c.pos = skipSpace(c.src, c.pos) }

// null passes a null and reports whether there was one.
func (c *codec) null() bool {
	if strings.HasPrefix(c.src[min(c.pos, len(c.src)):], "null") {
		c.pos += 4
		return true
	}
	return false
}

func (c *codec) readString() string {
	s, next, err := scanString(c.src, c.pos)
	if err != nil {
		c.fail(err)
		return ""
	}
	c.pos = next
	return s
}

func (c *codec) readInt() int64 {
	n, next, err := scanInt(c.src, c.pos)
	if err != nil {
		c.fail(err)
		return 0
	}
	c.pos = next
	return n
}

// list reads an array, calling item for each element.
func (c *codec) list(item func()) {
	if c.peek() != '[' {
		c.fail(fmt.Errorf("%w: want an array", errSyntax))
		return
	}
	c.pos++
	c.space()
	if c.peek() == ']' {
		c.pos++
		return
	}
	for c.err == nil {
		c.space()
		item()
		c.space()
		switch c.peek() {
		case ',':
			c.pos++
		case ']':
			c.pos++
			return
		default:
			c.fail(fmt.Errorf("%w: want a comma or a bracket", errSyntax))
		}
	}
}

// name writes a member's name.
func (c *codec) name(name string) {
	if !c.first {
		c.buf = append(c.buf, ',')
	}
	c.first = false
	c.buf = append(c.buf, '"')
	c.buf = append(c.buf, name...)
	c.buf = append(c.buf, '"', ':')
}

// str is an optional string: absent when empty.
func (c *codec) str(name string, v *string) {
	if c.reading {
		if c.member(name) {
			if c.null() {
				*v = ""
			} else {
				*v = c.readString()
			}
			c.done()
		}
		return
	}
	if *v != "" {
		c.name(name)
		c.buf = appendString(c.buf, *v)
	}
}

// text is a string that is always there, be it empty.
func (c *codec) text(name string, v *string) {
	if c.reading || *v != "" {
		c.str(name, v)
		return
	}
	c.name(name)
	c.buf = append(c.buf, '"', '"')
}

func strAs[T ~string](c *codec, name string, v *T) {
	s := string(*v)
	c.str(name, &s)
	*v = T(s)
}

// num is an optional integer: absent when zero.
func (c *codec) num(name string, v *int) {
	if c.reading {
		if c.member(name) {
			*v = int(c.readInt())
			c.done()
		}
		return
	}
	if *v != 0 {
		c.name(name)
		c.buf = strconv.AppendInt(c.buf, int64(*v), 10)
	}
}

func (c *codec) uint(name string, v *uint64) {
	n := int(*v)
	c.num(name, &n)
	*v = uint64(n)
}

// mark is a task's marker: one byte, as a string.
func (c *codec) mark(name string, v *byte) {
	if c.reading {
		if c.member(name) {
			s := c.readString()
			if len(s) != 1 && c.err == nil {
				c.fail(fmt.Errorf("%s: want one character, not %q", name, s))
			} else if len(s) == 1 {
				*v = s[0]
			}
			c.done()
		}
		return
	}
	if *v != 0 {
		c.name(name)
		c.buf = appendString(c.buf, string(rune(*v)))
	}
}

// raw is the bytes of a block: name, or name64 in base 64 where they are not
// UTF-8. It is always there.
func (c *codec) raw(name string, v *string) {
	if c.reading {
		if c.member(name) {
			*v = c.readString()
			c.done()
		} else if c.member(name + "64") {
			*v = c.readBase64()
			c.done()
		}
		return
	}
	if utf8.ValidString(*v) {
		c.name(name)
		c.buf = appendString(c.buf, *v)
		return
	}
	c.name(name + "64")
	c.buf = appendBase64(c.buf, *v)
}

// optRaw is raw, absent when empty.
func (c *codec) optRaw(name string, v *string) {
	if c.reading || *v != "" {
		c.raw(name, v)
	}
}

func (c *codec) readBase64() string {
	b, err := base64.StdEncoding.DecodeString(c.readString())
	if err != nil {
		c.fail(err)
	}
	return string(b)
}

func appendBase64(buf []byte, s string) []byte {
	buf = append(buf, '"')
	buf = base64.StdEncoding.AppendEncode(buf, []byte(s))
	return append(buf, '"')
}

// ref is an optional reference: absent when zero.
func (c *codec) ref(name string, v *Ref) {
	if c.reading {
		if c.member(name) {
			r, err := ParseRef(c.readString())
			if err != nil {
				c.fail(fmt.Errorf("%s: %w", name, err))
			}
			*v = r
			c.done()
		}
		return
	}
	if *v != (Ref{}) {
		c.name(name)
		c.buf = append(c.buf, '"')
		c.buf = append(c.buf, v.String()...)
		c.buf = append(c.buf, '"')
	}
}

func (c *codec) place(v *Place) {
	c.ref("in", &v.In)
	c.ref("after", &v.After)
}

// strs is an optional list of strings: absent when empty.
func (c *codec) strs(name string, v *[]string) {
	if c.reading || len(*v) > 0 {
		c.value(name, v)
	}
}

// value is a list that stands for the value after: null when empty.
func (c *codec) value(name string, v *[]string) {
	if c.reading {
		if c.member(name) {
			*v = nil
			if !c.null() {
				c.list(func() { *v = append(*v, c.readString()) })
			}
			c.done()
		}
		return
	}
	c.name(name)
	if len(*v) == 0 {
		c.buf = append(c.buf, "null"...)
		return
	}
	for i, s := range *v {
		c.buf = append(c.buf, "[,"[min(i, 1)])
		c.buf = appendString(c.buf, s)
	}
	c.buf = append(c.buf, ']')
}

// nums is a list of integers, null when empty.
func (c *codec) nums(name string, v *[]int) {
	if c.reading {
		if c.member(name) {
			*v = nil
			if !c.null() {
				c.list(func() { *v = append(*v, int(c.readInt())) })
			}
			c.done()
		}
		return
	}
	c.name(name)
	if len(*v) == 0 {
		c.buf = append(c.buf, "null"...)
		return
	}
	for i, n := range *v {
		c.buf = append(c.buf, "[,"[min(i, 1)])
		c.buf = strconv.AppendInt(c.buf, int64(n), 10)
	}
	c.buf = append(c.buf, ']')
}

// optional is a string with three states: absent, null and a value.
func optional[T ~string](c *codec, name string, v *Optional[T]) {
	if c.reading {
		if c.member(name) {
			v.Present = true
			if c.null() {
				v.Value = ""
			} else {
				v.Value = T(c.readString())
			}
			c.done()
		}
		return
	}
	switch {
	case !v.Present:
	case v.Value == "":
		c.name(name)
		c.buf = append(c.buf, "null"...)
	default:
		c.name(name)
		c.buf = appendString(c.buf, string(v.Value))
	}
}

// cleared is a string that stands for the value after: null when empty.
func (c *codec) cleared(name string, v *string) {
	o := Optional[string]{Present: true, Value: *v}
	optional(c, name, &o)
	*v = o.Value
}

// sub is an optional object: absent when there says so.
func (c *codec) sub(name string, there bool, walk func()) {
	if c.reading {
		if c.member(name) {
			c.object(walk)
			c.done()
		}
		return
	}
	if there {
		c.name(name)
		c.elem(walk)
		c.first = false
	}
}

// elem writes one object.
func (c *codec) elem(walk func()) {
	c.buf = append(c.buf, '{')
	c.first = true
	walk()
	c.buf = append(c.buf, '}')
}

func (c *codec) time(name string, v *time.Time) {
	if c.reading {
		if c.member(name) {
			t, err := time.Parse(time.RFC3339Nano, c.readString())
			if err != nil {
				c.fail(fmt.Errorf("%s: %w", name, err))
			}
			*v = t.UTC()
			c.done()
		}
		return
	}
	if !v.IsZero() {
		c.name(name)
		c.buf = append(c.buf, '"')
		c.buf = v.UTC().AppendFormat(c.buf, time.RFC3339Nano)
		c.buf = append(c.buf, '"')
	}
}
