// Package front wires the app that faces people and Event Grid. Its file port
// is azdesk: make a container, list names, sign a link. Nothing it imports can
// read, copy or delete a file, which a test proves.
package front

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockchanged"
	"github.com/trefoil-tre/trefoil/functions/armchanged"
	"github.com/trefoil-tre/trefoil/functions/blobcreated"
	"github.com/trefoil-tre/trefoil/functions/blobscanned"
	"github.com/trefoil-tre/trefoil/functions/workspacerequested"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Settings are what the front is wired from.
type Settings struct {
	Config  config.Config
	Version string // what clients see as the API's
	Log     *slog.Logger
}

// Add adds what people and Event Grid reach.
func Add(app *azfunc.App, settings Settings) error {
	c, log := settings.Config, settings.Log
	s, err := backing.Open(c)
	if err != nil {
		return err
	}
	backing.Alive(app, s.Health, health.Front, settings.Version)
	accounts, err := backing.Accounts(c)
	if err != nil {
		return err
	}
	door := &doorman.Doorman{AirlockAccount: c.Accounts.Airlock.Name(), Workspaces: s.Store, Now: time.Now,
		StorageTopics: c.Events.StorageTopics, ScanTopics: c.Events.ScanTopics, OwnTopics: c.Events.OwnTopics,
		Refusals: backing.Refusals(s, c), Health: s.Health}
	app.About = doorman.About
	azfunc.Add(app, "blobcreated", "fact", blobcreated.Function{Door: door}.Handle)
	azfunc.Add(app, "blobscanned", "fact", blobscanned.Function{Door: door}.Handle)
	azfunc.Add(app, "airlockchanged", "fact", airlockchanged.Function{Door: door}.Handle)
	if c.Workspaces.On() {
		azfunc.Add(app, "workspacerequested", "fact", workspacerequested.Function{Door: door}.Handle)
		azfunc.Add(app, "armchanged", "fact", armchanged.Function{Door: door, Names: s.Store, Topics: c.Workspaces.ARMTopics}.Handle)
	} else {
		azfunc.Add(app, "workspacerequested", "fact", off[workspacerequested.Out](door))
		azfunc.Add(app, "armchanged", "fact", off[armchanged.Out](door))
	}

	boxes := azdesk.New(accounts)
	orders := backing.Traced{Orders: s.Orders}
	people := &desk.Desk{Now: time.Now, Cadence: backing.Cadence(c), Log: log,
		Parallel: c.Work.Concurrency, Inspects: c.Work.SubmitInspects, Ports: desk.Ports{
			Requests: s.Store, Files: s.Store, Trail: s.Store, Audits: s.Store, Workspaces: s.Store, Members: s.Store,
			People: s.Store, Manifests: s.Store, Operations: s.Store, Containers: boxes, Orders: orders, Facts: s.Topic}}
	members := &roster.Roster{Desk: people, Now: time.Now, Hint: c.Work.HintAfter, Log: log, Ports: roster.Ports{
		Rolls: s.Store, Records: s.Store, Members: s.Store, Workspaces: s.Store, Orders: orders}}
	return addPages(app, settings, people, members, s, monitor(c, settings.Version, s, boxes))
}

// off refuses events for a TRE that makes no workspaces.
func off[Out any](door *doorman.Doorman) func(context.Context, azfunc.Event) (Out, error) {
	return func(ctx context.Context, ev azfunc.Event) (out Out, err error) {
		return out, door.Refuse(ctx, ev, fmt.Errorf("%w: %w", workspace.ErrOff, doorman.ErrForeign))
	}
}
