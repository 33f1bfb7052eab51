package simulation

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/functions/drift"
	"github.com/trefoil-tre/trefoil/functions/tend"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// tending makes a mistake of tend's ports.
func tending(how func(*tend.Function)) func(*Settings) { return func(s *Settings) { s.Tend = how } }

// drifting makes a mistake of drift's ports.
func drifting(how func(*drift.Function)) func(*Settings) { return func(s *Settings) { s.Drift = how } }

// machineMistakes are classic ones with machines, and with reports of how the
// cloud differs. None of them is in the product.
var machineMistakes = []mistake{
	{name: "a machine is stopped as soon as its owner is warned", shown: 3, tune: tending(func(f *tend.Function) {
		f.Rules = idle.Rules{Warning: 1, Busy: 5, Longest: 72 * time.Hour}
	})},
	{name: "a warning counts that nobody was told", shown: 3, tune: tending(func(f *tend.Function) {
		f.Ports.Store = &unheard{Store: f.Ports.Store, waits: map[string][]workspace.Warning{}}
	}), brew: func(t *weather) { *t = weather{mailTemporary: 0.9} }},
	{name: "an extension is forgotten with the next look", shown: 6, tune: tending(func(f *tend.Function) { f.Ports.Store = impatient{f.Ports.Store} })},
	{name: "a stop overtakes who keeps a machine running", shown: 157, tune: tending(func(f *tend.Function) { f.Ports.Builder = headlong{f.Ports.Builder} }),
		brew: func(t *weather) { *t = weather{others: 0.7, freeze: 0.05} }},
	{name: "a machine of which nobody can tell is idle", shown: 86, tune: tending(func(f *tend.Function) { f.Ports.Metrics = sure{f.Ports.Metrics} }),
		brew: func(t *weather) { *t = weather{fail: 0.2} }},
	{name: "a machine that ran once runs for ever", shown: 11, tune: tending(func(f *tend.Function) {
		f.Ports.Powers = eternal{f.Ports.Powers, map[workspace.Machine]workspace.Power{}}
	})},
	{name: "power states are not written down", shown: 11, tune: tending(func(f *tend.Function) { f.Ports.Store = unseeing{f.Ports.Store} })},
	{name: "tend stops nothing", shown: 11, tune: tending(func(f *tend.Function) { f.Ports.Builder = idler{} })},
	{name: "some of the stacks alone are compared", shown: 6, tune: drifting(func(f *drift.Function) { f.Ports.Inventory = shortsighted{f.Ports.Inventory} })},
	{name: "resource groups are not compared", shown: 3, tune: drifting(func(f *drift.Function) { f.Ports.Inventory = groupless{f.Ports.Inventory} })},
	{name: "resources are those of an earlier report", shown: 9, tune: drifting(func(f *drift.Function) {
		f.Ports.Lists = yesterday{f.Ports.Lists, map[string][]workspace.Resource{}}
	})},
}

// tended has a name other than that of its methods.
type tended = tend.Store

// unheard hides from tend what is still to be told.
type unheard struct {
	tend.Store

	waits map[string][]workspace.Warning
}

func (u *unheard) Fleet(ctx context.Context, id string) (workspace.Fleet, error) {
	f, err := u.Store.Fleet(ctx, id)
	u.waits[id], f.Notices = f.Notices, nil
	return f, err
}

func (u *unheard) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	for i, f := range c.Fleets {
		c.Fleets[i].Notices = slices.Concat(f.Notices, u.waits[f.Workspace])
	}
	return u.Store.CommitChange(ctx, c)
}

// impatient forgets extensions.
type impatient struct{ tended }

func (s impatient) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	return s.tended.CommitChange(ctx, berths(c, func(_ string, b workspace.Berth) workspace.Berth {
		b.Watch.Until = time.Time{}
		return b
	}))
}

// unseeing keeps the power state that was seen first.
type unseeing struct{ tended }

func (s unseeing) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	before, err := s.Fleet(ctx, c.Partition)
	if err != nil {
		return c, err
	}
	return s.tended.CommitChange(ctx, berths(c, func(id string, b workspace.Berth) workspace.Berth {
		b.Power = before.Machines[id].Power
		return b
	}))
}

// berths changes what a commit says of every machine.
func berths(c workspace.Change, how func(string, workspace.Berth) workspace.Berth) workspace.Change {
	for i, f := range c.Fleets {
		f.Machines = maps.Clone(f.Machines)
		for id, b := range f.Machines {
			f.Machines[id] = how(id, b)
		}
		c.Fleets[i] = f
	}
	return c
}

// headlong stops a machine whatever changed since it was seen.
type headlong struct{ tend.Invoker }

func (h headlong) Invoke(ctx context.Context, a workspace.Act, key workspace.Key, action workspace.Action, parameters map[string]string) (workspace.Resource, workspace.Operation, error) {
	a.Seen = ""
	return h.Invoker.Invoke(ctx, a, key, action, parameters)
}

// idler stops nothing.
type idler struct{}

func (idler) Invoke(context.Context, workspace.Act, workspace.Key, workspace.Action, map[string]string) (workspace.Resource, workspace.Operation, error) {
	return workspace.Resource{}, workspace.Operation{}, nil
}

// sure takes a machine of which nobody can tell for one that does nothing.
type sure struct{ tend.Metrics }

func (s sure) Busy(ctx context.Context, m workspace.Machine, since, until time.Time) (float64, bool, error) {
	percent, known, err := s.Metrics.Busy(ctx, m, since, until)
	if err != nil || !known {
		return 0, true, nil
	}
	return percent, known, nil
}

// eternal knows a machine as running once it ran.
type eternal struct {
	to  tend.Powers
	ran map[workspace.Machine]workspace.Power
}

func (e eternal) Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	all, err := e.to.Powers(ctx, subscription)
	for id, p := range all {
		if p.Runs() {
			e.ran[id] = p
		}
	}
	if err == nil {
		maps.Copy(all, e.ran)
	}
	return all, err
}

// census has a name other than that of its methods.
type census = workspace.Inventory

// shortsighted sees one stack of each scope.
type shortsighted struct{ census }

func (s shortsighted) Held(ctx context.Context, subscription, group string) ([]workspace.Held, error) {
	all, err := s.census.Held(ctx, subscription, group)
	return all[:min(len(all), 1)], err
}

// groupless sees no resource groups.
type groupless struct{ census }

func (groupless) Groups(context.Context, string, string) ([]workspace.Group, error) { return nil, nil }

// yesterday lists what there was at first.
type yesterday struct {
	drift.Lists

	seen map[string][]workspace.Resource
}

func (y yesterday) Resources(ctx context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error) {
	if all, known := y.seen[partition]; known {
		return all, "", nil
	}
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return y.Lists.Resources(ctx, partition, p)
	})
	if err == nil {
		y.seen[partition] = all
	}
	return all, "", err
}
