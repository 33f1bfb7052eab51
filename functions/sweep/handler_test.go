package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/sweep"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// aside is what was put aside: poisoned messages by queue, and dead letters.
type aside struct {
	poison  map[string][]string
	dead    []azfunc.Event
	dropped int
	fail    error
	crash   bool // a message is not dropped: the process ended before
}

func (a *aside) Take(_ context.Context, queue string, _ int) ([]sweep.Poisoned, error) {
	var all []sweep.Poisoned
	for i, text := range a.poison[queue] {
		all = append(all, sweep.Poisoned{ID: fmt.Sprint(queue, i, a.dropped), Text: text, Drop: func(context.Context) error {
			if !a.crash {
				a.dropped++
			}
			return a.fail
		}})
	}
	return all, a.fail
}

func (a *aside) Letters(context.Context, int) ([]sweep.Letter, error) {
	var all []sweep.Letter
	if len(a.dead) > 0 {
		all = append(all, sweep.Letter{Events: a.dead, Drop: func(context.Context) error {
			if !a.crash {
				a.dropped++
			}
			return a.fail
		}})
	}
	return all, a.fail
}

func room(w *roomtest.World, a *aside) sweep.Function {
	return sweep.Function{Ledger: w.Ledger, Work: w.Work, Poison: a, Dead: a, Orders: w.Orders, Queues: message.Queues,
		Door: &doorman.Doorman{AirlockAccount: roomtest.OutsideName, ScanTopics: []string{scanTopic}, Workspaces: w.Spaces,
			Refusals: w.Ledger.Refusals, Now: w.Now}}
}

func tick(w *roomtest.World, a *aside) (sweep.Out, error) {
	return room(w, a).Handle(w.Context("sweep"), azfunc.Tick{})
}

// Each row is a sentence: a request in that stage is hinted at after this time.
func TestHints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		way   []airlock.Trigger
		after time.Duration
		want  int
	}{
		{"a draft at once", nil, 0, 0},
		{"a draft", nil, roomtest.DraftEvery, 1},
		{"one just submitted", []airlock.Trigger{airlock.Submit}, 0, 0},
		{"one submitted and not moved", []airlock.Trigger{airlock.Submit}, time.Minute, 1},
		{"a review", []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Passed}, 14 * 24 * time.Hour, 0},
		{"a review, half of its time over", []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Passed}, 15 * 24 * time.Hour, 1},
		{"an approved one", []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve, airlock.Delivered}, 89 * 24 * time.Hour, 0},
		{"an approved one after retention, the business of retain", []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve, airlock.Delivered}, 400 * 24 * time.Hour, 0},
		{"a cancelled one", []airlock.Trigger{airlock.Cancel}, 400 * 24 * time.Hour, 0},
	}
	for _, tt := range tests {
		w := roomtest.New(t)
		r := w.Draft(airlock.Import)
		w.Ready(r, "a", "x")
		for _, on := range tt.way {
			switch on {
			case airlock.Submit:
				r = w.Submit(r)
			case airlock.Sealed:
				r = w.Seal(r)
			default:
				r = w.Move(r, on)
			}
		}
		w.Told(r)
		w.Pass(tt.after)
		before := w.State()
		out, err := tick(w, &aside{})
		if err != nil || len(out.Advance) != tt.want || fmt.Sprint(before) != fmt.Sprint(w.State()) {
			t.Errorf("%s: %d hints, want %d, %v", tt.name, len(out.Advance), tt.want, err)
		}
	}
}

// Each row is a sentence: such a poisoned message leaves this behind.
func TestPoison(t *testing.T) {
	t.Parallel()
	about := fmt.Sprintf(`{"workspace":%q,"request":%q,"name":"secret.csv","turn":1}`, roomtest.Here, roomtest.RequestID)
	tests := []struct {
		name, text           string
		marks, hints, system int
	}{
		{"about a request", about, 1, 1, 0},
		{"no JSON", "\xff{", 0, 0, 1},
		{"another kind of JSON", `[1]`, 0, 0, 1},
		{"no ids", `{"workspace":"x"}`, 0, 0, 1},
		{"a number for an id", `{"workspace":5}`, 0, 0, 1},
		{"a request that never was", fmt.Sprintf(`{"workspace":%q,"request":%q}`, roomtest.Here, roomtest.NobodysID), 0, 0, 2},
		{"a request of another workspace", fmt.Sprintf(`{"workspace":%q,"request":%q}`, roomtest.There, roomtest.RequestID), 0, 0, 2},
	}
	for _, tt := range tests {
		w := roomtest.New(t)
		r := w.Draft(airlock.Import)
		a := &aside{poison: map[string][]string{message.QueueInspect: {tt.text}}}
		out, err := tick(w, a)
		if now := w.Reload(r); err != nil || len(now.Marks) != tt.marks || len(out.Advance) != tt.hints || len(w.Strange()) != tt.system || a.dropped != 1 {
			t.Errorf("%s: %d marks, %d hints, %d lines, %d dropped, %v", tt.name, len(now.Marks), len(out.Advance), len(w.Strange()), a.dropped, err)
		}
		for _, line := range w.Strange() {
			if line.Workspace != "system" || strings.Contains(line.Reason+line.Detail, "secret") {
				t.Errorf("%s: line %+v", tt.name, line)
			}
		}
	}
}

// After so many marks the administrators are told once, and a night of failures
// does not fill the trail.
func TestManyMarks(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	a := &aside{poison: map[string][]string{message.QueueNotify: {fmt.Sprintf(`{"workspace":%q,"request":%q}`, roomtest.Here, roomtest.RequestID)}}}
	for i := range 600 {
		out, err := tick(w, a)
		w.Must(err)
		if len(out.Advance) == 0 {
			t.Fatal("no hint")
		}
		told := 0
		if i >= 2 {
			told = 1
		}
		if n := w.Reload(r).Notices; len(n) != told || told == 1 && n[0].Event != airlock.ToldStuck {
			t.Fatalf("after %d marks: %+v", i+1, n)
		}
		w.Pass(time.Minute)
	}
	if n := len(w.Actions(r)); n < 10 || n > 20 {
		t.Errorf("%d lines in the trail after ten hours", n)
	}
}

// A message that was marked, and not dropped because of a crash, comes again
// and leaves no second mark, but is hinted at again.
func TestMarkedOnce(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	a := &aside{crash: true, poison: map[string][]string{message.QueueNotify: {fmt.Sprintf(`{"workspace":%q,"request":%q}`, roomtest.Here, roomtest.RequestID)}}}
	for i := range 5 {
		a.crash = i < 4
		out, err := tick(w, a)
		w.Must(err)
		if now := w.Reload(r); len(now.Marks) != 1 || len(now.Notices) != 0 || len(out.Advance) == 0 {
			t.Fatalf("time %d: marks %v, notices %v, %d hints", i+1, now.Marks, now.Notices, len(out.Advance))
		}
	}
	if _, err := tick(w, a); err != nil || len(w.Reload(r).Marks) != 2 {
		t.Errorf("the next message: %v, marks %v", err, w.Reload(r).Marks)
	}
}

// What fails does not keep the rest from being done; with nothing done, the
// failure is told.
func TestSweepInTrouble(t *testing.T) {
	t.Parallel()
	away := &aside{fail: roomtest.ErrAway}
	w := roomtest.New(t)
	w.Draft(airlock.Import)
	if _, err := tick(w, away); !errors.Is(err, roomtest.ErrAway) {
		t.Errorf("nothing to do, and storage away: %v", err)
	}
	w.Pass(time.Hour)
	if out, err := tick(w, away); err != nil || len(out.Advance) != 1 {
		t.Errorf("%d hints, %v", len(out.Advance), err)
	}
	poison := &aside{poison: map[string][]string{message.QueueNotify: {fmt.Sprintf(`{"workspace":%q,"request":%q}`, roomtest.Here, roomtest.RequestID)}}}
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World { w := roomtest.New(t); w.Draft(airlock.Import); return w },
		Run: func(w *roomtest.World) error {
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			if len(r.Marks) > 0 {
				return nil // marked, so it was dropped
			}
			_, err := tick(w, poison)
			return err
		},
	})
}

// Every workspace comes first in its turn, so that a full sweep starves none.
func TestNoWorkspaceStarves(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	other := r
	other.Workspace, other.WorkspaceAccount, other.Version = roomtest.There, roomtest.ThereAccount, ""
	w.Commit(other.Note())
	w.Pass(time.Hour)
	f := room(w, &aside{})
	f.Most = 1
	seen := map[string]bool{}
	for range 2 {
		out, err := f.Handle(w.Context("sweep"), azfunc.Tick{})
		w.Must(err)
		if len(out.Advance) != 1 {
			t.Fatalf("%d hints", len(out.Advance))
		}
		seen[out.Advance[0].Workspace] = true
		w.Pass(time.Minute)
	}
	if len(seen) != 2 {
		t.Errorf("only %v", seen)
	}
}
