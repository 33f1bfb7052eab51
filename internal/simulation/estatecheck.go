package simulation

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

type openWork = airlock.Open

// every is every resource there is.
func (e *estate) every() []workspace.Resource {
	all := e.resources(workspace.System)
	for _, r := range slices.Clone(all) {
		if r.Kind == workspace.Workspace {
			all = append(all, e.resources(r.ID)...)
		}
	}
	return all
}

// count adds how operations ended.
func (e *estate) count(ends map[string]int) {
	if e == nil {
		return
	}
	for _, r := range e.every() {
		for _, o := range e.seen.operations[r.ID] {
			ends[string(o.Status)]++
		}
	}
}

// checkRanges is what holds at every moment: ranges are disjoint, and what a
// living workspace has is reserved.
func (e *estate) checkRanges() {
	taken := e.taken()
	var seen []netip.Prefix
	for r := range taken {
		for _, other := range seen {
			if other.Overlaps(r) {
				e.w.fail("ranges are disjoint", "%s and %s", r, other)
			}
		}
		seen = append(seen, r)
	}
	for _, w := range e.seen.resources[workspace.System] {
		for _, a := range w.Addresses {
			if r, err := netip.ParsePrefix(a); err != nil || taken[r] == "" {
				e.w.fail("a living workspace's ranges are reserved", "%s of one that is %s", a, w.Status)
			}
		}
	}
}

// unowned are the times when ranges were lent that no resource has.
func (e *estate) unowned() (all []time.Time) {
	if e == nil {
		return nil
	}
	known := map[string]bool{}
	for _, r := range e.every() {
		known[r.ID] = true
	}
	for _, holder := range e.taken() {
		if !known[holder] {
			all = append(all, e.seen.lent[holder])
		}
	}
	return all
}

// checkSettled is what must hold once the weather has been good for a while.
func (e *estate) checkSettled() {
	if e == nil {
		return
	}
	for _, r := range e.every() {
		e.checkRest(r)
		e.checkTruth(r)
		e.checkChain(r.Key().Partition, r.ID, string(r.Status), r.Head)
		if r.Kind == workspace.Workspace {
			e.checkWorkspace(r)
		}
		for _, o := range e.seen.operations[r.ID] {
			if !o.Ended() {
				e.w.fail("I8 nothing is stuck", "%s of %s is %s since %v: %s", o.Action, r.Kind, o.Status, e.w.now.Sub(o.UpdatedAt), o.Message)
			}
			e.checkChain(r.Key().Partition, o.ID, string(o.Status), o.Head)
		}
	}
	e.checkOwned()
	e.checkRequests()
	e.checkRanges()
	for _, o := range e.w.open() {
		r, err := e.w.store.WorkspaceRequest(context.Background(), o.Key.Request)
		if o.Key.Workspace != workspace.System || err != nil || r.Status != workspace.Asked {
			e.w.fail("I8 nothing is stuck", "open work of %s in %s, due %v", o.Key.Request, o.Key.Workspace, o.Due)
		}
	}
}

// checkRest: nothing holds a resource, and nothing is being done to it.
func (e *estate) checkRest(r workspace.Resource) {
	if r.Operation != "" || r.Job != nil || !r.Status.Ended() {
		e.w.fail("I8 nothing is stuck", "%s is %s, held by %q, job %+v", r.Kind, r.Status, r.Operation, r.Job)
	}
}

// checkTruth: what a status says is what the cloud holds.
func (e *estate) checkTruth(r workspace.Resource) {
	at := e.stackOf(r)
	seen := e.cloud.Standing(at)
	d, _ := e.cloud.Deployment(at)
	switch {
	case r.Gone() && seen.Progress != workspace.Absent:
		e.w.fail("what is told is what the cloud holds", "%s is deleted, its stack is %s", r.Kind, seen.Progress)
	case r.Status == workspace.Deployed || r.Status == workspace.Updated:
		if seen.Progress != workspace.Complete || seen.Run != e.seen.last[r.ID] {
			e.w.fail("what is told is what the cloud holds", "%s is %s, its stack is %s by run %.13s, not %.13s", r.Kind, r.Status, seen.Progress, seen.Run, e.seen.last[r.ID])
		}
		if got, want := fmt.Sprint(d.Parameters["quota"].Value), fmt.Sprint(r.Properties["quota"]); got != want {
			e.w.fail("what is told is what the cloud holds", "%s has quota %s, its stack %s", r.Kind, want, got)
		}
	}
	if r.Gone() && e.last(r).CreatedAt.After(e.calm) {
		e.checkForgotten(r)
	}
}

// checkForgotten: the vault has no secret any more that a deleted resource
// named.
func (e *estate) checkForgotten(r workspace.Resource) {
	left := e.cloud.Kept()
	for id, of := range e.seen.named {
		name, _, _ := strings.Cut(id[strings.LastIndex(id, "/secrets/")+len("/secrets/"):], "/")
		if _, there := left[name]; there && of == r.ID {
			e.w.fail("secrets go with what they are of", "one of a deleted %s is still there", r.Kind)
		}
	}
}

// checkWorkspace: the airlock knows of a workspace what it is, and its owner
// is in it.
func (e *estate) checkWorkspace(r workspace.Resource) {
	ctx := context.Background()
	card, err := e.w.store.Workspace(ctx, r.ID)
	switch {
	case err != nil:
		e.w.fail("the airlock knows every workspace", "%v", err)
	case card.Gone != r.Gone() || card.Deployed != (r.Installed && !r.Gone()):
		e.w.fail("the airlock knows every workspace", "one that is %s has a card that says deployed %v, gone %v", r.Status, card.Deployed, card.Gone)
	}
	owner, _ := r.Properties["workspace_owner_object_id"].(string)
	if members, _ := e.w.store.MembershipsOf(ctx, r.ID, owner); r.Status == workspace.Deployed && len(members) == 0 {
		e.w.fail("who asked for a workspace owns it", "%s has no role in it", owner)
	}
}

// checkChain is I7: the audit chain is whole, and leads to where the thing is.
func (e *estate) checkChain(partition, id, status string, head audit.Head) {
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) {
		return e.w.store.Trail(context.Background(), partition, id, p)
	})
	if err == nil {
		err = audit.Verify(lines, head)
	}
	if err != nil {
		e.w.fail("I7 the audit chain is whole", "%v", err)
		return
	}
	at := ""
	for _, line := range lines {
		if line.From != "" && at != "" && line.From != at {
			e.w.fail("I7 the audit chain is whole", "line %d goes on from %s, the one before led to %s", line.Seq, line.From, at)
		}
		if line.To != "" {
			at = line.To
		}
	}
	if at != status {
		e.w.fail("I7 the audit chain is whole", "it leads to %s, the status is %s", at, status)
	}
}

// checkOwned: nothing in the cloud belongs to nobody.
func (e *estate) checkOwned() {
	theirs := map[workspace.Stack]bool{}
	for _, r := range e.every() {
		at := e.stackOf(r)
		at.Location = ""
		theirs[at] = !r.Gone()
	}
	for _, at := range e.cloud.Deployed() {
		if !theirs[at] {
			e.w.fail("what is told is what the cloud holds", "stack %s belongs to nothing", at.Name)
		}
	}
}

// checkEnd is what must hold when everything is over: ranges are those of what
// is there.
func (e *estate) checkEnd() {
	if e == nil {
		return
	}
	want := map[netip.Prefix]string{}
	for _, r := range e.every() {
		if r.Gone() {
			continue
		}
		for _, a := range r.Addresses {
			p, _ := netip.ParsePrefix(a) // looked at before
			if want[p] == "" || r.Kind == workspace.Service {
				want[p] = r.ID
			}
		}
	}
	for r, holder := range e.taken() {
		if want[r] != holder {
			e.w.fail("ranges are those of what is there", "%s is held by %s, which has it not", r, holder)
		}
		delete(want, r)
	}
	for r := range want {
		e.w.fail("ranges are those of what is there", "%s is reserved by nobody", r)
	}
	e.checkPower()
	e.checkDrift()
}
