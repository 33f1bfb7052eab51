package workspace_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// An operation is marked for each order about it that is poisoned, until there
// are enough for administrators to be told, once for each step.
func TestStuck(t *testing.T) {
	t.Parallel()
	const why = "the engine has trouble"
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	mark := func(o workspace.Operation, id string, want bool) workspace.Operation {
		t.Helper()
		marked, news := o.Marked(workspace.Poisoned{Message: id, At: at}, why, 3)
		if news != want || marked.Message != why && !o.Ended() {
			t.Fatalf("mark %s is news: %v, people read %q", id, news, marked.Message)
		}
		return marked
	}
	toTell := func(o workspace.Operation, want bool) {
		t.Helper()
		if o.Untold() != want || o.Open(at).Tell != want {
			t.Fatalf("to be told: %v, not %v: %+v", o.Untold(), want, o.Stuck)
		}
	}
	op := workspace.Operation{ID: "op", Resource: workspace.Key{Partition: workspace.System, ID: "r"}, Action: workspace.Install, Status: workspace.PipelineRunning,
		Steps: []workspace.Step{{ID: "a", Action: workspace.Install, Status: workspace.Deploying}, {ID: "b", Action: workspace.Upgrade, Status: workspace.AwaitingUpdate}}}
	toTell(op.Heard(), false)
	once := mark(op, "m1", true)
	if op.Stuck != nil {
		t.Fatal("the operation before is changed")
	}
	once = mark(once, "m1", false) // comes again where a crash came before it was dropped
	toTell(mark(once, "m2", true), false)
	enough := mark(mark(once, "m2", true), "m3", true)
	toTell(enough, true)
	toTell(mark(enough, "m4", false), true)
	told := enough.Heard()
	toTell(told, false)
	toTell(enough, true) // is a value of its own
	told.Message = "moved on"
	told = mark(told, "m5", true) // is shown again, and told of once
	toTell(told, false)
	next := told.Advance(0, workspace.Deployed, "", at)
	for i := range 3 {
		next = mark(next, fmt.Sprint("n", i), true)
	}
	toTell(next, true)
	ended := enough.Advance(0, workspace.DeploymentFailed, "quota", at)
	toTell(ended, false)
	mark(ended, "m6", false)
}
