package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/functions/resourcestep"
	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/bench/azfloor"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/refusals"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// What is provisioned at once, how often, and where. Azure takes about four
// seconds to make a resource; here it takes a fortieth.
const (
	azureTime    = 100 * time.Millisecond
	batch        = 16
	batches      = 4
	subscription = "11111111-1111-4111-8111-111111111111"
)

var platform = workspace.Platform{TRE: "bench", Location: "westeurope", Subscription: subscription, Group: "rg-heart"}

// provisioning measures operations that deploy the workspace of the first-party
// template against the same calls to Resource Manager with nothing kept.
func provisioning(ctx context.Context, e azurite.Endpoints) ([]line, error) {
	s, err := newSite(ctx, e)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.arm.Close() }() // nothing is left in it that anybody needs
	if _, err := s.operations(ctx, 2); err != nil {
		return nil, err
	}
	var ours, bare time.Duration
	for range batches {
		one, err := s.operations(ctx, batch)
		if err != nil {
			return nil, err
		}
		other, err := s.calls(ctx, batch)
		if err != nil {
			return nil, err
		}
		ours, bare = ours+one, bare+other
	}
	each := func(d time.Duration) string { return fmt.Sprintf("%.1f/s", batch*batches/d.Seconds()) }
	return []line{{what: "workspaces deployed", figure: each(ours), floor: each(bare), value: bare.Seconds() / ours.Seconds(), goal: 0.7, least: true,
		means: fmt.Sprintf("the engine deploys %d workspaces at once, with rows, audit and events, against the same stacks begun and read once by the SDK alone, where Azure takes %s a resource", batch, azureTime)}}, nil
}

// site is an engine with a Resource Manager.
type site struct {
	arm     *arm.Server
	rows    *azstore.Store
	stacks  *azstacks.Stacks
	engine  resourcestep.Function
	builder *provision.Builder

	mu    sync.Mutex
	ended map[string]chan struct{} // by name of the stack: closed at its end
	last  workspace.Deployment     // what was deployed last
}

func newSite(ctx context.Context, e azurite.Endpoints) (*site, error) {
	s := &site{ended: map[string]chan struct{}{}}
	var err error
	if s.rows, err = azstore.Open(azstore.Config{ConnectionString: e.ConnectionString("state"), Table: "site" + strings.ReplaceAll(uuid.NewString(), "-", "")}); err != nil {
		return nil, err
	}
	if s.arm, err = arm.Start(ctx, arm.Config{OnEvent: s.hear, Pace: arm.Pace{Resource: azureTime}}); err != nil {
		return nil, err
	}
	for _, group := range []string{"rg-heart", "rg-heart-workspaces"} {
		s.arm.Put(template.Resource{ID: "/subscriptions/" + subscription + "/resourceGroups/" + group, Type: "Microsoft.Resources/resourceGroups", Name: group,
			Body: map[string]any{"location": "westeurope"}})
	}
	if s.stacks, err = azstacks.New(azstacks.Config{Config: azarm.Config{Endpoint: s.arm.URL(), Plain: true, Credential: azfloor.Anybody{}}}); err != nil {
		return nil, err
	}
	p := platform
	if err := json.Unmarshal(templates.Sample, &p.Facts); err != nil {
		return nil, err
	}
	pool := workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/12")}
	r, cadence := s.rows, workspace.Cadence{First: time.Minute, Most: time.Minute, Hint: time.Minute, Tries: 1, Patience: time.Hour}
	s.builder = &provision.Builder{Now: time.Now, Platform: p, Pool: pool, Cadence: cadence, Pause: provision.Jitter, Log: slog.New(slog.DiscardHandler), Ports: provision.Ports{Store: r, Lists: r,
		Requests: r, Addresses: r, Templates: r, Packages: r, Cards: r, Airlock: r, Members: r, Orders: s}}
	s.engine = resourcestep.Function{Platform: p, Pool: pool, Cadence: cadence, Now: time.Now, Refusals: &refusals.Book{Store: r, Now: time.Now}, Ports: resourcestep.Ports{Store: r, Lists: r,
		Requests: r, Addresses: r, Packages: provision.NewShelf(r), Names: r, Work: r, Cards: r, Rolls: r, Members: r, Stacks: noted{s.stacks, s}, Canary: s, Orders: s}}
	files, err := templates.Files("tre-workspace-base")
	if err == nil {
		_, err = s.builder.Register(ctx, s.act(), files, true)
	}
	return s, err
}

func (s *site) act() workspace.Act {
	return workspace.Act{By: access.Person{OID: uuid.NewString(), Name: "Bench"}, Role: access.TREAdmin, At: time.Now(), Operation: uuid.NewString(), Call: "bench"}
}

// Send implements the engine's way to a queue: a look that is due in a minute is
// not waited for, an event comes first.
func (s *site) Send(context.Context, string, any, time.Duration) error { return nil }

// Cross implements the engine's canary: no files are measured here.
func (s *site) Cross(context.Context, string, airlock.Key) error { return nil }

// hear notes the ends of stacks.
func (s *site) hear(e eventgrid.Event) {
	if name, ok := strings.CutPrefix(e.Subject, "/subscriptions/"+subscription+"/providers/Microsoft.Resources/deploymentStacks/"); ok {
		close(s.end(name))
	}
}

// end is closed when a stack was deployed.
func (s *site) end(name string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended[name] == nil {
		s.ended[name] = make(chan struct{})
	}
	return s.ended[name]
}

// noted keeps what is deployed, for the same to be deployed by the bare calls.
type noted struct {
	*azstacks.Stacks
	site *site
}

// Deploy implements workspace.Stacks.
func (n noted) Deploy(ctx context.Context, d workspace.Deployment) (string, error) {
	n.site.mu.Lock()
	n.site.last = d
	n.site.mu.Unlock()
	return n.Stacks.Deploy(ctx, d)
}

// operations is how long the engine takes for some workspaces at once, whose rows
// are there already.
func (s *site) operations(ctx context.Context, count int) (time.Duration, error) {
	all := make([]workspace.Operation, count)
	for i := range all {
		var err error
		if _, all[i], err = s.builder.Workspace(ctx, s.act(), uuid.NewString(), provision.New{Template: "tre-workspace-base", Roles: []access.Role{access.TREAdmin},
			Properties: map[string]any{"display_name": "Bench", "description": "d", "overview": "", "address_space_size": "small"}}); err != nil {
			return 0, err
		}
	}
	return timed(count, func(i int) error {
		order := message.Step{Workspace: workspace.System, Resource: all[i].Resource.ID, Operation: all[i].ID}
		if _, err := s.engine.Handle(ctx, order); err != nil {
			return err
		}
		<-s.end("tre-" + workspace.Suffix(platform.TRE, all[i].Resource.ID, 1))
		if _, err := s.engine.Handle(ctx, order); err != nil {
			return err
		}
		o, err := s.rows.Operation(ctx, all[i].Key())
		if err == nil && o.Status != workspace.Deployed {
			err = errors.New("operation is " + string(o.Status) + ": " + o.Message)
		}
		return err
	})
}

// calls is how long the same takes with the SDK alone.
func (s *site) calls(ctx context.Context, count int) (time.Duration, error) {
	return timed(count, func(int) error {
		suffix := workspace.Suffix("bare", uuid.NewString(), 1)
		d := s.last
		d.Stack.Name, d.Parameters = "tre-"+suffix, map[string]workspace.Parameter{}
		for name, p := range s.last.Parameters {
			d.Parameters[name] = p
		}
		d.Parameters["suffix"], d.Parameters["resource_group_name"] = workspace.Parameter{Value: suffix}, workspace.Parameter{Value: "rg-bench-ws-" + suffix}
		if _, err := s.stacks.Deploy(ctx, d); err != nil {
			return err
		}
		<-s.end(d.Stack.Name)
		seen, err := s.stacks.Look(ctx, d.Stack, "")
		if err == nil && seen.Progress != workspace.Complete {
			err = errors.New("stack is " + string(seen.Progress))
		}
		return err
	})
}

// timed does something many times at once.
func timed(count int, do func(i int) error) (time.Duration, error) {
	failed := make([]error, count)
	began := time.Now()
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() { failed[i] = do(i) })
	}
	group.Wait()
	return time.Since(began), errors.Join(failed...)
}
