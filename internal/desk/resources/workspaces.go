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
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// WorkspaceView is a workspace as one person sees it: what the airlock knows of
// it, and the resource. One that was not deployed by this system has no
// resource, and a View without an id.
type WorkspaceView struct {
	desk.WorkspaceView
	View
}

// Known tells whether there is a resource.
func (v WorkspaceView) Known() bool { return v.Resource.ID != "" }

// WorkspaceList is a page of workspaces.
type WorkspaceList struct {
	Views []WorkspaceView
	Next  string // cursor of the next page; "" at the end
}

// Workspace returns a workspace to who has a role in it, and to administrators.
// airlock.ErrNotFound: there is none, it was deleted, or the caller is neither.
func (d *Desk) Workspace(ctx context.Context, c desk.Caller, id string) (WorkspaceView, error) {
	card, err := d.Desk.Workspace(ctx, c, id)
	if err != nil {
		return WorkspaceView{}, err
	}
	r, err := d.Ports.Rows.Resource(ctx, workspace.Key{Partition: workspace.System, ID: id})
	if errors.Is(err, airlock.ErrNotFound) {
		return WorkspaceView{WorkspaceView: card}, nil
	}
	if err != nil {
		return WorkspaceView{}, fmt.Errorf("workspace %s: %w", id, err)
	}
	v, err := d.view(ctx, r, nil)
	return WorkspaceView{card, v}, err
}

// Workspaces returns the workspaces in which the caller has a role; an
// administrator gets all of them. They are in the order of their names.
func (d *Desk) Workspaces(ctx context.Context, c desk.Caller, page Page) (WorkspaceList, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ListWorkspaces)
	if err != nil {
		return WorkspaceList{}, err
	}
	list := d.own
	if d.isAdmin(c) {
		list = d.every
	}
	all, err := list(ctx, c)
	if err != nil {
		return WorkspaceList{}, err
	}
	all = byName(all)
	cut, next, err := desk.Cut(all, page.Page, page.Most, func(v WorkspaceView) string { return v.Workspace.ID })
	if err != nil {
		return WorkspaceList{}, err
	}
	known := make([]workspace.Resource, 0, len(cut))
	for _, v := range cut {
		if v.Known() {
			known = append(known, v.Resource)
		}
	}
	views, err := d.views(ctx, known, nil)
	if err != nil {
		return WorkspaceList{}, err
	}
	for i := range cut {
		if cut[i].Known() {
			cut[i].View, views = views[0], views[1:]
		}
	}
	return WorkspaceList{Views: cut, Next: next}, nil
}

// byName puts workspaces in the order of their names, whatever the case. Names
// are folded once, and views moved once: both cost more than comparing.
func byName(all []WorkspaceView) []WorkspaceView {
	folded, order := make([]string, len(all)), make([]int, len(all))
	for i := range all {
		folded[i], order[i] = airlock.Fold(all[i].Workspace.DisplayName), i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(folded[a], folded[b]), cmp.Compare(all[a].Workspace.ID, all[b].Workspace.ID))
	})
	ordered := make([]WorkspaceView, len(all))
	for i, from := range order {
		ordered[i] = all[from]
	}
	return ordered
}

// every are all workspaces, read in one range query: whoever administers them
// has the roles of the token in each, and its card says nothing that the
// resource does not. Workspaces that have a card alone are added; there is none
// where this system deploys, so they are looked for once in a while.
func (d *Desk) every(ctx context.Context, c desk.Caller) ([]WorkspaceView, error) {
	resources, err := d.all(ctx, workspace.System)
	if err != nil {
		return nil, err
	}
	views := make([]WorkspaceView, 0, len(resources))
	known, roles := make(map[string]bool, len(resources)), c.Everywhere(d.Now())
	for _, r := range resources {
		if r.Kind != workspace.Workspace {
			continue
		}
		if known[r.ID] = true; !r.Gone() {
			views = append(views, WorkspaceView{desk.WorkspaceView{Workspace: card(r), Roles: roles}, View{Resource: r}})
		}
	}
	strays, err := d.strays.get(ctx, "", d.Now(), d.fresh(), func(ctx context.Context) ([]airlock.Workspace, error) {
		cards, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) { return d.Ports.Cards.Workspaces(ctx, p) })
		if err != nil {
			return nil, fmt.Errorf("workspaces: %w", err)
		}
		return slices.DeleteFunc(cards, func(w airlock.Workspace) bool { return known[w.ID] || w.Gone }), nil
	})
	for _, w := range strays {
		if !known[w.ID] {
			views = append(views, WorkspaceView{WorkspaceView: desk.WorkspaceView{Workspace: w, Roles: roles}})
		}
	}
	return views, err
}

// card is what the resource itself says of what is on the card.
func card(r workspace.Resource) airlock.Workspace {
	description, _ := r.Properties["description"].(string)
	return airlock.Workspace{ID: r.ID, DisplayName: r.Name(), Description: description, Deployed: r.Installed}
}

// few is how many resources are read one by one rather than all in one query.
const few = 20

// own are the workspaces in which the caller has a role.
func (d *Desk) own(ctx context.Context, c desk.Caller) ([]WorkspaceView, error) {
	list, err := d.Desk.Workspaces(ctx, c, airlock.Page{})
	if err != nil {
		return nil, err
	}
	views := make([]WorkspaceView, len(list.Views))
	for i, v := range list.Views {
		views[i] = WorkspaceView{WorkspaceView: v}
	}
	if len(views) > few {
		return views, d.fill(ctx, views)
	}
	return views, airlock.Each(len(views), d.parallel(), func(i int) error {
		r, err := d.Ports.Rows.Resource(ctx, workspace.Key{Partition: workspace.System, ID: views[i].Workspace.ID})
		if err != nil && !errors.Is(err, airlock.ErrNotFound) {
			return fmt.Errorf("workspace %s: %w", views[i].Workspace.ID, err)
		}
		if err == nil {
			views[i].Resource = r
		}
		return nil
	})
}

// fill adds the resources, read in one query.
func (d *Desk) fill(ctx context.Context, views []WorkspaceView) error {
	resources, err := d.all(ctx, workspace.System)
	if err != nil {
		return err
	}
	by := make(map[string]workspace.Resource, len(resources))
	for _, r := range resources {
		by[r.ID] = r
	}
	for i := range views {
		views[i].Resource = by[views[i].Workspace.ID]
	}
	return nil
}
