package app

import (
	"context"
	"fmt"

	"cairn/events"
	"cairn/server/commands"
)

// Position returns w with the position that it names, where it is that of the
// last baseline or of a review; otherwise w as it is. It returns an error where
// there is no such event.
func (l *Local) Position(ctx context.Context, name string, w commands.When) (commands.When, error) {
	kind, back := events.KindReviewRecorded, w.Review
	switch {
	case w.Seq != 0:
		return w, nil
	case w.Baseline:
		kind, back = events.KindChecklistBaselined, 1
	case back == 0:
		return w, nil
	}
	var found []events.Seq
	for env, err := range l.log.Read(ctx, events.Filter{Checklist: name, Kinds: []events.Kind{kind}}) {
		if err != nil {
			return w, err
		}
		found = append(found, env.Seq)
	}
	if len(found) < back {
		return w, noSuch(name, w, len(found))
	}
	w.Seq = found[len(found)-back]
	return w, nil
}

// noSuch is the error for a baseline or a review that is not there.
func noSuch(name string, w commands.When, there int) error {
	e := &commands.Error{Code: commands.CodeNoMoment}
	switch {
	case w.Baseline:
		e.Message, e.Hint = name+" has no baseline", "To set one: cairn baseline"
	case there == 0:
		e.Message, e.Hint = name+" has no review yet", "To record one: cairn report --record"
	case there == 1:
		e.Message, e.Hint = fmt.Sprintf("%s goes back too far: %s has 1 review", w.Text, name), "The first is review."
	default:
		e.Message = fmt.Sprintf("%s goes back too far: %s has %d reviews", w.Text, name, there)
		e.Hint = fmt.Sprintf("The first is review~%d.", there-1)
	}
	return e
}
