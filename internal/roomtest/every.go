package roomtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Scene is a situation to which one message comes.
type Scene struct {
	Set func(t testing.TB) *World // sets it up, the same every time
	Run func(w *World) error      // has the message handled; on nil what it ordered is handled too, where the end state needs that
}

// EveryFault lets every port call of handling the message fail once, before
// and after its work, and every commit meet somebody faster; then the message
// comes again. The end is that of a message that met no fault.
func EveryFault(t *testing.T, s Scene) {
	t.Helper()
	calm := s.Set(t)
	calm.Faults.Fail(0, false)
	calm.Must(s.Run(calm))
	calls, want := calm.Faults.Calls(), calm.State()
	if len(calls) == 0 {
		t.Fatal("no port was called")
	}
	again := func(w *World, what string) {
		w.Faults.Fail(0, false)
		w.Pass(HintAfter)
		for try := 1; ; try++ {
			err := s.Run(w)
			if err == nil {
				break
			}
			if try == 3 {
				t.Fatalf("%s: still fails: %v", what, err)
			}
		}
		if diff := cmp.Diff(want, w.State()); diff != "" {
			t.Errorf("%s: the end is another (-want +got)\n%s", what, diff)
		}
	}
	for n := range calls {
		for _, did := range []bool{false, true} {
			w := s.Set(t)
			w.Faults.Fail(n+1, did)
			_ = s.Run(w)
			again(w, fmt.Sprintf("call %d, %s, done %t", n+1, calls[n], did))
		}
	}
	commits := len(slices.DeleteFunc(calls, func(port string) bool { return !isCommit(port) }))
	for n := 1; n <= commits; n++ {
		w := s.Set(t)
		w.Faults.Conflict(n)
		_ = s.Run(w)
		again(w, fmt.Sprintf("commit %d", n))
	}
}

// State is what a person, or a later message, could tell apart: the requests,
// what is known of their files, and what lies in their containers. ETags and
// times are left out.
func (w *World) State() map[string]any {
	w.T.Helper()
	state := map[string]any{}
	for _, workspace := range []string{Here, There} {
		requests, _, err := w.Store.Requests(w.T.Context(), workspace, airlock.Page{})
		w.Must(err)
		for _, r := range requests {
			state[r.ID] = w.story(r)
		}
	}
	for _, account := range []string{airlock.AirlockAccount, HereAccount, ThereAccount} {
		found, _, err := w.Files.Containers(w.T.Context(), account, airlock.Page{})
		w.Must(err)
		for _, c := range found {
			state[account+" "+c.Name] = w.Contents(airlock.Place{Account: account, Container: c.Name})
		}
	}
	w.staff(state)
	for _, tell := range w.told {
		tell(state)
	}
	return state
}

// story is what can be told of a request.
func (w *World) story(r airlock.Request) map[string]any {
	told := map[string]any{"stage": r.Stage, "turn": r.Turn, "attempt": r.Attempt, "bytes": r.Bytes, "marks": len(r.Marks) > 0, "line": w.Actions(r)}
	var notices, containers []string
	for _, n := range r.Notices {
		notices = append(notices, string(n.Event))
	}
	for _, c := range r.Containers {
		containers = append(containers, fmt.Sprint(c.Kind, c.Number, c.Absent.IsZero()))
	}
	told["notices"], told["containers"] = notices, containers
	for _, f := range w.Known(r, airlock.Everything) {
		var about []string
		note := func(is bool, what string) {
			if is {
				about = append(about, what)
			}
		}
		note(f.Listed(), "listed")
		note(f.Removal != nil, "removed")
		note(f.Inspection != nil, "inspected")
		note(f.RefusedBy(airlock.Policy{}), "refused")
		note(f.Clean(), "clean")
		note(f.Class() == airlock.Malicious, "malware")
		note(f.Seal != nil && f.Seal.ETag != "", "sealed")
		note(f.Rescan != nil && f.Rescan.ETag != "", "copied to be scanned again")
		note(f.Release != nil && f.Release.Verified, "released")
		told["file "+f.Name] = append(about, fmt.Sprint(told["file "+f.Name]))
	}
	return told
}
