// Package roster is what people ask of who belongs to a workspace, the same
// for the API and the portal: it finds out who may, looks people up in the
// directory, asks the rulebook in internal/people, commits, and has those told
// whom it concerns. Every call may be repeated.
package roster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Ports are what a roster works with.
type Ports struct {
	Rolls      people.Rolls
	Records    people.Records
	Members    airlock.Members
	Workspaces airlock.Workspaces
	Directory  people.Directory // nil: none is set up
	Orders     desk.Orders
}

// Roster answers people. It keeps nothing between calls and is safe for
// concurrent use.
type Roster struct {
	Desk  *desk.Desk // which lets callers in
	Ports Ports
	Now   func() time.Time
	Hint  time.Duration // after which sweep sees to mails whose order was lost
	Log   *slog.Logger  // nil means slog.Default
	// Parallel is how many calls to storage or the directory one call of a
	// person has under way; 0 means 8, as desk.Desk.Parallel.
	Parallel int
}

// tries is how often a change is built anew on what somebody else committed
// meanwhile.
const tries = 3

// state reads a workspace's people, the roll first: what is committed under its
// version rests on all of them.
func (r *Roster) state(ctx context.Context, workspace string, others ...string) (people.State, error) {
	s := people.State{Workspace: workspace}
	var err error
	if s.Roll, err = r.Ports.Rolls.Roll(ctx, workspace); err != nil {
		return s, fmt.Errorf("roll of %s: %w", workspace, err)
	}
	if s.Members, err = r.Ports.Members.Members(ctx, workspace); err != nil {
		return s, fmt.Errorf("members of %s: %w", workspace, err)
	}
	seen := map[string]bool{}
	var oids []string
	for _, m := range s.Members {
		if m.Role == access.WorkspaceOwner && !m.Group {
			others = append(others, m.OID)
		}
	}
	for _, oid := range others {
		if !seen[oid] {
			seen[oid], oids = true, append(oids, oid)
		}
	}
	s.Records, err = people.ReadAll(ctx, r.Ports.Records, oids, r.parallel())
	return s, err
}

// deed is one way to change a workspace's people.
type deed struct {
	purpose string // names it among the caller's calls
	action  access.Action
	reason  string
	build   func(s people.State, a people.Act) (people.Change, error)
}

// change commits a deed and has those told whom it concerns. What the caller
// is counts as it is under the roll that the deed is committed to.
func (r *Roster) change(ctx context.Context, c desk.Caller, workspace string, d deed) (people.State, error) {
	act := c.Act(d.purpose, d.reason, r.Now())
	for try := 1; ; try++ {
		c, err := r.Desk.Admit(ctx, c, workspace, d.action)
		if err != nil {
			return people.State{}, err
		}
		s, err := r.state(ctx, workspace, c.Person.OID)
		if err != nil {
			return s, err
		}
		if s.Roll.Operation == act.Operation { // this call did it already
			r.notify(ctx, people.RollKey(workspace))
			return s, nil
		}
		act.Roles = people.Stand(c.Person, s.Members, s.Records[c.Person.OID], act.At).Roles
		change, err := d.build(s, act)
		if err != nil || change.Nothing() {
			return s, err
		}
		saved, err := r.Ports.Rolls.CommitRoll(ctx, change.WithOpen(act.At.Add(r.Hint)))
		if err == nil {
			s.Roll = saved
			r.notify(ctx, people.RollKey(workspace))
			return s, nil
		}
		if now, readErr := r.Ports.Rolls.Roll(ctx, workspace); readErr == nil && now.Operation == act.Operation {
			s.Roll = now // its answer was lost
			r.notify(ctx, people.RollKey(workspace))
			return s, nil
		}
		if !errors.Is(err, airlock.ErrConflict) {
			return s, fmt.Errorf("members of %s: commit: %w", workspace, err)
		}
		if try == tries {
			return s, fmt.Errorf("somebody else is changing who belongs to the workspace, try again: %w", airlock.ErrConflict)
		}
	}
}

// notify orders the mails. It is best effort: the commit stands, and sweep sees
// to what is still to be told.
func (r *Roster) notify(ctx context.Context, key airlock.Key) {
	text := message.Notify{Workspace: key.Workspace, Request: key.Request}
	if err := r.Ports.Orders.Send(context.WithoutCancel(ctx), message.QueueNotify, text, 0); err != nil {
		r.log().WarnContext(ctx, "order not sent, sweep will", slog.String("queue", message.QueueNotify),
			slog.String("workspace", key.Workspace), slog.Any("error", err))
	}
}

func (r *Roster) log() *slog.Logger {
	if r.Log != nil {
		return r.Log
	}
	return slog.Default()
}

func (r *Roster) parallel() int {
	if r.Parallel > 0 {
		return r.Parallel
	}
	return 8
}

// canonical tells whether a text is a UUID in the one form that rows are keyed
// by.
func canonical(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id
}
