package main

import (
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockchanged"
	"github.com/trefoil-tre/trefoil/functions/blobcreated"
	"github.com/trefoil-tre/trefoil/functions/blobscanned"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/doorman"
)

// addFront adds what people and Event Grid reach. Its file port is azdesk:
// make a container, list names, sign a link.
func addFront(app *azfunc.App, c config.Config, log *slog.Logger) error {
	s, err := openState(c)
	if err != nil {
		return err
	}
	accounts, err := openAccounts(c)
	if err != nil {
		return err
	}
	door := &doorman.Doorman{AirlockAccount: c.Accounts.Airlock.Name(), Workspaces: s.store, Trail: s.store, Now: time.Now,
		StorageTopics: c.Events.StorageTopics, ScanTopics: c.Events.ScanTopics, OwnTopics: c.Events.OwnTopics}
	azfunc.Add(app, "blobcreated", "fact", blobcreated.Function{Door: door}.Handle)
	azfunc.Add(app, "blobscanned", "fact", blobscanned.Function{Door: door}.Handle)
	azfunc.Add(app, "airlockchanged", "fact", airlockchanged.Function{Door: door}.Handle)

	people := &desk.Desk{Now: time.Now, Cadence: cadence(c), Log: log, Ports: desk.Ports{
		Requests: s.store, Files: s.store, Trail: s.store, Workspaces: s.store, Members: s.store, Manifests: s.store,
		Containers: azdesk.New(accounts), Orders: s.orders, Facts: s.topic}}
	return addPages(app, c, people, s)
}
