package burndown_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/events"
	"cairn/server/commands"
)

const three = "# Plan\n\n## A\n- [ ] a\n- [ ] b\n\n## B\n- [ ] c\n"

func p(s string) *string { return &s }

// Each series is worked out by hand; the reasoning stands beside it.
func TestDays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		does  func(w *world)
		today events.Day
		want  string
	}{
		{
			// Done on the 23rd, open again after midnight: the 23rd keeps it.
			name: "re-opened across midnight",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-23T23:59").do(verb(commands.Done, "1"))
				w.at("2026-11-24T00:00").do(verb(commands.Reopen, "1"))
			},
			today: "2026-11-24",
			want: "2026-11-23  scope 3  done 1  doing 0  held 0  dropped 0  +3 -0 ~0  closed 1  reopened 0\n" +
				"2026-11-24  scope 3  done 0  doing 0  held 0  dropped 0  +0 -0 ~0  closed 0  reopened 1\n",
		},
		{
			// Work that was decided against is neither done nor to be done; wanted
			// again, it comes back into the scope.
			name: "dropped and wanted again",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-24T10:00").do(verb(commands.Drop, "1"))
				w.at("2026-11-26T10:00").do(verb(commands.Reopen, "1"), verb(commands.Start, "1"))
			},
			today: "2026-11-26",
			want: "2026-11-23  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 2  done 0  doing 0  held 0  dropped 1  +0 -1 ~0  closed 0  reopened 0\n" +
				"2026-11-25  scope 2  done 0  doing 0  held 0  dropped 1  +0 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-26  scope 3  done 0  doing 1  held 0  dropped 0  +1 -0 ~0  closed 0  reopened 0\n",
		},
		{
			// A parent that is dropped takes what is under it out with it: two
			// leaves, of which one was done.
			name: "a parent dropped",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing("- [ ] p\n  - [ ] a\n  - [x] b\n- [ ] c\n").at("2026-11-24T10:00").do(verb(commands.Drop, "1"))
			},
			today: "2026-11-24",
			want: "2026-11-23  scope 3  done 1  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 1  done 0  doing 0  held 0  dropped 2  +0 -2 ~0  closed 0  reopened 0\n",
		},
		{
			// What is taken out of the document was never work, from now on only.
			name: "removed, with a section",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-24T10:00").do(verb(commands.Done, "3"))
				w.at("2026-11-25T10:00").do(commands.RemoveTasks{Tasks: []string{"1"}}, commands.RemoveSection{Section: "s:2", WithTasks: true})
			},
			today: "2026-11-25",
			want: "2026-11-23  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 3  done 1  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n" +
				"2026-11-25  scope 1  done 0  doing 0  held 0  dropped 0  +0 -2 ~0  closed 0  reopened 0\n",
		},
		{
			// One leaf becomes three: two more, and nobody wanted more. Taken back,
			// two fewer.
			name: "split, and the reverse",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-24T10:00").do(commands.SplitTask{Task: "1", Texts: []string{"x", "y", "z"}})
				w.at("2026-11-25T10:00").do(commands.Undo{})
			},
			today: "2026-11-25",
			want: "2026-11-23  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 5  done 0  doing 0  held 0  dropped 0  +0 -0 ~2  closed 0  reopened 0\n" +
				"2026-11-25  scope 3  done 0  doing 0  held 0  dropped 0  +0 -0 ~-2  closed 0  reopened 0\n",
		},
		{
			// b under a: a stands for b, one leaf less. Out again: one more. A task
			// that is put under a parent is more work.
			name: "under another task, out again, and one more",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-24T10:00").do(commands.MoveTasks{Tasks: []string{"2"}}.To("1", "", "", ""))
				w.at("2026-11-25T10:00").do(commands.AddTask{Text: "d"}.At("1", "", "", ""))
				w.at("2026-11-26T10:00").do(commands.MoveTasks{Tasks: []string{"2", "4"}}.To("", "", "", "s:2"))
			},
			today: "2026-11-26",
			want: "2026-11-23  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 2  done 0  doing 0  held 0  dropped 0  +0 -0 ~-1  closed 0  reopened 0\n" +
				"2026-11-25  scope 3  done 0  doing 0  held 0  dropped 0  +1 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-26  scope 4  done 0  doing 0  held 0  dropped 0  +0 -0 ~1  closed 0  reopened 0\n",
		},
		{
			// 22:30 UTC is the 29th in Berlin in summer (00:30), and 23:30 in
			// winter; the clocks go back on the 25th of October.
			name: "the end of summer time in Berlin",
			does: func(w *world) {
				w.at("2026-10-23T10:00").importing(three).do(commands.Plan{Timezone: p("Europe/Berlin")})
				w.at("2026-10-24T21:59").do(verb(commands.Start, "1")) // 23:59, still the 24th
				w.at("2026-10-24T22:00").do(verb(commands.Done, "1"))  // 00:00 of the 25th
				w.at("2026-10-25T22:59").do(verb(commands.Done, "2"))  // 23:59 in winter time
				w.at("2026-10-25T23:00").do(verb(commands.Done, "3"))  // the 26th
			},
			today: "2026-10-26",
			want: "2026-10-23  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-10-24  scope 3  done 0  doing 1  held 0  dropped 0  +0 -0 ~0  closed 0  reopened 0\n" +
				"2026-10-25  scope 3  done 2  doing 0  held 0  dropped 0  +0 -0 ~0  closed 2  reopened 0\n" +
				"2026-10-26  scope 3  done 3  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n",
		},
		{
			// On the 29th of March the clocks go from 02:00 to 03:00: the day has 23
			// hours, and midnight is 23:00 UTC before it and 22:00 UTC behind it.
			name: "the beginning of summer time in Berlin",
			does: func(w *world) {
				w.at("2026-03-27T10:00").importing(three).do(commands.Plan{Timezone: p("Europe/Berlin")})
				w.at("2026-03-28T22:59").do(verb(commands.Start, "1")) // 23:59 in winter time
				w.at("2026-03-28T23:00").do(verb(commands.Done, "1"))  // 00:00 of the 29th
				w.at("2026-03-29T21:59").do(verb(commands.Done, "2"))  // 23:59 in summer time
				w.at("2026-03-29T22:00").do(verb(commands.Done, "3"))  // 00:00 of the 30th
			},
			today: "2026-03-30",
			want: "2026-03-27  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-03-28  scope 3  done 0  doing 1  held 0  dropped 0  +0 -0 ~0  closed 0  reopened 0\n" +
				"2026-03-29  scope 3  done 2  doing 0  held 0  dropped 0  +0 -0 ~0  closed 2  reopened 0\n" +
				"2026-03-30  scope 3  done 3  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n",
		},
		{
			// In 2019 summer time ended in São Paulo at midnight behind the 16th of
			// February, which went back to 23:00: the hour before midnight comes twice,
			// from 01:00 and from 02:00 UTC on, and both are of the 16th.
			name: "an hour before midnight that comes twice in São Paulo",
			does: func(w *world) {
				w.at("2019-02-16T10:00").importing(three).do(commands.Plan{Timezone: p("America/Sao_Paulo")})
				w.at("2019-02-17T01:59").do(verb(commands.Done, "1")) // 23:59 in summer time
				w.at("2019-02-17T02:59").do(verb(commands.Done, "2")) // 23:59 again
				w.at("2019-02-17T03:00").do(verb(commands.Done, "3")) // 00:00 of the 17th
			},
			today: "2019-02-17",
			want: "2019-02-16  scope 3  done 2  doing 0  held 0  dropped 0  +3 -0 ~0  closed 2  reopened 0\n" +
				"2019-02-17  scope 3  done 3  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n",
		},
		{
			// In 2018 summer time began in São Paulo at midnight of the 4th of
			// November: that day has no 00:00, its first instant is 01:00 (03:00 UTC).
			name: "a day without midnight in São Paulo",
			does: func(w *world) {
				w.at("2018-11-03T10:00").importing(three).do(commands.Plan{Timezone: p("America/Sao_Paulo")})
				w.at("2018-11-04T02:59").do(verb(commands.Done, "1")) // 23:59 of the 3rd
				w.at("2018-11-04T03:00").do(verb(commands.Done, "2")) // 01:00 of the 4th
				w.at("2018-11-05T02:00").do(verb(commands.Done, "3")) // 00:00 of the 5th
			},
			today: "2018-11-05",
			want: "2018-11-03  scope 3  done 1  doing 0  held 0  dropped 0  +3 -0 ~0  closed 1  reopened 0\n" +
				"2018-11-04  scope 3  done 2  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n" +
				"2018-11-05  scope 3  done 3  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n",
		},
		{
			// The zone changes on the 24th, at noon: the 23rd stays as it was told,
			// the 24th ends at midnight in Auckland, which is 11:00 UTC.
			name: "another zone, from its own day on",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-23T23:30").do(verb(commands.Done, "1"))
				w.at("2026-11-24T09:00").do(commands.Plan{Timezone: p("Pacific/Auckland")})
				w.at("2026-11-24T10:59").do(verb(commands.Done, "2"))
				w.at("2026-11-24T11:00").do(verb(commands.Done, "3"))
			},
			today: "2026-11-25",
			want: "2026-11-23  scope 3  done 1  doing 0  held 0  dropped 0  +3 -0 ~0  closed 1  reopened 0\n" +
				"2026-11-24  scope 3  done 2  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n" +
				"2026-11-25  scope 3  done 3  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n",
		},
		{
			// 01:00 of the 24th in UTC is the 23rd in New York: the day that is under
			// way goes on until New York's 24th is over.
			name: "another zone, where it is yesterday",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-24T01:00").do(verb(commands.Done, "1"), commands.Plan{Timezone: p("America/New_York")})
				w.at("2026-11-24T03:00").do(verb(commands.Done, "2"))
				w.at("2026-11-25T04:59").do(verb(commands.Done, "3"))
			},
			today: "2026-11-24",
			want: "2026-11-23  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 3  done 3  doing 0  held 0  dropped 0  +0 -0 ~0  closed 3  reopened 0\n",
		},
		{
			// It comes in done: more scope, more done, and no work was closed.
			name: "done before it came into the scope, and closed at import",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing("- [x] a\n- [ ] b\n")
				w.at("2026-11-24T10:00").do(commands.SyncDocument{Document: []byte("- [x] a\n- [ ] b\n- [x] c\n"), Base: 4})
			},
			today: "2026-11-24",
			want: "2026-11-23  scope 2  done 1  doing 0  held 0  dropped 0  +2 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 3  done 2  doing 0  held 0  dropped 0  +1 -0 ~0  closed 0  reopened 0\n",
		},
		{
			// --on says when it happened; the chart says when it was known.
			name: "done on an earlier day",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).at("2026-11-25T10:00")
				if err := w.try(verb(commands.Done, "1"), w.now.AddDate(0, 0, -1)); err != nil {
					w.t.Fatalf("%v", err)
				}
			},
			today: "2026-11-25",
			want: "2026-11-23  scope 3  done 0  doing 0  held 0  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 3  done 0  doing 0  held 0  dropped 0  +0 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-25  scope 3  done 1  doing 0  held 0  dropped 0  +0 -0 ~0  closed 1  reopened 0\n",
		},
		{
			// Risks and what repeats are no work; under a heading about risks a task
			// leaves the scope, out of it it comes in.
			name: "risks and what repeats",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing("## A\n- [ ] a\n- [ ] b\n\n## Risks\n\n### Of old\n- [ ] r\n")
				w.at("2026-11-24T10:00").do(verb(commands.Done, "3"), commands.Schedule{Tasks: []string{"1"}, Due: "fri", Every: "week"})
				w.at("2026-11-25T10:00").do(commands.EditSection{Section: "s:2", Title: "Questions"})
			},
			today: "2026-11-25",
			want: "2026-11-23  scope 2  done 0  doing 0  held 0  dropped 0  +2 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 1  done 0  doing 0  held 0  dropped 0  +0 -1 ~0  closed 0  reopened 0\n" +
				"2026-11-25  scope 2  done 1  doing 0  held 0  dropped 0  +1 -0 ~0  closed 0  reopened 0\n",
		},
		{
			name: "zero tasks",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing("# Plan\n")
			},
			today: "2026-11-24",
			want: "2026-11-23  scope 0  done 0  doing 0  held 0  dropped 0  +0 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 0  done 0  doing 0  held 0  dropped 0  +0 -0 ~0  closed 0  reopened 0\n",
		},
		{
			name: "everything done",
			does: func(w *world) {
				w.at("2026-11-23T10:00").importing(three).do(verb(commands.Hold, "1")).at("2026-11-24T10:00").do(verb(commands.Done, "1", "2", "3"))
			},
			today: "2026-11-24",
			want: "2026-11-23  scope 3  done 0  doing 0  held 1  dropped 0  +3 -0 ~0  closed 0  reopened 0\n" +
				"2026-11-24  scope 3  done 3  doing 0  held 0  dropped 0  +0 -0 ~0  closed 3  reopened 0\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.does(w)
			if diff := cmp.Diff(test.want, table(w.series(nil).Days(test.today))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
