package stack

import (
	"context"
	"path/filepath"

	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

// The accounts besides those of the workspaces.
const (
	HostAccount    = "host"
	StateAccount   = "state"
	AirlockAccount = "airlock"
)

// Account is the full name of an account of this stack: "state", or
// "scenariostate" where several share an Azurite.
func (s *Stack) Account(name string) string { return s.cfg.Prefix + name }

// own are the endpoints with this stack's accounts alone, and those of the
// workspaces that it makes.
func (s *Stack) own(e azurite.Endpoints) azurite.Endpoints {
	keys := map[string]string{azurite.Family: e.Accounts[azurite.Family]}
	for _, account := range s.accounts() {
		keys[account] = e.Key(account)
	}
	e.Accounts = keys
	return e
}

// accounts are those that are there from the start. The last two belong to
// workspaces that somebody puts into the state as the airlock knows one, with no
// template behind them.
func (s *Stack) accounts() []string {
	var all []string
	for _, name := range []string{HostAccount, StateAccount, AirlockAccount, "ws1", "ws2"} {
		all = append(all, s.Account(name))
	}
	return all
}

// startStorage starts Azurite and the gateway before its blobs, and Defender,
// which the gateway tells what was uploaded.
func (s *Stack) startStorage(ctx context.Context) error {
	if s.cfg.Azurite != nil {
		s.Direct = s.own(*s.cfg.Azurite)
	} else if err := s.startAzurite(ctx); err != nil {
		return err
	}
	scanner := defender.New(defender.Config{BlobURL: s.Direct.Blob, Accounts: s.Direct.Accounts, Topic: scanTopicID,
		Clamd: s.cfg.Clamd, Decide: s.cfg.Scanner, Now: s.cfg.Now, Log: s.cfg.Log,
		Publish: func(e eventgrid.Event) error { return s.Grid.Publish(scanTopic, e) }})
	s.onClose(func() error { scanner.Close(); return nil })
	var err error
	s.Gateway, err = gateway.Start(gateway.Config{Upstream: s.Direct.Blob, Accounts: s.Direct.Accounts,
		Uploaded: scanner.Uploaded, DeletedNameFor: s.cfg.Pace.DeletedName, Unkind: s.cfg.Gateway, Now: s.cfg.Now, Log: s.cfg.Log,
		Exists: func(account string) bool { return !azurite.InFamily(account) || s.made.exists(account) },
		Topic: func(account string) string {
			if id, ok := s.made.id(account); ok {
				return id
			}
			return storageTopicID(account)
		},
		Sink: func(_ context.Context, account string, e eventgrid.Event) {
			if err := s.Grid.Publish(account, e); err != nil {
				s.cfg.Log.DebugContext(ctx, "storage event has no topic yet")
			}
		}})
	if err != nil {
		return err
	}
	s.onClose(s.Gateway.Close)
	s.Storage = s.Direct.WithBlob(s.Gateway.URL())
	return s.openDeadLetters(ctx)
}

func (s *Stack) startAzurite(ctx context.Context) error {
	cfg := azurite.Config{Root: s.cfg.Root, Accounts: append(s.accounts(), azurite.Family), Keys: s.kept.Accounts}
	if !s.temporary {
		cfg.Dir = filepath.Join(s.dir, "azurite")
	}
	server, err := azurite.Start(ctx, cfg)
	if err != nil {
		return err
	}
	s.onClose(server.Stop)
	s.Direct = server.Endpoints
	return nil
}

// Store is the state, as both apps see it.
func (s *Stack) Store() (*azstore.Store, error) {
	return azstore.Open(azstore.Config{ConnectionString: s.Direct.ConnectionString(s.Account(StateAccount))})
}
