package app

import (
	"context"
	"errors"

	"cairn/projections/checklist"
	"cairn/server/commands"
)

// ChecklistsAt returns those of the named checklists that there were at a moment,
// as they were. Find finds the moment, which is another in each checklist's time
// zone. Where there was none it returns the error of one of them.
func ChecklistsAt(ctx context.Context, a App, names []string, find func(name string) (Moment, error)) ([]Summary, error) {
	var list []Summary
	var missing error
	for _, name := range names {
		at, err := find(name)
		if err == nil {
			err = a.Checklist(ctx, name, at.At, func(st *checklist.State) error {
				list = append(list, Summarize(st))
				return nil
			})
		}
		var refusal *commands.Error
		switch {
		case errors.As(err, &refusal) && refusal.Code == commands.CodeNoMoment:
			missing = err // it was not there yet
		case err != nil:
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, missing
	}
	return list, nil
}
