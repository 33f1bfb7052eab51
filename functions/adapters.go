package main

import (
	"context"
	"crypto/x509"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azevents"
	"github.com/trefoil-tre/trefoil/internal/azorders"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// state is what both apps share: tables, queues and the topic.
type state struct {
	store  *azstore.Store
	orders *azorders.Orders
	topic  facts
	roots  *x509.CertPool
}

func openState(c config.Config) (state, error) {
	roots, err := c.Host.Roots()
	if err != nil {
		return state{}, err
	}
	account := c.Accounts.State
	store, err := azstore.Open(azstore.Config{ConnectionString: account.Connection.Reveal(),
		Tables: account.Tables(), Blobs: account.Blobs()})
	if err != nil {
		return state{}, err
	}
	orders, err := azorders.New(azorders.Config{ConnectionString: account.Connection.Reveal(), Endpoint: account.Queues()})
	if err != nil {
		return state{}, err
	}
	topic, err := azevents.New(azevents.Config{Endpoint: string(c.Events.TopicEndpoint), Key: c.Events.TopicKey.Reveal(), Roots: roots})
	if err != nil {
		return state{}, err
	}
	return state{store: store, orders: orders, topic: facts{topic}, roots: roots}, nil
}

func openAccounts(c config.Config) (*azblobs.Accounts, error) {
	var workspaces []string
	for _, connection := range c.Accounts.WorkspaceConnections {
		workspaces = append(workspaces, connection.Reveal())
	}
	return azblobs.New(azblobs.Config{
		AirlockConnection: c.Accounts.Airlock.Connection.Reveal(), AirlockEndpoint: c.Accounts.Airlock.Blobs(),
		WorkspaceConnections: workspaces, WorkspaceEndpoint: string(c.Accounts.WorkspaceEndpoint), Now: time.Now,
	})
}

func cadence(c config.Config) airlock.Cadence {
	return airlock.Cadence{Hint: c.Work.HintAfter, Draft: c.Work.DraftEvery, Settle: c.Work.PurgeGap}
}

func openLedger(s state, c config.Config) ledger.Ledger {
	return ledger.Ledger{Requests: s.store, Workspaces: s.store, Trail: s.store, Now: time.Now, Cadence: cadence(c)}
}

// facts publishes our facts on the topic.
type facts struct{ topic *azevents.Topic }

// Publish sends one event.
func (f facts) Publish(ctx context.Context, fact message.Fact) error {
	return f.topic.Publish(ctx, []azevents.Event{{ID: fact.ID, Subject: fact.Subject, Type: fact.Type,
		DataVersion: fact.Version, Time: fact.At, Data: fact.Data}})
}
