package portal

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// overview is what the first page says of workspaces: to administrators what
// waits for them, and all workspaces; to others their own, and their requests.
type overview struct {
	Admin  bool
	Asks   bool    // may the person ask for a workspace
	People bool    // there are pages on people
	Wishes *wishes // nil: there is nothing to show
	All    []resources.WorkspaceView
	Known  bool   // All was read
	More   string // address of the next page; "" at the end
	Later  bool   // this is not the first page
}

// overview reads it.
func (p *portal) overview(ctx context.Context, c desk.Caller, after string) (overview, error) {
	o := overview{Later: after != "", People: p.Roster != nil}
	if p.Resources == nil {
		return o, nil
	}
	c, admin, err := p.administers(ctx, c)
	if err != nil {
		return o, err
	}
	_, no := p.Desk.AdmitEverywhere(ctx, c, access.AskWorkspace)
	o.Admin, o.Asks = admin, no == nil
	status, page := workspace.RequestStatus(""), resources.Page{Page: airlock.Page{Limit: perPage}}
	if admin {
		status = workspace.Asked
	}
	found, err := p.Resources.Wanted(ctx, c, status, page)
	if err != nil {
		return o, err
	}
	switch {
	case admin:
		o.Wishes = &wishes{ID: "wishes", Heading: "Requests for workspaces that wait for you", Requests: found.Requests,
			Empty: "No request for a workspace waits for a decision."}
	case len(found.Requests) > 0:
		o.Wishes = &wishes{ID: "wishes", Heading: "Your requests for workspaces", Requests: found.Requests}
	}
	page.After = after
	all, err := p.Resources.Workspaces(ctx, c, page)
	if o.All, o.Known = all.Views, err == nil; all.Next != "" {
		o.More = p.base + "/" + asQuery("after", all.Next)
	}
	return o, err
}
