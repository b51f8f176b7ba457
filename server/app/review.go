package app

import (
	"context"
	"fmt"
	"time"

	"cairn/events"
	"cairn/projections/audit"
	"cairn/projections/burndown"
	"cairn/projections/checklist"
	"cairn/projections/report"
	"cairn/server/commands"
)

// Review calls see with the report of a checklist up to a moment, since another;
// where since is nil, since the last review, else since a week before. Up to a review,
// it is that review as it was recorded. Now is what the clock says.
func Review(ctx context.Context, a App, name string, upto Moment, since *commands.When, now time.Time, see func(*report.Report) error) error {
	to := upto.At
	if to != nil && to.Review != 0 && since == nil {
		return PastReview(ctx, a, name, to, see)
	}
	var from commands.When
	var begin report.Moment
	if since != nil {
		if from = *since; !from.From.IsZero() { // a day means its beginning
			from.From = from.From.Add(-1)
			from.End = from.From
		}
	} else if err := a.Checklist(ctx, name, to, func(st *checklist.State) error {
		from, begin = firstBeginning(st, upto.reviewDay(st))
		if n := len(st.Reviews); n > 0 {
			from, begin = commands.When{Text: "review", Seq: st.Reviews[n-1].Seq}, report.Moment{}
		}
		return nil
	}); err != nil {
		return err
	}
	return a.Report(ctx, name, &from, to, func(before, after *burndown.Series, rows []audit.Row) error {
		end := report.Moment{Day: upto.reviewDay(after.State())}
		// Up to a day, that day is over; up to a moment of it, it was not.
		end.Over = to != nil && !to.From.IsZero() && to.End.After(to.From) && !to.End.After(now)
		r := report.New(before, after, rows, beginning(begin, before), end)
		return see(&r)
	})
}

// reviewDay is the day that a review is seen from: another machine's clock may be
// ahead.
func (m Moment) reviewDay(st *checklist.State) events.Day {
	return max(m.Today(st), events.DayOf(st.Effective.In(st.Zone())))
}

// beginning is begin, else the day of the last event before.
func beginning(begin report.Moment, before *burndown.Series) report.Moment {
	if begin.Day == "" {
		begin.Day = events.DayOf(before.State().Effective.In(before.State().Zone()))
	}
	return begin
}

// firstBeginning is where the first review begins, seen from a day: at the end of
// the day a week before it, or at the import where that came later.
func firstBeginning(st *checklist.State, today events.Day) (commands.When, report.Moment) {
	back := events.DayOf(today.In(time.UTC).AddDate(0, 0, -7))
	if events.DayOf(st.Created.At.In(st.Zone())) > back {
		return commands.When{Text: "import", Import: true}, report.Moment{}
	}
	end := events.DayOf(back.In(time.UTC).AddDate(0, 0, 1)).In(st.Zone()).Add(-1)
	return commands.When{Text: string(back), From: end, End: end}, report.Moment{Day: back, Over: true}
}

// PastReview calls see with a review that was recorded, as it was then.
func PastReview(ctx context.Context, a App, name string, at *commands.When, see func(*report.Report) error) error {
	if at == nil || at.Review == 0 {
		if at == nil {
			at = &commands.When{Text: `""`}
		}
		return &commands.Error{Code: commands.CodeUsage, Message: fmt.Sprintf("%s is no review: want review or review~1", checklist.Clean(at.Text)), Hint: "What moved since another moment: cairn report --since WHEN; up to one: --as-of WHEN"}
	}
	var review checklist.Review
	var first, end events.Day
	var week commands.When
	var begin report.Moment
	if err := a.Checklist(ctx, name, at, func(st *checklist.State) error {
		review = st.Reviews[len(st.Reviews)-1]
		end = events.DayOf(review.At.In(st.Zone()))
		if len(st.Reviews) == 1 {
			first = end
		}
		week, begin = firstBeginning(st, end)
		return nil
	}); err != nil {
		return err
	}
	from, to, err := reviewed(ctx, a, name, review)
	if err != nil {
		return err
	}
	if first != "" {
		from = week
	} else {
		begin = report.Moment{}
	}
	return a.Report(ctx, name, &from, &to, func(before, after *burndown.Series, rows []audit.Row) error {
		r := report.New(before, after, rows, beginning(begin, before), report.Moment{Day: end})
		r.Recorded = &review
		return see(&r)
	})
}

// reviewed returns the positions that a review is from and upto.
func reviewed(ctx context.Context, a App, name string, review checklist.Review) (from, to commands.When, err error) {
	from, to = commands.When{Text: "the review's beginning"}, commands.When{Text: "the review's end"}
	for env, err := range a.Events(ctx, events.Filter{Checklist: name, Upto: review.Seq}) {
		if err != nil {
			return from, to, err
		}
		if env.Revision <= uint64(review.From) {
			from.Seq = env.Seq
		}
		if env.Revision <= uint64(review.Upto) {
			to.Seq = env.Seq
		}
	}
	return from, to, nil
}
