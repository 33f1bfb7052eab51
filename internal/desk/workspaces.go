package desk

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// WorkspaceView is a workspace as one person sees it.
type WorkspaceView struct {
	Workspace airlock.Workspace
	Roles     []access.Role // of the person, here and in the token
}

// WorkspaceList is a page of workspaces.
type WorkspaceList struct {
	Views []WorkspaceView
	Next  string // cursor of the next page; "" at the end
}

// Workspace returns a workspace to who has a role in it, and to administrators.
// airlock.ErrNotFound: there is none, or the caller is neither.
func (d *Desk) Workspace(ctx context.Context, c Caller, workspace string) (WorkspaceView, error) {
	c, err := d.Admit(ctx, c, workspace, access.ReadWorkspace)
	if err != nil {
		return WorkspaceView{}, err
	}
	return WorkspaceView{Workspace: c.standing.workspace, Roles: c.standing.roles}, nil
}

// Workspaces returns the workspaces in which the caller has a role; an administrator
// gets all of them. They are in the order of their names. A limit of 0 means
// all of them.
func (d *Desk) Workspaces(ctx context.Context, c Caller, page airlock.Page) (WorkspaceList, error) {
	c, err := d.AdmitEverywhere(ctx, c, access.ListWorkspaces)
	if err != nil {
		return WorkspaceList{}, err
	}
	places, err := d.settled(ctx, c)
	if err != nil {
		return WorkspaceList{}, err
	}
	views := make([]WorkspaceView, len(places))
	for i, s := range places {
		views[i] = WorkspaceView{Workspace: s.workspace, Roles: s.roles}
	}
	slices.SortFunc(views, func(a, b WorkspaceView) int {
		return cmp.Or(cmp.Compare(airlock.Fold(a.Workspace.DisplayName), airlock.Fold(b.Workspace.DisplayName)), cmp.Compare(a.Workspace.ID, b.Workspace.ID))
	})
	from, err := position(page.After, len(views))
	if err != nil {
		return WorkspaceList{}, err
	}
	to := len(views)
	if page.Limit > 0 {
		to = min(to, from+page.Limit)
	}
	out := WorkspaceList{Views: views[from:to]}
	if to < len(views) {
		out.Next = strconv.Itoa(to)
	}
	return out, nil
}

// Settled is the caller with what they are in every workspace, read once, so that
// the lists that follow do not read it again: one query a workspace.
func (d *Desk) Settled(ctx context.Context, c Caller) (Caller, error) {
	c, err := d.AdmitEverywhere(ctx, c, access.ListWorkspaces)
	if err != nil {
		return c, err
	}
	c.places, err = d.settled(ctx, c)
	return c, err
}

// settled are the workspaces in which the caller is somebody, as Settled read
// them, or read now.
func (d *Desk) settled(ctx context.Context, c Caller) ([]standing, error) {
	if c.places != nil {
		return c.places, nil
	}
	all, err := d.workspaces(ctx)
	if err != nil {
		return nil, err
	}
	places := make([]standing, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	for i, w := range all {
		group.Go(func() error {
			s, err := d.standIn(ctx, c.Person, w.ID, c.record, false)
			s.workspace = w
			places[i] = s
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(places, func(s standing) bool { return s.workspace.Gone || !access.May(access.ReadWorkspace, s.roles...) }), nil
}
