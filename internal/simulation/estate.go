package simulation

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/functions/armchanged"
	"github.com/trefoil-tre/trefoil/functions/resourcestep"
	"github.com/trefoil-tre/trefoil/functions/workspacerequest"
	"github.com/trefoil-tre/trefoil/functions/workspacerequested"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	rules "github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// What the TRE of a story is.
const (
	subscription = "/subscriptions/s1"
	armWritten   = "Microsoft.Resources.ResourceWriteSuccess"
	requestLife  = 24 * time.Hour // of a request for a workspace
)

var (
	platform = workspace.Platform{TRE: "tre", Location: "westeurope", Subscription: "s1", Group: "rg-tre"}
	// pool has room for few workspaces, so that a range that leaks is missed.
	pool = workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/21"), Reserved: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}
)

// estate is what there is in a story of workspaces: a cloud, and the studies
// that people want workspaces for.
type estate struct {
	w       *World
	cloud   *memcloud.Cloud
	ports   estatePorts // with trouble in between
	cadence workspace.Cadence
	log     *slog.Logger
	idle    []*provision.Builder // instances of the app that handle no call
	studies []*study
	opening time.Duration // how long the weather is good at first
	calm    time.Time     // since when the weather is good for ever; zero before
	seen    sights
	idling  idling
}

func newEstate(w *World) *estate {
	e := &estate{w: w, cadence: workspace.Cadence{First: 15 * time.Second, Most: 2 * time.Minute, Hint: time.Minute, Tries: 3, Patience: 2 * time.Hour}}
	e.seen.init()
	e.idling = newIdling()
	w.set.StormSteps /= 2 // steps here take longer to play
	e.cloud = memcloud.New(memcloud.Config{Now: w.clock, Outputs: stackOutputs, Seed: w.cfg.Seed, Rates: e.rates()})
	e.ports = w.troubledEstate(estatePorts{Store: watchedRows{e, w.store}, Lists: w.store, Requests: w.store, Addresses: w.store, Templates: w.store,
		Packages: w.store, Names: w.store, Rolls: w.store, Stacks: telling{e, e.cloud.Stacks()}, Machines: e.cloud.Machines(), Vault: kept{e, e.cloud.Vault()},
		Fleets: w.store, Inventory: e.cloud.Inventory(), Drifts: reported{e, w.store}, Metrics: metrics{e}})
	if w.cfg.rebuild != nil {
		e.ports = w.cfg.rebuild(w, e.ports)
	}
	shelve(w.store)
	if w.chance(0.35) {
		e.studies, e.opening = []*study{newDeskStudy(e)}, 3*time.Hour
		w.set.StormSteps *= 2
		return e
	}
	for n := range 1 + w.rng.IntN(3) {
		e.studies = append(e.studies, newStudy(e, n))
	}
	return e
}

// rates are how often the cloud has trouble of its own.
func (e *estate) rates() memcloud.Rates {
	kind := func(levels ...float64) float64 {
		if e.w.rng.IntN(2) == 0 {
			return 0
		}
		return pick(e.w, levels)
	}
	r := memcloud.Rates{Before: kind(0.02, 0.1), After: kind(0.02, 0.1), Throttle: kind(0.05, 0.2), Lost: kind(0.05, 0.2), End: kind(0.05, 0.2), Slow: kind(0.1, 0.3)}
	if e.w.cfg.Calm {
		return memcloud.Rates{}
	}
	return r
}

// tenancy is the ports of workspaces; none in a story of the airlock.
func (w *World) tenancy() estatePorts {
	if w.estate == nil {
		return estatePorts{}
	}
	return w.estate.ports
}

// wire makes the functions of workspaces.
func (e *estate) wire(book ledger.Ledger, door *doorman.Doorman, log *slog.Logger) {
	if e == nil {
		return
	}
	e.log = log
	w, p := e.w, e.ports
	queued(w, message.QueueStep, resourcestep.Function{Platform: platform, Pool: pool, Cadence: e.cadence, Now: w.clock, Refusals: book.Refusals, Log: log,
		Ports: resourcestep.Ports{Store: p.Store, Lists: p.Lists, Requests: p.Requests, Addresses: p.Addresses, Packages: p.Packages, Names: p.Names, Fleets: p.Fleets, Work: w.ports.Work,
			Cards: w.ports.Workspaces, Rolls: p.Rolls, Members: w.ports.Members, Stacks: p.Stacks, Machines: p.Machines, Vault: p.Vault, Canary: canary{w}, Orders: orders{w}}}.Handle)
	queued(w, message.QueueRequest, workspacerequest.Function{Builder: asker{e}, Now: w.clock, Refusals: book.Refusals}.Handle)
	e.wireMachines(log)
	direct(w, "front", "workspacerequested", workspacerequested.Function{Door: door}.Handle)
	direct(w, "front", "armchanged", armchanged.Function{Door: door, Names: p.Names, Topics: []string{subscription}}.Handle)
}

// borrow is an instance of the app that handles no call now: callers of one
// instance wait for each other, which a story's calls must not. It is given
// back by who survives the call.
func (e *estate) borrow() *provision.Builder {
	if n := len(e.idle); n > 0 {
		b := e.idle[n-1]
		e.idle = e.idle[:n-1]
		return b
	}
	w, p := e.w, e.ports
	return &provision.Builder{Platform: platform, Pool: pool, Cadence: e.cadence, Now: w.clock, Log: e.log,
		Ports: provision.Ports{Store: p.Store, Lists: p.Lists, Requests: p.Requests, Addresses: p.Addresses, Templates: p.Templates, Packages: p.Packages,
			Vault: p.Vault, Cards: w.ports.Workspaces, Airlock: w.ports.Requests, Members: w.ports.Members, Records: w.ports.People, Orders: orders{w}}}
}

// with gives a call a desk of its own.
func (e *estate) with(do func(*resources.Desk) error) error {
	b, w, p := e.borrow(), e.w, e.ports
	err := do(&resources.Desk{Desk: w.people.desk, Now: w.clock, Log: e.log, Parallel: 1, Ports: resources.Ports{Rows: p.Store, Lists: p.Lists,
		Requests: p.Requests, Templates: p.Templates, Cards: w.ports.Workspaces, Work: w.ports.Work, Builder: b, Machines: fleetRows{p.Fleets, p.Store}}})
	e.idle = append(e.idle, b)
	return err
}

// asker is the builder of requests that come as events.
type asker struct{ e *estate }

// Ask implements workspacerequest.Builder.
func (a asker) Ask(ctx context.Context, r workspace.Request) (workspace.Request, error) {
	b := a.e.borrow()
	if ask := a.e.w.set.Ask; ask != nil {
		r = ask(a.e.w, r)
	}
	r, err := b.Ask(ctx, r)
	a.e.idle = append(a.e.idle, b)
	return r, err
}

// begin puts everybody's first step on the agenda.
func (e *estate) begin() {
	if e == nil {
		return
	}
	e.w.later(0, "", e.administrate)
	for _, s := range e.studies {
		e.w.later(e.w.between(0, 30*time.Minute), "", s.turn)
	}
}

// clears ends the cloud's trouble.
func (e *estate) clears() {
	if e != nil {
		e.calm = e.w.now
		e.cloud.Calm()
	}
}

// partitions are where rows of unfinished work can be, beside the two
// workspaces of the airlock.
func (e *estate) partitions() []string {
	if e == nil {
		return nil
	}
	all := []string{workspace.System, rules.Partition}
	for _, r := range e.seen.resources[workspace.System] {
		if r.Kind == workspace.Workspace {
			all = append(all, r.ID)
		}
	}
	return all
}

// resources are all of a partition as they are stored.
func (e *estate) resources(partition string) []workspace.Resource {
	return slices.Clone(e.seen.resources[partition])
}

// resource is one as it is stored; the zero value when there is none.
func (e *estate) resource(key workspace.Key) workspace.Resource {
	for _, r := range e.seen.resources[key.Partition] {
		if r.ID == key.ID {
			return r
		}
	}
	return workspace.Resource{}
}

// stackOutputs are those of every template here.
func stackOutputs(d workspace.Deployment) map[string]any {
	suffix := d.Stack.Name[strings.LastIndex(d.Stack.Name, "-")+1:]
	switch {
	case d.Stack.Group == "":
		return map[string]any{"storage_account_name": "stg" + suffix, "resource_group_name": "rg-tre-ws-" + suffix}
	case d.Parameters["action"].Value != nil: // a machine's template declares it
		return map[string]any{"azure_resource_id": "/subscriptions/s1/resourceGroups/" + d.Stack.Group + "/providers/Microsoft.Compute/virtualMachines/vm-" + suffix}
	default:
		return map[string]any{"connection_uri": "https://" + suffix + ".example"}
	}
}
