// Package tend looks after running machines. In: a timer. It asks for the power
// states of all machines in one call a subscription, and for the load of those
// that are to be stopped when idle, keeps what it saw for who may not ask the
// cloud, warns owners before a machine is stopped, and stops it by an operation
// like anybody's. Once a day it has Azure compared with what is kept. Out: orders
// to tell people, and to compare. What a machine's owner was told is
// kept before it is done, so a crash or a repeat at any point warns nobody twice
// and stops nothing that was not announced.
package tend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// Out names this function's output bindings.
type Out struct {
	Notify []message.Notify `json:"notify,omitempty"`
	Drift  *message.Drift   `json:"drift,omitempty"`
}

// Powers tells the power states of machines.
type Powers interface {
	// Powers returns the state of every machine of a subscription, by their ids
	// in lower case, in one call (W61).
	Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error)
}

// Metrics tells how busy machines are.
type Metrics interface {
	// Busy returns the highest load of a machine's processors between two times,
	// in percent of all of them; not known where nothing was measured.
	Busy(ctx context.Context, m workspace.Machine, since, until time.Time) (percent float64, known bool, err error)
}

// Invoker orders custom actions: provision.Builder.
type Invoker interface {
	Invoke(ctx context.Context, a workspace.Act, key workspace.Key, action workspace.Action, parameters map[string]string) (workspace.Resource, workspace.Operation, error)
}

// Store keeps what is known of machines.
type Store interface {
	workspace.Fleets
	// CommitChange is workspace.Store's.
	CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error)
}

// Ports are what the function needs of the world.
type Ports struct {
	Store   Store
	Lists   Lists
	Powers  Powers
	Metrics Metrics
	Builder Invoker
	Drifts  Drifts
}

// Drifts knows the last report of what differs in Azure.
type Drifts interface {
	// Drift returns airlock.ErrNotFound when there is none.
	Drift(ctx context.Context) (workspace.Drift, error)
}

// Lists lists resources.
type Lists interface {
	// Resources lists the resources of a partition, deleted ones too.
	Resources(ctx context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error)
}

// Function looks after machines. A TRE that makes no workspaces has no Lists.
type Function struct {
	Ports    Ports
	Platform workspace.Platform
	Rules    idle.Rules    // zero means idle.DefaultRules
	Again    time.Duration // after which a stop that failed is tried again; 0 means an hour
	Drift    time.Duration // how often Azure is compared with what is kept; 0 means never
	Parallel int           // calls for metrics at once; 0 means 1
	Now      func() time.Time
	Log      *slog.Logger // nil means slog.Default()
}

// maxTries is how often a commit is tried against somebody faster.
const maxTries = 3

// round is one run of the function.
type round struct {
	f      Function
	at     time.Time
	powers map[string]powers // by subscription
	out    Out
}

// powers are what one call answered.
type powers struct {
	all map[workspace.Machine]workspace.Power
	err error
}

// Handle looks once. What fails in one workspace does not keep the others from
// being looked after.
func (f Function) Handle(ctx context.Context, _ azfunc.Tick) (Out, error) {
	if f.Ports.Lists == nil {
		return Out{}, nil
	}
	all, err := f.resources(ctx, workspace.System)
	if err != nil {
		return Out{}, err
	}
	r := round{f: f, at: f.Now().UTC(), powers: map[string]powers{}}
	var failed []error
	for _, w := range all {
		if w.Kind != workspace.Workspace || w.Gone() || !w.Installed {
			continue
		}
		if err := r.workspace(ctx, w); err != nil {
			failed = append(failed, fmt.Errorf("workspace %s: %w", w.ID, err))
		}
	}
	failed = append(failed, r.compare(ctx))
	err = errors.Join(failed...)
	if err != nil && (len(r.out.Notify) > 0 || r.out.Drift != nil) { // the host drops the outputs of a failed call; what failed is tried at the next tick
		f.log().ErrorContext(ctx, "tend was not complete", slog.Any("error", err))
		err = nil
	}
	return r.out, err
}

func (f Function) resources(ctx context.Context, partition string) ([]workspace.Resource, error) {
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return f.Ports.Lists.Resources(ctx, partition, p)
	})
	if err != nil {
		return nil, fmt.Errorf("resources of %s: %w", partition, err)
	}
	return all, nil
}

// workspace looks after the machines of one workspace.
func (r *round) workspace(ctx context.Context, w workspace.Resource) error {
	all, err := r.f.resources(ctx, w.ID)
	if err != nil {
		return err
	}
	machines := machinesOf(all)
	if len(machines) == 0 {
		return nil
	}
	states, err := r.states(ctx, cmp.Or(w.Subscription, r.f.Platform.Subscription))
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		fleet, err := r.f.Ports.Store.Fleet(ctx, w.ID)
		if err != nil {
			return fmt.Errorf("machines: %w", err)
		}
		next, stops := r.look(ctx, fleet, machines, states)
		saved, err := r.f.Ports.Store.CommitChange(ctx, workspace.Change{Partition: w.ID, Fleets: []workspace.Fleet{next}})
		switch {
		case err == nil:
			if len(saved.Fleets[0].Notices) > 0 {
				r.out.Notify = append(r.out.Notify, message.Notify{Workspace: w.ID, Request: workspace.FleetNotices})
			}
			return r.stop(ctx, next, stops)
		case !errors.Is(err, airlock.ErrConflict) || try == maxTries:
			return fmt.Errorf("machines: commit: %w", err)
		}
	}
}

// compare orders that Azure is compared with what is kept, when that is due. An
// order that is under way is given again, and does nothing again.
func (r *round) compare(ctx context.Context) error {
	if r.f.Drift == 0 {
		return nil
	}
	last, err := r.f.Ports.Drifts.Drift(ctx)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return fmt.Errorf("drift: %w", err)
	}
	if r.at.Sub(last.At) >= r.f.Drift {
		r.out.Drift = &message.Drift{At: r.at}
	}
	return nil
}

// machinesOf are the resources that are machines.
func machinesOf(all []workspace.Resource) []workspace.Resource {
	var machines []workspace.Resource
	for _, r := range all {
		if r.Machine() != "" && !r.Gone() && r.Installed {
			machines = append(machines, r)
		}
	}
	return machines
}

// states are the power states of a subscription, asked for once a round.
func (r *round) states(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	p, asked := r.powers[subscription]
	if !asked {
		if p.all, p.err = r.f.Ports.Powers.Powers(ctx, subscription); p.err != nil {
			p.err = fmt.Errorf("power states of subscription %s: %w", subscription, p.err)
		}
		r.powers[subscription] = p
	}
	return p.all, p.err
}

func (f Function) rules() idle.Rules { return cmp.Or(f.Rules, idle.DefaultRules) }

func (f Function) log() *slog.Logger { return cmp.Or(f.Log, slog.Default()) }
