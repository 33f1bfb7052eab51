// Package drift compares Azure with what is kept here and writes a report. In: an
// order, by an administrator or, once a day, by tend. Out: nothing. It reads and
// changes nothing in Azure. What cannot be asked stands in the report, and nothing
// is said of it. A report that began after the order answers it, so repeats do
// nothing again.
package drift

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Out names this function's output bindings; it has none.
type Out struct{}

// Powers tells the power states of machines.
type Powers interface {
	// Powers returns the state of every machine of a subscription, by their ids
	// in lower case, in one call (W61).
	Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error)
}

// Lists lists resources.
type Lists interface {
	// Resources lists the resources of a partition, deleted ones too.
	Resources(ctx context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error)
}

// Ports are what the function needs of the world.
type Ports struct {
	Lists     Lists
	Inventory workspace.Inventory
	Powers    Powers
	Drifts    workspace.Drifts
}

// Function compares.
type Function struct {
	Ports    Ports
	Platform workspace.Platform
	Parallel int // resource groups asked for their stacks at once; 0 means 1
	Now      func() time.Time
	Log      *slog.Logger // nil means slog.Default()
}

// Handle makes a report, unless one answers the order already.
func (f Function) Handle(ctx context.Context, m message.Drift) (Out, error) {
	last, err := f.Ports.Drifts.Drift(ctx)
	switch {
	case err != nil && !errors.Is(err, airlock.ErrNotFound):
		return Out{}, fmt.Errorf("last report: %w", err)
	case err == nil && !m.At.IsZero() && !last.At.Before(m.At):
		return Out{}, nil
	}
	at := f.Now().UTC()
	known, err := f.resources(ctx, workspace.System)
	if err != nil {
		return Out{}, err
	}
	l := look{f: f}
	l.all(ctx, known)
	if err := ctx.Err(); err != nil {
		return Out{}, err
	}
	all, err := f.everything(ctx) // after the look: whatever it saw was kept before
	if err != nil {
		return Out{}, err
	}
	report := f.Platform.Compare(l.census, all, at)
	slices.Sort(l.problems)
	report.Problems = l.problems[:min(len(l.problems), maxProblems)]
	if err := f.Ports.Drifts.SaveDrift(ctx, report); err != nil {
		return Out{}, fmt.Errorf("report: %w", err)
	}
	cmp.Or(f.Log, slog.Default()).InfoContext(ctx, "Azure was compared with what is kept", slog.Int("stacks", report.Stacks), slog.Int("findings", len(report.Findings)+report.Left),
		slog.Int("problems", len(l.problems)))
	return Out{}, nil
}

// maxProblems bounds what a report says could not be asked.
const maxProblems = 50

func (f Function) resources(ctx context.Context, partition string) ([]workspace.Resource, error) {
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return f.Ports.Lists.Resources(ctx, partition, p)
	})
	if err != nil {
		return nil, fmt.Errorf("resources of %s: %w", partition, err)
	}
	return all, nil
}

// everything are all resources of the TRE.
func (f Function) everything(ctx context.Context) ([]workspace.Resource, error) {
	all, err := f.resources(ctx, workspace.System)
	if err != nil {
		return nil, err
	}
	for _, w := range slices.Clone(all) {
		if w.Kind != workspace.Workspace {
			continue
		}
		inside, err := f.resources(ctx, w.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, inside...)
	}
	return all, nil
}

// look gathers what there is in Azure.
type look struct {
	f Function

	mu       sync.Mutex
	census   workspace.Census
	problems []string
}

// all asks every subscription that a workspace is in, and every resource group
// of the TRE.
func (l *look) all(ctx context.Context, known []workspace.Resource) {
	l.census.Machines = map[workspace.Machine]workspace.Power{}
	scopes := l.f.Platform.Scopes(known)
	var subscriptions []string
	for _, s := range scopes {
		if !slices.Contains(subscriptions, s.Subscription) {
			subscriptions = append(subscriptions, s.Subscription)
		}
	}
	for _, sub := range subscriptions {
		scopes = l.subscription(ctx, sub, scopes)
	}
	slots := make(chan struct{}, max(l.f.Parallel, 1))
	var wait sync.WaitGroup
	for _, s := range scopes {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			l.stacks(ctx, s)
		})
	}
	wait.Wait()
}

// subscription asks for its machines and for the groups of the TRE in it, which
// it adds to the scopes that are to be asked for stacks.
func (l *look) subscription(ctx context.Context, sub string, scopes []workspace.Stack) []workspace.Stack {
	if powers, err := l.f.Ports.Powers.Powers(ctx, sub); err != nil {
		l.problem("machines of subscription "+sub, err)
	} else {
		l.census.Powers = append(l.census.Powers, sub)
		for id, p := range powers {
			l.census.Machines[id] = p
		}
	}
	groups, err := l.f.Ports.Inventory.Groups(ctx, sub, l.f.Platform.TRE)
	if err != nil {
		l.problem("resource groups of subscription "+sub, err)
	}
	l.census.Groups = append(l.census.Groups, groups...)
	for _, g := range groups {
		if !slices.ContainsFunc(scopes, func(s workspace.Stack) bool { return s.Subscription == sub && strings.EqualFold(s.Group, g.Name) }) {
			scopes = append(scopes, workspace.Stack{Subscription: sub, Group: g.Name})
		}
	}
	return scopes
}

// stacks asks for the stacks at one scope.
func (l *look) stacks(ctx context.Context, s workspace.Stack) {
	held, err := l.f.Ports.Inventory.Held(ctx, s.Subscription, s.Group)
	if err != nil {
		l.problem(fmt.Sprintf("stacks of subscription %s, resource group %q", s.Subscription, s.Group), err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.census.Stacks, l.census.Scopes = append(l.census.Stacks, held...), append(l.census.Scopes, s)
}

// problem keeps what could not be asked, in Azure's own words where it said
// something.
func (l *look) problem(what string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cmp.Or(l.f.Log, slog.Default()).Warn("not compared", slog.String("what", what), slog.Any("error", err))
	said := "it could not be asked"
	if e, ok := errors.AsType[*workspace.CloudError](err); ok {
		said = e.Error()
	}
	l.problems = append(l.problems, what+": "+said)
}
