package workspace_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestJudgeOfWhatNeverBegan: what was cancelled before the cloud took it ended by
// that, whatever is seen from before; what the cloud did take all the same is
// judged by how it stands.
func TestJudgeOfWhatNeverBegan(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	broken := &workspace.CloudError{Class: workspace.Final, Status: 400, Code: "QuotaExceeded", Message: "no more cores"}
	for name, tt := range map[string]struct {
		action workspace.Action
		seen   workspace.Seen
		do     workspace.Do
		good   bool
	}{
		"a machine that runs was not restarted":        {"restart", workspace.Seen{Progress: workspace.Complete}, workspace.Settle, false},
		"one that was, was":                            {"restart", workspace.Seen{Progress: workspace.Complete, Run: "run"}, workspace.Settle, true},
		"a stack of another run was not deployed":      {workspace.Upgrade, workspace.Seen{Progress: workspace.Complete, Run: "other"}, workspace.Settle, false},
		"one of this run was":                          {workspace.Upgrade, workspace.Seen{Progress: workspace.Complete, Run: "run"}, workspace.Settle, true},
		"a stack that failed once was not deleted":     {workspace.Uninstall, workspace.Seen{Progress: workspace.Broken, Run: "other", Err: broken}, workspace.Settle, false},
		"one that is gone was":                         {workspace.Uninstall, workspace.Seen{Progress: workspace.Absent}, workspace.Settle, true},
		"one that is being deleted is looked at again": {workspace.Uninstall, workspace.Seen{Progress: workspace.InProgress}, workspace.Look, false},
	} {
		r := workspace.Resource{ID: "r", Status: tt.action.Status(workspace.Running), Job: &workspace.Job{Run: "run", Action: tt.action, Since: at, Deadline: at.Add(time.Hour), Cancelled: true}}
		got, do := r.Judge(tt.seen, at.Add(time.Minute), workspace.DefaultCadence)
		result, known := got.Result("run")
		if do != tt.do || known != (tt.do == workspace.Settle) || result.Good != tt.good {
			t.Errorf("%s: do %d, %+v", name, do, result)
		}
		if known && !tt.good && result.Message != "it was cancelled" {
			t.Errorf("%s: says %q", name, result.Message)
		}
	}
}
