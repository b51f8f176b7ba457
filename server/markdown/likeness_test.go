package markdown_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/server/markdown"
)

func TestAlike(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		a, b []string
		want []markdown.Likeness
	}{
		{
			name: "case, markup and punctuation make no difference",
			a:    []string{"**Deploy** the `gateway`!"}, b: []string{"deploy the gateway"},
			want: []markdown.Likeness{{Score: 1, Same: true}},
		},
		{
			name: "one character can be the same", a: []string{"a", "b"}, b: []string{"B"},
			want: []markdown.Likeness{{A: 1, Score: 1, Same: true}},
		},
		{name: "what has no letter is like nothing", a: []string{"", "—", "🎉"}, b: []string{"", "—", "🎉"}},
		{name: "half of the pairs are too few", a: []string{"abc"}, b: []string{"abd"}},
		{
			name: "other numbers are other things",
			a:    []string{"Phase 1 of the cutover"}, b: []string{"Phase 2 of the cutover", "The phase 1 of the cutover"},
			want: []markdown.Likeness{{Score: 0.9048, Conflict: true}, {B: 1, Score: 0.913}},
		},
		{name: "nothing", a: nil, b: []string{"a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := markdown.Alike(test.a, test.b)
			for i := range got {
				got[i].Score = float64(int(got[i].Score*10000+0.5)) / 10000
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
