package retain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// maxTries is how often a note is tried against somebody faster.
const maxTries = 3

// warnMembers notes which memberships of a workspace end soon, and orders that
// it is told. The notes and their marks commit together, so that each is told
// once whatever is repeated.
func (f Function) warnMembers(ctx context.Context, workspace string, out *Out) error {
	for try := 1; ; {
		roll, err := f.Rolls.Roll(ctx, workspace)
		if err != nil {
			return fmt.Errorf("roll of %s: %w", workspace, err)
		}
		members, err := f.Members.Members(ctx, workspace)
		if err != nil {
			return fmt.Errorf("members of %s: %w", workspace, err)
		}
		change, some := people.State{Workspace: workspace, Roll: roll, Members: members}.Warn(f.Ledger.Now(), f.days())
		if !some {
			return nil
		}
		_, err = f.Rolls.CommitRoll(ctx, change.WithOpen(f.later()))
		switch {
		case err == nil:
			f.order(people.RollKey(workspace), out)
			try = 1 // a change holds some; look whether there are more
		case !errors.Is(err, airlock.ErrConflict) || try == maxTries:
			return fmt.Errorf("roll of %s: %w", workspace, err)
		default:
			try++
		}
	}
}

// warnPeople notes whose training or agreement ends soon.
func (f Function) warnPeople(ctx context.Context, out *Out) error {
	records, err := airlock.Collect(func(p airlock.Page) ([]people.Record, string, error) { return f.Records.Records(ctx, p) })
	if err != nil {
		return fmt.Errorf("records of people: %w", err)
	}
	var failed []error
	for _, r := range records {
		change, some := r.Warn(f.Ledger.Now(), f.days())
		if !some {
			continue
		}
		if _, err := f.Records.CommitRecord(ctx, change.WithOpen(f.later())); err != nil { // the next tick tries again
			failed = append(failed, fmt.Errorf("record of a person: %w", err))
			continue
		}
		f.order(r.Key(), out)
	}
	return errors.Join(failed...)
}

// order has people told, each workspace and person once.
func (Function) order(key airlock.Key, out *Out) {
	m := message.Notify{Workspace: key.Workspace, Request: key.Request}
	for _, known := range out.Notify {
		if known == m {
			return
		}
	}
	out.Notify = append(out.Notify, m)
}

// later is when sweep sees to mails whose order was lost.
func (f Function) later() time.Time { return f.Ledger.Now().Add(f.Ledger.Cadence.Hint) }

func (f Function) days() []int {
	if f.Days == nil {
		return people.WarnDays
	}
	return f.Days
}
