package simulation

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/functions/drift"
	"github.com/trefoil-tre/trefoil/functions/tend"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// idling is what was seen of machines that nobody uses, of who works at which,
// and of reports how the cloud differs.
type idling struct {
	fleets   map[string]workspace.Fleet          // by workspace, as stored
	spans    map[workspace.Machine][]span        // when somebody worked at a machine
	warnings map[string][]workspace.Warning      // of a resource, all that ever were
	stopped  map[string][]workspace.OperationKey // by resource and warning: what was ordered after it
	until    map[string]time.Time                // not before: somebody extended it, by resource
	report   workspace.Drift                     // the last one
	planted  []string                            // what differs in the cloud, as findings are named
	left     time.Time                           // since when nobody does anything any more
}

func newIdling() idling {
	return idling{fleets: map[string]workspace.Fleet{}, spans: map[workspace.Machine][]span{}, warnings: map[string][]workspace.Warning{},
		stopped: map[string][]workspace.OperationKey{}, until: map[string]time.Time{}}
}

// span is a time in which somebody works.
type span struct{ from, to time.Time }

// worked tells whether somebody worked at a machine between two times.
func (i *idling) worked(m workspace.Machine, since, until time.Time) bool {
	for _, s := range i.spans[m] {
		if !s.to.Before(since) && !s.from.After(until) {
			return true
		}
	}
	return false
}

// How machines are looked after in a story.
const (
	tendEvery  = 10 * time.Minute
	driftEvery = 24 * time.Hour
	stopAgain  = time.Hour
)

// fleetRows are what is kept of machines, and whose they are.
type fleetRows struct {
	workspace.Fleets
	workspace.Store
}

// wireMachines makes the functions that look after machines and compare.
func (e *estate) wireMachines(log *slog.Logger) {
	w, p := e.w, e.ports
	t := tend.Function{Platform: platform, Again: stopAgain, Drift: driftEvery, Parallel: 1, Now: w.clock, Log: log,
		Ports: tend.Ports{Store: fleetRows{p.Fleets, p.Store}, Lists: p.Lists, Powers: p.Machines, Metrics: p.Metrics, Builder: ordered{e}, Drifts: p.Drifts}}
	d := drift.Function{Platform: platform, Parallel: 1, Now: w.clock, Log: log,
		Ports: drift.Ports{Lists: p.Lists, Inventory: p.Inventory, Powers: p.Machines, Drifts: p.Drifts}}
	if w.set.Tend != nil {
		w.set.Tend(&t)
	}
	if w.set.Drift != nil {
		w.set.Drift(&d)
	}
	direct(w, "engine", "tend", t.Handle)
	queued(w, message.QueueDrift, d.Handle)
}

// tends is when there is something to do for tend. A tick that would find
// nothing is left out.
func (e *estate) tends() (at time.Time, any bool) {
	if e == nil {
		return at, false
	}
	truth := e.cloud.Fleet()
	for _, r := range e.every() {
		fleet := e.idling.fleets[cmp.Or(r.Workspace, r.ID)]
		id := r.Machine()
		if id == "" || r.Gone() || !r.Installed {
			continue
		}
		rest, _ := r.Rest() // a template's are well-formed
		power := truth[id].Power
		if power != fleet.Machines[r.ID].Power || power.Runs() && r.Enabled && rest != (idle.Machine{}) {
			return e.w.now, true
		}
	}
	return e.idling.report.At.Add(driftEvery), e.idling.left.IsZero() || e.idling.report.At.Before(e.idling.left)
}

// attend works at a machine, or has its stop put off.
func (s *study) attend(r workspace.Resource) {
	w, id := s.e.w, r.Machine()
	if id == "" || w.chance(0.4) {
		w.tracef("somebody works at %s", r.Path())
		s.e.idling.spans[id] = append(s.e.idling.spans[id], span{w.now, w.now.Add(w.between(5*time.Minute, 2*time.Hour))})
		return
	}
	s.e.extend(r)
}

// extend has the owner of a machine put off its stop.
func (e *estate) extend(r workspace.Resource) {
	hours := float64(1 + e.w.rng.IntN(6))
	e.call(r.Owner, "keeps running "+r.Path(), func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
		_, err := d.Extend(ctx, c, resources.Place{Workspace: r.Workspace, Service: r.Service, ID: r.ID}, hours)
		return err
	})
}

// lastMinute has owners who are warned put a stop off when it is about to come,
// now and then.
func (e *estate) lastMinute(r workspace.Resource, n workspace.Warning) {
	w := e.w
	if !w.chance(0.3) {
		return
	}
	w.later(n.Stop.Sub(w.now)+w.between(-time.Minute, tendEvery), "", func() {
		if !w.people.gone {
			e.extend(r)
		}
	})
}

// resting are properties by which a machine is stopped without anybody asking.
func (s *study) resting() object {
	w := s.e.w
	switch w.rng.IntN(4) {
	case 0:
		return object{}
	case 1:
		return object{"enable_shutdown_schedule": true, "shutdown_time": pick(w, []string{"0930", "1200", "1800"}), "shutdown_timezone": "UTC"}
	}
	return object{"shutdown_when_idle": float64(1 + w.rng.IntN(3))}
}

// desksDo is the number of what people do in a workspace who need a machine
// first.
func desksDo(desktops, machines int) int {
	switch {
	case desktops == 0:
		return 0
	case machines < 2:
		return 3
	}
	return 9
}
