// Package notify tells people what happened to a request: one mail per person
// and event, and an airlockNotification event for everybody else. It tells what
// happened to their roles in workspaces, and to requests for workspaces, which
// machines are going to be stopped, and which operations are stuck, too. In: an
// order that names the request, the workspace, the person or the operation; what to tell
// stands in their rows. Out: nothing. A
// notice is taken off the list when everybody was told, so a crash in between
// repeats it under the same Message-ID.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Out names this function's output bindings; it has none.
type Out struct{}

// Facts publishes events. Publishing one again is harmless.
type Facts interface {
	Publish(ctx context.Context, fact message.Fact) error
}

// Function tells people.
type Function struct {
	Ledger         ledger.Ledger
	Members        airlock.Members
	Records        people.Records
	Rolls          people.Rolls
	Wanted         Wanted
	Fleets         Fleets
	Operations     Operations
	Store          Store
	Letters        airlock.Letters
	Mail           mail.Sender
	Facts          Facts
	Administrators []mail.Address
	Portal         string // address that links begin with, without a slash at the end
	Domain         string // right side of Message-IDs
	Log            *slog.Logger
	GiveUp         time.Duration    // after which a mail that no server takes is given up; 0 means 5 days, as mail servers do (RFC 5321, 4.5.4.1)
	Health         *health.Recorder // is told of every mail; may be nil
	Parallel       int              // records of people read at once; 0 means 1
}

// maxTries is how often a commit is tried against somebody faster.
const maxTries = 3

// Handle sends every notice of one request, workspace or person.
func (f Function) Handle(ctx context.Context, m message.Notify) (Out, error) {
	switch {
	case m.Resource != "":
		return Out{}, f.hearStuck(ctx, m)
	case m.Workspace == workspace.System:
		return Out{}, f.hearWanted(ctx, m.Request)
	case m.Request == workspace.FleetNotices:
		return Out{}, f.hearMachines(ctx, m.Workspace)
	case ofPeople(m):
		return Out{}, f.hear(ctx, m)
	}
	c, err := f.Ledger.Load(ctx, m.Workspace, m.Request)
	if err != nil || len(c.Request.Notices) == 0 {
		return Out{}, err
	}
	members, err := f.Members.Members(ctx, m.Workspace)
	if err != nil {
		return Out{}, fmt.Errorf("members: %w", err)
	}
	if members, err = f.counting(ctx, slices.DeleteFunc(members, researcher)); err != nil {
		return Out{}, err
	}
	var told []airlock.Notice
	var failed []error
	for _, n := range c.Request.Notices {
		t := telling{f: f, c: c, n: n, people: f.audience(c.Request, n.Event, members)}
		if err := t.tell(ctx); err != nil {
			failed = append(failed, fmt.Errorf("notice %s: %w", n.Event, err))
			continue
		}
		told = append(told, n)
	}
	return Out{}, errors.Join(append(failed, f.settle(ctx, c, told))...)
}

// settle takes the notices that were told off the request's list.
func (f Function) settle(ctx context.Context, c ledger.Case, told []airlock.Notice) error {
	if len(told) == 0 {
		return nil
	}
	for try := 1; ; try++ {
		for _, n := range told {
			c.Request = c.Request.Told(n)
		}
		_, err := f.Ledger.Note(ctx, c, "", "")
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return err
		}
		if c, err = f.Ledger.Load(ctx, c.Request.Workspace, c.Request.ID); err != nil {
			return err
		}
	}
}

// person is somebody to be told, and in which role.
type person struct {
	id   string // of the person, for the Message-ID
	to   mail.Address
	role compose.Role
}

// audience lists who is told of an event, each once. Where none of those whose
// business it is has an address, the owners are told, or else the
// administrators: a notice that nobody gets helps nobody.
func (f Function) audience(r airlock.Request, e airlock.Event, members []member) []person {
	all := f.among(r, e.Audience(), members)
	for _, next := range []airlock.Role{airlock.Owner, airlock.Admin} {
		if len(all) == 0 {
			all = f.among(r, []airlock.Role{next}, members)
		}
	}
	return all
}

// among lists who of these roles can be told, each once.
func (f Function) among(r airlock.Request, roles []airlock.Role, members []member) []person {
	var all []person
	seen := map[string]bool{}
	add := func(id, name, email string, role compose.Role) {
		if email != "" && !seen[id] {
			seen[id] = true
			all = append(all, person{id: id, to: mail.Address{Name: name, Email: email}, role: role})
		}
	}
	for _, role := range roles {
		switch role {
		case airlock.Creator:
			add(r.CreatedBy.OID, r.CreatedBy.Name, r.CreatedBy.Email, compose.Requester)
		case airlock.Manager:
			for _, m := range r.Eligible(members) {
				if m.Group { // who is in it, only the directory knows
					continue
				}
				add(m.OID, m.Name, m.Email, compose.Reviewer)
			}
		case airlock.Owner:
			for _, m := range owners(members) {
				add(m.OID, m.Name, m.Email, compose.Owner)
			}
		case airlock.Admin:
			for _, a := range f.Administrators {
				add(a.Email, a.Name, a.Email, compose.Administrator)
			}
		case airlock.Engine:
		}
	}
	return all
}
