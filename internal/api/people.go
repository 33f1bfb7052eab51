package api

import (
	"context"
	"net/http"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/people"
)

const ofWorkspace = "/api/workspaces/{workspace_id}"

// memberRoutes are AzureTRE's of a workspace's users, and ours beside them.
func (a *api) memberRoutes() []Route {
	return []Route{
		get(ofWorkspace+"/users", access.ListMembers, "List who has which role in a workspace", a.users),
		get(ofWorkspace+"/roles", access.ManageMembers, "List the roles that a workspace has", a.roles),
		get(ofWorkspace+"/assignable-users", access.ManageMembers, "Search the directory for people to give a role", a.assignable),
		post(ofWorkspace+"/users/assign", access.ManageMembers, "Give people, or groups, a role", a.assign).answers(http.StatusAccepted),
		changing(http.MethodDelete, ofWorkspace+"/users/assign", access.ManageMembers, "Take a role away", a.unassign).answers(http.StatusAccepted),
		changing(http.MethodPatch, ofWorkspace+"/users/{user_id}", access.ManageMembers, "Change the role of a person, or when it ends", a.amend),
		post(ofWorkspace+"/freeze", access.Freeze, "Freeze a workspace: no links, deliveries, decisions; nothing made or handed in", a.freeze),
		post(ofWorkspace+"/unfreeze", access.Freeze, "Lift a freeze", a.unfreeze),
	}
}

// changing is post with another method.
func changing[I, O any](method, path string, action access.Action, summary string, handle handler[I, O]) Route {
	r := post(path, action, summary, handle)
	r.Method = method
	if method == http.MethodDelete { // has no body
		r.register = func(r Route, a *api) { guarded(a, r, handle, a.admit(r.Action), a.acceptable(r.answersWith()...)) }
	}
	return r
}

// versioned is a change that has to say which version it changes.
func versioned[I, O any](path string, action access.Action, summary string, handle handler[I, O]) Route {
	r := changing(http.MethodPatch, path, action, summary, handle).answers(http.StatusAccepted).
		says("AzureTRE's etag header, or If-Match, is required: the resource's _etag, or * for whichever version there is. What it was before stands in the history.")
	r.matched = true
	return r
}

// UserRole is a role as AzureTRE writes one, and ours: until when, and why.
type UserRole struct {
	ID          string     `json:"id" doc:"Of the role; see /roles" example:"2f1b6c3e-0000-5000-8000-000000000000"`
	DisplayName string     `json:"displayName" doc:"Name of the role" example:"WorkspaceResearcher"`
	Expires     *time.Time `json:"expires,omitempty" doc:"From then on it counts for nothing; absent: it never ends" example:"2027-01-31T00:00:00Z"`
	GrantedBy   string     `json:"grantedBy,omitempty" doc:"Name of who gave it, or changed it last"`
	GrantedWhen *time.Time `json:"grantedWhen,omitempty" doc:"When it was given, or changed last" example:"2026-11-22T09:00:00Z"`
	Reason      string     `json:"reason,omitempty" doc:"Why, as they said"`
}

// WorkspaceUser is AzureTRE's AssignedUser, with our fields after its own.
type WorkspaceUser struct {
	ID            string     `json:"id" doc:"Object id of the person or group" example:"a0000000-0000-4000-8000-000000000002"`
	DisplayName   string     `json:"displayName" doc:"Empty where no directory said it"`
	PrincipalName string     `json:"userPrincipalName" doc:"What the person signs in with"`
	Email         string     `json:"email" doc:"Address for notices; empty where none is known" example:"ann@example.org"`
	Roles         []UserRole `json:"roles" doc:"What the person, or group, may be in the workspace"`
	Group         bool       `json:"group" doc:"It is an Entra group, whose members have the roles"`
	Held          string     `json:"heldBack" doc:"Why none of the roles counts now; empty when they do, and for whoever may not manage members"`
}

// WorkspaceUsers lists users.
type WorkspaceUsers struct {
	Users []WorkspaceUser `json:"users" doc:"Everybody with a role, by name"`
}

// InWorkspace is a call about a workspace.
type InWorkspace struct {
	Workspace string `path:"workspace_id" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
}

func (a *api) users(ctx context.Context, c desk.Caller, in *InWorkspace) (*body[WorkspaceUsers], error) {
	all, err := a.Roster.Users(ctx, c, canonical(in.Workspace))
	if err != nil {
		return nil, err
	}
	out := WorkspaceUsers{Users: []WorkspaceUser{}}
	for _, u := range all {
		user := WorkspaceUser{ID: u.OID, DisplayName: u.Name, PrincipalName: u.PrincipalName, Email: u.Email, Group: u.Group, Held: u.Held}
		for _, m := range u.Roles {
			user.Roles = append(user.Roles, UserRole{ID: people.RoleID(m.Role), DisplayName: string(m.Role), Expires: orNone(m.Expires),
				GrantedBy: m.GrantedBy.Name, GrantedWhen: orNone(m.GrantedAt), Reason: m.Reason})
		}
		out.Users = append(out.Users, user)
	}
	return &body[WorkspaceUsers]{out}, nil
}

func orNone(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// WorkspaceRole is a role by id and name.
type WorkspaceRole struct {
	ID          string `json:"id" doc:"UUID, the same in every installation and workspace"`
	DisplayName string `json:"displayName" doc:"Name of the role" example:"WorkspaceResearcher"`
}

// WorkspaceRoles lists roles.
type WorkspaceRoles struct {
	Roles []WorkspaceRole `json:"roles" doc:"All roles of a workspace"`
}

func (a *api) roles(context.Context, desk.Caller, *InWorkspace) (*body[WorkspaceRoles], error) {
	var out WorkspaceRoles
	for _, role := range access.WorkspaceRoles {
		out.Roles = append(out.Roles, WorkspaceRole{ID: people.RoleID(role), DisplayName: string(role)})
	}
	return &body[WorkspaceRoles]{out}, nil
}

// Searched asks for people.
type Searched struct {
	InWorkspace
	Filter string `query:"filter" maxLength:"100" doc:"What the name begins with, or the name the person signs in with; everybody when absent"`
	Most   int    `query:"maxResultCount" minimum:"1" maximum:"50" default:"5" doc:"People in the answer"`
}

// AssignableUser is a person of the directory.
type AssignableUser struct {
	ID            string `json:"id" doc:"Object id of the person" example:"a0000000-0000-4000-8000-000000000002"`
	DisplayName   string `json:"displayName" doc:"Name, as the directory has it" example:"Ann"`
	PrincipalName string `json:"userPrincipalName" doc:"What the person signs in with" example:"ann@example.org"`
	Email         string `json:"email" doc:"Address, as the directory has it" example:"ann@example.org"`
}

// AssignableUsers lists people of the directory.
type AssignableUsers struct {
	Users []AssignableUser `json:"assignable_users" doc:"Those found, at most as many as asked for"`
}

func (a *api) assignable(ctx context.Context, c desk.Caller, in *Searched) (*body[AssignableUsers], error) {
	found, err := a.Roster.Assignable(ctx, c, canonical(in.Workspace), in.Filter, in.Most)
	if err != nil {
		return nil, err
	}
	out := AssignableUsers{Users: []AssignableUser{}}
	for _, e := range found {
		out.Users = append(out.Users, AssignableUser{ID: e.OID, DisplayName: e.Name, PrincipalName: e.PrincipalName, Email: e.Email})
	}
	return &body[AssignableUsers]{out}, nil
}

// Assigning is AzureTRE's UserRoleAssignmentRequest, with our fields.
type Assigning struct {
	InWorkspace
	Body struct {
		RoleID  string   `json:"role_id" minLength:"1" maxLength:"60" doc:"Id of the role, or its name" example:"WorkspaceResearcher"`
		Users   []string `json:"user_ids,omitempty" maxItems:"40" doc:"Object ids of people" example:"[\"a0000000-0000-4000-8000-000000000002\"]"`
		Groups  []string `json:"group_ids,omitempty" maxItems:"40" doc:"Object ids of Entra groups instead; an administrator's"`
		Expires string   `json:"expires,omitempty" maxLength:"40" doc:"RFC 3339 time, or a date after which it ends; absent: never" example:"2027-01-31"`
		Reason  string   `json:"reason,omitempty" maxLength:"2000" doc:"Why; kept in the audit trail"`
	}
}

// Assigned is AzureTRE's answer to a role given or taken.
type Assigned struct {
	Users  []string `json:"user_ids" doc:"Object ids of whom it is about" example:"[\"a0000000-0000-4000-8000-000000000002\"]"`
	RoleID string   `json:"role_id" doc:"The role, as it was asked for" example:"WorkspaceResearcher"`
}

func (a *api) assign(ctx context.Context, c desk.Caller, in *Assigning) (*body[Assigned], error) {
	role, err := people.ParseRole(in.Body.RoleID)
	if err != nil {
		return nil, err
	}
	to := roster.Assignment{Role: role, Users: each(in.Body.Users, canonical), Groups: each(in.Body.Groups, canonical), Reason: in.Body.Reason}
	if to.Expires, err = people.EndOfDay("expires", in.Body.Expires); err != nil {
		return nil, err
	}
	err = a.Roster.Assign(ctx, c, canonical(in.Workspace), to)
	return &body[Assigned]{Assigned{Users: listed(append(to.Users, to.Groups...)), RoleID: in.Body.RoleID}}, err
}

func each(all []string, do func(string) string) []string {
	done := make([]string, len(all))
	for i, text := range all {
		done[i] = do(text)
	}
	return done
}

// Unassigning names what is to be taken from whom.
type Unassigning struct {
	InWorkspace
	User   string `query:"user_id" required:"true" minLength:"1" maxLength:"60" doc:"Object id of the person or group"`
	RoleID string `query:"role_id" required:"true" minLength:"1" maxLength:"60" doc:"Id of the role, or its name"`
	Reason string `query:"reason" maxLength:"2000" doc:"Why; kept in the audit trail"`
}

func (a *api) unassign(ctx context.Context, c desk.Caller, in *Unassigning) (*body[Assigned], error) {
	role, err := people.ParseRole(in.RoleID)
	if err != nil {
		return nil, err
	}
	err = a.Roster.Remove(ctx, c, canonical(in.Workspace), canonical(in.User), role, in.Reason)
	return &body[Assigned]{Assigned{Users: []string{canonical(in.User)}, RoleID: in.RoleID}}, err
}

// Amending changes a membership.
type Amending struct {
	InWorkspace
	User string `path:"user_id" doc:"Object id of the person or group" example:"a0000000-0000-4000-8000-000000000002"`
	Body struct {
		RoleID  string  `json:"role_id" minLength:"1" maxLength:"60" doc:"Id, or name, of the role that the person has" example:"WorkspaceResearcher"`
		Instead string  `json:"new_role_id,omitempty" maxLength:"60" doc:"Id, or name, of the role to have instead"`
		Expires *string `json:"expires,omitempty" maxLength:"40" doc:"RFC 3339 time, or a date after which it ends; empty: never; absent: as it is" example:"2027-01-31"`
		Reason  string  `json:"reason,omitempty" maxLength:"2000" doc:"Why; kept in the audit trail"`
	}
}

func (a *api) amend(ctx context.Context, c desk.Caller, in *Amending) (*body[Assigned], error) {
	role, err := people.ParseRole(in.Body.RoleID)
	if err != nil {
		return nil, err
	}
	to, now := people.Amendment{}, role
	if in.Body.Instead != "" {
		if to.Role, err = people.ParseRole(in.Body.Instead); err != nil {
			return nil, err
		}
		now = to.Role
	}
	if in.Body.Expires != nil {
		end, err := people.EndOfDay("expires", *in.Body.Expires)
		if err != nil {
			return nil, err
		}
		to.Expires = &end
	}
	err = a.Roster.Amend(ctx, c, canonical(in.Workspace), canonical(in.User), role, to, in.Body.Reason)
	return &body[Assigned]{Assigned{Users: []string{canonical(in.User)}, RoleID: people.RoleID(now)}}, err
}
