package airlock_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// owned is told by hand: what a request owns, and what has to go, at the end
// of a story. d draft, s sealed, r released; number behind.
var owned = []struct {
	name         string
	story        string
	owns, purges string
}{
	{"just made", "", "d1", ""},
	{"submitted", "submit", "d1 s1", ""},
	{"sealed", "submit sealed", "s1 x1", "d1"},
	{"in review", "submit sealed passed", "s1", "d1"},
	{"approved", "submit sealed passed approve delivered", "s1 r1", "d1"},
	{"revoked", "submit sealed passed approve delivered revoke", "s1", "d1 r1"},
	{"revoked, retired", "submit sealed passed approve delivered revoke retired", "", "d1 s1 r1"},
	{"approved, retired", "submit sealed passed approve delivered retired", "", "d1 s1 r1"},
	{"approved, retired, revoked", "submit sealed passed approve delivered retired revoke", "", "d1 s1 r1"},
	{"rejected", "submit sealed passed reject withheld", "s1", "d1"},
	{"blocked", "submit sealed infected withheld", "s1", "d1"},
	{"malware in review", "submit sealed passed infected withheld", "s1", "d1"},
	{"malware during delivery", "submit sealed passed approve infected", "s1", "d1 r1"},
	{"malware after release", "submit sealed passed approve delivered infected", "s1", "d1 r1"},
	{"malware after release, retired", "submit sealed passed approve delivered retired infected", "", "d1 s1 r1"},
	{"cancelled in draft", "cancel", "", "d1"},
	{"cancelled while sealed", "submit cancel", "", "d1 s1"},
	{"cancelled at the gate", "submit sealed cancel", "", "d1 s1"},
	{"cancelled in review", "submit sealed passed cancel", "", "d1 s1"},
	{"returned by the gate", "submit sealed unfit", "d2 s1", "d1"},
	{"returned", "submit sealed passed return", "d2 s1", "d1"},
	{"returned, submitted", "submit sealed passed return submit", "d2 s2 s1", "d1"},
	{"returned, sealed", "submit sealed passed return submit sealed", "s2 x2", "d1 s1 d2"},
	{"returned twice", "submit sealed passed return submit sealed passed return", "d3 s2", "d1 s1 d2"},
	{"returned twice, sealing", "submit sealed passed return submit sealed unfit submit", "d3 s3 s2", "d1 s1 d2"},
	{"returned, cancelled", "submit sealed passed return cancel", "", "d1 s1 d2"},
	{"returned, failed in sealing", "submit sealed passed return submit broke", "d2 s2 s1", "d1"},
	{"returned, sealing again", "submit sealed passed return submit broke retry_seal", "d2 s2 s1", "d1"},
	{"overflowed", "overflowed", "", "d1"},
	{"overflowed, reopened", "overflowed retry_draft", "d2", "d1"},
	{"returned, overflowed", "submit sealed passed return overflowed", "s1", "d1 d2"},
	{"returned, overflowed, reopened", "submit sealed passed return overflowed retry_draft", "d3 s1", "d1 d2"},
	{"failed at the gate", "submit sealed broke", "s1 x1", "d1"},
	{"failed in review", "submit sealed passed broke", "s1", "d1"},
	{"delivery stopped", "submit sealed passed approve stop", "s1", "d1 r1"},
	{"delivery retried", "submit sealed passed approve broke retry_deliver", "s1 r2", "d1 r1"},
	{"delivery retried twice", "submit sealed passed approve broke retry_deliver broke retry_deliver delivered", "s1 r3", "d1 r1 r2"},
	{"put away after a failure", "submit sealed passed reject broke retry_reject withheld", "s1", "d1"},
	{"failed, retired", "submit broke retired", "", "d1 s1"},
}

func TestOwns(t *testing.T) {
	t.Parallel()
	short := func(all []airlock.Made) string {
		letter := map[airlock.Kind]string{airlock.DraftFiles: "d", airlock.SealedFiles: "s", airlock.ReleasedFiles: "r", airlock.RescanFiles: "x"}
		var texts []string
		for _, m := range all {
			texts = append(texts, fmt.Sprint(letter[m.Kind], m.Number))
		}
		return strings.Join(texts, " ")
	}
	for _, tt := range owned {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var story []airlock.Trigger
			for _, on := range strings.Fields(tt.story) {
				story = append(story, airlock.Trigger(on))
			}
			r := told(t, fresh(), story...)
			if got := short(r.Owns()); got != tt.owns {
				t.Errorf("owns %q, want %q", got, tt.owns)
			}
			if got := short(r.Purges()); got != tt.purges {
				t.Errorf("purges %q, want %q", got, tt.purges)
			}
		})
	}
}

func TestOwnsOfUnknownStage(t *testing.T) {
	t.Parallel()
	if got := (airlock.Request{Stage: "limbo", Turn: 1}).Owns(); len(got) != 0 {
		t.Errorf("owns %v", got)
	}
}

func TestSeenAbsent(t *testing.T) {
	t.Parallel()
	draft := airlock.Made{Kind: airlock.DraftFiles, Number: 1}
	r := in(t, airlock.Cancelled)
	once := r.SeenAbsent(draft, noon, settle)
	if len(once.Purges()) != 1 || !once.Containers[0].Absent.Equal(noon) || !r.Containers[0].Absent.IsZero() {
		t.Errorf("seen gone once: %+v, before %+v", once.Containers, r.Containers)
	}
	tests := []struct {
		name  string
		after func(airlock.Request) airlock.Request
		left  int
	}{
		{"too soon", func(r airlock.Request) airlock.Request {
			return r.SeenAbsent(draft, noon.Add(settle-time.Nanosecond), settle)
		}, 1},
		{"settled", func(r airlock.Request) airlock.Request { return r.SeenAbsent(draft, noon.Add(settle), settle) }, 0},
		{"seen again between", func(r airlock.Request) airlock.Request {
			return r.SeenPresent(draft).SeenAbsent(draft, noon.Add(settle), settle)
		}, 1},
		{"another one", func(r airlock.Request) airlock.Request {
			return r.SeenAbsent(airlock.Made{Kind: airlock.DraftFiles, Number: 2}, noon.Add(settle), settle)
		}, 1},
		{"present, but another", func(r airlock.Request) airlock.Request {
			return r.SeenPresent(airlock.Made{Kind: airlock.SealedFiles, Number: 1})
		}, 1},
	}
	for _, tt := range tests {
		got := tt.after(once)
		if len(got.Containers) != tt.left || len(once.Containers) != 1 {
			t.Errorf("%s: %+v left, want %d", tt.name, got.Containers, tt.left)
		}
	}
	gone := once.SeenAbsent(draft, noon.Add(settle), settle)
	gone.Notices = nil
	if _, open := gone.OpenWork(airlock.Policy{}, cadence); open {
		t.Error("nothing is left of a cancelled request, and yet it is open work")
	}
}

func TestMaking(t *testing.T) {
	t.Parallel()
	r := fresh()
	twice := r.Making(airlock.RescanFiles, 1).Making(airlock.RescanFiles, 1)
	want := []airlock.Made{{Kind: airlock.DraftFiles, Number: 1}, {Kind: airlock.RescanFiles, Number: 1}}
	if diff := cmp.Diff(want, twice.Containers); diff != "" || len(r.Containers) != 1 {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTold(t *testing.T) {
	t.Parallel()
	a, b := airlock.Notice{Event: "approved", Seq: 5}, airlock.Notice{Event: "approved", Seq: 6}
	r := airlock.Request{Notices: []airlock.Notice{a, b}}
	if diff := cmp.Diff([]airlock.Notice{b}, r.Told(airlock.Notice{Event: "approved", Seq: 5, At: noon}).Notices); diff != "" || len(r.Notices) != 2 {
		t.Error(diff)
	}
	if got := r.Told(airlock.Notice{Event: "rejected", Seq: 6}).Notices; len(got) != 2 {
		t.Errorf("another event was taken off: %v", got)
	}
}

// KeptFrom names the turn whose sealed files the present draft builds on; once
// the next ones are sealed there is none.
func TestKeptFrom(t *testing.T) {
	t.Parallel()
	back := []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Unfit}
	once := told(t, fresh(), back...)
	tests := []struct {
		name string
		r    airlock.Request
		want int
	}{
		{"first draft", fresh(), 0},
		{"returned", once, 1},
		{"submitted", told(t, once, airlock.Submit), 1},
		{"sealed", told(t, once, airlock.Submit, airlock.Sealed), 0},
		{"returned twice", told(t, once, back...), 2},
		{"closed and reopened", told(t, once, airlock.Overflowed, airlock.RetryDraft), 1},
	}
	for _, tt := range tests {
		if got := tt.r.KeptFrom; got != tt.want {
			t.Errorf("%s: kept from turn %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	tests := map[airlock.Stage]struct {
		status     airlock.Status
		step       string
		unfinished bool
	}{
		"draft": {"draft", "", true}, "submitted_sealing": {"submitted", "sealing", true}, "submitted_gating": {"submitted", "gating", true},
		"in_review": {"in_review", "", true}, "approval_in_progress": {"approval_in_progress", "", true}, "approved": {"approved", "", false},
		"rejection_in_progress": {"rejection_in_progress", "", true}, "rejected": {"rejected", "", false},
		"blocking_in_progress": {"blocking_in_progress", "", true}, "blocked_by_scan": {"blocked_by_scan", "", false},
		"cancelled": {"cancelled", "", false}, "failed": {"failed", "", false}, "revoked": {"revoked", "", false},
	}
	for _, s := range airlock.Stages {
		want, known := tests[s]
		if !known || s.Status() != want.status || s.Step() != want.step || s.Unfinished() != want.unfinished {
			t.Errorf("%s: %s, %q, unfinished %t; want %+v", s, s.Status(), s.Step(), s.Unfinished(), want)
		}
	}
	if len(airlock.Stages) != len(tests) || len(airlock.Statuses) != 12 {
		t.Errorf("%d stages, %d statuses", len(airlock.Stages), len(airlock.Statuses))
	}
}
