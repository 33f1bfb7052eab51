package airlockadvance_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// infect has the scanner find malware in a file of a turn, late.
func infect(w *roomtest.World, r airlock.Request, name string) {
	w.T.Helper()
	for _, f := range w.Known(r, airlock.Listed) {
		if f.Name == name {
			w.Put(r, f.Recorded(airlock.NewVerdict("Malicious", "EICAR", "", w.Now()), ""))
			return
		}
	}
	w.T.Fatalf("no file %q in turn %d", name, r.Turn)
}

// lastMove is the audit line of the request's last move by a trigger.
func lastMove(w *roomtest.World, r airlock.Request, on airlock.Trigger) audit.Line {
	w.T.Helper()
	lines, _, err := w.Store.Lines(w.T.Context(), r.Key(), airlock.Page{})
	w.Must(err)
	var last audit.Line
	for _, line := range lines {
		if line.Action == string(on) {
			last = line
		}
	}
	return last
}

// Each row is a sentence: malware that is found when a request stands there
// brings it to that stage.
func TestLateMalware(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		story []airlock.Trigger // after review began
		want  airlock.Stage
		why   string // part of the message
		told  airlock.Event
		skip  bool // no scan is waited for
	}{
		{name: "in review", want: airlock.Blocked, why: "malware was found in 1 file after the review began", told: airlock.ToldInfected},
		{name: "being delivered", story: []airlock.Trigger{airlock.Approve}, want: airlock.Blocked, why: "after the review began", told: airlock.ToldInfected},
		{name: "approved", story: []airlock.Trigger{airlock.Approve, airlock.Delivered}, want: airlock.Revoked,
			why: "after the release; what was already taken cannot be recalled", told: airlock.ToldRecalled},
		{name: "being rejected", story: []airlock.Trigger{airlock.Reject}, want: airlock.Rejected, why: "because"},
		{name: "rejected", story: []airlock.Trigger{airlock.Reject, airlock.Withheld}, want: airlock.Rejected, why: "because"},
		{name: "cancelled", story: []airlock.Trigger{airlock.Cancel}, want: airlock.Cancelled, why: "because"},
		{name: "revoked", story: []airlock.Trigger{airlock.Approve, airlock.Delivered, airlock.Revoke}, want: airlock.Revoked, why: "because"},
		{name: "failed in review", story: []airlock.Trigger{airlock.Broke}, want: airlock.Failed, why: "because"},
		{name: "failed in review, retried", story: []airlock.Trigger{airlock.Broke, airlock.RetryReview}, want: airlock.Blocked, why: "malware"},
		{name: "delivery stopped", story: []airlock.Trigger{airlock.Approve, airlock.Stop}, want: airlock.Failed, why: "because"},
		{name: "delivery failed, retried", story: []airlock.Trigger{airlock.Approve, airlock.Broke, airlock.RetryDeliver}, want: airlock.Blocked, why: "malware"},
		{name: "in review, no scan is waited for", skip: true, want: airlock.Blocked, why: "after the review began", told: airlock.ToldInfected},
		{name: "approved, no scan is waited for", story: []airlock.Trigger{airlock.Approve, airlock.Delivered}, skip: true, want: airlock.Revoked,
			why: "after the release", told: airlock.ToldRecalled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t, func(ws *airlock.Workspace) { ws.Policy.SkipScan = tt.skip })
				r := w.InReview(airlock.Export, "a", "alpha", "b", "beta")
				for _, on := range tt.story {
					r = w.Move(r, on)
				}
				r = w.Told(r)
				infect(w, r, "a")
				return w
			}
			w := set(t)
			before := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			w.Must(follow(w))
			now := w.Reload(before)
			if now.Stage != tt.want || !strings.Contains(now.Message, tt.why) || len(now.Reviews) != len(before.Reviews) {
				t.Errorf("is %s (%s), %d of %d reviews", now.Stage, now.Message, len(now.Reviews), len(before.Reviews))
			}
			if tt.told != "" {
				if len(now.Notices) == 0 || now.Notices[0].Event != tt.told {
					t.Errorf("told of %v", now.Notices)
				}
				line := lastMove(w, now, airlock.Infected)
				if !strings.Contains(line.Detail, "the scanner named EICAR") ||
					strings.Contains(line.Detail, "cannot be recalled") != (tt.want == airlock.Revoked) || line.Actor.Role != string(airlock.Engine) {
					t.Errorf("audited as %+v", line)
				}
			}
			roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
		})
	}
}

// kept is a request in its second turn, in review, of one file that was kept
// from the first and a new one.
func kept(w *roomtest.World) airlock.Request {
	w.T.Helper()
	one := w.InReview(airlock.Import, "old", "alpha")
	before := w.Known(one, airlock.Listed)[0]
	r := w.Move(one, airlock.Return)
	w.Ready(r, "new", "beta")
	r = w.Submit(r)
	clean := roomtest.Clean
	w.Put(r, airlock.File{Name: "old", ETag: before.Seal.ETag, Inspection: before.Inspection, Verdict: &clean,
		Record: &airlock.Record{Listed: true, Size: before.Record.Size, Kept: 1}})
	r = w.Reload(r)
	r.Files++
	return w.Commit(r.Note())
}

// A file that was kept is the version that was scanned in an earlier turn: a
// late verdict on that one counts, wherever the request stands now.
func TestLateMalwareInKeptFile(t *testing.T) {
	t.Parallel()
	for _, stage := range []airlock.Stage{airlock.Sealing, airlock.InReview, airlock.Approved} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				r := kept(w)
				if stage != airlock.Sealing {
					w.Must(follow(w))
				}
				if stage == airlock.Approved {
					r = w.Move(w.Move(r, airlock.Approve), airlock.Delivered)
				}
				if now := w.Reload(r); now.Stage != stage {
					t.Fatalf("is %s: %s", now.Stage, now.Message)
				}
				w.Told(r)
				r.Turn = 1
				infect(w, r, "old")
				return w
			}
			w := set(t)
			w.Must(follow(w))
			now := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			if want := map[bool]airlock.Stage{true: airlock.Revoked, false: airlock.Blocked}[stage == airlock.Approved]; now.Stage != want {
				t.Errorf("is %s (%s), want %s", now.Stage, now.Message, want)
			}
			if n := strings.Count(strings.Join(w.Actions(now), " "), "passed"); stage == airlock.Sealing && n != 1 {
				t.Errorf("passed the gate %d times, of which the first turn is one", n)
			}
			for _, f := range w.Known(now, airlock.Listed) {
				if (f.Class() == airlock.Malicious) != (f.Name == "old") {
					t.Errorf("%s is shown as %q", f.Name, f.Class())
				}
			}
			roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
		})
	}
}
