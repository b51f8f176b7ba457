package events

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Edit cuts Cut bytes at offset At of the text before and puts Put there.
type Edit struct {
	At, Cut int
	Put     string
}

// Match says how two versions of a file were compared when the event takes a
// line of one for a line of the other. The zero Match is no comparison.
type Match struct {
	// Stage is the rule that paired them.
	Stage string
	// Score is the similarity, 0 to 1; 0 where the rule needs none.
	Score float64
}

func (c *codec) match(v *Match) {
	c.sub("match", *v != (Match{}), func() {
		c.str("stage", &v.Stage)
		c.float("score", &v.Score)
	})
}

func (c *codec) float(name string, v *float64) {
	if c.reading {
		if c.member(name) {
			end, err := scanNumber(c.src, c.pos)
			if err != nil {
				c.fail(err)
				return
			}
			f, err := strconv.ParseFloat(c.src[c.pos:end], 64)
			if err != nil {
				c.fail(fmt.Errorf("%s: %w", name, err))
			}
			*v, c.pos = f, end
			c.done()
		}
		return
	}
	if *v != 0 {
		c.name(name)
		c.buf = strconv.AppendFloat(c.buf, *v, 'g', -1, 64)
	}
}

func (c *codec) edits(v *[]Edit) {
	if c.reading {
		if c.member("edits") {
			*v = nil
			c.list(func() {
				var e Edit
				c.object(func() { c.edit(&e) })
				*v = append(*v, e)
			})
			c.done()
		}
		return
	}
	c.name("edits")
	c.buf = append(c.buf, '[')
	for i := range *v {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		c.elem(func() { c.edit(&(*v)[i]) })
	}
	c.buf = append(c.buf, ']')
	c.first = false
}

func (c *codec) edit(e *Edit) {
	c.num("at", &e.At)
	c.num("cut", &e.Cut)
	c.optRaw("put", &e.Put)
}

// optList is an optional list with three states; in memory its elements are
// joined by commas.
func (c *codec) optList(name string, v *Optional[string]) {
	if c.reading {
		var items []string
		if c.index == nil {
			before := c.pos
			c.value(name, &items)
			v.Present = v.Present || c.pos != before
		} else {
			_, there := c.index[name]
			c.value(name, &items)
			v.Present = there
		}
		v.Value = strings.Join(items, ",")
		return
	}
	if !v.Present {
		return
	}
	var items []string
	if v.Value != "" {
		items = strings.Split(v.Value, ",")
	}
	c.value(name, &items)
}

// flag is a member that is true or absent.
func (c *codec) flag(name string, v *bool) {
	if !c.reading {
		if *v {
			c.name(name)
			c.buf = append(c.buf, "true"...)
		}
		return
	}
	if !c.member(name) {
		return
	}
	switch {
	case strings.HasPrefix(c.src[c.pos:], "true"):
		*v = true
		c.pos += len("true")
	case strings.HasPrefix(c.src[c.pos:], "false"):
		*v = false
		c.pos += len("false")
	default:
		c.fail(fmt.Errorf("%s: want true or false", name))
		return
	}
	c.done()
}

// doc is the lines of other blocks that the event rewrites: {REF: raw}, with
// those that are not UTF-8 apart in doc64.
func (c *codec) doc(v *[]Line) {
	if c.reading {
		lines := []Line(nil)
		read := func(name string, value func() string) {
			if !c.member(name) {
				return
			}
			outer := c.index
			start := c.pos
			end, err := c.members(start)
			if err != nil {
				c.fail(err)
				return
			}
			for ref, pos := range c.index {
				r, err := ParseRef(ref)
				if err != nil {
					c.fail(err)
					continue
				}
				c.pos = pos
				lines = append(lines, Line{r, value()})
			}
			c.index, c.pos = outer, end
			c.done()
		}
		read("doc", c.readString)
		read("doc64", c.readBase64)
		sortLines(lines)
		*v = lines
		return
	}
	if len(*v) == 0 {
		return
	}
	write := func(name string, valid bool, value func([]byte, string) []byte) {
		open := false
		for _, l := range *v {
			if utf8.ValidString(l.Raw) != valid {
				continue
			}
			if !open {
				c.name(name)
				c.buf = append(c.buf, '{')
				open, c.first = true, true
			}
			c.name(l.Ref.String())
			c.buf = value(c.buf, l.Raw)
		}
		if open {
			c.buf = append(c.buf, '}')
			c.first = false
		}
	}
	write("doc", true, appendString)
	write("doc64", false, appendBase64)
}
