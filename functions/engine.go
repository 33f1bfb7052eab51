package main

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
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// addEngine adds the workers and timers.
func addEngine(app *azfunc.App, c config.Config, log *slog.Logger) error {
	s, err := openState(c)
	if err != nil {
		return err
	}
	accounts, err := openAccounts(c)
	if err != nil {
		return err
	}
	w := c.Work
	ledger, boxes := openLedger(s, c), azdesk.New(accounts)
	vault := &azfiles.Vault{Accounts: accounts, Now: time.Now, PutBlobMax: w.PutBlobMax, BlockBytes: w.BlockSize,
		BlocksPerSlice: w.BlocksPerSlice, Parallel: w.Concurrency}
	janitor := &azfiles.Janitor{Accounts: accounts}

	azfunc.Add(app, "airlockinspect", "order", airlockinspect.Function{Ledger: ledger, Files: s.store, Vault: vault,
		Inspector: inspect.Inspector{SliceBytes: w.InspectSlice, Now: time.Now}}.Handle)
	azfunc.Add(app, "airlockverdict", "order", airlockverdict.Function{Ledger: ledger, Files: s.store, Desk: boxes}.Handle)
	azfunc.Add(app, "airlockadvance", "order", airlockadvance.Function{Ledger: ledger, Files: s.store, Work: s.store,
		Desk: boxes, Vault: vault, Manifests: s.store, Page: w.PageSize, Parallel: w.Concurrency,
		Pause: w.ReconcileEvery, Changes: w.MaxReseals}.Handle)
	azfunc.Add(app, "airlockdeliver", "order", airlockdeliver.Function{Ledger: ledger, Files: s.store, Work: s.store,
		Desk: boxes, Vault: vault, Manifests: s.store, Page: w.PageSize, Parallel: w.Concurrency, Slice: w.InspectSlice}.Handle)
	azfunc.Add(app, "airlockpurge", "order", airlockpurge.Function{Ledger: ledger, Files: s.store, Vault: vault,
		Janitor: janitor, Settle: w.PurgeGap}.Handle)
	azfunc.Add(app, "retain", "tick", retain.Function{Ledger: ledger, Work: s.store, Janitor: janitor, Orphan: w.OrphanAge}.Handle)
	if err := addSweep(app, c, s); err != nil {
		return err
	}
	return addNotify(app, c, s, log)
}

func addSweep(app *azfunc.App, c config.Config, s state) error {
	account := c.Accounts.State
	letters, err := azdead.New(azdead.Config{ConnectionString: account.Connection.Reveal(), Endpoint: account.Blobs(),
		Container: c.Work.DeadLetters})
	if err != nil {
		return err
	}
	azfunc.Add(app, "sweep", "tick", sweep.Function{Ledger: openLedger(s, c), Work: s.store, Poison: poison{s.orders},
		Dead: dead{letters}, Queues: message.Queues, Marks: c.Work.MarkAfter}.Handle)
	return nil
}

func addNotify(app *azfunc.App, c config.Config, s state, log *slog.Logger) error {
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
	azfunc.Add(app, "notify", "order", notify.Function{Ledger: openLedger(s, c), Members: s.store, Letters: s.store,
		Mail: sender, Facts: s.topic, Administrators: administrators, Portal: string(c.SignIn.PortalURL),
		Domain: portal.Hostname(), Log: log}.Handle)
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
		all = append(all, sweep.Letter{Event: azfunc.Event{ID: l.ID, Topic: l.Topic, Subject: l.Subject, EventType: l.EventType},
			Drop: func(ctx context.Context) error { return d.letters.Drop(ctx, l.Blob) }})
	}
	return all, err
}
