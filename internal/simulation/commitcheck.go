package simulation

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// checkCommit is I10, and what requests and approvals say.
func (e *estate) checkCommit(c workspace.Change) {
	w := e.w
	text, _ := json.Marshal(c) // plain data
	w.secrets.check(w, "a row", string(text))
	for value := range e.seen.secrets {
		if strings.Contains(string(text), value) {
			w.fail("I10 no secret leaks", "a row holds one that the vault has")
		}
	}
	for _, r := range c.Requests {
		for _, n := range r.Notices {
			if !slices.Contains(e.seen.notices[r.ID], n) {
				e.seen.notices[r.ID] = append(e.seen.notices[r.ID], n)
			}
		}
	}
	for _, a := range c.Approvals {
		if a.Used > a.Most {
			w.fail("standing approvals are used as often as they say", "%d of %d", a.Used, a.Most)
		}
	}
	for _, b := range c.Blocks {
		for _, a := range b.Taken {
			if _, known := e.seen.lent[a.Holder]; !known {
				e.seen.lent[a.Holder] = w.now
			}
		}
	}
}

// checkResource holds a resource that was written against the rules.
func (e *estate) checkResource(before, now workspace.Resource, c workspace.Change) {
	w := e.w
	w.tracef("  committed: %s %s %s → %s, held by %.8s, job %v", now.Kind, now.ID[:8], before.Status, now.Status, now.Operation, now.Job != nil)
	if before.Status != now.Status {
		if !reachable(before.Status, now.Status) {
			w.fail("W4 nothing late overwrites an end", "%s: %s → %s", now.Kind, before.Status, now.Status)
		}
		if !slices.ContainsFunc(c.Lines, func(l audit.Line) bool {
			return l.Request == now.ID && l.From == string(before.Status) && l.To == string(now.Status)
		}) {
			w.fail("I7 every change of status has its audit line", "%s: %s → %s", now.Kind, before.Status, now.Status)
		}
	}
	for _, id := range now.Secrets {
		if strings.Contains(id, now.ID) {
			e.seen.named[id] = now.ID
		}
	}
	if before.Job != nil && now.Job != nil && before.Job.Run != now.Job.Run {
		w.fail("one thing at a time is done to a resource", "%s: %s, then %s", now.Kind, before.Job.Action, now.Job.Action)
	}
	for _, done := range before.Results {
		if kept, known := now.Result(done.Run); known && kept != done {
			w.fail("a result stays", "%s: %+v became %+v", now.Kind, done, kept)
		}
	}
	if now.Job != nil && (before.Job == nil || before.Job.Run != now.Job.Run) {
		e.checkTake(now)
	}
	if n := len(now.Results); n > 0 && before.Job != nil && now.Results[n-1].Run == before.Job.Run {
		e.checkResult(*before.Job, now, now.Results[n-1])
	}
}

// reachable tells whether a commit may move a status so: one trigger, or what
// people ask and the start that follows.
func reachable(from, to workspace.Status) bool {
	for _, row := range workspace.Steps {
		if row.From != from {
			continue
		}
		if row.To == to {
			return true
		}
		if next, ok := workspace.Steps.Next(row.To, workspace.Starts); ok && next.To == to {
			return true
		}
	}
	return from == "" && to == workspace.AwaitingDeployment
}

// checkTake: a cancelled operation begins nothing more. One job can be begun
// at the same moment, by who read the operation before.
func (e *estate) checkTake(r workspace.Resource) {
	op := e.operation(r.Job.Operation)
	if op.Cancel == nil {
		return
	}
	if e.seen.after[op.ID]++; e.seen.after[op.ID] > 1 {
		e.w.fail("what was cancelled begins nothing more", "%d jobs of a cancelled %s", e.seen.after[op.ID], op.Action)
	}
}

// stackOf is where a resource's stack is.
func (e *estate) stackOf(r workspace.Resource) workspace.Stack {
	within := r
	if r.Kind == workspace.Service || r.Kind == workspace.UserResource {
		within = e.resource(workspace.Key{Partition: workspace.System, ID: r.Workspace})
	}
	return platform.StackOf(r, within)
}

// checkResult holds what a job is said to have ended with against the cloud.
func (e *estate) checkResult(job workspace.Job, r workspace.Resource, result workspace.Result) {
	if !result.Good {
		e.checkFailure(r, result)
		return
	}
	seen := e.cloud.Standing(e.stackOf(r))
	switch {
	case job.Action == workspace.Uninstall:
		if seen.Progress != workspace.Absent {
			e.w.fail("what is told is what the cloud holds", "%s is told deleted, its stack is %s", r.Kind, seen.Progress)
		}
		delete(e.seen.last, r.ID)
	case job.Action == "start" || job.Action == "stop": // what a machine is like tells only the last action
		id, _ := r.Outputs["azure_resource_id"].(string)
		if m := e.cloud.Fleet()[workspace.Machine(strings.ToLower(id))]; m.Progress != workspace.Complete {
			e.w.fail("what is told is what the cloud holds", "%s is told done, the machine's last action is %q", job.Action, m.Progress)
		}
	default:
		if seen.Progress != workspace.Complete || seen.Run != job.Run {
			e.w.fail("what is told is what the cloud holds", "%s of %s is told done, its stack is %s by run %.13s, not %.13s", job.Action, r.Kind, seen.Progress, seen.Run, job.Run)
		}
		e.seen.last[r.ID] = job.Run
	}
}

// checkFailure: in good weather nothing that was begun in it fails by the
// cloud.
func (e *estate) checkFailure(r workspace.Resource, result workspace.Result) {
	id, _, _ := strings.Cut(result.Run, ".")
	cloudy := strings.Contains(result.Message, "Quota") || strings.Contains(result.Message, "Unavailable") || strings.Contains(result.Message, "tries")
	for _, all := range e.seen.operations {
		for _, o := range all {
			if o.ID == id && !e.calm.IsZero() && o.CreatedAt.After(e.calm) && cloudy {
				e.w.fail("I8 a retry in good weather helps", "%s of %s: %s", o.Action, r.Kind, result.Message)
			}
		}
	}
}

// checkOperation holds an operation that was written against the rules.
func (e *estate) checkOperation(before, now workspace.Operation) {
	w := e.w
	w.tracef("  committed: operation %.8s %s %s → %s %s", now.ID, now.Action, before.Status, now.Status, now.Message)
	if before.ID == "" && now.CreatedBy.Name == "tend" {
		e.checkStop(now)
	}
	if before.Ended() && before.Status != now.Status {
		w.fail("W4 nothing late overwrites an end", "operation %s → %s", before.Status, now.Status)
	}
	failed := slices.ContainsFunc(now.Steps, func(s workspace.Step) bool { return s.Status.Failed() })
	left := slices.ContainsFunc(now.Steps, func(s workspace.Step) bool { return s.Status != s.Action.Status(workspace.Succeeded) })
	switch {
	case now.Ended() && now.Status.Failed() != failed, now.Ended() && !failed && left:
		w.fail("I11 a failed step fails its operation", "%s with steps %v", now.Status, steps(now))
	case !now.Ended() && (failed || !left):
		w.fail("I8 nothing is stuck", "%s with steps %v", now.Status, steps(now))
	}
	for i, s := range now.Steps {
		if i < len(before.Steps) && before.Steps[i].Status != s.Status && s.Status.Ended() {
			e.checkStep(now, s)
		}
	}
	open := slices.ContainsFunc(w.open(), func(o openWork) bool { return o.Key.Request == now.ID && o.Resource == now.Resource.ID })
	if open == now.Ended() {
		w.fail("I9 sweep finds what is unfinished", "operation %s has a row of open work: %v", now.Status, open)
	}
}

// checkStep: a step says of its target what its target knows.
func (e *estate) checkStep(op workspace.Operation, s workspace.Step) {
	target := e.resource(s.Target)
	result, known := target.Result(op.RunOf(s))
	good := !s.Status.Failed()
	switch {
	case known && result.Good != good, !known && good && !target.Gone():
		e.w.fail("a step is told as its target knows it", "%s of %s is %s, the target's result is %+v", s.Action, s.Kind, s.Status, result)
	}
}

func steps(op workspace.Operation) (all []workspace.Status) {
	for _, s := range op.Steps {
		all = append(all, s.Status)
	}
	return all
}
