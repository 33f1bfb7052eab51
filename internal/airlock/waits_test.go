package airlock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// secondTurn returns a request under review, and submits it again.
func secondTurn(t *testing.T, r airlock.Request) airlock.Request {
	t.Helper()
	returned, err := r.Decide(airlock.Decision{Verb: airlock.VerbReturn, By: maxi, Reason: "because", At: noon}, managed(maxi), 3)
	if err != nil {
		t.Fatal(err)
	}
	return told(t, returned.Request, airlock.Submit, airlock.Sealed, airlock.Passed)
}

func TestWaits(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	endorsed := told(t, in(t, airlock.InReview), airlock.Endorse)
	twice := secondTurn(t, endorsed)
	spent := broken(t, airlock.Approving, airlock.Broke)
	spent.Attempt = airlock.MaxNumber
	tests := []struct {
		name  string
		r     airlock.Request
		p     airlock.Policy
		owner airlock.Role
		after time.Duration // from Since; 0 for none
		want  string
	}{
		{name: "draft", r: in(t, airlock.Draft), owner: airlock.Creator, after: 720 * hour, want: "waits for the requester to add files and submit"},
		{name: "sealing", r: in(t, airlock.Sealing), owner: airlock.Engine, after: 24 * hour, want: "waits for the submitted files to be inspected and sealed"},
		{name: "gating", r: in(t, airlock.Gating), owner: airlock.Engine, after: 6 * hour, want: "waits for the malware scanner's verdicts"},
		{name: "gating, own policy", r: in(t, airlock.Gating), p: airlock.Policy{VerdictLife: airlock.Duration(hour)}, owner: airlock.Engine, after: hour, want: "waits for the malware scanner's verdicts"},
		{name: "review", r: in(t, airlock.InReview), owner: airlock.Manager, after: 720 * hour, want: "waits for an airlock manager to decide"},
		{name: "review by three", r: endorsed, p: airlock.Policy{Reviewers: 3}, owner: airlock.Manager, after: 720 * hour, want: "waits for airlock managers to decide: 1 of 3 approvals given"},
		{name: "cancelled in review", r: told(t, endorsed, airlock.Cancel), p: airlock.Policy{Reviewers: 3}, want: "is at its end; nothing crosses any more"},
		{name: "review in turn 2", r: twice, p: airlock.Policy{Reviewers: 3}, owner: airlock.Manager, after: 720 * hour, want: "waits for airlock managers to decide: 0 of 3 approvals given"},
		{name: "approving", r: in(t, airlock.Approving), owner: airlock.Engine, after: 24 * hour, want: "waits for the approved files to be copied across and verified"},
		{name: "rejecting", r: in(t, airlock.Rejecting), owner: airlock.Engine, after: 24 * hour, want: "waits for the files to be put away"},
		{name: "blocking", r: in(t, airlock.Blocking), owner: airlock.Engine, after: 24 * hour, want: "waits for the files to be put away"},
		{name: "failed", r: in(t, airlock.Failed), owner: airlock.Manager, after: 168 * hour, want: "waits for an airlock manager, owner or administrator to retry"},
		{name: "failed, retired", r: told(t, in(t, airlock.Failed), airlock.Retired), want: "is at its end; retention is over, its files are gone"},
		{name: "failed, attempts spent", r: spent, want: "is at its end; it cannot be retried"},
		{name: "approved", r: in(t, airlock.Approved), want: "is at its end; the files can be fetched"},
		{name: "approved, retired", r: told(t, in(t, airlock.Approved), airlock.Retired), want: "is at its end; retention is over, its files are gone"},
		{name: "rejected", r: in(t, airlock.Rejected), want: "is at its end; nothing crosses any more"},
		{name: "blocked", r: in(t, airlock.Blocked), want: "is at its end; nothing crosses any more"},
		{name: "cancelled", r: in(t, airlock.Cancelled), want: "is at its end; nothing crosses any more"},
		{name: "revoked", r: in(t, airlock.Revoked), want: "is at its end; nothing crosses any more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := airlock.Wait{Owner: tt.owner, For: tt.want}
			if tt.after != 0 {
				want.Deadline = tt.r.Since.Add(tt.after)
			}
			if diff := cmp.Diff(want, tt.r.Waits(tt.p)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	days := map[airlock.Stage]int{airlock.Approved: 90, airlock.Rejected: 7, airlock.Blocked: 7, airlock.Revoked: 7, airlock.Failed: 7}
	for _, stage := range airlock.Stages {
		r := in(t, stage)
		want := time.Time{}
		if n := days[stage]; n > 0 {
			want = r.Since.AddDate(0, 0, n)
			if got := told(t, r, airlock.Retired).Retention(airlock.Policy{}); !got.IsZero() {
				t.Errorf("%s, retired: %v", stage, got)
			}
		}
		if got := r.Retention(airlock.Policy{}); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", stage, got, want)
		}
	}
	r := broken(t, airlock.Draft, airlock.Overflowed)
	if got, want := r.Retention(airlock.Policy{}), r.Waits(airlock.Policy{}).Deadline; !got.Equal(want) || got.IsZero() {
		t.Errorf("a closed draft owns nothing, but can be retried until %v, not %v", want, got)
	}
	p := airlock.Policy{RetainFiles: airlock.Duration(time.Hour), RetainShared: airlock.Duration(2 * time.Hour)}
	if r := in(t, airlock.Approved); !r.Retention(p).Equal(r.Since.Add(2 * time.Hour)) {
		t.Error("approved: RetainShared counts for nothing")
	}
	if r := in(t, airlock.Revoked); !r.Retention(p).Equal(r.Since.Add(time.Hour)) {
		t.Error("revoked: RetainFiles counts for nothing")
	}
}

// quiet is a request of which nobody has to be told, and nothing to be purged.
func quiet(r airlock.Request) airlock.Request {
	r.Notices, r.Containers = nil, nil
	return r
}

func TestOpenWork(t *testing.T) {
	t.Parallel()
	const none, settling = -1, 3 * time.Minute
	absent := in(t, airlock.Approved)
	absent.Notices = nil
	absent = absent.SeenAbsent(airlock.Made{Kind: airlock.DraftFiles, Number: 1}, absent.UpdatedAt.Add(settling-settle), settle)
	reminded, _ := in(t, airlock.InReview).Warn(airlock.ToldWaiting, "nobody decided", noon)
	reminded = quiet(reminded)
	tests := []struct {
		name  string
		r     airlock.Request
		after time.Duration // due, from the last move; none: no row
		rests bool
	}{
		{name: "draft", r: in(t, airlock.Draft), after: time.Hour},
		{name: "returned, to be told", r: told(t, in(t, airlock.InReview), airlock.Return), after: time.Minute},
		{name: "sealing", r: in(t, airlock.Sealing), after: time.Minute},
		{name: "gating", r: quiet(in(t, airlock.Gating)), after: time.Minute},
		{name: "review", r: quiet(in(t, airlock.InReview)), after: 360 * time.Hour},
		{name: "review, reminded", r: reminded, after: 720 * time.Hour},
		{name: "review, to be told", r: in(t, airlock.InReview), after: time.Minute},
		{name: "approving", r: quiet(in(t, airlock.Approving)), after: time.Minute},
		{name: "rejecting", r: quiet(in(t, airlock.Rejecting)), after: time.Minute},
		{name: "blocking", r: quiet(in(t, airlock.Blocking)), after: time.Minute},
		{name: "approved", r: quiet(in(t, airlock.Approved)), after: 90 * 24 * time.Hour, rests: true},
		{name: "approved, draft to be purged", r: in(t, airlock.Approved), after: time.Minute},
		{name: "approved, draft seen gone once", r: absent, after: settling},
		{name: "rejected", r: quiet(in(t, airlock.Rejected)), after: 168 * time.Hour, rests: true},
		{name: "failed", r: quiet(in(t, airlock.Failed)), after: 168 * time.Hour, rests: true},
		{name: "cancelled", r: quiet(in(t, airlock.Cancelled)), after: none},
		{name: "cancelled, to be told", r: in(t, airlock.Cancelled), after: time.Minute},
		{name: "retired", r: quiet(told(t, in(t, airlock.Approved), airlock.Retired)), after: none},
		{name: "retired, to be purged", r: told(t, in(t, airlock.Approved), airlock.Retired), after: time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var want *airlock.Open
			if tt.after != none {
				want = &airlock.Open{Key: tt.r.Key(), Stage: tt.r.Stage, Due: tt.r.UpdatedAt.Add(tt.after), Rests: tt.rests}
			}
			stale := airlock.Change{Request: tt.r, Open: &airlock.Open{Stage: "stale"}}
			if diff := cmp.Diff(want, stale.WithOpen(airlock.Policy{}, cadence).Open); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestMarked(t *testing.T) {
	t.Parallel()
	r := in(t, airlock.Gating)
	for i := 1; i <= 60; i++ {
		mark, news := airlock.Mark{Queue: fmt.Sprint("queue", i), Message: "id", At: noon}, false
		for _, want := range []bool{true, false} { // the message comes again where a crash came before it was dropped
			if r, news = r.Marked(mark, 3); news != want {
				t.Fatalf("mark %d is news: %t", i, news)
			}
		}
		told := 0
		if i >= 3 {
			told = 1
		}
		if len(r.Notices) != told || len(r.Marks) > 20 || r.Marks[len(r.Marks)-1] != mark {
			t.Fatalf("after %d marks: %d notices, %d kept", i, len(r.Notices), len(r.Marks))
		}
	}
	if n := r.Notices[0]; n.Event != airlock.ToldStuck || n.Seq != r.Head.Seq+1 { // the line that is noted with it
		t.Errorf("notice %+v", n)
	}
	if moved := told(t, r, airlock.Passed); moved.Marks != nil {
		t.Errorf("it moved, and is still marked: %v", moved.Marks)
	}
}

// Administrators who were told of one thing are told of the next one, too: a
// mail is named by its event and line, and each is sent once.
func TestToldOfEachTrouble(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	r := airlock.Request{ID: "r", Stage: airlock.Gating}
	for _, id := range []string{"one", "two"} {
		r, _ = r.Marked(airlock.Mark{Queue: "q", Message: id, At: at}, 3)
		r = r.Note(audit.Line{At: at, Action: "poisoned"}).Request
	}
	r, _ = r.Warn(airlock.ToldStuck, "the scanner cannot do its work", at)
	r = r.Note(audit.Line{At: at, Action: string(airlock.ToldStuck)}).Request
	r, _ = r.Marked(airlock.Mark{Queue: "q", Message: "three", At: at}, 3)
	r = r.Note(audit.Line{At: at, Action: "poisoned"}).Request
	if len(r.Notices) != 2 || r.Notices[0].Seq == r.Notices[1].Seq || r.Notices[1].Seq != r.Head.Seq {
		t.Errorf("told as %+v, the last line is %d", r.Notices, r.Head.Seq)
	}
}
