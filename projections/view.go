package projections

import (
	"fmt"
	"sync"

	"cairn/events"
)

// View is a projection that follows the log: its owner applies each event, and
// any number of readers look at the state. It is safe for concurrent use.
type View[S any] struct {
	projection Projection[S]

	mu    sync.RWMutex // guards all below
	state S
	seq   events.Seq
	err   error
}

// NewView returns the view of p before the first event.
func NewView[S any](p Projection[S]) *View[S] {
	return &View[S]{projection: p, state: p.Init()}
}

// Apply evolves the view by env. An event that the view has seen already does
// nothing. After an error the view stands still, and every further Apply and
// Read returns that error.
func (v *View[S]) Apply(env events.Envelope) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil {
		return v.err
	}
	if env.Seq <= v.seq {
		return nil
	}
	state, err := v.projection.Evolve(v.state, env)
	if err != nil {
		v.err = fmt.Errorf("view %s stopped at @%d: %w", v.projection.Name, env.Seq, err)
		return v.err
	}
	v.state, v.seq = state, env.Seq
	return nil
}

// Read calls look with the state, which must be neither changed nor kept.
func (v *View[S]) Read(look func(S) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.err != nil {
		return v.err
	}
	return look(v.state)
}

// Seq returns the sequence of the last event applied.
func (v *View[S]) Seq() events.Seq {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.seq
}
