package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// standing is what a caller is in a workspace.
type standing struct {
	workspace airlock.Workspace
	roles     []access.Role
	held      string // why memberships of the caller do not count now
	// perhaps are the roles that the caller would have as a member of every
	// group of the workspace, while nobody can tell which ones they are in.
	perhaps []access.Role
	members []access.Membership // all of the workspace's, where they were read; else nil
}

// Admit checks that the caller may take an action in a workspace, and returns
// the caller with what was read for it, so that the call that follows does not
// read it again. airlock.ErrNotFound: there is no such workspace, or the caller
// has no role in it, or it was deleted and the action is none that outlives it;
// airlock.ErrRefused: the caller's roles may not, or do not
// count now; ErrGroups: a group may give them the role, and nobody can tell;
// airlock.ErrFrozen: the workspace is frozen.
func (d *Desk) Admit(ctx context.Context, c Caller, workspace string, action access.Action) (Caller, error) {
	s := c.standing
	if s == nil || s.workspace.ID != workspace {
		read, err := d.stand(ctx, c.Person, workspace, slices.Contains(aboutMembers, action))
		if err != nil {
			return c, err
		}
		s = &read
	}
	c.standing = s
	switch may := access.May(action, s.roles...); {
	case s.workspace.Gone && !(access.Outlives(action) && slices.Contains(s.roles, access.TREAdmin)):
		return c, errNoWorkspace
	case !may && s.held != "":
		return c, fmt.Errorf("%s: %w", s.held, airlock.ErrRefused)
	case !may && access.May(action, s.perhaps...):
		return c, ErrGroups
	case s.stranger():
		return c, errNoWorkspace
	case !may:
		return c, fmt.Errorf("the user is missing a required role: %s needs one of %v: %w", action, access.Roles(action), airlock.ErrRefused)
	case access.FrozenOut(action):
		return c, s.thawed()
	}
	return c, nil
}

// thawed returns airlock.ErrFrozen, with who froze it and why, while the
// workspace is frozen.
func (s standing) thawed() error {
	if f := s.workspace.Policy.Hold.Freeze; f != nil {
		return fmt.Errorf("%s: %w", f.Text(), airlock.ErrFrozen)
	}
	return nil
}

// Roles are the roles that the caller has now in the workspace that Admit let
// them into.
func (c Caller) Roles() []access.Role {
	if c.standing == nil {
		return nil
	}
	return slices.Clone(c.standing.roles)
}

// Workspace is the one that Admit let the caller into.
func (c Caller) Workspace() airlock.Workspace {
	if c.standing == nil {
		return airlock.Workspace{}
	}
	return c.standing.workspace
}

// aboutMembers are the actions for which all members are looked at, so that
// the caller's own memberships need not be read beside them.
var aboutMembers = []access.Action{access.Submit, access.Review}

// stand reads what somebody is in a workspace; all tells that the others are
// needed, too.
func (d *Desk) stand(ctx context.Context, p access.Person, workspace string, all bool) (standing, error) {
	if !canonical(workspace) {
		return standing{}, errNoWorkspace
	}
	var (
		st     standing
		w      airlock.Workspace
		noSuch bool
	)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	group.Go(func() (err error) {
		w, err = d.Ports.Workspaces.Workspace(ctx, workspace)
		noSuch = errors.Is(err, airlock.ErrNotFound)
		if err != nil {
			return fmt.Errorf("workspace %s: %w", workspace, err)
		}
		return nil
	})
	group.Go(func() (err error) {
		st, err = d.standIn(ctx, p, workspace, nil, all)
		return err
	})
	err := group.Wait()
	if noSuch {
		return standing{}, errNoWorkspace
	}
	st.workspace = w
	return st, err
}

// stranger tells that somebody has no role in the workspace, nor one that holds
// in all of them: to them the workspace and all in it do not exist.
func (s standing) stranger() bool {
	return !slices.ContainsFunc(s.roles, func(r access.Role) bool { return r != access.TREUser })
}

// errNoWorkspace is the answer to who names a workspace that is not there, or
// in which they have no role.
var errNoWorkspace = fmt.Errorf("workspace does not exist: %w", airlock.ErrNotFound)

// standIn tells what a person is in a workspace now, from storage: a role that
// was taken away, or ended, counts no more. record is the person's where it is
// known; all asks for the other members, too.
func (d *Desk) standIn(ctx context.Context, p access.Person, workspace string, record *people.Record, all bool) (standing, error) {
	var (
		members []access.Membership
		r       people.Record
	)
	all = all || len(p.Groups) > 0 || p.GroupsUnknown
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	group.Go(func() (err error) {
		if all {
			members, err = d.Ports.Members.Members(ctx, workspace)
		} else {
			members, err = d.Ports.Members.MembershipsOf(ctx, workspace, p.OID)
		}
		if err != nil {
			return fmt.Errorf("memberships in %s: %w", workspace, err)
		}
		return nil
	})
	if record == nil {
		group.Go(func() (err error) {
			r, err = d.personal(ctx, p.OID)
			return err
		})
	} else {
		r = *record
	}
	if err := group.Wait(); err != nil {
		return standing{}, err
	}
	now := people.Stand(p, members, r, d.Now())
	st := standing{roles: now.Roles, held: now.Held}
	if p.GroupsUnknown {
		st.perhaps = people.Stand(inEvery(p, members), members, r, d.Now()).Roles
	}
	if all {
		st.members = append([]access.Membership{}, members...) // not nil, though there are none
	}
	return st, nil
}

// personal is what is kept of a person.
func (d *Desk) personal(ctx context.Context, oid string) (people.Record, error) {
	r, err := d.Ports.People.Record(ctx, oid)
	if err != nil {
		return r, fmt.Errorf("record of a person: %w", err)
	}
	return r, nil
}

// AdmitEverywhere checks that the caller may take an action that is about no
// workspace, by the roles of the token, which hold in all of them, and returns
// the caller with what was read for it. airlock.ErrRefused: they may not, or are
// suspended.
func (d *Desk) AdmitEverywhere(ctx context.Context, c Caller, action access.Action) (Caller, error) {
	if c.record == nil {
		r, err := d.personal(ctx, c.Person.OID)
		if err != nil {
			return c, err
		}
		c.record = &r
	}
	switch roles := c.Everywhere(d.Now()); {
	case access.May(action, roles...):
		return c, nil
	case c.record.Suspended != nil:
		return c, fmt.Errorf("%s: %w", c.record.Blocks(d.Now()), airlock.ErrRefused)
	}
	return c, fmt.Errorf("the user is missing a required role: %s needs one of %v: %w", action, access.Roles(action), airlock.ErrRefused)
}

// Everywhere are the roles that hold in all workspaces of a caller whom
// AdmitEverywhere knows.
func (c Caller) Everywhere(now time.Time) []access.Role {
	if c.record == nil {
		return nil
	}
	return people.Stand(c.Person, nil, *c.record, now).Roles
}

// canonical tells whether a text is a UUID in the one form that rows are keyed
// by.
func canonical(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id
}
