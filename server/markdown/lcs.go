package markdown

import (
	"slices"
	"sort"
)

// both says that element a of one list is element b of another.
type both struct{ a, b int }

// maxEqual bounds the equal pairs that a comparison looks at: two lists that
// repeat one key ten thousand times are compared in order.
const maxEqual = 4 << 20

// common returns a longest common subsequence of two lists of keys, by the
// algorithm of Hunt and Szymanski: O((r + n) log n), r the number of equal pairs.
func common[K comparable](a, b []K) []both {
	var pairs []both
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		pairs = append(pairs, both{head, head})
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for _, p := range middle(a[head:len(a)-tail], b[head:len(b)-tail]) {
		pairs = append(pairs, both{p.a + head, p.b + head})
	}
	for i := tail; i > 0; i-- {
		pairs = append(pairs, both{len(a) - i, len(b) - i})
	}
	return pairs
}

func middle[K comparable](a, b []K) []both {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	where := make(map[K][]int)
	for j, k := range b {
		where[k] = append(where[k], j)
	}
	equal := 0
	for _, k := range a {
		equal += len(where[k])
	}
	if equal > maxEqual {
		for k, at := range where {
			where[k] = at[:1]
		}
	}
	type link struct {
		both
		before *link
	}
	var best []*link // best[n] ends a subsequence of n+1 pairs with the smallest b
	for i, k := range a {
		for _, j := range slices.Backward(where[k]) {
			n := sort.Search(len(best), func(n int) bool { return best[n].b >= j })
			l := &link{both: both{i, j}}
			if n > 0 {
				l.before = best[n-1]
			}
			if n == len(best) {
				best = append(best, l)
			} else {
				best[n] = l
			}
		}
	}
	if len(best) == 0 {
		return nil
	}
	pairs := make([]both, len(best))
	for l, n := best[len(best)-1], len(best)-1; l != nil; l, n = l.before, n-1 {
		pairs[n] = l.both
	}
	return pairs
}

// rising returns which elements of list form a longest rising subsequence.
func rising(list []int) []bool {
	in := make([]bool, len(list))
	var best []int // indexes
	before := make([]int, len(list))
	for i, v := range list {
		n := sort.Search(len(best), func(n int) bool { return list[best[n]] >= v })
		before[i] = -1
		if n > 0 {
			before[i] = best[n-1]
		}
		if n == len(best) {
			best = append(best, i)
		} else {
			best[n] = i
		}
	}
	if len(best) > 0 {
		for i := best[len(best)-1]; i >= 0; i = before[i] {
			in[i] = true
		}
	}
	return in
}
