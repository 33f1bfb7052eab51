package airlock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// TestGridApply asks Apply every stage × trigger × role; the hand-written
// grids give the answers.
func TestGridApply(t *testing.T) {
	t.Parallel()
	to, who := cells(t, moves), cells(t, people)
	for column, stage := range columns {
		for _, on := range airlock.Triggers {
			for letter, role := range letters {
				r := in(t, stage)
				for _, f := range failures {
					if stage == airlock.Failed && f.retry == on {
						r = broken(t, f.from, f.by)
					}
				}
				c, err := r.Apply(airlock.Move{On: on, By: actors[role], As: []airlock.Role{role}, At: noon.Add(time.Hour), Reason: "because"})
				var want error
				switch cell := to[string(on)][column]; {
				case cell == "-":
					want = airlock.ErrIllegal
				case verbs[on] != "" || !strings.Contains(who[string(on)][column], letter):
					want = airlock.ErrRefused
				case err != nil || c.Request.Stage != columns[cell]:
					t.Errorf("%s on %s by %s = %q, %v, want %s", stage, on, role, c.Request.Stage, err, cell)
				}
				if want == nil {
					continue
				}
				if !errors.Is(err, want) {
					t.Errorf("%s on %s by %s: %v, want %v", stage, on, role, err, want)
				}
				if diff := cmp.Diff(airlock.Change{}, c); diff != "" {
					t.Errorf("%s on %s by %s: refused, and yet a change\n%s", stage, on, role, diff)
				}
			}
		}
	}
}

// A retry leads only back to where the request failed: delivering what was
// never sealed would be a hole.
func TestRetryOnlyBack(t *testing.T) {
	t.Parallel()
	for _, f := range failures {
		r := broken(t, f.from, f.by)
		for _, other := range failures {
			c, err := pull(r, other.retry)
			switch {
			case other.retry == f.retry && (err != nil || c.Request.Stage != f.from || c.Request.FailedFrom != "" || c.Request.Stopped):
				t.Errorf("failed from %s: %s leads to %q, %v", f.from, other.retry, c.Request.Stage, err)
			case other.retry != f.retry && !errors.Is(err, airlock.ErrIllegal):
				t.Errorf("failed from %s: %s is possible: %v", f.from, other.retry, err)
			}
		}
		if on, ok := r.RetryOf(); !ok || on != f.retry {
			t.Errorf("failed from %s: RetryOf = %s, %t", f.from, on, ok)
		}
		gone := told(t, r, airlock.Retired)
		if _, err := pull(gone, f.retry); !errors.Is(err, airlock.ErrIllegal) {
			t.Errorf("failed from %s: retried after retention: %v", f.from, err)
		}
		if on, ok := gone.RetryOf(); ok {
			t.Errorf("failed from %s: RetryOf after retention = %s", f.from, on)
		}
	}
}

// After a reviewer stopped a delivery, the requester cannot start it again in
// any capacity; others can, and a delivery that broke by itself anybody.
func TestStopHoldsAgainstTheRequester(t *testing.T) {
	t.Parallel()
	for _, by := range []airlock.Trigger{airlock.Stop, airlock.Broke} {
		r := broken(t, airlock.Approving, by)
		for _, role := range []airlock.Role{airlock.Owner, airlock.Manager, airlock.Admin} {
			as := []airlock.Role{airlock.Creator, role}
			_, mine := r.Apply(airlock.Move{On: airlock.RetryDeliver, By: ada, As: as, At: noon})
			_, theirs := r.Apply(airlock.Move{On: airlock.RetryDeliver, By: actors[role], As: as[1:], At: noon})
			if by == airlock.Stop && !errors.Is(mine, airlock.ErrRefused) || by == airlock.Broke && mine != nil || theirs != nil {
				t.Errorf("after %s as %s: requester %v, somebody else %v", by, role, mine, theirs)
			}
			if got, want := slices.Contains(r.Actions(as), "retry"), by != airlock.Stop; got != want {
				t.Errorf("after %s as %s: requester is offered retry: %t", by, role, got)
			}
		}
	}
}

func TestPersonsAndEngineAreApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		from airlock.Stage
		move airlock.Move
	}{
		{"a person as engine", airlock.Sealing, airlock.Move{On: airlock.Sealed, By: ada, As: []airlock.Role{airlock.Engine}}},
		{"the engine as creator", airlock.Draft, airlock.Move{On: airlock.Submit, As: []airlock.Role{airlock.Creator}}},
		{"a person with all capacities", airlock.Draft, airlock.Move{On: airlock.Submit, By: ada, As: airlock.Roles}},
		{"nobody", airlock.Draft, airlock.Move{On: airlock.Submit, By: ada}},
	}
	for _, tt := range tests {
		if _, err := in(t, tt.from).Apply(tt.move); !errors.Is(err, airlock.ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", tt.name, err)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", airlock.MaxReason)
	tests := []struct {
		name, reason string
		from         airlock.Stage
		on           airlock.Trigger
		want         error
	}{
		{name: "stop without", from: airlock.Approving, on: airlock.Stop, want: airlock.ErrInvalid},
		{name: "stop with white space", from: airlock.Approving, on: airlock.Stop, reason: " \n\t", want: airlock.ErrInvalid},
		{name: "revoke without", from: airlock.Approved, on: airlock.Revoke, want: airlock.ErrInvalid},
		{name: "revoke with", from: airlock.Approved, on: airlock.Revoke, reason: "leak"},
		{name: "cancel without", from: airlock.Draft, on: airlock.Cancel},
		{name: "longest", from: airlock.Draft, on: airlock.Cancel, reason: long},
		{name: "longest, white space around", from: airlock.Draft, on: airlock.Cancel, reason: " " + long + "\n"},
		{name: "too long", from: airlock.Draft, on: airlock.Cancel, reason: long + "x", want: airlock.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row, _ := airlock.Steps.Next(tt.from, tt.on)
			c, err := in(t, tt.from).Apply(airlock.Move{On: tt.on, By: actors[row.By[0]], As: row.By[:1], At: noon, Reason: tt.reason})
			if !errors.Is(err, tt.want) || err == nil && c.Request.Message != tt.reason {
				t.Errorf("%v, message %.20q, want %v", err, c.Request.Message, tt.want)
			}
		})
	}
	for _, verb := range []airlock.Verb{airlock.VerbReject, airlock.VerbReturn} {
		_, err := in(t, airlock.InReview).Decide(airlock.Decision{Verb: verb, By: mira, Digest: manifestOne}, managed(mira), 1)
		if !errors.Is(err, airlock.ErrInvalid) {
			t.Errorf("%s without a reason: %v", verb, err)
		}
	}
}

// The error says where the request stands and what is possible, in the words of the API.
func TestIllegalSaysWhatIsAllowed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		r    airlock.Request
		role airlock.Role
		on   airlock.Trigger
		want string
	}{
		{in(t, airlock.Sealing), airlock.Creator, airlock.Submit, "request is submitted, submit is not possible; allowed now: cancel: not allowed in this status"},
		{in(t, airlock.Draft), airlock.Creator, airlock.Revoke, "request is draft, revoke is not possible; allowed now: cancel, submit: not allowed in this status"},
		{in(t, airlock.Cancelled), airlock.Creator, airlock.Cancel, "request is cancelled, cancel is not possible; allowed now: nothing: not allowed in this status"},
		{broken(t, airlock.Gating, airlock.Broke), airlock.Manager, airlock.RetrySeal, "request is failed, retry_seal is not possible; allowed now: retry: not allowed in this status"},
	}
	for _, tt := range tests {
		_, err := tt.r.Apply(airlock.Move{On: tt.on, By: actors[tt.role], As: []airlock.Role{tt.role}})
		if err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	r := in(t, airlock.Gating)
	c := r.Note(audit.Line{Action: "rescan", At: noon}, audit.Line{Action: "purge", At: noon, Workspace: "lie", Request: "lie"})
	if err := audit.Verify(c.Lines, c.Request.Head); err == nil {
		t.Error("two lines are a whole chain?")
	}
	if len(c.Lines) != 2 || c.Lines[0].Prev != r.Head.Hash || c.Lines[1].Prev != c.Lines[0].Hash || c.Lines[1].Workspace != workspaceID ||
		c.Lines[1].Request != requestID || c.Request.Head.Seq != r.Head.Seq+2 || c.Orders != nil {
		t.Errorf("lines %+v", c.Lines)
	}
	c.Request.Head = r.Head
	if diff := cmp.Diff(r, c.Request); diff != "" {
		t.Errorf("a note moved something\n%s", diff)
	}
	if diff := cmp.Diff(airlock.Change{Request: r}, r.Note()); diff != "" {
		t.Errorf("a note of nothing\n%s", diff)
	}
}
