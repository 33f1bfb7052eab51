// Package backing opens what both apps stand on: tables, queues, topic, and the
// way to the storage accounts, as the settings say.
package backing

import (
	"context"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azevents"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/azorders"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/aztrace"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/refusals"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// State is what both apps share.
type State struct {
	Store  *azstore.Store   // tables and manifests
	Orders *azorders.Orders // queues
	Topic  Facts            // our own topic
	Health *health.Recorder // heartbeats of this process
}

// Open returns what c names. It does not use the network.
func Open(c config.Config) (State, error) {
	roots, err := c.Host.Roots()
	if err != nil {
		return State{}, err
	}
	account := c.Accounts.State
	store, err := azstore.Open(azstore.Config{ConnectionString: account.Connection.Reveal(),
		Tables: account.Tables(), Blobs: account.Blobs()})
	if err != nil {
		return State{}, err
	}
	orders, err := azorders.New(azorders.Config{ConnectionString: account.Connection.Reveal(), Endpoint: account.Queues()})
	if err != nil {
		return State{}, err
	}
	topic, err := azevents.New(azevents.Config{Endpoint: string(c.Events.TopicEndpoint), Key: c.Events.TopicKey.Reveal(), Roots: roots})
	if err != nil {
		return State{}, err
	}
	beats := &health.Recorder{Store: store, Now: time.Now, Every: c.Health.Heartbeat}
	return State{Store: store, Orders: orders, Topic: Facts{topic, beats}, Health: beats}, nil
}

// Accounts returns the way to the storage accounts that hold files.
func Accounts(c config.Config) (*azblobs.Accounts, error) {
	var workspaces []string
	for _, connection := range c.Accounts.WorkspaceConnections {
		workspaces = append(workspaces, connection.Reveal())
	}
	return azblobs.New(azblobs.Config{
		AirlockConnection: c.Accounts.Airlock.Connection.Reveal(), AirlockEndpoint: c.Accounts.Airlock.Blobs(),
		WorkspaceConnections: workspaces, WorkspaceEndpoint: string(c.Accounts.WorkspaceEndpoint), Now: time.Now,
	})
}

// Cadence is how often what does not move is looked at again.
func Cadence(c config.Config) airlock.Cadence {
	return airlock.Cadence{Hint: c.Work.HintAfter, Draft: c.Work.DraftEvery, Settle: c.Work.PurgeGap}
}

// Ledger is where the engine reads and writes requests.
func Ledger(s State, c config.Config) ledger.Ledger {
	known := &ledger.Remembered{Store: s.Store, For: c.Work.Remember, Now: time.Now}
	return ledger.Ledger{Requests: s.Store, Workspaces: known, Trail: s.Store, Now: time.Now, Cadence: Cadence(c),
		Refusals: Refusals(s, c)}
}

// Refusals keeps what is refused.
func Refusals(s State, c config.Config) *refusals.Book {
	return &refusals.Book{Store: s.Store, Now: time.Now, PerMinute: c.Work.Refusals, Every: c.Work.RefusalsEvery}
}

// Facts publishes our facts on the topic.
type Facts struct {
	topic  *azevents.Topic
	health *health.Recorder
}

// Publish sends one event.
func (f Facts) Publish(ctx context.Context, fact message.Fact) error {
	err := f.topic.Publish(ctx, []azevents.Event{{ID: fact.ID, Subject: fact.Subject, Type: fact.Type,
		DataVersion: fact.Version, Time: fact.At, Data: fact.Data}})
	f.health.Note(ctx, health.Topic, err, aztrace.Class(err))
	return err
}

// Alive has an app write with its invocations that it is there, in which
// version.
func Alive(app *azfunc.App, beats *health.Recorder, source, version string) {
	before := app.Alive // where one process is both apps
	app.Alive = func(ctx context.Context) {
		if before != nil {
			before(ctx)
		}
		beats.Well(ctx, source, version, nil)
	}
}

// Traced sends orders that carry the trace of whoever sends them.
type Traced struct{ *azorders.Orders }

// Send puts a message on a queue, to be seen after delay.
func (t Traced) Send(ctx context.Context, queue string, message any, delay time.Duration) error {
	return t.Orders.Send(ctx, queue, telemetry.Stamped(ctx, message), delay)
}
