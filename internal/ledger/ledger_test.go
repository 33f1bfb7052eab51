package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// Each row is a sentence: a message that names this is loaded, or is that kind
// of failure.
func TestLoad(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, workspace, request string
		kind                     fault.Kind
		kept                     int
	}{
		{"a request of ours", roomtest.Here, roomtest.RequestID, fault.None, 0},
		{"a request of another workspace", roomtest.There, roomtest.RequestID, fault.Refused, 1},
		{"a workspace that never was", roomtest.NobodysID, roomtest.RequestID, fault.Refused, 1},
		{"nothing", "", "", fault.Poison, 0},
		{"an id with braces", roomtest.Here, "{" + roomtest.RequestID + "}", fault.Poison, 0},
		{"an id with more behind it", roomtest.Here, roomtest.RequestID + "/x", fault.Poison, 0},
	}
	for _, tt := range tests {
		w := roomtest.New(t, func(ws *airlock.Workspace) { ws.Policy.Reviewers = 3 })
		w.Draft(airlock.Import)
		c, err := w.Ledger.Load(w.Context("test"), tt.workspace, tt.request)
		if fault.KindOf(err) != tt.kind || len(w.Strange()) != tt.kept {
			t.Errorf("%s: %v, %d lines kept", tt.name, err, len(w.Strange()))
		}
		if err == nil && (c.Request.ID != tt.request || c.Workspace.ID != tt.workspace || c.Policy.Reviewers != 3 || c.Policy.MaxFiles == 0) {
			t.Errorf("%s: loaded %+v", tt.name, c)
		}
		for n := 1; n <= 2 && tt.kind == fault.None; n++ {
			w.Faults.Fail(n, false)
			if _, err := w.Ledger.Load(w.Context("test"), tt.workspace, tt.request); fault.KindOf(err) != fault.Retry {
				t.Errorf("%s, call %d fails: %v", tt.name, n, err)
			}
		}
	}
	w := roomtest.New(t)
	w.Faults.Fail(2, false)
	if _, err := w.Ledger.Load(w.Context("test"), roomtest.Here, roomtest.NobodysID); fault.KindOf(err) != fault.Retry {
		t.Errorf("a refusal that could not be kept: %v", err)
	}
}

// A move is the engine's, audited under the function's name, and loses against
// who was faster.
func TestMove(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	w.Ready(r, "a", "x")
	r = w.Submit(r)
	ctx := w.Context("airlockadvance")
	before, err := w.Ledger.Load(ctx, r.Workspace, r.ID)
	w.Must(err)
	after, orders, err := w.Ledger.Move(ctx, before, airlock.Move{On: airlock.Sealed})
	if err != nil || after.Request.Stage != airlock.Gating || !ledger.Has(orders, airlock.Advance) || !ledger.Has(orders, airlock.Purge) || ledger.Has(orders, airlock.Deliver) {
		t.Fatalf("%s, orders %v, %v", after.Request.Stage, orders, err)
	}
	lines, _, err := w.Store.Lines(t.Context(), r.Key(), airlock.Page{})
	w.Must(err)
	if last := lines[len(lines)-1].Actor; last.Name != "airlockadvance" || last.Role != string(airlock.Engine) || last.OID != "" {
		t.Errorf("audited as %+v", last)
	}
	if _, _, err := w.Ledger.Move(ctx, before, airlock.Move{On: airlock.Cancel}); err == nil {
		t.Error("the engine cancels")
	}
	if _, _, err := w.Ledger.Move(ctx, before, airlock.Move{On: airlock.Broke}); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("against who was faster: %v", err)
	}
	if _, _, err := w.Ledger.Move(ctx, after, airlock.Move{On: airlock.Delivered}); !errors.Is(err, airlock.ErrIllegal) {
		t.Errorf("a move that the table does not have: %v", err)
	}
	if _, err := w.Ledger.Note(ctx, after, "seen", "detail"); err != nil || w.Actions(r)[len(w.Actions(r))-1] != "seen" {
		t.Errorf("a note: %v, %v", w.Actions(r), err)
	}
	if got := ledger.Pending(w.Reload(r)); !ledger.Has(got, airlock.Purge) || ledger.Has(got, airlock.Notify) {
		t.Errorf("pending %v", got)
	}
}

// The turn at long work: one has it, a dead one loses it.
func TestTurn(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	w.Ready(r, "a", "x")
	r = w.Submit(r)
	begin := func() bool {
		mine, err := w.Ledger.Begin(t.Context(), w.Work, r)
		w.Must(err)
		return mine
	}
	still := func() bool {
		is, err := w.Ledger.StoodStill(t.Context(), w.Work, r)
		w.Must(err)
		return is
	}
	steps := []struct {
		name string
		do   func() bool
		want bool
	}{
		{"nobody has it", begin, true},
		{"somebody has it", begin, false},
		{"somebody is at work", still, false},
		{"it was given back", func() bool { w.Must(w.Ledger.End(t.Context(), w.Work, r)); return begin() }, true},
		{"who has it died", func() bool { w.Pass(time.Minute); return begin() }, true},
		{"looked at just now", still, false},
		{"nobody looked for a while", func() bool { w.Pass(time.Minute); return still() }, true},
		{"somebody did just now", still, false},
	}
	for _, s := range steps {
		if got := s.do(); got != s.want {
			t.Errorf("%s: %t", s.name, got)
		}
	}
	none := r
	none.ID = roomtest.NobodysID
	if mine, err := w.Ledger.Begin(t.Context(), w.Work, none); err != nil || !mine {
		t.Errorf("without a row: %t, %v", mine, err)
	}
	for _, do := range []func() error{
		func() error { _, err := w.Ledger.Begin(t.Context(), w.Work, r); return err },
		func() error { return w.Ledger.End(t.Context(), w.Work, r) },
		func() error { w.Pass(time.Hour); _, err := w.Ledger.StoodStill(t.Context(), w.Work, r); return err },
	} {
		w.Faults.Fail(1, false)
		if err := do(); !errors.Is(err, roomtest.ErrAway) {
			t.Errorf("storage away: %v", err)
		}
	}
}
