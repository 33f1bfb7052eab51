// Package engine wires the app that does the work: queues, timers, files. It
// has no way in from outside.
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockadvance"
	"github.com/trefoil-tre/trefoil/functions/airlockdeliver"
	"github.com/trefoil-tre/trefoil/functions/airlockinspect"
	"github.com/trefoil-tre/trefoil/functions/airlockpurge"
	"github.com/trefoil-tre/trefoil/functions/airlockverdict"
	"github.com/trefoil-tre/trefoil/functions/notify"
	"github.com/trefoil-tre/trefoil/functions/retain"
	"github.com/trefoil-tre/trefoil/functions/sweep"
	"github.com/trefoil-tre/trefoil/internal/azdead"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azfiles"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/azorders"
	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Add adds the workers and timers.
func Add(app *azfunc.App, c config.Config, version string, log *slog.Logger) error {
	s, err := backing.Open(c)
	if err != nil {
		return err
	}
	accounts, err := backing.Accounts(c)
	if err != nil {
		return err
	}
	backing.Alive(app, s.Health, health.Engine, version)
	w := c.Work
	ledger, boxes := backing.Ledger(s, c), azdesk.New(accounts)
	vault := &azfiles.Vault{Accounts: accounts, Now: time.Now, PutBlobMax: w.PutBlobMax, BlockBytes: w.BlockSize,
		BlocksPerSlice: w.BlocksPerSlice, Parallel: w.Concurrency}
	janitor := &azfiles.Janitor{Accounts: accounts}

	azfunc.Add(app, "airlockinspect", "order", airlockinspect.Function{Ledger: ledger, Files: s.Store, Vault: vault,
		Inspector: inspect.Inspector{SliceBytes: w.InspectSlice, Now: time.Now}, Health: s.Health}.Handle)
	azfunc.Add(app, "airlockverdict", "order", airlockverdict.Function{Ledger: ledger, Files: s.Store, Desk: boxes, Gather: w.GatherFor,
		Health: s.Health}.Handle)
	azfunc.Add(app, "airlockadvance", "order", airlockadvance.Function{Ledger: ledger, Files: s.Store, Work: s.Store,
		Desk: boxes, Vault: vault, Manifests: s.Store, Page: w.PageSize, Parallel: w.Concurrency,
		Fresh: s.Store, Orders: s.Orders, Pause: w.ReconcileEvery, Changes: w.MaxReseals, Looks: w.LookInspects, Gather: w.GatherFor, GatherFrom: w.GatherFrom}.Handle)
	azfunc.Add(app, "airlockdeliver", "order", airlockdeliver.Function{Ledger: ledger, Fresh: s.Store, Files: s.Store, Work: s.Store,
		Desk: boxes, Vault: vault, Manifests: s.Store, Page: w.PageSize, Parallel: w.Concurrency, Slice: w.InspectSlice,
		Pages: w.DeliverPages, Busy: w.DeliverBusy}.Handle)
	azfunc.Add(app, "airlockpurge", "order", airlockpurge.Function{Ledger: ledger, Files: s.Store, Vault: vault,
		Janitor: janitor, Settle: w.PurgeGap}.Handle)
	estate, err := retained(c, s)
	if err != nil {
		return err
	}
	azfunc.Add(app, "retain", "tick", retain.Function{Ledger: ledger, Work: s.Store, Janitor: janitor, Orphan: w.OrphanAge,
		Keys: s.Store, KeyLife: c.API.KeyLife, Members: s.Store, Rolls: s.Store, Records: s.Store, Days: w.ExpiryWarnings,
		Health: s.Health, Beats: s.Store, Keep: c.Health.Keep,
		Estate: estate}.Handle)
	if err := addWorkspaces(app, c, s, &azfiles.Canary{Vault: vault, Janitor: janitor}, log); err != nil {
		return err
	}
	if err := addSweep(app, c, s); err != nil {
		return err
	}
	return addNotify(app, c, s, log)
}

// retained is what retain looks at beside the airlock.
func retained(c config.Config, s backing.State) (retain.Estate, error) {
	e := retain.Estate{Store: s.Store, Lists: s.Store, Addresses: s.Store, Requests: s.Store, Unowned: c.Workspaces.Unowned}
	if !c.Workspaces.On() {
		return e, nil
	}
	settings, err := backing.Vault(c)
	if err != nil {
		return e, err
	}
	e.Vault, err = azvault.NewRegister(settings)
	return e, err
}

func addSweep(app *azfunc.App, c config.Config, s backing.State) error {
	account := c.Accounts.State
	letters, err := azdead.New(azdead.Config{ConnectionString: account.Connection.Reveal(), Endpoint: account.Blobs(),
		Container: c.Work.DeadLetters})
	if err != nil {
		return err
	}
	f := sweep.Function{Ledger: backing.Ledger(s, c), Work: s.Store, Poison: poison{s.Orders}, Orders: s.Orders,
		Estate: sweep.Estate{Operations: s.Store, Requests: s.Store, Life: c.Workspaces.Request},
		Door: &doorman.Doorman{AirlockAccount: c.Accounts.Airlock.Name(), ScanTopics: c.Events.ScanTopics, OwnTopics: c.Events.OwnTopics, Workspaces: s.Store,
			Now: time.Now, Refusals: backing.Refusals(s, c)},
		Dead: dead{letters}, Queues: message.Queues, Marks: c.Work.MarkAfter,
		Most: c.Work.SweepMost, Batch: c.Work.SweepBatch, Health: s.Health, Overdue: c.Health.Overdue}
	if c.Workspaces.On() {
		settings, err := backing.Vault(c)
		if err != nil {
			return err
		}
		if f.Estate.Vault, err = azvault.New(settings); err != nil {
			return err
		}
	}
	if c.Telemetry.Metrics() {
		f.Look = s.Orders.Look
	}
	azfunc.Add(app, "sweep", "tick", f.Handle)
	return nil
}

func addNotify(app *azfunc.App, c config.Config, s backing.State, log *slog.Logger) error {
	m := c.Mail
	sender, err := mail.NewSMTP(mail.Settings{Host: m.Host, Port: m.Port, TLS: string(m.TLS), Username: m.Username,
		Password: m.Password.Reveal(), From: string(m.From), CAFile: c.Host.TrustFile})
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	portal, err := url.Parse(string(c.SignIn.PortalURL))
	if err != nil {
		return fmt.Errorf("TRE_PORTAL_URL: %w", err)
	}
	var administrators []mail.Address
	for _, address := range m.Administrators {
		administrators = append(administrators, mail.Address{Email: address})
	}
	azfunc.Add(app, "notify", "order", notify.Function{Ledger: backing.Ledger(s, c), Members: s.Store, Records: s.Store, Rolls: s.Store, Wanted: s.Store, Fleets: s.Store, Operations: s.Store, Store: s.Store, Letters: s.Store, Parallel: c.Work.Concurrency,
		Mail: sender, Facts: s.Topic, Administrators: administrators, Portal: string(c.SignIn.PortalURL),
		Domain: portal.Hostname(), Log: log, GiveUp: m.GiveUp, Health: s.Health}.Handle)
	return nil
}

// poison reads the poison queues of our queues.
type poison struct{ orders *azorders.Orders }

// Take implements sweep.Poison.
func (p poison) Take(ctx context.Context, queue string, limit int) ([]sweep.Poisoned, error) {
	queue += "-poison" // as the host names them
	taken, err := p.orders.Take(ctx, queue, min(limit, 32))
	all := make([]sweep.Poisoned, 0, len(taken))
	for _, m := range taken {
		all = append(all, sweep.Poisoned{ID: m.ID, Text: m.Text,
			Drop: func(ctx context.Context) error { return p.orders.Drop(ctx, queue, m) }})
	}
	return all, err
}

// dead reads the dead letters.
type dead struct{ letters *azdead.Letters }

// Letters implements sweep.Dead.
func (d dead) Letters(ctx context.Context, limit int) ([]sweep.Letter, error) {
	found, err := d.letters.Take(ctx, limit)
	all := make([]sweep.Letter, 0, len(found))
	for _, l := range found {
		letter := sweep.Letter{Drop: func(ctx context.Context) error { return d.letters.Drop(ctx, l.Blob) }}
		for _, raw := range l.Events {
			if ev, err := azfunc.ReadEvent(raw); err == nil { // what is no event says nothing
				letter.Events = append(letter.Events, ev)
			}
		}
		all = append(all, letter)
	}
	return all, err
}
