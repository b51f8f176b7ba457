package projections

import (
	"time"

	"cairn/events"
)

// Command is where the events of a command lie: Count of them from First to
// Last, of which others may stand between.
type Command struct {
	First, Last events.Seq
	Count       int
	Hash        string
}

// Commands are the positions of the commands that a fold has seen, by id. They
// are what makes a command happen once; see commands.Handler.
type Commands map[string]Command

// Record takes in one event of a command.
func (cs Commands) Record(env events.Envelope) {
	if env.CommandID == "" {
		return
	}
	c, ok := cs[env.CommandID]
	if !ok {
		c = Command{First: env.Seq, Hash: env.CommandHash}
	}
	c.Last = env.Seq
	c.Count++
	cs[env.CommandID] = c
}

// Position is how far a fold has come in its stream, a checklist or the log's own
// events: the sequence and the revision of the last event, and the last effective
// time. It is what the next event is stamped behind.
type Position struct {
	Seq       events.Seq
	Revision  uint64
	Effective time.Time
}
