package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

type fleets struct {
	w  *World
	to workspace.Fleets
}

func (f fleets) Fleet(ctx context.Context, id string) (workspace.Fleet, error) {
	return exec(ctx, f.w, "fleets.Fleet", func() (workspace.Fleet, error) { return f.to.Fleet(ctx, id) })
}

type inventory struct {
	w  *World
	to workspace.Inventory
}

func (i inventory) Groups(ctx context.Context, subscription, tre string) ([]workspace.Group, error) {
	return exec(ctx, i.w, "inventory.Groups", func() ([]workspace.Group, error) { return i.to.Groups(ctx, subscription, tre) })
}

func (i inventory) Held(ctx context.Context, subscription, group string) ([]workspace.Held, error) {
	return exec(ctx, i.w, "inventory.Held", func() ([]workspace.Held, error) { return i.to.Held(ctx, subscription, group) })
}

type drifts struct {
	w  *World
	to workspace.Drifts
}

func (d drifts) Drift(ctx context.Context) (workspace.Drift, error) {
	return exec(ctx, d.w, "drifts.Drift", func() (workspace.Drift, error) { return d.to.Drift(ctx) })
}

func (d drifts) SaveDrift(ctx context.Context, report workspace.Drift) error {
	return execute(ctx, d.w, "drifts.Save", func() error { return d.to.SaveDrift(ctx, report) })
}

// reported remembers when the last look at the cloud began that was written
// down.
type reported struct {
	e *estate
	workspace.Drifts
}

// SaveDrift implements workspace.Drifts.
func (r reported) SaveDrift(ctx context.Context, d workspace.Drift) error {
	err := r.Drifts.SaveDrift(ctx, d)
	if err == nil {
		r.e.idling.report = d
		r.e.checkReport(d)
		r.e.w.tracef("  reported: %d stacks, findings %v, problems %v", d.Stacks, keysOf(d.Findings), d.Problems)
	}
	return err
}

// load is what Monitor says of a machine.
type load struct {
	percent float64
	known   bool
}

// metrics tell how busy machines are: by who worked at them, and when.
type metrics struct{ e *estate }

// Busy implements tend.Metrics.
func (m metrics) Busy(_ context.Context, id workspace.Machine, since, until time.Time) (float64, bool, error) {
	l := load{percent: 1, known: m.e.cloud.Fleet()[id].Power.Runs()}
	if m.e.idling.worked(id, since, until) {
		l.percent = 60
	}
	return l.percent, l.known, nil
}

// meter puts the world's trouble before the metrics.
type meter struct {
	w  *World
	to loads
}

// loads is tend.Metrics.
type loads interface {
	Busy(ctx context.Context, m workspace.Machine, since, until time.Time) (float64, bool, error)
}

// Busy implements tend.Metrics.
func (m meter) Busy(ctx context.Context, id workspace.Machine, since, until time.Time) (float64, bool, error) {
	l, err := exec(ctx, m.w, "metrics.Busy", func() (load, error) {
		percent, known, err := m.to.Busy(ctx, id, since, until)
		return load{percent, known}, err
	})
	return l.percent, l.known, err
}

// ordered is the builder of operations that nobody asked for.
type ordered struct{ e *estate }

// Invoke implements tend.Invoker.
func (o ordered) Invoke(ctx context.Context, a workspace.Act, key workspace.Key, action workspace.Action, parameters map[string]string) (workspace.Resource, workspace.Operation, error) {
	b := o.e.borrow()
	r, op, err := b.Invoke(ctx, a, key, action, parameters)
	o.e.idle = append(o.e.idle, b)
	return r, op, err
}

// keysOf names what a report found, each as short text.
func keysOf(all []workspace.Finding) (keys []string) {
	for _, f := range all {
		keys = append(keys, fmt.Sprintf("%s %s", f.Kind, f.Azure))
	}
	return keys
}
