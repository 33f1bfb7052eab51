// Package front wires the app that faces people and Event Grid. Its file port
// is azdesk: make a container, list names, sign a link. Nothing it imports can
// read, copy or delete a file, which a test proves.
package front

import (
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockchanged"
	"github.com/trefoil-tre/trefoil/functions/blobcreated"
	"github.com/trefoil-tre/trefoil/functions/blobscanned"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/doorman"
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
	accounts, err := backing.Accounts(c)
	if err != nil {
		return err
	}
	door := &doorman.Doorman{AirlockAccount: c.Accounts.Airlock.Name(), Workspaces: s.Store, Now: time.Now,
		StorageTopics: c.Events.StorageTopics, ScanTopics: c.Events.ScanTopics, OwnTopics: c.Events.OwnTopics,
		Refusals: backing.Refusals(s, c)}
	azfunc.Add(app, "blobcreated", "fact", blobcreated.Function{Door: door}.Handle)
	azfunc.Add(app, "blobscanned", "fact", blobscanned.Function{Door: door}.Handle)
	azfunc.Add(app, "airlockchanged", "fact", airlockchanged.Function{Door: door}.Handle)

	people := &desk.Desk{Now: time.Now, Cadence: backing.Cadence(c), Log: log,
		Parallel: c.Work.Concurrency, Inspects: c.Work.SubmitInspects, Ports: desk.Ports{
			Requests: s.Store, Files: s.Store, Trail: s.Store, Audits: s.Store, Workspaces: s.Store, Members: s.Store,
			People: s.Store, Manifests: s.Store, Containers: azdesk.New(accounts), Orders: s.Orders, Facts: s.Topic}}
	members := &roster.Roster{Desk: people, Now: time.Now, Hint: c.Work.HintAfter, Log: log, Ports: roster.Ports{
		Rolls: s.Store, Records: s.Store, Members: s.Store, Workspaces: s.Store, Orders: s.Orders}}
	return addPages(app, settings, people, members, s)
}
