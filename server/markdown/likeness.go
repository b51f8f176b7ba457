package markdown

// minLike is the score from which two texts are alike at all.
const minLike = 0.5

// Likeness is how alike two texts are.
type Likeness struct {
	// A and B are the places of the texts in their lists.
	A, B int
	// Score is 0 to 1; 1 if case, markup and punctuation are all that differs.
	Score float64
	// Same says that this is so. Other texts can score 1 too.
	Same bool
	// Conflict says that they name different things: other numbers, other ids.
	Conflict bool
}

// Alike returns the pairs of a text of a and one of b that score above 0.5, in
// the order of a, then b. A text without a letter or digit is like no other.
func Alike(a, b []string) []Likeness {
	others := make([]*traits, len(b))
	for i, text := range b {
		others[i] = traitsOf(text)
	}
	var pairs []Likeness
	for i, text := range a {
		x := traitsOf(text)
		for j, y := range others {
			p := Likeness{A: i, B: j, Same: x.norm == y.norm && x.norm != ""}
			if p.Same {
				p.Score = 1
			} else if p.Score = dice(x.grams, y.grams, minLike); p.Score > minLike {
				p.Conflict = x.conflict(y)
			}
			if p.Score > minLike {
				pairs = append(pairs, p)
			}
		}
	}
	return pairs
}
