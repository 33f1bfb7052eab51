package tend_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/tend"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// An idle machine's owner is warned once, then the engine stops it by an
// operation of the resource, once, and the trail tells why.
func TestIdleMachineIsStopped(t *testing.T) {
	t.Parallel()
	b := newBed(t, idling)
	b.tick(0)
	if f := b.fleet(); f.Machines[machineID].Power != "running" || !f.Machines[machineID].At.Equal(b.Now()) || b.metrics.asked != 0 {
		t.Fatalf("%+v", f)
	}
	if out := b.tick(85 * time.Minute); len(out.Notify) != 0 {
		t.Fatalf("early: %+v", out)
	}
	out := b.tick(5 * time.Minute)
	want := message.Notify{Workspace: roomtest.Here, Request: workspace.FleetNotices}
	f := b.fleet()
	if len(out.Notify) != 1 || out.Notify[0] != want || len(f.Notices) != 1 || !f.Notices[0].Stop.Equal(b.Now().Add(30*time.Minute)) || f.Notices[0].Cause != idle.Unused {
		t.Fatalf("%+v, %+v", out, f)
	}
	if out = b.tick(5 * time.Minute); len(out.Notify) != 1 || len(b.fleet().Notices) != 1 { // whose order was lost is told all the same
		t.Fatalf("again: %+v", out)
	}
	if stop := b.fleet().Notices[0].Stop; !stop.Equal(b.Now().Add(30 * time.Minute)) { // and has the whole time
		t.Fatalf("told at %s of a stop at %s", b.Now(), stop)
	}
	b.heard()
	b.tick(29 * time.Minute)
	if len(b.Operations(key())) != 0 {
		t.Fatal("stopped before its time")
	}
	for range 2 {
		b.tick(time.Minute)
	}
	ops := b.Operations(key())
	if len(ops) != 1 || ops[0].Action != "stop" || ops[0].CreatedBy.Name != "tend" || b.machine().Status != workspace.AwaitingAction {
		t.Fatalf("%+v", ops)
	}
	lines, _, err := b.Store.Trail(t.Context(), roomtest.Here, machineID, airlock.Page{})
	b.Must(err)
	if last := lines[len(lines)-1]; !strings.Contains(last.Reason, "nobody used it since") || last.Actor.Role != string(airlock.Engine) || last.Actor.Name != "tend" {
		t.Errorf("trail says %+v", last)
	}
}

// Each row is a sentence: a machine of which this holds after its warning is not
// stopped.
func TestWhatIsNotStopped(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(*bed){
		"it is used again":  func(b *bed) { b.Cloud.Load(desktop, 60) },
		"nobody can tell":   func(b *bed) { b.metrics.err = errors.New("away") },
		"something is done": func(b *bed) { b.change(func(r *workspace.Resource) { r.Operation = "op" }) },
		"it was just restarted": func(b *bed) {
			b.change(func(r *workspace.Resource) { r.Results = append(r.Results, workspace.Result{Good: true, At: b.Now()}) })
		},
		"it is disabled":      func(b *bed) { b.change(func(r *workspace.Resource) { r.Enabled = false }) },
		"it may run for ever": func(b *bed) { b.change(func(r *workspace.Resource) { r.Properties["shutdown_when_idle"] = 0.0 }) },
		"it was deleted":      func(b *bed) { b.change(func(r *workspace.Resource) { r.Status = workspace.Deleted }) },
		"a stop failed just now": func(b *bed) {
			b.change(func(r *workspace.Resource) {
				r.Status, r.UpdatedAt = workspace.ActionFailed, b.Now().Add(20*time.Minute)
			})
		},
		"its owner extended it": func(b *bed) {
			f, err := b.fleet().Extend(machineID, 3*time.Hour, b.Now(), idle.DefaultRules)
			b.Must(err)
			_, err = b.Store.CommitChange(b.T.Context(), workspace.Change{Partition: roomtest.Here, Fleets: []workspace.Fleet{f}})
			b.Must(err)
		},
		"nobody could be told": func(*bed) {},
		"its owner extends it just before it is stopped": func(b *bed) {
			b.room.Ports.Builder = before{b.room.Ports.Builder, func() {
				b.change(func(*workspace.Resource) {}) // as an extension does, which is a line in its trail
			}}
		},
		"the look took long":                   func(b *bed) { b.room.Ports.Powers = slow{b} },
		"it cannot be stopped by its template": func(b *bed) { b.change(func(r *workspace.Resource) { r.Template.Digest = "none" }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, idling)
			b.tick(0)
			b.tick(90 * time.Minute)
			if len(b.fleet().Notices) != 1 {
				t.Fatal("not warned")
			}
			if name != "nobody could be told" {
				b.heard()
			}
			b.Pass(time.Minute)
			happens(b)
			for range 8 {
				b.Pass(5 * time.Minute)
				_, _ = b.room.Handle(b.Context("tend"), azfunc.Tick{})
			}
			if n := len(b.Operations(key())); n != 0 {
				t.Errorf("%d operations", n)
			}
		})
	}
}

// A machine that is only switched off still costs: it is stopped, and no metric
// is asked for; one that was given back is left alone, and what was known of it
// is void.
func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	b := newBed(t, idling)
	b.room.Ports.Powers = states{desktop: "stopped"}
	b.tick(0)
	b.tick(90 * time.Minute)
	b.heard()
	b.tick(30 * time.Minute)
	if len(b.Operations(key())) != 1 || b.metrics.asked != 0 {
		t.Errorf("%d operations, metrics %d times", len(b.Operations(key())), b.metrics.asked)
	}
	b = newBed(t, idling)
	b.tick(0)
	b.tick(90 * time.Minute)
	b.room.Ports.Powers = states{desktop: "deallocated"}
	b.tick(30 * time.Minute)
	if f := b.fleet(); len(f.Notices) != 0 || f.Machines[machineID].Power != "deallocated" || !f.Machines[machineID].Watch.Seen.IsZero() || len(b.Operations(key())) != 0 {
		t.Errorf("%+v", f)
	}
}

// A machine that its schedule stopped, and that was started again before the next
// look, is left alone until the schedule's next time.
func TestStartedAgainAfterItsEvening(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	evening := b.Now().Add(30 * time.Minute)
	b.change(func(r *workspace.Resource) {
		r.Properties = map[string]any{"enable_shutdown_schedule": true, "shutdown_time": evening.Format("1504"), "shutdown_timezone": "UTC"}
	})
	b.tick(0)
	b.tick(time.Minute)
	b.heard()
	b.tick(31 * time.Minute)
	if n := len(b.Operations(key())); n != 1 {
		t.Fatalf("%d operations", n)
	}
	b.Pass(2 * time.Minute)
	b.change(func(r *workspace.Resource) { // its stop and a start went well
		r.Status, r.Operation = workspace.ActionSucceeded, ""
		r.Results = append(r.Results, workspace.Result{Good: true, At: b.Now()})
	})
	b.tick(time.Minute)
	if n := len(b.Operations(key())); n != 1 || !b.fleet().Machines[machineID].Watch.Warned.IsZero() {
		t.Errorf("%d operations, %+v", n, b.fleet().Machines[machineID])
	}
}

// A stop that failed is tried again by another operation, not at once.
func TestFailedStop(t *testing.T) {
	t.Parallel()
	b := newBed(t, idling)
	b.tick(0)
	b.tick(90 * time.Minute)
	b.heard()
	b.tick(30 * time.Minute)
	b.change(func(r *workspace.Resource) { r.Status, r.Operation, r.UpdatedAt = workspace.ActionFailed, "", b.Now() })
	b.tick(5 * time.Minute)
	if n := len(b.Operations(key())); n != 1 {
		t.Errorf("%d operations at once", n)
	}
	b.tick(time.Hour)
	if n := len(b.Operations(key())); n != 2 {
		t.Errorf("%d operations an hour later", n)
	}
}

// A machine whose status allows no action, since a later step of its deployment
// failed, is for a person to mend; the look at the others is no failure for that.
func TestStopThatIsNotPossible(t *testing.T) {
	t.Parallel()
	b := newBed(t, idling)
	b.tick(0)
	b.tick(90 * time.Minute)
	b.heard()
	b.change(func(r *workspace.Resource) { r.Status = workspace.DeploymentFailed })
	b.tick(30 * time.Minute)
	b.tick(5 * time.Minute)
	if n := len(b.Operations(key())); n != 0 {
		t.Errorf("%d operations", n)
	}
	b.change(func(r *workspace.Resource) { r.Status = workspace.Updated })
	b.tick(5 * time.Minute)
	if n := len(b.Operations(key())); n != 1 {
		t.Errorf("%d operations after it was mended", n)
	}
}

// One call a subscription tells the states of all machines; one that cannot be
// asked keeps no other from being looked after.
func TestCalls(t *testing.T) {
	t.Parallel()
	b := newBed(t, idling)
	calls := 0
	b.room.Ports.Powers = counted{b, &calls}
	b.tick(0)
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	b.Cloud.Script(memcloud.Rule{Call: memcloud.Powers, Name: "*", Times: 1, Before: memcloud.Throttled(time.Minute)})
	if _, err := b.room.Handle(b.Context("tend"), azfunc.Tick{}); err == nil {
		t.Error("nobody hears that the states were not read")
	}
	if out, err := (tend.Function{}).Handle(t.Context(), azfunc.Tick{}); err != nil || len(out.Notify) != 0 {
		t.Errorf("a TRE without workspaces: %v", err)
	}
}

// Every port call fails once, before and after its work, and every commit meets
// somebody faster: the end is the same, with one warning and one stop.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"warns": 90 * time.Minute, "stops": 30 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			beds := map[*roomtest.World]*bed{}
			roomtest.EveryFault(t, roomtest.Scene{
				Set: func(t testing.TB) *roomtest.World {
					b := newBed(t, idling)
					beds[b.World] = b
					b.tick(0)
					if name == "stops" {
						b.tick(90 * time.Minute)
						b.heard()
					}
					b.Pass(after)
					return b.World
				},
				Run: func(w *roomtest.World) error {
					_, err := beds[w].room.Handle(w.Context("tend"), azfunc.Tick{})
					return err
				},
			})
		})
	}
}
