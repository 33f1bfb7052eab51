package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// User is a person, or a group, with the roles they were given in a workspace.
type User struct {
	OID, Name, Email, PrincipalName string

	Group bool
	Roles []access.Membership
	// Held says why none of the roles counts now; "" when they do, and for
	// whoever may not manage members.
	Held string
}

// Users lists who belongs to a workspace, by name. Whoever may manage members
// sees who is held back, too.
func (r *Roster) Users(ctx context.Context, c desk.Caller, workspace string) ([]User, error) {
	c, err := r.Desk.Admit(ctx, c, workspace, access.ListMembers)
	if err != nil {
		return nil, err
	}
	members, err := r.Ports.Members.Members(ctx, workspace)
	if err != nil {
		return nil, fmt.Errorf("members of %s: %w", workspace, err)
	}
	var users []User
	for _, m := range members {
		i := slices.IndexFunc(users, func(u User) bool { return u.OID == m.OID })
		if i < 0 {
			i, users = len(users), append(users, User{OID: m.OID, Group: m.Group})
		}
		u := &users[i]
		u.Name, u.Email, u.PrincipalName = cmp.Or(m.Name, u.Name), cmp.Or(m.Email, u.Email), cmp.Or(m.PrincipalName, u.PrincipalName)
		u.Roles = append(u.Roles, m)
	}
	slices.SortFunc(users, func(a, b User) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.OID, b.OID))
	})
	if !access.May(access.ManageMembers, c.Roles()...) {
		return users, nil
	}
	return users, r.hold(ctx, users)
}

// hold says of each user why their roles do not count.
func (r *Roster) hold(ctx context.Context, users []User) error {
	now := r.Now()
	return airlock.Each(len(users), r.parallel(), func(i int) error {
		if users[i].Group {
			return nil
		}
		record, err := r.Ports.Records.Record(ctx, users[i].OID)
		if err != nil {
			return fmt.Errorf("record of a person: %w", err)
		}
		users[i].Held = record.Standing(now)
		return nil
	})
}

// MaxFound is the most people that a search returns: a list to choose from.
const MaxFound = 50

// Assignable searches the directory for people who may be given a role. The
// text is what their name, or the name they sign in with, begins with.
func (r *Roster) Assignable(ctx context.Context, c desk.Caller, workspace, text string, limit int) ([]people.Entry, error) {
	if _, err := r.Desk.Admit(ctx, c, workspace, access.ManageMembers); err != nil {
		return nil, err
	}
	if n := utf8.RuneCountInString(text); n > 100 {
		return nil, fmt.Errorf("filter: %d characters, at most 100: %w", n, airlock.ErrInvalid)
	}
	if r.Ports.Directory == nil {
		return nil, errNoDirectory
	}
	found, err := r.Ports.Directory.Search(ctx, strings.TrimSpace(text), min(max(limit, 1), MaxFound))
	if errors.Is(err, people.ErrNoDirectory) {
		return nil, errNoDirectory
	}
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	return found, nil
}

var errNoDirectory = fmt.Errorf("no directory is set up here; give roles by object id: %w", airlock.ErrInvalid)

// Assignment is what is to be given to whom.
type Assignment struct {
	Role    access.Role
	Users   []string  // object ids of people
	Groups  []string  // object ids of Entra groups; either these or Users
	Expires time.Time // zero: never
	Reason  string
}

// Assign gives a role to all of them, or to none.
func (r *Roster) Assign(ctx context.Context, c desk.Caller, workspace string, to Assignment) error {
	c, err := r.Desk.Admit(ctx, c, workspace, access.ManageMembers)
	if err != nil {
		return err
	}
	g := people.Grant{Role: to.Role, Expires: to.Expires, Groups: len(to.Groups) > 0}
	if len(to.Users) > 0 && len(to.Groups) > 0 {
		return fmt.Errorf("group_ids: give roles to groups in a call of its own: %w", airlock.ErrInvalid)
	}
	if g.To, err = r.entries(ctx, slices.Concat(to.Users, to.Groups), g.Groups, workspace); err != nil {
		return err
	}
	_, err = r.change(ctx, c, workspace, deed{purpose: "assign", action: access.ManageMembers, reason: to.Reason,
		build: func(s people.State, a people.Act) (people.Change, error) { return s.Grant(a, g) }})
	return err
}

// entries are the people of these ids as the directory knows them. Without a
// directory, and for groups, an id stands for itself, with the names that the
// workspace knows.
func (r *Roster) entries(ctx context.Context, oids []string, groups bool, workspace string) ([]people.Entry, error) {
	if len(oids) > people.MaxAtOnce {
		return nil, fmt.Errorf("user_ids: %d, at most %d in one call: %w", len(oids), people.MaxAtOnce, airlock.ErrInvalid)
	}
	for _, oid := range oids {
		if !canonical(oid) {
			return nil, fmt.Errorf("user_ids: %.60q is no object id, which is a UUID: %w", oid, airlock.ErrInvalid)
		}
	}
	all := make([]people.Entry, len(oids))
	err := airlock.Each(len(oids), r.parallel(), func(i int) (err error) {
		all[i], err = r.entry(ctx, oids[i], groups, workspace)
		return err
	})
	return all, err
}

func (r *Roster) entry(ctx context.Context, oid string, group bool, workspace string) (people.Entry, error) {
	if group {
		return people.Entry{OID: oid}, nil
	}
	if r.Ports.Directory != nil {
		e, err := r.Ports.Directory.Entry(ctx, oid)
		switch {
		case errors.Is(err, people.ErrNotFound):
			return e, fmt.Errorf("user_ids: %s is not in the directory: %w", oid, airlock.ErrInvalid)
		case err != nil && !errors.Is(err, people.ErrNoDirectory):
			return e, fmt.Errorf("directory: %w", err)
		case err == nil && !e.Enabled:
			return e, fmt.Errorf("user_ids: the account of %s is disabled: %w", cmp.Or(e.Name, oid), airlock.ErrInvalid)
		case err == nil:
			e.OID = oid
			return e, nil
		}
	}
	known, err := r.Ports.Members.MembershipsOf(ctx, workspace, oid)
	if err != nil {
		return people.Entry{}, fmt.Errorf("memberships in %s: %w", workspace, err)
	}
	for _, m := range known {
		return people.Entry{OID: oid, Name: m.Name, Email: m.Email, PrincipalName: m.PrincipalName}, nil
	}
	return people.Entry{OID: oid}, nil
}

// Amend changes a membership's role or end.
func (r *Roster) Amend(ctx context.Context, c desk.Caller, workspace, oid string, role access.Role, to people.Amendment, reason string) error {
	_, err := r.change(ctx, c, workspace, deed{purpose: "amend", action: access.ManageMembers, reason: reason,
		build: func(s people.State, a people.Act) (people.Change, error) { return s.Amend(a, oid, role, to) }})
	return err
}

// Remove takes a role away.
func (r *Roster) Remove(ctx context.Context, c desk.Caller, workspace, oid string, role access.Role, reason string) error {
	_, err := r.change(ctx, c, workspace, deed{purpose: "remove", action: access.ManageMembers, reason: reason,
		build: func(s people.State, a people.Act) (people.Change, error) { return s.Remove(a, oid, role) }})
	return err
}

// Freeze holds a workspace and returns how it stands. Links that were handed
// out before work until they end.
func (r *Roster) Freeze(ctx context.Context, c desk.Caller, workspace, reason string) (airlock.Hold, error) {
	s, err := r.change(ctx, c, workspace, deed{purpose: "freeze", action: access.Freeze, reason: reason, build: people.State.Freeze})
	return s.Roll.Hold(), err
}

// Unfreeze lifts it.
func (r *Roster) Unfreeze(ctx context.Context, c desk.Caller, workspace, reason string) (airlock.Hold, error) {
	s, err := r.change(ctx, c, workspace, deed{purpose: "unfreeze", action: access.Freeze, reason: reason, build: people.State.Unfreeze})
	return s.Roll.Hold(), err
}
