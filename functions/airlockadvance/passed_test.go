package airlockadvance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// Files of which nothing is left to ask go from their sealing to the review in
// one commit, with a line for each move and one manifest; any other request
// stops at the gate.
func TestSealedAndPassedAtOnce(t *testing.T) {
	t.Parallel()
	infected := airlock.Verdict{Class: airlock.Malicious, Result: "Malicious"}
	tests := []struct {
		name    string
		happen  func(w *roomtest.World, r airlock.Request, b airlock.Blob)
		policy  airlock.Policy
		stage   airlock.Stage
		lines   []string // after those of the submit
		commits int
	}{
		{"all clean", func(*roomtest.World, airlock.Request, airlock.Blob) {}, airlock.Policy{}, airlock.InReview, []string{"sealed", "passed"}, 1},
		{"infected while it was copied", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Faults.Before("Vault.Copy", func() { w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Verdict: &infected}) })
		}, airlock.Policy{}, airlock.Blocked, []string{"sealed", "infected", "withheld"}, 3},
		{"a verdict that was taken back while it was copied", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Faults.Before("Vault.Copy", func() {
				w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Verdict: &airlock.Verdict{Class: airlock.Stale}})
			})
		}, airlock.Policy{}, airlock.Gating, []string{"sealed", "rescan"}, 2},
		{"a finding that came while it was copied", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Faults.Before("Vault.Copy", func() { w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha", refusal)}) })
		}, airlock.Policy{}, airlock.Draft, []string{"sealed", "unfit"}, 2},
		{"more bytes than are allowed now", func(*roomtest.World, airlock.Request, airlock.Blob) {}, airlock.Policy{MaxBytes: 3}, airlock.Draft, []string{"sealed", "unfit"}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t, func(ws *airlock.Workspace) { ws.Policy = tt.policy })
				r := w.Draft(airlock.Import)
				b := w.Ready(r, "a", "alpha")
				r = w.Submit(r)
				tt.happen(w, r, b)
				w.Faults.Fail(0, false)
				return w
			}
			w := set(t)
			w.Must(follow(w))
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			if r.Stage != tt.stage {
				t.Errorf("is %s (%s)", r.Stage, r.Message)
			}
			lines := w.Actions(r)
			if got := lines[slices.Index(lines, "submit")+1:]; !cmp.Equal(got, tt.lines) {
				t.Errorf("lines %v", got)
			}
			calls := strings.Join(w.Faults.Calls(), " ")
			if got := strings.Count(calls, "Requests.Commit"); got != tt.commits {
				t.Errorf("%d commits", got)
			}
			if got := strings.Count(calls, "Manifests.SaveManifest"); got > 1 {
				t.Errorf("%d manifests", got)
			}
			if tt.stage != airlock.Draft { // a finding that is there at a second try keeps the file from being copied
				roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
			}
		})
	}
}
