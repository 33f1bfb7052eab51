package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Person returns what is kept of somebody: to an administrator, and to oneself,
// who does not learn why they were suspended. airlock.ErrNotFound to everybody
// else, and for who is neither kept nor in the directory.
func (r *Roster) Person(ctx context.Context, c desk.Caller, oid string) (people.Record, error) {
	c, err := r.Desk.AdmitEverywhere(ctx, c, access.ReadPerson)
	if err != nil {
		return people.Record{}, err
	}
	admin := access.May(access.ManagePerson, c.Everywhere(r.Now())...)
	if !canonical(oid) || !admin && oid != c.Person.OID {
		return people.Record{}, errNobody
	}
	record, err := r.named(ctx, oid)
	if !admin && record.Suspended != nil {
		record.Suspended = &people.Suspension{At: record.Suspended.At}
	}
	return record, err
}

var errNobody = fmt.Errorf("there is no such person: %w", airlock.ErrNotFound)

// named is a person's record with the directory's names. Without a directory,
// and while it does not answer, the names are those that were known last.
func (r *Roster) named(ctx context.Context, oid string) (people.Record, error) {
	record, err := r.Ports.Records.Record(ctx, oid)
	if err != nil {
		return record, fmt.Errorf("record of a person: %w", err)
	}
	if r.Ports.Directory == nil {
		return record, nil
	}
	e, err := r.Ports.Directory.Entry(ctx, oid)
	switch {
	case errors.Is(err, people.ErrNotFound) && record.Version == "":
		return record, errNobody
	case err != nil && !errors.Is(err, people.ErrNotFound) && !errors.Is(err, people.ErrNoDirectory):
		r.log().WarnContext(ctx, "directory does not answer", slog.Any("error", err))
	case err == nil:
		record.Name, record.Email = cmp.Or(e.Name, record.Name), cmp.Or(e.Email, record.Email)
		record.PrincipalName = cmp.Or(e.PrincipalName, record.PrincipalName)
	}
	return record, nil
}

// Suspend takes every role from a person, everywhere, from this call on.
func (r *Roster) Suspend(ctx context.Context, c desk.Caller, oid, reason string) (people.Record, error) {
	return r.personal(ctx, c, oid, "suspend", reason, people.Record.Suspend)
}

// Reinstate lifts a suspension.
func (r *Roster) Reinstate(ctx context.Context, c desk.Caller, oid, reason string) (people.Record, error) {
	return r.personal(ctx, c, oid, "reinstate", reason, people.Record.Reinstate)
}

// SetExpiries enters when a person's training and agreement end.
func (r *Roster) SetExpiries(ctx context.Context, c desk.Caller, oid, reason string, ends map[people.Kind]time.Time) (people.Record, error) {
	return r.personal(ctx, c, oid, "expiries", reason, func(record people.Record, a people.Act) (people.RecordChange, error) {
		return record.SetExpiries(a, ends)
	})
}

// personal commits a change of a person's record.
func (r *Roster) personal(ctx context.Context, c desk.Caller, oid, purpose, reason string,
	build func(people.Record, people.Act) (people.RecordChange, error)) (people.Record, error) {
	c, err := r.Desk.AdmitEverywhere(ctx, c, access.ManagePerson)
	if err != nil {
		return people.Record{}, err
	}
	if !canonical(oid) {
		return people.Record{}, errNobody
	}
	act := c.Act(purpose+" "+oid, reason, r.Now())
	act.Roles = c.Everywhere(act.At)
	for try := 1; ; try++ {
		before, err := r.named(ctx, oid)
		if err != nil {
			return before, err
		}
		if before.Operation == act.Operation { // this call did it already
			return before, r.changed(ctx, before)
		}
		change, err := build(before, act)
		if err != nil || change.Nothing() {
			return before, err
		}
		saved, err := r.Ports.Records.CommitRecord(ctx, change.WithOpen(act.At.Add(r.Hint)))
		if err == nil {
			return saved, r.changed(ctx, saved)
		}
		now, readErr := r.Ports.Records.Record(ctx, oid)
		switch {
		case readErr == nil && now.Operation == act.Operation: // its answer was lost
			return now, r.changed(ctx, now)
		case !errors.Is(err, airlock.ErrConflict):
			return before, fmt.Errorf("record of a person: commit: %w", err)
		case try == tries:
			return before, fmt.Errorf("somebody else is changing what is kept of this person, try again: %w", airlock.ErrConflict)
		}
	}
}

// changed does what follows a change of a person: those are told whom it
// concerns, and of somebody who is held back now no decision that is under way
// is committed any more.
func (r *Roster) changed(ctx context.Context, record people.Record) error {
	r.notify(ctx, record.Key())
	if record.Blocks(r.Now()) == "" {
		return nil
	}
	workspaces, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) {
		return r.Ports.Workspaces.Workspaces(ctx, p)
	})
	if err != nil {
		return fmt.Errorf("workspaces: %w", err)
	}
	return airlock.Each(len(workspaces), r.parallel(), func(i int) error { return r.disturb(ctx, workspaces[i].ID, record.OID) })
}

// disturb writes the rows by which a person may be an airlock manager anew, so
// that a decision which read them before conflicts, and looks at the person
// again. Who is in which group is not known here: rows of groups are among them.
func (r *Roster) disturb(ctx context.Context, workspace, oid string) error {
	for try := 1; ; try++ {
		roll, err := r.Ports.Rolls.Roll(ctx, workspace)
		if err != nil {
			return fmt.Errorf("roll of %s: %w", workspace, err)
		}
		members, err := r.Ports.Members.Members(ctx, workspace)
		if err != nil {
			return fmt.Errorf("members of %s: %w", workspace, err)
		}
		theirs := slices.DeleteFunc(members, func(m access.Membership) bool {
			return m.Role != access.AirlockManager || m.OID != oid && !m.Group
		})
		if len(theirs) == 0 {
			return nil
		}
		change := people.Change{Workspace: workspace, Roll: roll, Put: theirs}
		_, err = r.Ports.Rolls.CommitRoll(ctx, change.WithOpen(r.Now().Add(r.Hint)))
		if err == nil || !errors.Is(err, airlock.ErrConflict) || try == tries {
			return err
		}
	}
}
