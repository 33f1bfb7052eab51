package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

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
	if err := v.asked(action); err != nil {
		return v, err
	}
	return v, c.matches(v.request)
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
// what failed, sees nothing of what it is about; nor does who changed, or
// changed once, what is now somebody else's draft.
func (v visit) view(r airlock.Request) View {
	as := r.Capacities(v.caller.Person, v.roles)
	view := View{Request: r, Workspace: v.workspace, Roles: v.roles, Capacities: as,
		Actions: actions(r, as, v.caller.Person, v.thawed() != nil), Wait: r.Waits(v.workspace.Policy)}
	if !view.reads() {
		view.Request.Title, view.Request.Justification, view.Request.Message = "", "", ""
		view.Request.Properties, view.Request.Reviews = nil, nil
	}
	return view
}

// reads tells whether the person may see what the request is about.
func (v View) reads() bool {
	return access.May(access.Read, v.Roles...) && v.Request.Sees(v.Capacities, v.Roles)
}

// actions are the rulebook's, less deciding for who has decided on this turn
// or handed the request in, and what a frozen workspace holds back.
func actions(r airlock.Request, as []airlock.Role, p access.Person, frozen bool) []string {
	all := r.Actions(as)
	if frozen {
		all = slices.DeleteFunc(all, func(a string) bool {
			return access.FrozenOut(access.Action("airlock/"+a)) || a == string(airlock.Return)
		})
	}
	decided := slices.ContainsFunc(r.Reviews, func(v airlock.Review) bool { return v.Turn == r.Turn && v.Reviewer.OID == p.OID })
	if p.App || decided || p.OID == r.CreatedBy.OID || p.OID == r.SubmittedBy.OID {
		all = slices.DeleteFunc(all, func(a string) bool { return a == "review" || a == string(airlock.Return) })
	}
	return all
}
