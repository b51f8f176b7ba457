// Package projections folds the log into views.
//
// For most uses, [Fold] a [Projection] over log.Read, or keep a [View] that is
// given each event as it comes. A projection is pure: the same events make the
// same state, on any machine, at any time.
package projections

import (
	"iter"

	"cairn/events"
)

// Projection is a fold over the log. Name and Version identify what it
// computes: a change of Evolve's meaning is a new Version.
type Projection[S any] struct {
	Name    string
	Version int
	// Init returns the state before the first event.
	Init func() S
	// Evolve returns the state after env. It owns the state it is given and
	// may change it in place. It returns an error only where going on would
	// show something wrong, such as an unreadable event; the state then is as
	// it was before.
	Evolve func(S, events.Envelope) (S, error)
}

// Fold returns the state after all of seq. A stop that is not nil ends the fold
// before the first event for which it returns true. On an error, the state
// before it is returned with it.
func Fold[S any](p Projection[S], seq iter.Seq2[events.Envelope, error], stop func(events.Envelope) bool) (S, error) {
	return Continue(p, p.Init(), seq, stop)
}

// Continue is Fold from a state that the caller hands over.
func Continue[S any](p Projection[S], state S, seq iter.Seq2[events.Envelope, error], stop func(events.Envelope) bool) (S, error) {
	for env, err := range seq {
		if err != nil {
			return state, err
		}
		if stop != nil && stop(env) {
			break
		}
		next, err := p.Evolve(state, env)
		if err != nil {
			return state, err
		}
		state = next
	}
	return state, nil
}
