package airlockadvance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/functions/airlockadvance"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// room is the function in a world.
func room(w *roomtest.World) airlockadvance.Function {
	return airlockadvance.Function{Ledger: w.Ledger, Files: w.Rows, Work: w.Work, Desk: w.Desk, Vault: w.Vault, Manifests: w.Manifests, Orders: w.Orders, Fresh: w.Spaces, Page: 2, Parallel: 1}
}

var order = message.Advance{Workspace: roomtest.Here, Request: roomtest.RequestID, Trace: "trace"}

// look has the order handled.
func look(w *roomtest.World) airlockadvance.Out {
	w.T.Helper()
	out, err := room(w).Handle(w.Context("airlockadvance"), order)
	w.Must(err)
	return out
}

// follow looks until no look at once is ordered.
func follow(w *roomtest.World) error {
	for range 50 {
		out, err := room(w).Handle(w.Context("airlockadvance"), order)
		if err != nil || out.Advance == nil {
			return err
		}
	}
	w.T.Error("looks are ordered without end")
	return nil
}

// short says in words what was ordered.
func short(out airlockadvance.Out) string {
	var words []string
	for _, m := range out.Inspect {
		words = append(words, "inspect "+m.Name)
	}
	for _, m := range out.Purge {
		words = append(words, strings.TrimSpace("purge "+m.Name))
	}
	if out.Advance != nil {
		words = append(words, "advance")
	}
	if out.Deliver != nil {
		words = append(words, "deliver")
	}
	if out.Notify != nil {
		words = append(words, "notify")
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

var refusal = airlock.Finding{Code: "type_refused", Severity: airlock.Refuse, Text: "no"}

// inStage brings a request with one file to a stage.
func inStage(w *roomtest.World, way ...airlock.Trigger) airlock.Request {
	r := w.Draft(airlock.Import)
	w.Ready(r, "a", "alpha")
	for _, on := range way {
		switch on {
		case airlock.Submit:
			r = w.Submit(r)
		case airlock.Sealed:
			r = w.Seal(r)
		default:
			r = w.Move(r, on)
		}
	}
	return r
}

const day = 24 * time.Hour

// Each row is a sentence: a request that came this way, looked at after this
// time, is in that stage, and this is ordered.
func TestLook(t *testing.T) {
	t.Parallel()
	reviewed := []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Passed}
	way := func(more ...airlock.Trigger) []airlock.Trigger { return append(slices.Clone(reviewed), more...) }
	tests := []struct {
		name    string
		way     []airlock.Trigger
		after   time.Duration
		stage   airlock.Stage
		ordered string
	}{
		{"a draft with nothing to do", nil, 0, airlock.Draft, ""},
		{"a draft whose time is over", nil, 30 * day, airlock.Cancelled, "notify, purge"},
		{"sealing", []airlock.Trigger{airlock.Submit}, 0, airlock.InReview, "notify, purge"},
		{"sealing that took too long", []airlock.Trigger{airlock.Submit}, day, airlock.Failed, "notify"},
		{"a gate that is passed", []airlock.Trigger{airlock.Submit, airlock.Sealed}, 0, airlock.InReview, "notify, purge"},
		{"a review that just began", reviewed, 0, airlock.InReview, "notify, purge"},
		{"a review before half of its time", reviewed, 15*day - time.Hour, airlock.InReview, "notify, purge"},
		{"a review nobody made", reviewed, 30 * day, airlock.Cancelled, "notify, purge"},
		{"a delivery", way(airlock.Approve), 0, airlock.Approving, "deliver, notify, purge"},
		{"a delivery that took too long", way(airlock.Approve), day, airlock.Failed, "notify, purge"},
		{"a rejection", way(airlock.Reject), 0, airlock.Rejected, "notify, purge"},
		{"a blocked one", []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Infected}, 0, airlock.Blocked, "notify, purge"},
		{"an approved one", way(airlock.Approve, airlock.Delivered), 0, airlock.Approved, "notify, purge"},
		{"an approved one, before the end of retention", way(airlock.Approve, airlock.Delivered), 90*day - time.Hour, airlock.Approved, "notify, purge"},
		{"an approved one after retention", way(airlock.Approve, airlock.Delivered), 90 * day, airlock.Approved, "notify, purge"},
		{"a revoked one", way(airlock.Approve, airlock.Delivered, airlock.Revoke), 0, airlock.Revoked, "notify, purge"},
		{"a cancelled one", []airlock.Trigger{airlock.Cancel}, 300 * day, airlock.Cancelled, "notify, purge"},
		{"a failed one", []airlock.Trigger{airlock.Submit, airlock.Broke}, 0, airlock.Failed, "notify"},
		{"a failed one after retention", []airlock.Trigger{airlock.Submit, airlock.Broke}, 7 * day, airlock.Failed, "notify, purge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				inStage(w, tt.way...)
				w.Pass(tt.after)
				return w
			}
			w := set(t)
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			if got := short(look(w)); got != tt.ordered {
				t.Errorf("ordered %q, want %q", got, tt.ordered)
			}
			now := w.Reload(r)
			if now.Stage != tt.stage {
				t.Errorf("is %s, want %s", now.Stage, tt.stage)
			}
			look(w) // a repeat moves nothing
			if diff := cmp.Diff(now, w.Reload(r)); diff != "" {
				t.Errorf("a repeat moved something (-before +after)\n%s", diff)
			}
			roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
		})
	}
}

// Messages that name nothing of ours.
func TestStrangeOrders(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := inStage(w)
	tests := []struct {
		name string
		m    message.Advance
		kind fault.Kind
		kept int // lines in the end
	}{
		{"no ids", message.Advance{}, fault.Poison, 0},
		{"an id in capitals", message.Advance{Workspace: roomtest.Here, Request: strings.ToUpper("abcdefab-3333-4333-8333-333333333333")}, fault.Poison, 0},
		{"a request that never was", message.Advance{Workspace: roomtest.Here, Request: roomtest.NobodysID}, fault.Refused, 1},
		{"the same again", message.Advance{Workspace: roomtest.Here, Request: roomtest.NobodysID}, fault.Refused, 1},
		{"a request of another workspace", message.Advance{Workspace: roomtest.There, Request: roomtest.RequestID}, fault.Refused, 2},
	}
	for _, tt := range tests {
		out, err := room(w).Handle(w.Context("airlockadvance"), tt.m)
		if fault.KindOf(err) != tt.kind || short(out) != "" || len(w.Strange()) != tt.kept {
			t.Errorf("%s: %v, ordered %q, %d lines kept", tt.name, err, short(out), len(w.Strange()))
		}
	}
	if got := w.Reload(r); got.Stage != airlock.Draft || got.Version != r.Version {
		t.Errorf("the request became %s", got.Stage)
	}
	odd := r
	odd.Stage = "odd"
	w.Commit(odd.Note())
	if _, err := room(w).Handle(w.Context("airlockadvance"), order); err == nil {
		t.Error("a stage that nobody knows passes")
	}
}

// A flood of unknown requests does not fill the table.
func TestUnknownRequestsAreLimited(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	w.Ledger.Refusals.PerMinute = 20
	for i := range 300 {
		id := "55555555-5555-4555-8555-" + strings.Repeat("0", 9) + string([]byte{'0' + byte(i/100), '0' + byte(i/10%10), '0' + byte(i%10)})
		if _, err := room(w).Handle(w.Context("airlockadvance"), message.Advance{Workspace: roomtest.Here, Request: id}); fault.KindOf(err) != fault.Refused {
			t.Fatal(err)
		}
	}
	if n := len(w.Strange()); n == 0 || n > 20 {
		t.Errorf("%d lines kept in a minute", n)
	}
}

// People are reminded once, when half of the time for a review is over.
func TestReviewersAreReminded(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Told(inStage(w, airlock.Submit, airlock.Sealed, airlock.Passed))
	due := func() time.Time {
		open, err := w.Store.Open(t.Context(), r.Key())
		w.Must(err)
		return open.Due
	}
	if want := r.Since.Add(15 * day); !due().Equal(want) {
		t.Fatalf("looked at again %v, want %v", due(), want)
	}
	w.Pass(due().Sub(w.Now()))
	if got := short(look(w)); got != "notify" {
		t.Errorf("ordered %q", got)
	}
	look(w)
	if n := w.Reload(r).Notices; len(n) != 1 || n[0].Event != airlock.ToldWaiting || !slices.Contains(w.Actions(r), "waiting") {
		t.Errorf("notices %+v", n)
	}
	w.Told(r)
	if want := r.Since.Add(30 * day); !due().Equal(want) {
		t.Errorf("then looked at again %v, want %v", due(), want)
	}
	if got := short(look(w)); got != "" {
		t.Errorf("reminded again: %q", got)
	}
}
