package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// standing is what a caller is in a workspace.
type standing struct {
	workspace airlock.Workspace
	roles     []access.Role
	members   []access.Membership // all of the workspace's, where the action is about them; else nil
}

// Admit checks that the caller may take an action in a workspace, and returns
// the caller with what was read for it, so that the call that follows does not
// read it again. airlock.ErrNotFound: there is no such workspace, or the caller
// has no role in it; airlock.ErrRefused: the caller's roles may not.
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
	if s.stranger() {
		return c, errNoWorkspace
	}
	if !access.May(action, s.roles...) {
		return c, fmt.Errorf("the user is missing a required role: %s needs one of %v: %w", action, access.Roles(action), airlock.ErrRefused)
	}
	return c, nil
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
	w, err := d.Ports.Workspaces.Workspace(ctx, workspace)
	if errors.Is(err, airlock.ErrNotFound) {
		return standing{}, errNoWorkspace
	}
	if err != nil {
		return standing{}, fmt.Errorf("workspace %s: %w", workspace, err)
	}
	if !all {
		roles, err := d.rolesIn(ctx, p, workspace)
		return standing{workspace: w, roles: roles}, err
	}
	members, err := d.Ports.Members.Members(ctx, workspace)
	if err != nil {
		return standing{}, fmt.Errorf("members of %s: %w", workspace, err)
	}
	return standing{workspace: w, roles: rolesAmong(members, p), members: members}, nil
}

// everybody is all members of the visit's workspace.
func (d *Desk) everybody(ctx context.Context, v visit) ([]access.Membership, error) {
	if v.members != nil {
		return v.members, nil
	}
	members, err := d.Ports.Members.Members(ctx, v.workspace.ID)
	if err != nil {
		return nil, fmt.Errorf("members of %s: %w", v.workspace.ID, err)
	}
	return members, nil
}

// stranger tells that somebody has no role in the workspace, nor one that holds
// in all of them: to them the workspace and all in it do not exist.
func (s standing) stranger() bool {
	return !slices.ContainsFunc(s.roles, func(r access.Role) bool { return r != access.TREUser })
}

// errNoWorkspace is the answer to who names a workspace that is not there, or
// in which they have no role.
var errNoWorkspace = fmt.Errorf("workspace does not exist: %w", airlock.ErrNotFound)

// rolesIn are the roles a person has in a workspace. Of those in the token
// only the ones that hold everywhere count.
func (d *Desk) rolesIn(ctx context.Context, p access.Person, workspace string) ([]access.Role, error) {
	members, err := d.Ports.Members.MembershipsOf(ctx, workspace, p.OID)
	if err != nil {
		return nil, fmt.Errorf("memberships in %s: %w", workspace, err)
	}
	return rolesAmong(members, p), nil
}

// rolesAmong are a person's roles by memberships, and by the token.
func rolesAmong(members []access.Membership, p access.Person) []access.Role {
	roles := tokenRoles(p)
	for _, m := range members {
		if m.OID == p.OID && slices.Contains(access.WorkspaceRoles, m.Role) && !slices.Contains(roles, m.Role) {
			roles = append(roles, m.Role)
		}
	}
	return roles
}

// tokenRoles are the roles in the token that hold everywhere.
func tokenRoles(p access.Person) []access.Role {
	var roles []access.Role
	for _, role := range []access.Role{access.TREAdmin, access.TREUser} {
		if p.Is(role) {
			roles = append(roles, role)
		}
	}
	return roles
}

// canonical tells whether a text is a UUID in the one form that rows are keyed
// by.
func canonical(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id
}

// visit is a caller before one request.
type visit struct {
	standing
	caller  Caller
	request airlock.Request
	as      []airlock.Role
}

// enter admits the caller and loads the request as the caller may see it. What
// the caller may not see does not exist.
func (d *Desk) enter(ctx context.Context, c Caller, key airlock.Key, action access.Action) (visit, error) {
	c, err := d.Admit(ctx, c, key.Workspace, action)
	if err != nil {
		return visit{}, err
	}
	v, err := d.load(ctx, c, key)
	if err != nil {
		return visit{}, err
	}
	return v, v.sees(action)
}

// load reads the request for a caller who was admitted.
func (d *Desk) load(ctx context.Context, c Caller, key airlock.Key) (visit, error) {
	if !canonical(key.Request) {
		return visit{}, errUnseen
	}
	r, err := d.Ports.Requests.Request(ctx, key)
	if errors.Is(err, airlock.ErrNotFound) {
		return visit{}, errUnseen
	}
	if err != nil {
		return visit{}, fmt.Errorf("airlock request %s: %w", key.Request, err)
	}
	return visit{standing: *c.standing, caller: c, request: r, as: r.Capacities(c.Person, c.standing.roles)}, nil
}

// errUnseen is the answer to who asks for what is not there, or not theirs.
var errUnseen = fmt.Errorf("airlock request does not exist: %w", airlock.ErrNotFound)

// sees returns errUnseen unless the visitor may see the request. An
// administrator, who may retry and audit, need not.
func (v visit) sees(action access.Action) error {
	byAdmin := slices.Contains(v.as, airlock.Admin) && !access.May(access.Read, v.roles...)
	blind := byAdmin && (action == access.Retry || action == access.Audit)
	if !blind && !v.request.Sees(v.as, v.roles) {
		return errUnseen
	}
	return nil
}

// view is the request as the visitor sees it. An administrator, who may retry
// what failed, sees nothing of what it is about.
func (v visit) view(r airlock.Request) View {
	as := r.Capacities(v.caller.Person, v.roles)
	view := View{Request: r, Workspace: v.workspace, Roles: v.roles, Capacities: as,
		Actions: actions(r, as, v.caller.Person), Wait: r.Waits(v.workspace.Policy)}
	if !access.May(access.Read, v.roles...) {
		view.Request.Title, view.Request.Justification, view.Request.Message = "", "", ""
		view.Request.Properties, view.Request.Reviews = nil, nil
	}
	return view
}

// actions are the rulebook's, less deciding for who has decided on this turn
// or handed the request in.
func actions(r airlock.Request, as []airlock.Role, p access.Person) []string {
	all := r.Actions(as)
	decided := slices.ContainsFunc(r.Reviews, func(v airlock.Review) bool { return v.Turn == r.Turn && v.Reviewer.OID == p.OID })
	if decided || p.OID == r.CreatedBy.OID || p.OID == r.SubmittedBy.OID {
		all = slices.DeleteFunc(all, func(a string) bool { return a == "review" || a == string(airlock.Return) })
	}
	return all
}
