package resources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Wish is a workspace that somebody asks for.
type Wish struct {
	provision.New
	Reason string // why, for the administrators
}

// Asked is what became of it: an operation that makes the workspace, or a
// request that waits for an administrator.
type Asked struct {
	Operation workspace.Operation
	Request   *workspace.Request // nil: the workspace is being made
}

// AskWorkspace asks for a workspace: an administrator gets it at once, anybody
// else's request waits for one.
func (d *Desk) AskWorkspace(ctx context.Context, c desk.Caller, w Wish) (Asked, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.AskWorkspace)
	if err != nil {
		return Asked{}, err
	}
	b, err := d.builder()
	if err != nil {
		return Asked{}, err
	}
	const purpose = "ask for a workspace"
	a, id := d.act(c, purpose, access.AskWorkspace, w.Reason), d.id(c, purpose)
	if d.isAdmin(c) {
		w.Roles, w.Owner = c.Everywhere(a.At), a.By
		_, op, err := b.Workspace(ctx, a, id, w.New)
		return Asked{Operation: op}, err
	}
	if a.By.App {
		return Asked{}, fmt.Errorf("a program cannot own a workspace: send a person's token, or an administrator's: %w", airlock.ErrRefused)
	}
	r, err := b.Ask(ctx, workspace.Request{ID: id, Source: workspace.FromCall, Template: w.Template, TemplateVersion: w.Version,
		Properties: w.Properties, Reason: w.Reason, Requester: a.By, Members: w.Members, Call: a.Operation})
	return Asked{Request: &r}, err
}

// RequestList is a page of requests for workspaces, the newest first.
type RequestList struct {
	Requests []workspace.Request
	Next     string // cursor of the next page; "" at the end
}

// Wanted lists requests for workspaces: the caller's own, or, for
// administrators, all of them. A status picks those that stand so.
func (d *Desk) Wanted(ctx context.Context, c desk.Caller, status workspace.RequestStatus, page Page) (RequestList, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ReadWorkspaceRequest)
	if err != nil {
		return RequestList{}, err
	}
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Request, string, error) {
		return d.Ports.Requests.WorkspaceRequests(ctx, p)
	})
	if err != nil {
		return RequestList{}, fmt.Errorf("requests for workspaces: %w", err)
	}
	all = slices.DeleteFunc(all, func(r workspace.Request) bool {
		return status != "" && r.Status != status || !d.isAdmin(c) && r.Requester.OID != c.Person.OID
	})
	slices.SortFunc(all, func(a, b workspace.Request) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	cut, next, err := desk.Cut(all, page.Page, page.Most, func(r workspace.Request) string { return r.ID })
	return RequestList{Requests: cut, Next: next}, err
}

// WantedOne returns a request: the caller's own, or, to administrators, any.
func (d *Desk) WantedOne(ctx context.Context, c desk.Caller, id string) (workspace.Request, error) {
	_, r, err := d.request(ctx, c, id, access.ReadWorkspaceRequest)
	return r, err
}

// request is one that the caller may take an action on.
func (d *Desk) request(ctx context.Context, c desk.Caller, id string, action access.Action) (desk.Caller, workspace.Request, error) {
	none := fmt.Errorf("request for a workspace does not exist: %w", airlock.ErrNotFound)
	c, err := d.Desk.AdmitEverywhere(ctx, c, action)
	if err != nil {
		return c, workspace.Request{}, err
	}
	if !canonical(id) {
		return c, workspace.Request{}, none
	}
	r, err := d.Ports.Requests.WorkspaceRequest(ctx, id)
	switch {
	case errors.Is(err, airlock.ErrNotFound):
		return c, workspace.Request{}, none
	case err != nil:
		return c, workspace.Request{}, fmt.Errorf("request for workspace %s: %w", id, err)
	case r.Requester.OID != c.Person.OID && !d.isAdmin(c):
		return c, workspace.Request{}, none
	}
	return c, r, nil
}

// Decide approves or rejects a request; a rejection says why.
func (d *Desk) Decide(ctx context.Context, c desk.Caller, id string, grant bool, reason string) (workspace.Request, error) {
	c, r, err := d.request(ctx, c, id, access.DecideWorkspaceRequest)
	if err != nil {
		return r, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Request{}, err
	}
	return b.Decide(ctx, d.act(c, "decide on request "+id, access.DecideWorkspaceRequest, reason), id, grant)
}

// Withdraw takes a request back.
func (d *Desk) Withdraw(ctx context.Context, c desk.Caller, id, reason string) (workspace.Request, error) {
	c, r, err := d.request(ctx, c, id, access.WithdrawWorkspaceRequest)
	if err != nil {
		return r, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Request{}, err
	}
	return b.Withdraw(ctx, d.act(c, "withdraw request "+id, access.WithdrawWorkspaceRequest, reason), id)
}
