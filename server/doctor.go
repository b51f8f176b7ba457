package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cairn/events"
	"cairn/events/merkle"
	"cairn/events/natslog"
	"cairn/server/commands"
	"cairn/server/trust"
)

// answerWithin is how long doctor waits for the server that a directory names.
const answerWithin = 3 * time.Second

// Doctor looks at everything around the log at a place; see [trust.Doctor]. Where a
// server has it, that is asked as in [DoctorServer].
func Doctor(ctx context.Context, p Place, c Config, declared string) ([]trust.Finding, *Session) {
	if announces(p.Dir) {
		dial, cancel := context.WithTimeout(ctx, answerWithin)
		a, err := dialAnnounced(dial, p.Dir, c)
		cancel()
		if err == nil {
			s := served(a, p)
			return doctorOf(ctx, s, declared), s
		}
	}
	return trust.Doctor(ctx, p.config(c)), nil
}

// DoctorServer looks at everything between this client and the server of a place.
// It returns the findings and, where the server was reached, a session, which the
// caller closes.
func DoctorServer(ctx context.Context, p Place, c Config, declared string) ([]trust.Finding, *Session) {
	s, err := Open(ctx, p, c)
	if err != nil {
		return []trust.Finding{found("server", err, "Look whether cairn serve runs there.")}, nil
	}
	return doctorOf(ctx, s, declared), s
}

// doctorOf looks at what lies between this client and a server.
func doctorOf(ctx context.Context, s *Session, declared string) []trust.Finding {
	all := []trust.Finding{
		{What: "server", Text: "reached at " + s.URL},
		{What: "log", Text: fmt.Sprintf("%s@%d", s.Origin(), s.End())},
	}
	if seen, _ := s.Remembered(); seen != nil {
		all = append(all, trust.Finding{What: "memory", Text: fmt.Sprintf("this client saw @%d; the log goes on from it", seen.N)})
	} else {
		all = append(all, trust.Finding{What: "memory", Text: "this client has not seen this log before"})
	}
	if id, err := s.WhoAmI(ctx, declared); err != nil {
		all = append(all, found("user", err, "cairn login"))
	} else {
		text := id.User
		if id.Role != nil {
			text += ", " + *id.Role
		} else {
			text += ", declared: the server has no users"
		}
		all = append(all, trust.Finding{What: "user", Text: text})
	}
	line, err := s.Trust.Key(ctx)
	if err == nil {
		line, err = merkle.Fingerprint(line)
	}
	if err != nil {
		return append(all, found("key", err, "Who runs the server makes a new one: cairn key rotate"))
	}
	return append(all, trust.Finding{What: "key", Text: line})
}

// found is the finding that an error is.
func found(what string, err error, remedy string) trust.Finding {
	f := trust.Finding{What: what, Text: err.Error(), Remedy: remedy, Damaged: errors.Is(err, events.ErrIntegrity)}
	var refusal *commands.Error
	var log *natslog.Error
	switch {
	case errors.As(err, &refusal) && refusal.Hint != "":
		f.Remedy = refusal.Hint
	case errors.As(err, &log):
		f.Text = log.Message
	case f.Damaged:
		f.Remedy = "Ask who runs the server; keep your checkpoints and backups."
	}
	return f
}
