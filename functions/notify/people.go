package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// ofPeople tells whether the order is about a workspace's own notices, or a
// person's, and not about a request.
func ofPeople(m message.Notify) bool {
	return m.Workspace == people.Partition || m.Workspace != "" && m.Workspace == m.Request
}

// hear sends the notices of a workspace or a person. A row that is gone has
// none.
func (f Function) hear(ctx context.Context, m message.Notify) error {
	if m.Workspace == people.Partition {
		return f.hearPerson(ctx, m.Request)
	}
	for try := 1; ; try++ {
		roll, err := f.Rolls.Roll(ctx, m.Workspace)
		if err != nil || len(roll.Notices) == 0 {
			return err
		}
		told, failed := f.tellRoll(ctx, m.Workspace, roll.Notices)
		if len(told) == 0 {
			return failed
		}
		change := people.Change{Workspace: m.Workspace, Roll: roll.Tell(told)}
		_, err = f.Rolls.CommitRoll(ctx, change.WithOpen(f.Ledger.Now().Add(f.Ledger.Cadence.Hint)))
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return errors.Join(failed, err)
		}
	}
}

func (f Function) hearPerson(ctx context.Context, oid string) error {
	for try := 1; ; try++ {
		record, err := f.Records.Record(ctx, oid)
		if err != nil || len(record.Notices) == 0 {
			return err
		}
		told, failed := f.tellPerson(ctx, record)
		if len(told) == 0 {
			return failed
		}
		change := people.RecordChange{Record: record.Tell(told)}
		_, err = f.Records.CommitRecord(ctx, change.WithOpen(f.Ledger.Now().Add(f.Ledger.Cadence.Hint)))
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return errors.Join(failed, err)
		}
	}
}

// tellRoll tells everybody whom a workspace's notices concern, and returns
// those that were told to all.
func (f Function) tellRoll(ctx context.Context, workspace string, notices []people.Notice) ([]people.Notice, error) {
	w, err := f.Ledger.Workspaces.Workspace(ctx, workspace)
	if errors.Is(err, airlock.ErrNotFound) { // nobody is left to be told
		return notices, nil
	}
	if err != nil {
		return nil, fmt.Errorf("workspace %s: %w", workspace, err)
	}
	members, err := f.Members.Members(ctx, workspace)
	if err != nil {
		return nil, fmt.Errorf("members: %w", err)
	}
	owners, err := f.counting(ctx, owners(members))
	if err != nil {
		return nil, err
	}
	return f.each(notices, func(n people.Notice) error {
		var failed []error
		for _, p := range concerned(n, members, owners) {
			failed = append(failed, f.bring(ctx, people.RollKey(workspace), n, p, w.DisplayName))
		}
		return errors.Join(failed...)
	})
}

// concerned lists who is told of a workspace's notice, each once.
func concerned(n people.Notice, members, owners []member) []person {
	switch n.Event {
	case people.Frozen, people.Unfrozen:
		return addressed(nil, members, compose.Member)
	case people.Ending:
		return addressed(addressed(nil, []member{n.Member}, compose.Member), owners, compose.Owner)
	case people.Granted, people.Changed, people.Removed, people.Suspended, people.Reinstated, people.ExpiryEnding:
	}
	return addressed(nil, []member{n.Member}, compose.Member)
}

// addressed adds those of the members who are people with an address and not
// among all already.
func addressed(all []person, members []member, as compose.Role) []person {
	for _, m := range members {
		if m.Group || m.Email == "" || slices.ContainsFunc(all, func(p person) bool { return p.id == m.OID }) {
			continue
		}
		all = append(all, person{id: m.OID, to: mail.Address{Name: m.Name, Email: m.Email}, role: as})
	}
	return all
}

// tellPerson tells a person, and the owners of the workspaces that they belong
// to, of what concerns them in all of them.
func (f Function) tellPerson(ctx context.Context, r people.Record) ([]people.Notice, error) {
	workspaces, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) {
		return f.Ledger.Workspaces.Workspaces(ctx, p)
	})
	if err != nil {
		return nil, fmt.Errorf("workspaces: %w", err)
	}
	about, bosses := member{OID: r.OID, Name: r.Name, Email: r.Email}, []member(nil)
	for _, w := range workspaces {
		members, err := f.Members.Members(ctx, w.ID)
		if err != nil {
			return nil, fmt.Errorf("members: %w", err)
		}
		i := slices.IndexFunc(members, func(m member) bool { return m.OID == r.OID && !m.Group })
		if i < 0 {
			continue
		}
		about.Name, about.Email = cmp.Or(about.Name, members[i].Name), cmp.Or(about.Email, members[i].Email)
		counted, err := f.counting(ctx, owners(members))
		if err != nil {
			return nil, err
		}
		bosses = append(bosses, counted...)
	}
	bosses = slices.DeleteFunc(bosses, func(m member) bool { return m.OID == r.OID })
	return f.each(r.Notices, func(n people.Notice) error {
		n.Member.Name = cmp.Or(about.Name, r.OID)
		var failed []error
		for _, p := range addressed(addressed(nil, []member{about}, compose.Member), bosses, compose.Owner) {
			failed = append(failed, f.bring(ctx, r.Key(), n, p, ""))
		}
		return errors.Join(failed...)
	})
}

func (Function) each(notices []people.Notice, tell func(people.Notice) error) (told []people.Notice, err error) {
	var failed []error
	for _, n := range notices {
		if err := tell(n); err != nil {
			failed = append(failed, fmt.Errorf("notice %s: %w", n.Event, err))
			continue
		}
		told = append(told, n)
	}
	return told, errors.Join(failed...)
}

// counting are the members that count now.
func (f Function) counting(ctx context.Context, members []member) ([]member, error) {
	var oids []string
	for _, m := range members {
		if !m.Group && !slices.Contains(oids, m.OID) {
			oids = append(oids, m.OID)
		}
	}
	records, err := people.ReadAll(ctx, f.Records, oids, max(f.Parallel, 1))
	if err != nil {
		return nil, err
	}
	return people.Counting(members, records, f.Ledger.Now()), nil
}

// bring sends one mail about people, once.
func (f Function) bring(ctx context.Context, key airlock.Key, n people.Notice, p person, workspace string) error {
	role := n.Member.Role
	if n.Event == people.ExpiryEnding {
		role = ""
	}
	l := letter{key: key, id: fmt.Sprintf("%s.%s.%d.%s", key.Workspace, key.Request, n.Seq, n.Event), event: string(n.Event), at: n.At, to: p}
	return f.send(ctx, l, func() (compose.Content, error) {
		return compose.RenderNews(compose.News{Event: compose.PeopleEvent(n.Event), Recipient: p.to.Name, Role: p.role, Person: about(n.Member),
			Workspace: workspace, As: string(role), Kind: string(n.Kind), Ends: ends(n), By: n.By, Reason: shown(n), Link: f.Portal, When: n.At})
	})
}

func about(m access.Membership) string {
	if m.OID == "" {
		return ""
	}
	return cmp.Or(m.Name, m.OID)
}

// ends is when what the notice is about ends.
func ends(n people.Notice) time.Time {
	if n.Event == people.Removed {
		return time.Time{}
	}
	if !n.Ends.IsZero() {
		return n.Ends
	}
	return n.Member.Expires
}

// shown is the reason as mails tell it: why somebody is suspended is for the
// administrators to say.
func shown(n people.Notice) string {
	if n.Event == people.Suspended || n.Event == people.Reinstated {
		return ""
	}
	return n.Reason
}
