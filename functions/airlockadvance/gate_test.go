package airlockadvance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// atGate is a request of these files at the gate; "" is a verdict nobody gave.
func atGate(w *roomtest.World, verdicts map[string]airlock.Verdict) airlock.Request {
	r := w.Draft(airlock.Import)
	for name, v := range verdicts {
		b := w.Drop(r, name, "content of "+name)
		f := airlock.File{Name: name, ETag: b.ETag, Inspection: w.Inspected("content of " + name)}
		if v.Class != "" {
			f.Verdict = &v
		}
		w.Put(r, f)
	}
	return w.Seal(w.Submit(r))
}

// Each row is a sentence: files of these verdicts at the gate bring the request
// to that stage.
func TestGate(t *testing.T) {
	t.Parallel()
	type verdicts = map[string]airlock.Verdict
	clean, infected, throttled := roomtest.Clean, airlock.Verdict{Class: airlock.Malicious, Result: "Malicious"}, airlock.Verdict{Class: airlock.Transient}
	other := infected
	other.SHA256 = "00"
	never := func(p *airlock.Policy) { p.SkipScan = true }
	tests := []struct {
		name     string
		verdicts verdicts
		policy   func(*airlock.Policy)
		after    time.Duration
		stage    airlock.Stage
		rescans  int
		notice   airlock.Event // told beside what the move tells
	}{
		{"all clean", verdicts{"a": clean, "b": clean}, nil, 0, airlock.InReview, 0, ""},
		{"one infected", verdicts{"a": clean, "b": infected}, nil, 0, airlock.Blocked, 0, ""},
		{"one infected, the other unknown", verdicts{"a": {}, "b": infected}, nil, 0, airlock.Blocked, 0, ""},
		{"no verdict yet", verdicts{"a": clean, "b": {}}, nil, 0, airlock.Gating, 0, ""},
		{"no verdict for long", verdicts{"a": clean, "b": {}}, nil, 20 * time.Minute, airlock.Gating, 1, ""},
		{"no verdict by its deadline", verdicts{"a": clean, "b": {}}, nil, 6 * time.Hour, airlock.Gating, 1, airlock.ToldWaiting},
		{"throttled", verdicts{"a": throttled, "b": clean}, nil, 0, airlock.Gating, 1, ""},
		{"malware in other bytes", verdicts{"a": other, "b": clean}, nil, 0, airlock.Gating, 1, ""},
		{"a scanner at fault", verdicts{"a": {Class: airlock.Operator, Detail: "SAM259203"}}, nil, 0, airlock.Gating, 1, airlock.ToldStuck},
		{"five throttled", verdicts{"a": throttled, "b": throttled, "c": throttled, "d": throttled, "e": throttled}, nil, 2 * time.Minute, airlock.Gating, 5, ""},
		{"no scan is waited for", verdicts{"a": {}, "b": throttled}, never, 0, airlock.InReview, 0, ""},
		{"no scan is waited for, and one is infected all the same", verdicts{"a": {}, "b": infected}, never, 0, airlock.Blocked, 0, ""},
		{"more bytes than are allowed now", verdicts{"a": clean}, func(p *airlock.Policy) { p.MaxBytes = 3 }, 0, airlock.Draft, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t, func(ws *airlock.Workspace) {
					if tt.policy != nil {
						tt.policy(&ws.Policy)
					}
				})
				w.Told(atGate(w, tt.verdicts))
				w.Pass(tt.after)
				return w
			}
			w := set(t)
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			w.Must(follow(w))
			now := w.Reload(r)
			if now.Stage != tt.stage {
				t.Errorf("is %s (%s), want %s", now.Stage, now.Message, tt.stage)
			}
			if n := len(w.Contents(r.Place(airlock.RescanFiles, 1))); n != tt.rescans {
				t.Errorf("%d copies to be scanned again, want %d", n, tt.rescans)
			}
			if tt.notice != "" && (len(now.Notices) != 1 || now.Notices[0].Event != tt.notice) {
				t.Errorf("notices %+v", now.Notices)
			}
			roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
		})
	}
}

// A file that could not be sealed never falls out of what is reviewed.
func TestUnsealedAtTheGate(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t, func(ws *airlock.Workspace) { ws.Policy.SkipScan = true })
	r := w.Draft(airlock.Import)
	b := w.Drop(r, "a", "alpha")
	w.Ready(r, "b", "beta")
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha", refusal)})
	r = w.Seal(w.Submit(r))
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha")}) // a slow inspection comes last
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.Draft || now.Turn != 2 || w.Contents(now.Place(airlock.DraftFiles, 2)) == nil {
		t.Errorf("is %s in turn %d", now.Stage, now.Turn)
	}
}

// What a scanner could not do refuses nothing where no scan is waited for,
// while it is sealed no less than at the gate.
func TestUnscannableWithoutScan(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t, func(ws *airlock.Workspace) { ws.Policy.SkipScan = true })
	r := w.Draft(airlock.Import)
	b := w.Drop(r, "a", "alpha")
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha"), Verdict: &airlock.Verdict{Class: airlock.Unscannable, Detail: "SAM259206"}})
	r = w.Submit(r)
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.InReview || len(w.Contents(now.Place(airlock.SealedFiles, 1))) != 1 {
		t.Errorf("is %s (%s)", now.Stage, now.Message)
	}
}

// A large file's copy for the scanner is made in slices, each saved, also when
// storage says "begin again".
func TestLargeRescan(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := atGate(w, map[string]airlock.Verdict{"a": {Class: airlock.Transient}})
	w.Files.SliceBytes = 4
	f := w.Known(r, airlock.Listed)[0]
	look(w)
	w.Put(r, airlock.File{Name: "a", ETag: f.ETag, Rescan: &airlock.Rescan{Tries: 1, Offset: 12, At: w.Now()}}) // slices are missing before it
	seen := map[int64]bool{}
	for range 20 {
		out := look(w)
		at := w.Known(r, airlock.Listed)[0].Rescan
		if seen[at.Offset] = true; out.Advance == nil {
			break
		}
	}
	at := w.Known(r, airlock.Listed)[0].Rescan
	if at.ETag == "" || at.Tries != 1 || len(seen) < 3 {
		t.Errorf("rescan %+v after offsets %v", at, seen)
	}
	if got := w.Contents(r.Place(airlock.RescanFiles, 1)); got[airlock.RescanName("a", 1)] != "content of a" {
		t.Errorf("copied %v", got)
	}
}

// The next turn's draft is there before the request is returned to it, and the
// last turn ends.
func TestReturnedByTheGate(t *testing.T) {
	t.Parallel()
	for turn, want := range map[int]airlock.Stage{1: airlock.Draft, airlock.MaxNumber: airlock.Failed} {
		t.Run(fmt.Sprint("turn ", turn), func(t *testing.T) {
			t.Parallel()
			w := roomtest.New(t)
			r := w.Draft(airlock.Import)
			r.Turn = turn
			r = w.Commit(r.Note())
			w.Must(w.Files.Create(t.Context(), r.Place(airlock.DraftFiles, turn)))
			b := w.Drop(r, "a", "alpha")
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha", refusal)})
			r = w.Submit(r)
			w.Must(follow(w))
			now := w.Reload(r)
			if now.Stage != want {
				t.Errorf("is %s", now.Stage)
			}
			if want == airlock.Draft && (now.Turn != turn+1 || w.Contents(now.Place(airlock.DraftFiles, now.Turn)) == nil || now.KeptFrom != turn) {
				t.Errorf("turn %d, kept from %d", now.Turn, now.KeptFrom)
			}
		})
	}
}
