package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// slack is how long a call can hang between what it saw and what it does.
const slack = functionTimeout + time.Minute

// checkFleet holds what is written of machines against the rules.
func (e *estate) checkFleet(now workspace.Fleet) {
	w, i := e.w, &e.idling
	before := i.fleets[now.Workspace]
	i.fleets[now.Workspace] = now
	for id, b := range now.Machines {
		if !b.Power.Runs() {
			delete(i.until, id) // what does not run is not kept running
		} else if b.Watch.Until.After(before.Machines[id].Watch.Until) {
			i.until[id] = b.Watch.Until
		}
	}
	for _, n := range now.Notices {
		at := slices.IndexFunc(i.warnings[n.Resource], func(o workspace.Warning) bool { return o.Seq == n.Seq })
		if at >= 0 {
			i.warnings[n.Resource][at] = n
			continue
		}
		i.warnings[n.Resource] = append(i.warnings[n.Resource], n)
		w.tracef("  warned: %.8s is stopped at %s, %s", n.Resource, n.Stop.Format("15:04:05"), n.Cause)
		r := e.resource(workspace.Key{Partition: now.Workspace, ID: n.Resource})
		e.checkWarning(r, n)
		e.lastMinute(r, n)
	}
}

// checkWarning: who is warned has time, and there is a reason.
func (e *estate) checkWarning(r workspace.Resource, n workspace.Warning) {
	if n.Stop.Sub(n.At) < idle.DefaultRules.Warning {
		e.w.fail("a machine's owner has time", "%v from the warning to the stop", n.Stop.Sub(n.At))
	}
	rest, _ := r.Rest()
	if e.w.now.Sub(r.UpdatedAt) < slack { // the look was perhaps before
		return
	}
	switch {
	case n.Cause == idle.Scheduled && rest.Schedule == (idle.Schedule{}), n.Cause == idle.Unused && rest.WhenIdle == 0:
		e.w.fail("a machine is stopped as the rules say", "a warning that it is %s", n.Cause)
	case n.Cause == idle.Unused && e.idling.worked(r.Machine(), n.At.Add(idle.DefaultRules.Warning-rest.WhenIdle), e.w.now.Add(-slack)):
		e.w.fail("a machine in use is not stopped", "warned at %v", n.At)
	}
}

// checkStop holds a stop that nobody asked for against the rules, as it is
// ordered.
func (e *estate) checkStop(op workspace.Operation) {
	w, i := e.w, &e.idling
	r := e.resource(op.Resource)
	all := i.warnings[r.ID]
	if len(all) == 0 {
		w.fail("a machine's owner is warned before it is stopped", "never warned")
		return
	}
	n := all[len(all)-1]
	told := slices.ContainsFunc(slices.Collect(keys(w.mail.inbox[r.Owner.Email])), func(id string) bool {
		return strings.HasPrefix(id, fmt.Sprintf("%s.%s.%d.stopping.", r.Workspace, r.ID, n.Seq))
	})
	w.tracef("  stops: %.8s, as was warned at %s", r.ID, n.At.Format("15:04:05"))
	rest, _ := r.Rest()
	once := fmt.Sprintf("%s.%d", r.ID, n.Seq)
	switch {
	case !told && w.now.Sub(n.At) < mailPatience:
		w.fail("a machine's owner is warned before it is stopped", "no mail of the warning at %v came", n.At)
	case w.now.Before(n.Stop):
		w.fail("a machine's owner has time", "stopped %v before the time that the warning names", n.Stop.Sub(w.now))
	case w.now.Before(i.until[r.ID]):
		w.fail("an extension is honoured", "stopped %v too early", i.until[r.ID].Sub(w.now))
	case !r.Enabled, n.Cause == idle.Unused && rest.WhenIdle == 0, n.Cause == idle.Scheduled && rest.Schedule == (idle.Schedule{}):
		w.fail("a machine is stopped as the rules say", "enabled %v, %+v, warned that it is %s", r.Enabled, rest, n.Cause)
	case n.Cause == idle.Unused && i.worked(r.Machine(), later(n.At.Add(time.Second), w.now.Add(-20*time.Hour)), w.now.Add(-slack)):
		w.fail("a machine in use is not stopped", "warned at %v", n.At)
	}
	for _, key := range i.stopped[once] {
		if o := e.operation(key); !o.Status.Failed() {
			w.fail("a stop is done once", "ordered again by %.8s, %.8s of the same warning is %s", op.ID, o.ID, o.Status)
		}
	}
	i.stopped[once] = append(i.stopped[once], op.Key())
}

// mailPatience is after how long a mail that cannot be sent is given up.
const mailPatience = 5 * 24 * time.Hour

// keys are those of a map, in any order.
func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// checkPower is what must hold when everything is over: what is known of
// machines is the truth, nobody waits to be told, and what is to be stopped was.
func (e *estate) checkPower() {
	truth := e.cloud.Fleet()
	for _, r := range e.every() {
		id := r.Machine()
		if id == "" || r.Gone() || !r.Installed {
			continue
		}
		rest, _ := r.Rest()
		known := e.idling.fleets[r.Workspace].Machines[r.ID].Power
		switch power := truth[id].Power; {
		case known != power:
			e.w.fail("power states end in the truth", "%q is kept, the machine is %q", known, power)
		case power.Runs() && r.Enabled && rest != (idle.Machine{}):
			e.w.fail("an idle machine is stopped", "%+v, and it is %s", rest, power)
		}
	}
	for id, f := range e.idling.fleets {
		if len(f.Notices) > 0 {
			e.w.fail("everybody is told", "%d warnings wait in %s", len(f.Notices), id)
		}
	}
}

// plant changes the cloud behind everybody's back, once nobody is there.
func (e *estate) plant() {
	if e == nil {
		return
	}
	w, i := e.w, &e.idling
	i.left = w.now
	for range w.rng.IntN(4) {
		switch w.rng.IntN(4) {
		case 0:
			at := workspace.Stack{Subscription: platform.Subscription, Group: pick(w, []string{"", platform.Group}), Name: "tre-" + strings.ReplaceAll(w.id(), "-", "")[:20]}
			e.cloud.Put(at)
			i.planted = append(i.planted, string(workspace.OrphanStack)+" "+at.Name)
			e.cloud.Put(workspace.Stack{Subscription: platform.Subscription, Name: "of-others"}) // is no business of ours
		case 1:
			g := workspace.Group{ID: "/subscriptions/s1/resourceGroups/rg-" + w.id(), Name: "rg-left", Tags: map[string]string{"tre_id": platform.TRE, "tre_workspace_id": w.id()}}
			e.cloud.PutGroup(platform.Subscription, g)
			i.planted = append(i.planted, string(workspace.OrphanGroup)+" "+g.ID[strings.LastIndex(g.ID, "/")+1:])
		case 2:
			if all := e.resting(func(r workspace.Resource) bool { return true }); len(all) > 0 {
				e.cloud.Lose(e.stackOf(pick(w, all)))
			}
		default:
			if all := e.resting(func(r workspace.Resource) bool { return r.Machine() != "" }); len(all) > 0 {
				e.cloud.LoseMachine(pick(w, all).Machine())
			}
		}
	}
	w.tracef("planted: %v", i.planted)
}

// resting are the resources that are there and at rest.
func (e *estate) resting(also func(workspace.Resource) bool) []workspace.Resource {
	return slices.DeleteFunc(e.every(), func(r workspace.Resource) bool { return r.Gone() || !r.Installed || !also(r) })
}

// checkReport: a report names what differs, and nothing else. While people work
// and calls hang, nobody can say what it should.
func (e *estate) checkReport(d workspace.Drift) {
	if e.idling.left.IsZero() || d.At.Before(e.idling.left) {
		return
	}
	want, got := slices.Clone(e.idling.planted), []string(nil)
	truth := e.cloud.Fleet()
	for _, r := range e.resting(func(r workspace.Resource) bool { return r.Operation == "" && !r.UpdatedAt.After(d.At) }) {
		at := e.stackOf(r)
		switch seen := e.cloud.Standing(at); {
		case seen.Progress == workspace.Absent:
			want = append(want, string(workspace.MissingStack)+" "+at.Name)
		case seen.Progress == workspace.Broken && !r.Status.Failed():
			want = append(want, string(workspace.BrokenStack)+" "+at.Name)
		}
		if id := string(r.Machine()); id != "" && truth[r.Machine()].Power == "" {
			want = append(want, string(workspace.MissingMachine)+" "+id[strings.LastIndex(id, "/")+1:])
		}
	}
	for _, f := range d.Findings {
		got = append(got, string(f.Kind)+" "+f.Azure[strings.LastIndex(f.Azure, "/")+1:])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || d.Left > 0 || len(d.Problems) > 0 {
		e.w.fail("a report names what differs, and nothing else", "%v, there is %v; problems %v", got, want, d.Problems)
	}
}

// checkDrift: the cloud was compared since everybody left.
func (e *estate) checkDrift() {
	if at := e.idling.report.At; at.Before(e.idling.left) {
		e.w.fail("the cloud is compared every day", "last on %v", at)
	}
}
