package tend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// The times of metrics: Monitor has them some minutes late, so each look covers
// some of the time before it again; and none goes further back than a day.
// https://learn.microsoft.com/azure/azure-monitor/essentials/data-platform-metrics
const (
	overlap  = 10 * time.Minute
	farthest = 24 * time.Hour
)

// look is the fleet as it is now, and which machines are to be stopped.
func (r *round) look(ctx context.Context, fleet workspace.Fleet, machines []workspace.Resource, states map[workspace.Machine]workspace.Power) (workspace.Fleet, []workspace.Resource) {
	ids := make([]string, len(machines))
	for i, m := range machines {
		ids[i] = m.ID
	}
	fleet = fleet.Only(ids)
	sights := r.sights(ctx, fleet, machines, states)
	var stops []workspace.Resource
	for i, m := range machines {
		rest, err := m.Rest()
		if err != nil {
			r.f.log().WarnContext(ctx, "when a machine is to be stopped cannot be read", slog.String("resource", m.ID), slog.Any("error", err))
		}
		if !m.Enabled { // nothing is done to it before it is enabled again
			rest = idle.Machine{}
		}
		var do idle.Do
		fleet, do = fleet.Look(m.ID, rest, states[m.Machine()], sights[i], r.at, r.f.rules())
		if do == idle.Stop {
			stops = append(stops, m)
		}
	}
	return fleet, stops
}

// sights are what is seen of each machine. Metrics are asked for only where it
// depends on them what is done.
func (r *round) sights(ctx context.Context, fleet workspace.Fleet, machines []workspace.Resource, states map[workspace.Machine]workspace.Power) []idle.Sight {
	sights := make([]idle.Sight, len(machines))
	slots := make(chan struct{}, max(r.f.Parallel, 1))
	var wait sync.WaitGroup
	for i, m := range machines {
		power, watch := states[m.Machine()], fleet.Machines[m.ID].Watch
		rest, _ := m.Rest()
		sights[i] = idle.Sight{Running: power.Runs(), Acted: worked(m, watch.Seen), Known: power != "running"} // one that is only switched off is idle
		if power != "running" || rest.WhenIdle == 0 || !m.Enabled || watch.Seen.IsZero() || sights[i].Acted {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			sights[i].CPU, sights[i].Known = r.busy(ctx, m.Machine(), watch.Seen)
		})
	}
	wait.Wait()
	return sights
}

// worked tells whether something was done to the machine since it was seen, or
// is being done: somebody wants it, and metrics would not tell yet.
func worked(m workspace.Resource, since time.Time) bool {
	return (m.Operation != "" || m.Job != nil) && m.UpdatedBy.OID != "" || slices.ContainsFunc(m.Results, func(done workspace.Result) bool { return done.Good && done.At.After(since) })
}

// busy is the load of a machine since it was looked at last. One of which
// nobody can tell is in use.
func (r *round) busy(ctx context.Context, m workspace.Machine, seen time.Time) (float64, bool) {
	since := seen.Add(-overlap)
	if first := r.at.Add(-farthest); since.Before(first) {
		since = first
	}
	percent, known, err := r.f.Ports.Metrics.Busy(ctx, m, since, r.at)
	if err != nil {
		r.f.log().WarnContext(ctx, "nobody can tell how busy a machine is", slog.String("machine", string(m)), slog.Any("error", err))
		return 0, false
	}
	return percent, known
}

// namespace of the ids of the operations ordered here (UUID version 5): a fixed
// random UUID.
var namespace = uuid.MustParse("6f0d9a3e-51c7-4b0a-8f57-2f7e5c1f0b3d")

// fresh is how long what a look saw is good for: somebody may have begun to work.
const fresh = 2 * time.Minute

// stop orders that machines are stopped. What cannot be stopped now, or changed
// since it was seen, is tried with the next look, for the fleet remembers that it
// was to be.
func (r *round) stop(ctx context.Context, fleet workspace.Fleet, machines []workspace.Resource) error {
	var failed []error
	for _, m := range machines {
		w := fleet.Machines[m.ID].Watch
		if r.f.Now().Sub(r.at) > fresh {
			break
		}
		if m.Operation != "" || m.Status == workspace.ActionFailed && r.at.Sub(m.UpdatedAt) < cmp.Or(r.f.Again, time.Hour) {
			continue
		}
		of := fmt.Sprintf("%s\n%s\n%d", m.ID, w.Stop.Format(time.RFC3339), m.Head.Seq) // the same for a repeat, another one after it failed
		act := workspace.Act{By: engine, Role: access.Role(airlock.Engine), At: r.at, Reason: reasonOf(w), Seen: m.Version,
			Operation: uuid.NewSHA1(namespace, []byte(of)).String()}
		_, _, err := r.f.Ports.Builder.Invoke(ctx, act, m.Key(), stop, nil)
		switch {
		case errors.Is(err, airlock.ErrConflict): // somebody does something else to it
			r.f.log().InfoContext(ctx, "a machine is not stopped now", slog.String("resource", m.ID), slog.Any("error", err))
		case errors.Is(err, airlock.ErrIllegal): // its status allows no action before a person mends it
			r.f.log().WarnContext(ctx, "a machine cannot be stopped", slog.String("resource", m.ID), slog.Any("error", err))
		case err != nil:
			failed = append(failed, fmt.Errorf("stop of %s: %w", m.ID, err))
		}
	}
	return errors.Join(failed...)
}

// engine is who stops machines: nobody with a sign-in, so without an id.
var engine = access.Person{Name: "tend"}

// stop is the action by which a machine is stopped and its processors given
// back.
const stop workspace.Action = "stop"

// reasonOf is why a machine is stopped, for its audit trail.
func reasonOf(w idle.Watch) string {
	why := "its schedule says so"
	if w.Cause == idle.Unused {
		why = "nobody used it since " + w.InUse.Format("2 January 2006, 15:04 UTC")
	}
	return fmt.Sprintf("%s; its owner was warned on %s", why, w.Warned.Format("2 January 2006, 15:04 UTC"))
}
