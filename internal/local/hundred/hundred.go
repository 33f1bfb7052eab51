// Package hundred makes many workspaces at once, with the engine and the
// builder of the product and its adapter of deployment stacks over HTTP, on the
// stand-in of Resource Manager and a store in memory. A test holds the ends
// against the stand-in; make bench holds the speed against the bare SDK.
package hundred

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/functions/resourcestep"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/refusals"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Subscription is where everything is deployed.
const Subscription = "11111111-1111-4111-8111-111111111111"

// Cadence is the engine's, in a cloud that is quick.
var Cadence = workspace.Cadence{First: 20 * time.Millisecond, Most: 100 * time.Millisecond, Hint: time.Second, Tries: 20, Patience: time.Hour}

// TRE is the engine and what it works on.
type TRE struct {
	ARM     *arm.Server
	Store   *memstore.Store
	Builder *provision.Builder
	Stacks  *azstacks.Stacks

	platform workspace.Platform
	queue    *queue
	mu       sync.Mutex
	running  map[string]bool // stacks that are being deployed
	most     int
}

// Start starts a TRE on a stand-in that behaves as it is told.
func Start(ctx context.Context, cfg arm.Config, pool workspace.Pool) (*TRE, error) {
	server, err := arm.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	t := &TRE{ARM: server, Store: &memstore.Store{}, running: map[string]bool{},
		platform: workspace.Platform{TRE: "heart", Location: "westeurope", Subscription: Subscription, Group: "rg-heart"}}
	t.Stacks, err = azstacks.New(azstacks.Config{Config: azarm.Config{Endpoint: server.URL(), Credential: Bearer("engine"), Plain: true, Pause: time.Millisecond}})
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	log := slog.New(slog.DiscardHandler)
	s := t.Store
	room := resourcestep.Function{Platform: t.platform, Pool: pool, Cadence: Cadence, Now: time.Now, Log: log,
		Refusals: &refusals.Book{Store: s, Now: time.Now, Log: log},
		Ports: resourcestep.Ports{Store: s, Lists: s, Requests: s, Addresses: s, Packages: provision.NewShelf(s), Names: s, Work: s, Cards: s, Rolls: s, Members: s,
			Stacks: counted{t.Stacks, t}, Vault: noVault{}, Canary: noCanary{}}}
	t.queue = newQueue(ctx, &room)
	t.Builder = &provision.Builder{Platform: t.platform, Pool: pool, Cadence: Cadence, Now: time.Now, Pause: provision.Jitter, Log: log,
		Ports: provision.Ports{Store: s, Lists: s, Requests: s, Addresses: s, Templates: s, Packages: s, Vault: noVault{}, Cards: s, Airlock: s, Members: s, Orders: t.queue}}
	if _, err := t.Builder.Register(ctx, act(), Template(), true); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Close stops the engine and the stand-in.
func (t *TRE) Close() error {
	t.queue.close()
	return t.ARM.Close()
}

// Pool is an address space with room for thousands of workspaces.
var Pool = workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/12")}

// act is a call of an administrator, of its own.
func act() workspace.Act {
	return workspace.Act{By: access.Person{OID: "00000000-0000-4000-8000-000000000001", Name: "Adam"}, Role: access.TREAdmin, At: time.Now(),
		Operation: uuid.NewString(), Call: "call", Reason: "many"}
}

// New asks for a workspace of an id of its own.
func (t *TRE) New(ctx context.Context) (workspace.Operation, error) {
	_, op, err := t.Builder.Workspace(ctx, act(), uuid.NewString(), provision.New{Template: name, Properties: map[string]any{"display_name": "Study", "description": "d"}})
	return op, err
}

// Make asks for n workspaces at once and waits until each operation ended, well
// or not.
func (t *TRE) Make(ctx context.Context, n int) error {
	return t.Each(ctx, n, func(ctx context.Context, _ int) (workspace.Operation, error) { return t.New(ctx) })
}

// Each orders n operations at once and waits until each ended, well or not.
func (t *TRE) Each(ctx context.Context, n int, order func(ctx context.Context, i int) (workspace.Operation, error)) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range n {
		group.Go(func() error {
			op, err := order(ctx, i)
			if err != nil {
				return err
			}
			return t.queue.await(ctx, op.ID, func() bool {
				now, err := t.Store.Operation(ctx, op.Key())
				return err == nil && now.Ended()
			})
		})
	}
	return group.Wait()
}

// Again tries every workspace again that failed.
func (t *TRE) Again(ctx context.Context) error {
	failed := t.In(workspace.DeploymentFailed)
	return t.Each(ctx, len(failed), func(ctx context.Context, i int) (workspace.Operation, error) {
		ops, _, err := t.Store.Operations(ctx, failed[i].Key(), airlock.Page{})
		if err != nil {
			return workspace.Operation{}, err
		}
		_, op, err := t.Builder.Retry(ctx, act(), ops[0].Key())
		return op, err
	})
}

// Disable disables every workspace; Delete deletes every one.
func (t *TRE) Disable(ctx context.Context) error {
	all, off := t.All(), false
	return t.Each(ctx, len(all), func(ctx context.Context, i int) (workspace.Operation, error) {
		_, op, err := t.Builder.Update(ctx, act(), all[i].Key(), provision.Patch{Match: "*", Enabled: &off})
		return op, err
	})
}

// Delete deletes every workspace.
func (t *TRE) Delete(ctx context.Context) error {
	all := t.All()
	return t.Each(ctx, len(all), func(ctx context.Context, i int) (workspace.Operation, error) {
		_, op, err := t.Builder.Delete(ctx, act(), all[i].Key())
		return op, err
	})
}

// All are the workspaces that were not deleted.
func (t *TRE) All() []workspace.Resource {
	return t.find(func(r workspace.Resource) bool { return !r.Gone() })
}

// In are the workspaces in a status.
func (t *TRE) In(s workspace.Status) []workspace.Resource {
	return t.find(func(r workspace.Resource) bool { return r.Status == s })
}

func (t *TRE) find(which func(workspace.Resource) bool) (found []workspace.Resource) {
	for after := ""; ; {
		page, next, err := t.Store.Resources(context.Background(), workspace.System, airlock.Page{After: after})
		if err != nil {
			return nil // memory does not fail
		}
		for _, r := range page {
			if which(r) {
				found = append(found, r)
			}
		}
		if after = next; after == "" {
			return found
		}
	}
}

// StackOf is where a workspace's stack is.
func (t *TRE) StackOf(r workspace.Resource) workspace.Stack { return t.platform.StackOf(r, r) }

// Taken are the ranges that are reserved, by holder.
func (t *TRE) Taken(ctx context.Context) (map[netip.Prefix]string, error) {
	blocks, err := t.Store.Blocks(ctx)
	all := map[netip.Prefix]string{}
	for _, b := range blocks {
		for _, a := range b.Taken {
			if other, twice := all[a.Range]; twice {
				return nil, fmt.Errorf("range %s is held by %s and %s", a.Range, other, a.Holder)
			}
			all[a.Range] = a.Holder
		}
	}
	return all, err
}

// Most is how many stacks were being deployed at once.
func (t *TRE) Most() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.most
}

// counted notes which stacks are being worked on.
type counted struct {
	*azstacks.Stacks

	t *TRE
}

// Deploy implements workspace.Stacks.
func (c counted) Deploy(ctx context.Context, d workspace.Deployment) (string, error) {
	token, err := c.Stacks.Deploy(ctx, d)
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if err == nil {
		c.t.running[d.Stack.Name] = true
		c.t.most = max(c.t.most, len(c.t.running))
	}
	return token, err
}

// Look implements workspace.Stacks.
func (c counted) Look(ctx context.Context, at workspace.Stack, token string) (workspace.Seen, error) {
	seen, err := c.Stacks.Look(ctx, at, token)
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if err == nil && seen.Progress != workspace.InProgress {
		delete(c.t.running, at.Name)
	}
	return seen, err
}

// noVault keeps nothing: these templates have no secrets.
type noVault struct{}

func (noVault) Put(context.Context, string, string) (string, error) {
	return "", errors.New("no secrets here")
}

func (noVault) Forget(context.Context, string) error { return nil }

// noCanary lets files cross.
type noCanary struct{}

func (noCanary) Cross(context.Context, string, airlock.Key) error { return nil }
