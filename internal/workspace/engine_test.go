package workspace_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Somebody cancels at each moment of an operation of three steps: it ends as
// failed, with who and why, nothing is held, and what was not begun is not done.
func TestCancelAtEveryMoment(t *testing.T) {
	t.Parallel()
	for moment := range 12 {
		w := newWorld(t)
		own, _ := w.pipeline(workspace.Install)
		for range moment {
			w.step()
		}
		before := len(w.begun)
		op, err := w.op.Ask(workspace.Cancel{By: ada, At: w.at, Reason: "wrong template"})
		if w.op.Ended() {
			if !errors.Is(err, airlock.ErrIllegal) {
				t.Errorf("moment %d: cancelling what ended: %v", moment, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		w.op = op
		again, err := w.op.Ask(workspace.Cancel{By: ada, At: w.at.Add(time.Hour)})
		if err != nil || again.Cancel.At != op.Cancel.At {
			t.Errorf("moment %d: cancelled twice: %v", moment, err)
		}
		w.run()
		all := w.op.Steps[len(w.op.Steps)-1].Status == workspace.Updated // the last one was under way and ended well
		if w.op.Status.Failed() == all || !w.free() || len(w.begun) > before+1 {
			t.Errorf("moment %d: %s, free %t, %d begun after", moment, w.op.Status, w.free(), len(w.begun)-before)
		}
		if !all && (!strings.Contains(w.op.Message, "cancelled") || w.rows[own.Key()].Status != workspace.DeploymentFailed) {
			t.Errorf("moment %d: %q, resource %s", moment, w.op.Message, w.rows[own.Key()].Status)
		}
	}
}

// What another operation holds is waited for, and nothing is done to it.
func TestHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, targets := w.pipeline(workspace.Upgrade)
	other := w.rows[targets[0]]
	other.Operation = "another"
	w.rows[targets[0]] = other
	if do := w.step(); do != workspace.Hold || len(w.begun) > 0 {
		t.Errorf("does %d", do)
	}
	if _, _, err := other.Begin(workspace.Act{By: ada, At: w.at, Operation: "third"}, workspace.Order{Action: workspace.Upgrade}); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("a second operation at once: %v", err)
	}
	other.Operation = ""
	w.rows[targets[0]] = other
	if w.run(); w.op.Status != workspace.Updated {
		t.Errorf("then: %s", w.op.Status)
	}
}

// What is wrong with the cloud, as it comes, and what becomes of the job.
func TestTrouble(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		err     error
		ends    bool
		pause   time.Duration // at least
		message string
	}{
		{"no answer", errAway, false, 0, "connection reset"},
		{"throttled", &workspace.CloudError{Status: 429, Code: "TooManyRequests", Message: "slow down", After: 10 * time.Minute}, false, 10 * time.Minute, "slow down"},
		{"busy", &workspace.CloudError{Status: 409, Code: "DeploymentActive", Message: "under way"}, false, 0, "under way"},
		{"another operation", &workspace.CloudError{Status: 409, Code: "AnotherOperationInProgress", Message: "x"}, false, 0, "x"},
		{"server error", &workspace.CloudError{Status: 503, Message: "x"}, false, 0, "x"},
		{"quota", &workspace.CloudError{Status: 409, Code: "QuotaExceeded", Message: "cores"}, true, 0, "cores"},
		{"policy", &workspace.CloudError{Status: 403, Code: "RequestDisallowedByPolicy", Message: "no public IP"}, true, 0, "no public IP"},
		{"bad request", &workspace.CloudError{Status: 400, Code: "InvalidTemplate", Message: "x"}, true, 0, "x"},
		{"out of sync", &workspace.CloudError{Status: 409, Code: "DeploymentStackOutOfSync", Message: "x"}, true, 0, "x"},
		{"a provider that nobody registered", &workspace.CloudError{Status: 409, Code: "MissingSubscriptionRegistration", Message: "Microsoft.Security"}, true, 0, "Microsoft.Security"},
		{"more stacks than a scope holds", &workspace.CloudError{Status: 409, Code: "DeploymentStackQuotaExceeded", Message: "800"}, true, 0, "800"},
		{"forbidden, on something old", &workspace.CloudError{Status: 403, Code: "AuthorizationFailed", Message: "x"}, true, 0, "x"},
	}
	for _, tt := range tests {
		w := newWorld(t)
		w.begin(w.resource(workspace.Workspace, wsID, workspace.Deployed), workspace.Order{Action: workspace.Upgrade})
		w.step()
		r := w.rows[w.op.Resource]
		got, ended := r.Troubled(tt.err, w.at, workspace.DefaultCadence)
		if ended != tt.ends || ended == (got.Job != nil) {
			t.Errorf("%s: ended %t", tt.name, ended)
		}
		if ended && !strings.Contains(got.Message, tt.message) || !ended && (!strings.Contains(got.Job.Trouble, tt.message) || got.Job.Next.Sub(w.at) < max(tt.pause, workspace.DefaultCadence.First)) {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if late, ended := r.Troubled(tt.err, r.Job.Deadline, workspace.DefaultCadence); !ended || !strings.Contains(late.Message, tt.message) {
			t.Errorf("%s, at the deadline: ended %t, %q", tt.name, ended, late.Message)
		}
	}
}

// Looks that fail while Azure is busy use up none of the tries.
func TestFailedLooksAreNoTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin(w.resource(workspace.Workspace, wsID, workspace.Deployed), workspace.Order{Action: workspace.Upgrade})
	w.step()
	w.step()
	r := w.rows[w.op.Resource]
	for range 2 * workspace.DefaultCadence.Tries {
		r, _ = r.Troubled(&workspace.CloudError{Status: 429, Message: "slow down"}, w.at, workspace.DefaultCadence)
	}
	if got, do := r.Judge(workspace.Seen{Progress: workspace.Absent}, w.at, workspace.DefaultCadence); do != workspace.Start || got.Job == nil {
		t.Errorf("not tried again: does %d, %s", do, got.Message)
	}
}

// A role assignment that is young is refused for a while, and that is no end.
func TestYoungIsNotRefused(t *testing.T) {
	t.Parallel()
	no := &workspace.CloudError{Status: 403, Code: "AuthorizationFailed", Message: "x"}
	w := newWorld(t)
	fresh := workspace.Resource{ID: wsID, Kind: workspace.Workspace, CreatedAt: w.at}
	w.begin(fresh, workspace.Order{Action: workspace.Install})
	w.step()
	r := w.rows[w.op.Resource]
	for _, tt := range []struct {
		after time.Duration
		ends  bool
	}{{0, false}, {29 * time.Minute, false}, {30 * time.Minute, true}} {
		if _, ended := r.Troubled(no, w.at.Add(tt.after), workspace.DefaultCadence); ended != tt.ends {
			t.Errorf("after %s: ended %t", tt.after, ended)
		}
	}
}

// Looks come more and more rarely, as the cloud wishes at least, and who comes
// between them orders no other.
func TestLooksGrowRare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slow = true
	w.begin(w.resource(workspace.Workspace, wsID, workspace.Deployed), workspace.Order{Action: workspace.Upgrade})
	w.step()
	w.step()
	r := w.rows[w.op.Resource]
	var pauses []time.Duration
	for range 5 {
		if r.Due(r.Job.Next.Add(-time.Second)) || !r.Due(r.Job.Next) {
			t.Error("due at another time than it says")
		}
		at := r.Job.Next
		r, _ = r.Judge(workspace.Seen{Progress: workspace.InProgress, Run: r.Job.Run}, at, workspace.DefaultCadence)
		pauses = append(pauses, r.Job.Next.Sub(at))
	}
	want := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute}
	for i := range want {
		if pauses[i] != want[i] {
			t.Errorf("pauses %v, want %v", pauses, want)
			break
		}
	}
	if r, _ = r.Judge(workspace.Seen{Progress: workspace.InProgress, Run: r.Job.Run, After: 5 * time.Minute}, w.at, workspace.DefaultCadence); r.Job.Next.Sub(w.at) != 5*time.Minute {
		t.Errorf("the cloud wants five minutes, it gets %s", r.Job.Next.Sub(w.at))
	}
}

// chaos is what can happen between two looks.
type chaos struct {
	*world
	stale []workspace.Seen // answers of before, which may come late
}

// Whatever order, repeat or loss of the cloud's answers: the operation ends in
// the truth that the cloud holds, nothing is begun twice that was not lost, an
// end stays, and nothing is held (I8, I11).
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		c := chaos{world: w}
		action := rapid.SampledFrom([]workspace.Action{workspace.Install, workspace.Upgrade, workspace.Uninstall}).Draw(rt, "action")
		_, targets := w.pipeline(action)
		if n := rapid.IntRange(-1, 2).Draw(rt, "failing"); n >= 0 {
			w.fails[targets[n]] = final("no")
		}
		var ended *workspace.Operation
		for range rapid.IntRange(0, 60).Draw(rt, "moves") {
			c.move(rt)
			if w.op.Ended() && ended == nil {
				first := w.op
				ended = &first
			}
		}
		w.slow = false
		w.run()
		if ended != nil && (ended.Status != w.op.Status || ended.Message != w.op.Message) {
			rt.Fatalf("an end was overwritten: %s, then %s", ended.Status, w.op.Status)
		}
		if failed := len(w.fails) > 0; w.op.Status.Failed() != failed {
			rt.Fatalf("failing %t, told as %s: %s", failed, w.op.Status, w.op.Message)
		}
		if !w.free() {
			rt.Fatalf("something is held: %+v", w.all())
		}
	})
}

func (c *chaos) move(rt *rapid.T) {
	w := c.world
	switch rapid.IntRange(0, 6).Draw(rt, "what") {
	case 0, 1:
		w.step()
	case 2:
		w.at = w.at.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "seconds")) * time.Second)
	case 3:
		w.slow = !w.slow
	case 4: // the cloud comes on with what it has to do
		for key, seen := range w.cloud {
			c.stale = append(c.stale, seen)
			if r := w.rows[key]; seen.Progress == workspace.InProgress && r.Job != nil {
				w.cloud[key] = w.end(r)
			}
		}
	case 5: // a resource hears an old answer
		for key, r := range w.rows {
			if r.Job != nil && !r.Job.Begun.IsZero() && r.Job.Action != workspace.Uninstall && len(c.stale) > 0 {
				seen := c.stale[rapid.IntRange(0, len(c.stale)-1).Draw(rt, "old")]
				if seen.Run != r.Job.Run && seen.Run != "" && seen.Progress == workspace.InProgress {
					next, _ := r.Judge(seen, w.at, workspace.DefaultCadence)
					w.rows[key] = next
				}
			}
		}
	case 6: // the crash before a result was taken over: the message comes again
		w.step()
		w.step()
	}
}

// An old answer about another run never ends a job.
func TestForeignAnswersEndNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slow = true
	w.begin(w.resource(workspace.Workspace, wsID, workspace.Deployed), workspace.Order{Action: workspace.Upgrade})
	w.step()
	w.step()
	r := w.rows[w.op.Resource]
	for _, seen := range []workspace.Seen{
		{Progress: workspace.Complete, Run: "an earlier run", Outputs: map[string]any{"a": 1}},
		{Progress: workspace.Broken, Run: "an earlier run", Err: final("x")},
		{Progress: workspace.Absent},
	} {
		got, do := r.Judge(seen, w.at, workspace.DefaultCadence)
		if do != workspace.Start || got.Job == nil || got.Status != workspace.Updating || got.Properties["a"] != nil {
			t.Errorf("%s: does %d, %s", seen.Progress, do, got.Status)
		}
		for range workspace.DefaultCadence.Tries + 1 { // lost again and again is a failure
			if got.Job == nil {
				break
			}
			got, do = got.Judge(seen, w.at, workspace.DefaultCadence)
		}
		if do != workspace.Settle || got.Status != workspace.UpdatingFailed {
			t.Errorf("%s for ever: does %d, %s", seen.Progress, do, got.Status)
		}
	}
}
