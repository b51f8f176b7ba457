package markdown

import (
	"cmp"
	"slices"
	"strings"

	"cairn/events"
)

// Stages by which a task of one version was taken for a task of another, in
// the order in which they are tried; they stand in the stored match. Sections
// are aligned first, by path, title or tasks.
const (
	stageElsewhere  = "text"       // the same text in another place, once in each version
	stageIdentifier = "identifier" // the same identifier, once in each version
	stageNormal     = "normalised" // the same words
	stageSimilar    = "similar"    // the most similar in the section
	stageGrown      = "grown"      // one text begins with the other
	stageFar        = "similar elsewhere"
	stageGap        = "neighbours" // the one gap between the same neighbours
	stageTitle      = "title"      // of a section: a similar title in the same place
	stageTasks      = "tasks"      // of a section: half of its tasks
)

// Pairing says which blocks of a new version of a document are which of an old
// one. Texts are not paired: they belong to their place.
type Pairing struct {
	// Old is, for each block of the new version, its index in the old; -1 where
	// it is new. How is by which rule, zero where place and text tell.
	Old []int
	How []events.Match
	// New is the reverse of Old.
	New []int
	// Rewrite says that hardly a task survived: texts that look alike in other
	// places were not taken for the same.
	Rewrite bool
}

// Match pairs the sections and tasks of two versions of a document. It is pure.
// The rules, and where they come from, are described in docs/adr/0010.
func Match(old, now []Block) Pairing {
	m := &matcher{old: newSide(old), now: newSide(now)}
	m.Old, m.How, m.New = fill(len(now), -1), make([]events.Match, len(now)), fill(len(old), -1)
	m.sections()
	m.sameText()
	m.headings()
	m.elsewhere()
	m.identifiers()
	m.inSections((*matcher).normalised)
	m.inSections((*matcher).similar)
	m.judge()
	m.far()
	m.inSections((*matcher).gaps)
	return m.Pairing
}

func fill(n, v int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// matcher is a comparison under way.
type matcher struct {
	Pairing
	old, now *side
}

// side is one of the two versions.
type side struct {
	blocks   []Block
	section  []int // of each block: the section it stands in, -1 for none
	depth    []int // of each task: the tasks it stands in
	sections []int
	tasks    []int
	within   map[int][]int // tasks of each section, in order
	traits   []*traits
}

func newSide(blocks []Block) *side {
	s := &side{blocks: blocks, section: make([]int, len(blocks)), depth: make([]int, len(blocks)), within: make(map[int][]int), traits: make([]*traits, len(blocks))}
	for i := range blocks {
		b := &blocks[i]
		s.section[i] = -1
		if b.Parent >= 0 {
			s.section[i] = b.Parent
			if above := &blocks[b.Parent]; above.Noun != events.SectionNoun {
				s.section[i] = s.section[b.Parent]
				s.depth[i] = s.depth[b.Parent] + 1
			}
		}
		switch b.Noun {
		case events.SectionNoun:
			s.sections = append(s.sections, i)
		case events.TaskNoun:
			s.tasks = append(s.tasks, i)
			s.within[s.section[i]] = append(s.within[s.section[i]], i)
		}
	}
	return s
}

func (s *side) traitsOf(i int) *traits {
	if s.traits[i] == nil {
		s.traits[i] = traitsOf(s.blocks[i].Text)
	}
	return s.traits[i]
}

// take pairs old block a with new block b.
func (m *matcher) take(a, b int, how events.Match) {
	m.Old[b], m.New[a], m.How[b] = a, b, how
}

// free returns those of blocks that have no partner.
func free(blocks, partner []int) []int {
	var list []int
	for _, i := range blocks {
		if partner[i] < 0 {
			list = append(list, i)
		}
	}
	return list
}

// home is the section of the old version that stands for the section of a new
// block: -1 for the document, -2 if there is none.
func (m *matcher) home(b int) int {
	s := m.now.section[b]
	if s < 0 {
		return -1
	}
	if a := m.Old[s]; a >= 0 {
		return a
	}
	return -2
}

// sameText pairs tasks of the same text in the same section: in order, those
// under the same parent first.
func (m *matcher) sameText() {
	m.inSections(func(m *matcher, old, now []int) {
		m.inOrder(old, now, func(s *side, i int) string {
			parent := ""
			if p := s.blocks[i].Parent; p >= 0 && s.blocks[p].Noun == events.TaskNoun {
				parent = s.blocks[p].Text
			}
			return s.blocks[i].Text + "\x00" + parent
		}, events.Match{})
		m.inOrder(free(old, m.New), free(now, m.Old), ownText, events.Match{})
	})
}

func ownText(s *side, i int) string { return s.blocks[i].Text }

// inOrder pairs tasks with the same key, as many as can be in order.
func (m *matcher) inOrder(old, now []int, key func(s *side, i int) string, how events.Match) {
	for _, p := range common(keysOf(m.old, old, key), keysOf(m.now, now, key)) {
		m.take(old[p.a], now[p.b], how)
	}
}

func keysOf(s *side, list []int, key func(s *side, i int) string) []string {
	keys := make([]string, len(list))
	for n, i := range list {
		keys[n] = key(s, i)
	}
	return keys
}

// inSections calls rule with the unpaired tasks of each pair of sections.
func (m *matcher) inSections(rule func(m *matcher, old, now []int)) {
	each := func(a, b int) {
		old, now := free(m.old.within[a], m.New), free(m.now.within[b], m.Old)
		if len(old) > 0 && len(now) > 0 {
			rule(m, old, now)
		}
	}
	each(-1, -1)
	for _, b := range m.now.sections {
		if a := m.Old[b]; a >= 0 {
			each(a, b)
		}
	}
}

// headings pairs tasks that came under a new heading, or lost theirs, in order:
// the heading changed, not they.
func (m *matcher) headings() {
	lost := func(s *side, i int, partner []int) bool {
		home := s.section[i]
		return home >= 0 && partner[home] < 0
	}
	old, now := free(m.old.tasks, m.New), free(m.now.tasks, m.Old)
	if len(old) == 0 || len(now) == 0 {
		return
	}
	for _, p := range common(keysOf(m.old, old, ownText), keysOf(m.now, now, ownText)) {
		if a, b := old[p.a], now[p.b]; lost(m.old, a, m.New) || lost(m.now, b, m.Old) {
			m.take(a, b, events.Match{Stage: stageElsewhere})
		}
	}
}

// elsewhere pairs tasks whose text is there once in each version.
func (m *matcher) elsewhere() {
	m.unique(ownText, func(a, b int) (events.Match, bool) {
		how := events.Match{}
		if m.home(b) != m.old.section[a] {
			how.Stage = stageElsewhere
		}
		return how, len([]rune(m.now.blocks[b].Text)) > 2 // "ok" is nowhere unique for long
	})
}

// unique pairs the unpaired tasks whose key is there once on both sides, and
// which ok takes for the same.
func (m *matcher) unique(key func(s *side, i int) string, ok func(a, b int) (events.Match, bool)) {
	olds, news := free(m.old.tasks, m.New), free(m.now.tasks, m.Old)
	if len(olds) == 0 || len(news) == 0 {
		return
	}
	at := make(map[string]int) // an unpaired old task of each key
	for _, a := range olds {
		if k := key(m.old, a); k != "" {
			at[k] = a
		}
	}
	for _, b := range news {
		k := key(m.now, b)
		a, there := at[k]
		if k == "" || !there || m.New[a] >= 0 || !m.old.once(k, key) || !m.now.once(k, key) {
			continue
		}
		if how, same := ok(a, b); same {
			m.take(a, b, how)
		}
	}
}

// once reports whether one task alone has a key, which is part of its text.
func (s *side) once(k string, key func(s *side, i int) string) bool {
	n := 0
	for _, i := range s.tasks {
		if containsFold(s.blocks[i].Text, k) && key(s, i) == k {
			n++
		}
	}
	return n == 1
}

// containsFold reports whether s contains substr, ASCII case aside.
func containsFold(s, substr string) bool {
	return strings.Contains(s, substr) || strings.Contains(strings.ToLower(s), substr)
}

// minByIdentifier is how similar two texts with one identifier must be at
// least: identifiers are used again after a reset.
const minByIdentifier = .35

// identifiers pairs tasks by an identifier that is there once in each version.
func (m *matcher) identifiers() {
	m.unique(func(s *side, i int) string { return s.traitsOf(i).key() }, func(a, b int) (events.Match, bool) {
		x, y := m.old.withoutKey(a), m.now.withoutKey(b)
		score := dice(grams(x), grams(y), 0)
		return events.Match{Stage: stageIdentifier, Score: round(score)},
			score >= minByIdentifier || strings.Contains(x, y) || strings.Contains(y, x)
	})
}

// withoutKey is the normalised text without the identifier: that two texts have
// in common anyway.
func (s *side) withoutKey(i int) string {
	t := s.traitsOf(i)
	text := s.blocks[i].Text
	if at := strings.Index(strings.ToLower(text), strings.ToLower(t.key())); at >= 0 && at+len(t.key()) <= len(text) {
		text = text[:at] + " " + text[at+len(t.key()):]
	}
	return normalise(text)
}

func round(score float64) float64 { return float64(int(score*100+.5)) / 100 }

// normalised pairs tasks with the same words, in order.
func (m *matcher) normalised(old, now []int) {
	wordy := func(s *side, list []int) []int {
		return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return s.traitsOf(i).norm == "" })
	}
	m.inOrder(wordy(m.old, old), wordy(m.now, now), func(s *side, i int) string { return s.traitsOf(i).norm }, events.Match{Stage: stageNormal})
}

const (
	minSimilar = .6
	minFar     = .8
	// Where letters changed all over, hardly a bigram is left: at least so many
	// must be, and so much of the text must stand as it did.
	minTypos     = .25
	minUnchanged = 2. / 3
	// minPrefix is how many characters a text must have that another begins with.
	minPrefix = 8
)

// candidate is a pair that might be the same task.
type candidate struct {
	a, b  int
	score float64
	stage string
}

// similar pairs the most similar tasks first, or those of which one grew out of
// the other. Texts that name different things are never the same.
func (m *matcher) similar(old, now []int) {
	var list []candidate
	for _, b := range now {
		y := m.now.traitsOf(b)
		for _, a := range old {
			x := m.old.traitsOf(a)
			if score := dice(x.grams, y.grams, minTypos); score > minSimilar && !x.conflict(y) {
				list = append(list, candidate{a, b, score, stageSimilar})
			} else if score > minTypos && !x.conflict(y) && unchanged(x.norm, y.norm) > minUnchanged {
				list = append(list, candidate{a, b, unchanged(x.norm, y.norm), stageSimilar})
			} else if grown(x.norm, y.norm) && !x.conflict(y) {
				list = append(list, candidate{a, b, dice(x.grams, y.grams, 0), stageGrown})
			}
		}
	}
	m.best(list)
}

// grown reports whether one of two texts begins with the other.
func grown(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len([]rune(a)) >= minPrefix && strings.HasPrefix(b, a) && (len(a) == len(b) || b[len(a)] == ' ')
}

// best pairs candidates, the most similar first, then those nearest in order.
func (m *matcher) best(list []candidate) {
	slices.SortStableFunc(list, func(x, y candidate) int { return cmp.Compare(y.score, x.score) })
	for _, c := range list {
		if m.New[c.a] < 0 && m.Old[c.b] < 0 {
			m.take(c.a, c.b, events.Match{Stage: c.stage, Score: round(c.score)})
		}
	}
}

// judge finds out whether the document was written anew.
func (m *matcher) judge() {
	n := len(m.old.tasks)
	survived := n - len(free(m.old.tasks, m.New))
	m.Rewrite = n >= 10 && survived*10 < n*3
}

// far pairs very similar tasks of different sections.
func (m *matcher) far() {
	old, now := free(m.old.tasks, m.New), free(m.now.tasks, m.Old)
	if m.Rewrite || len(old)*len(now) > maxEqual {
		return
	}
	var list []candidate
	for _, b := range now {
		y := m.now.traitsOf(b)
		for _, a := range old {
			x := m.old.traitsOf(a)
			if score := dice(x.grams, y.grams, minFar); score > minFar && !x.conflict(y) {
				list = append(list, candidate{a, b, score, stageFar})
			}
		}
	}
	m.best(list)
}

// gaps pairs the one unpaired task between two neighbours with the one between
// their partners, if both begin with the same word.
func (m *matcher) gaps(_, now []int) {
	for _, b := range now {
		before, after := m.neighbours(m.now, b, m.Old)
		for _, a := range free(m.old.within[m.home(b)], m.New) {
			x, y := m.old.traitsOf(a), m.now.traitsOf(b)
			p, n := m.neighbours(m.old, a, m.New)
			if m.pairs(p, before) && m.pairs(n, after) && m.old.depth[a] == m.now.depth[b] &&
				firstWord(x.norm) != "" && firstWord(x.norm) == firstWord(y.norm) && !slices.Contains(x.ids, firstWord(x.norm)) &&
				!apart(sorted(x.ids), sorted(y.ids)) {
				m.take(a, b, events.Match{Stage: stageGap, Score: round(dice(x.grams, y.grams, 0))})
				break
			}
		}
	}
}

// neighbours are the tasks of the section just before and behind i: -1 at the
// ends, -2 where that one has no partner.
func (m *matcher) neighbours(s *side, i int, partner []int) (before, after int) {
	list := s.within[s.section[i]]
	at, _ := slices.BinarySearch(list, i)
	get := func(n int) int {
		if n < 0 || n >= len(list) {
			return -1
		}
		if partner[list[n]] < 0 {
			return -2
		}
		return list[n]
	}
	return get(at - 1), get(at + 1)
}

// pairs reports whether the old neighbour a and the new one b are the same.
func (m *matcher) pairs(a, b int) bool {
	if a < 0 || b < 0 {
		return a == b && a == -1
	}
	return m.Old[b] == a
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}
