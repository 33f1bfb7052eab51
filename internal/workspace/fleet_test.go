package workspace_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// A stop waits for its warning to be told, and the machine's owner has the whole
// time from then on. A warning that was told stands.
func TestStopWaitsForItsWarning(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rules, m := idle.DefaultRules, idle.Machine{WhenIdle: 2 * time.Hour}
	f := workspace.Fleet{Workspace: "w"}
	look := func(minute int, want idle.Do) {
		t.Helper()
		var do idle.Do
		f, do = f.Look("m", m, "running", idle.Sight{Running: true, Known: true}, start.Add(time.Duration(minute)*time.Minute), rules)
		if do != want {
			t.Fatalf("minute %d: does %q, want %q: %+v", minute, do, want, f)
		}
	}
	stops := func(minute int) {
		t.Helper()
		if at := start.Add(time.Duration(minute) * time.Minute); !f.Machines["m"].Watch.Stop.Equal(at) || len(f.Notices) > 0 && !f.Notices[0].Stop.Equal(at) {
			t.Fatalf("stops at %s, told %+v; want minute %d", f.Machines["m"].Watch.Stop, f.Notices, minute)
		}
	}
	look(0, "")
	look(90, idle.Warn)
	stops(120)
	before := f
	look(125, "")
	if !before.Notices[0].Stop.Equal(start.Add(2 * time.Hour)) {
		t.Error("the fleet before is changed")
	}
	stops(155)
	if seq, at := f.Notices[0].Seq, f.Notices[0].At; seq != 1 || !at.Equal(start.Add(90*time.Minute)) { // which name the mail
		t.Errorf("another warning: %d at %s", seq, at)
	}
	f = f.Heard(f.Notices)
	look(154, "")
	stops(155)
	look(155, idle.Stop)
}
