package markdown

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// traits are what tasks are compared by. They are made when first needed.
type traits struct {
	// norm is the text without case, markup, emoji, strikes and punctuation.
	norm string
	// grams are the pairs of neighbouring runes of norm, sorted.
	grams []uint64
	// ids are what names one thing: "T12", "ABC-12", issues, file names, URLs.
	ids []string
	// numbers are the numbers of the text, as written.
	numbers []string
}

// minVisible is how many visible characters must be left of a link for its
// target not to count: short ones, such as [Video](…), differ in it alone.
const minVisible = 12

var patterns = sync.OnceValue(func() (p struct{ link, url, id, file, number *regexp.Regexp }) {
	p.link = regexp.MustCompile(`!?\[([^\]\[]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)[^()]*\)`)
	p.url = regexp.MustCompile(`https?://[^\s<>()\[\]]+`)
	p.id = regexp.MustCompile(`\B#[A-Za-z]?[0-9]+\b|\b[A-Z][A-Z0-9]+-[0-9]+\b|\b[A-Za-z][0-9]+\b`)
	p.file = regexp.MustCompile(`\b[\w/-]+\.[A-Za-z][A-Za-z0-9]{0,7}\b|\b\w*_\w+\b`)
	p.number = regexp.MustCompile(`[0-9]+`)
	return p
})

// traitsOf reads a task's text.
func traitsOf(text string) *traits {
	t := new(traits)
	p := patterns()
	visible := p.link.ReplaceAllStringFunc(text, func(link string) string {
		m := p.link.FindStringSubmatch(link)
		if len([]rune(normalise(m[1]))) < minVisible {
			return link
		}
		return m[1]
	})
	t.norm = normalise(visible)
	t.ids = identifiers(text)
	plain := p.url.ReplaceAllString(visible, " ")
	t.numbers = sorted(p.number.FindAllString(plain, -1))
	t.grams = grams(t.norm)
	return t
}

// identifiers returns the identifiers of a text, the first first. A URL counts
// where it is all that names the thing.
func identifiers(text string) []string {
	p := patterns()
	var ids []string
	ids = append(ids, appendGitHub(nil, text)...)
	bare := p.link.ReplaceAllStringFunc(text, func(link string) string {
		m := p.link.FindStringSubmatch(link)
		if len([]rune(normalise(m[1]))) < minVisible {
			ids = append(ids, m[2])
		}
		return m[1]
	})
	ids = append(ids, p.url.FindAllString(bare, -1)...)
	bare = p.url.ReplaceAllString(bare, " ")
	for _, id := range p.id.FindAllString(bare, -1) {
		ids = append(ids, strings.ToLower(strings.TrimPrefix(id, "#")))
	}
	return append(ids, p.file.FindAllString(bare, -1)...)
}

// key is the explicit identifier of a task, if it has one: an id that begins
// the text, else the first issue.
func (t *traits) key() string {
	if len(t.ids) == 0 {
		return ""
	}
	return t.ids[0]
}

// conflict reports whether two texts name different things: neither has all
// the identifiers, or numbers, of the other.
func (t *traits) conflict(o *traits) bool {
	return apart(sorted(t.ids), sorted(o.ids)) || apart(t.numbers, o.numbers)
}

// apart reports whether neither of two sorted sets is in the other.
func apart(a, b []string) bool {
	return !subset(a, b) && !subset(b, a)
}

func subset(a, b []string) bool {
	for _, s := range a {
		if _, ok := slices.BinarySearch(b, s); !ok {
			return false
		}
	}
	return true
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// normalise folds case and keeps letters and digits, words parted by a space.
func normalise(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		case r == '~' || r == '*' || r == '`':
			// Markup stands in words: ~~done~~, **bo**ld.
		default:
			gap = true
		}
	}
	return b.String()
}

func grams(s string) []uint64 {
	var list []uint64
	var last rune
	for i, r := range s {
		if i > 0 {
			list = append(list, uint64(last)<<32|uint64(r))
		}
		last = r
	}
	slices.Sort(list)
	return list
}

// dice returns the similarity of two texts by their bigrams (Dice's
// coefficient), 0 to 1. atLeast lets it give up early: what is returned below
// it is not exact.
func dice(a, b []uint64, atLeast float64) float64 {
	sum := float64(len(a) + len(b))
	if sum == 0 || 2*float64(min(len(a), len(b)))/sum < atLeast {
		return 0
	}
	same, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			same++
			i++
			j++
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return 2 * float64(same) / sum
}

// unchanged returns which part of the longer of two texts stands in the other as
// it is, 0 to 1: one less their edit distance (Levenshtein's).
func unchanged(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		before := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := before
			if r != s {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return 1 - float64(row[len(y)])/float64(max(len(x), len(y), 1))
}
