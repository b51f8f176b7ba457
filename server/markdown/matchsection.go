package markdown

import (
	"strings"

	"cairn/events"
)

// sections pairs the sections of both versions: those with the same path in
// order, then, from the outside in, by title, similar title or common tasks.
func (m *matcher) sections() {
	old, now := m.old, m.now
	paths := func(s *side) []string {
		path := make([]string, len(s.blocks))
		list := make([]string, len(s.sections))
		for n, i := range s.sections {
			path[i] = normalTitle(s.blocks[i].Title)
			if p := s.section[i]; p >= 0 {
				path[i] = path[p] + "\x00" + path[i]
			}
			list[n] = path[i]
		}
		return list
	}
	for _, p := range common(paths(old), paths(now)) {
		m.take(old.sections[p.a], now.sections[p.b], events.Match{})
	}
	m.sectionsBy(func(a, b int) (events.Match, bool) { // the same title in the same place, out of order
		return events.Match{}, m.sameHome(a, b) && normalTitle(old.blocks[a].Title) == normalTitle(now.blocks[b].Title)
	})
	m.sectionsBy(func(a, b int) (events.Match, bool) { // half of its tasks
		x, y := m.texts(old, a), m.texts(now, b)
		n := 0
		for text, count := range y {
			n += min(count, x[text])
		}
		size := max(total(x), total(y))
		return events.Match{Stage: stageTasks, Score: round(float64(n) / float64(max(size, 1)))}, n*2 >= size && (n > 1 || n == 1 && size == 1)
	})
	m.sectionsBy(func(a, b int) (events.Match, bool) { // a similar title in the same place
		score := dice(grams(normalTitle(old.blocks[a].Title)), grams(normalTitle(now.blocks[b].Title)), minSimilar)
		return events.Match{Stage: stageTitle, Score: round(score)}, score > minSimilar && m.sameHome(a, b)
	})
	m.uniqueTitles()
}

func normalTitle(title string) string {
	if n := normalise(title); n != "" {
		return n
	}
	return strings.TrimSpace(title)
}

// sameHome reports whether two sections stand in the same section.
func (m *matcher) sameHome(a, b int) bool { return m.home(b) == m.old.section[a] }

// sectionsBy pairs each unpaired section of the new version with the best that
// rule takes for the same.
func (m *matcher) sectionsBy(rule func(a, b int) (events.Match, bool)) {
	for _, b := range free(m.now.sections, m.Old) {
		best, how := -1, events.Match{}
		for _, a := range free(m.old.sections, m.New) {
			if h, ok := rule(a, b); ok && (best < 0 || h.Score > how.Score) {
				best, how = a, h
			}
		}
		if best >= 0 {
			m.take(best, b, how)
		}
	}
}

// texts counts the texts of a section's own tasks.
func (m *matcher) texts(s *side, section int) map[string]int {
	count := make(map[string]int)
	for _, i := range s.within[section] {
		count[s.blocks[i].Text]++
	}
	return count
}

func total(count map[string]int) int {
	n := 0
	for _, c := range count {
		n += c
	}
	return n
}

// uniqueTitles pairs sections that stand elsewhere with a title that is there
// once in each version.
func (m *matcher) uniqueTitles() {
	count := func(s *side) map[string][]int {
		at := make(map[string][]int)
		for _, i := range s.sections {
			title := normalTitle(s.blocks[i].Title)
			at[title] = append(at[title], i)
		}
		return at
	}
	old, now := count(m.old), count(m.now)
	for _, b := range free(m.now.sections, m.Old) {
		title := normalTitle(m.now.blocks[b].Title)
		if len(now[title]) == 1 && len(old[title]) == 1 && m.New[old[title][0]] < 0 {
			m.take(old[title][0], b, events.Match{Stage: stageTitle, Score: 1})
		}
	}
}
