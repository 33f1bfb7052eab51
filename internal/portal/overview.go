package portal

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// overview is what the first page says of workspaces: to administrators what
// waits for them, and all workspaces; to others their own requests.
type overview struct {
	Admin  bool
	Asks   bool    // may the person ask for a workspace
	Wishes *wishes // nil: there is nothing to show
	All    []resources.WorkspaceView
	More   bool // there are more workspaces than are shown
}

// overview reads it.
func (p *portal) overview(ctx context.Context, v visitor) (overview, error) {
	var o overview
	if p.Resources == nil {
		return o, nil
	}
	c, admin, err := p.administers(ctx, v)
	if err != nil {
		return o, err
	}
	_, no := p.Desk.AdmitEverywhere(ctx, c, access.AskWorkspace)
	o.Asks = no == nil
	if !admin {
		found, err := p.Resources.Wanted(ctx, c, "", resources.Page{Page: airlock.Page{Limit: perPage}})
		if len(found.Requests) > 0 {
			o.Wishes = &wishes{ID: "wishes", Heading: "Your requests for workspaces", Requests: found.Requests}
		}
		return o, err
	}
	o.Admin = true
	waiting, err := p.Resources.Wanted(ctx, c, workspace.Asked, resources.Page{Page: airlock.Page{Limit: perPage}})
	if err != nil {
		return o, err
	}
	o.Wishes = &wishes{ID: "wishes", Heading: "Requests for workspaces that wait for you", Requests: waiting.Requests,
		Empty: "No request for a workspace waits for a decision."}
	all, err := p.Resources.Workspaces(ctx, c, resources.Page{Page: airlock.Page{Limit: perPage}})
	o.All, o.More = all.Views, all.Next != ""
	return o, err
}
