package airlockdeliver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/functions/airlockdeliver"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

func room(w *roomtest.World) airlockdeliver.Function {
	return airlockdeliver.Function{Ledger: w.Ledger, Files: w.Rows, Work: w.Work, Desk: w.Desk, Vault: w.Vault, Manifests: w.Manifests, Fresh: w.Spaces,
		Page: 2, Pages: 1, Parallel: 1, Slice: 4}
}

func order(attempt int) message.Deliver {
	return message.Deliver{Workspace: roomtest.Here, Request: roomtest.RequestID, Attempt: attempt, Trace: "trace"}
}

// follow handles slices until none is ordered.
func follow(w *roomtest.World) error {
	for range 100 {
		out, err := room(w).Handle(w.Context("airlockdeliver"), order(1))
		if err != nil || out.Deliver == nil {
			return err
		}
	}
	w.T.Error("slices are ordered without end")
	return nil
}

// approved is a request whose delivery may begin.
func approved(w *roomtest.World, kind airlock.Type) airlock.Request {
	r := w.InReview(kind, "a", "alpha", "b", "", "folder/c 💎%41#?.csv", "a longer text, in slices")
	return w.Told(w.Move(r, airlock.Approve))
}

// Each row is a sentence: what is in the way of a delivery, and where it ends.
func TestDeliver(t *testing.T) {
	t.Parallel()
	all := map[string]string{"a": "alpha", "b": "", "folder/c 💎%41#?.csv": "a longer text, in slices"}
	tests := []struct {
		name   string
		happen func(w *roomtest.World, r airlock.Request)
		stage  airlock.Stage
		why    string // part of the message
	}{
		{"nothing", func(*roomtest.World, airlock.Request) {}, airlock.Approved, ""},
		{"a worker before did everything but saying so", func(w *roomtest.World, r airlock.Request) {
			w.Must(follow(w))
			stage := r
			stage.Version = w.Reload(r).Version
			stage.Head = w.Reload(r).Head
			w.Commit(stage.Note())
		}, airlock.Approved, ""},
		{"storage says begin again", func(w *roomtest.World, r airlock.Request) {
			w.Files.SliceBytes = 5
			for _, f := range w.Known(r, airlock.Listed) {
				w.Put(r, airlock.File{Name: f.Name, ETag: f.ETag, Release: &airlock.Release{Attempt: 1, Offset: 20}})
			}
		}, airlock.Approved, ""},
		{"a check's state that nobody can read", func(w *roomtest.World, r airlock.Request) {
			w.Must(w.Files.Create(w.T.Context(), r.Place(airlock.ReleasedFiles, 1)))
			for _, f := range w.Known(r, airlock.Listed) {
				if f.Name == "a" {
					w.Put(r, airlock.File{Name: f.Name, ETag: f.ETag, Release: &airlock.Release{Attempt: 1, ETag: "0xGONE", Checked: 4, Hash: []byte("odd")}})
				}
			}
		}, airlock.Approved, ""},
		{"a sealed file that changed", func(w *roomtest.World, r airlock.Request) {
			_, err := w.Files.Put(r.Place(airlock.SealedFiles, 1), "a", []byte("other"))
			w.Must(err)
		}, airlock.Failed, "changed after it was approved"},
		{"a seal that is another", func(w *roomtest.World, r airlock.Request) {
			for _, f := range w.Known(r, airlock.Listed) {
				w.Put(r, airlock.File{Name: f.Name, ETag: f.ETag, Seal: &airlock.Seal{ETag: "0xOTHER"}})
			}
		}, airlock.Failed, "not the one that was approved"},
		{"a file nobody reviewed", func(w *roomtest.World, r airlock.Request) {
			w.Put(r, airlock.File{Name: "smuggled", ETag: "0x1", Record: &airlock.Record{Listed: true}, Inspection: w.Inspected("x"), Seal: &airlock.Seal{ETag: "0x2"}})
		}, airlock.Failed, "not the one that was approved"},
		{"a stranger on the other side", func(w *roomtest.World, r airlock.Request) {
			w.Must(w.Files.Create(w.T.Context(), r.Place(airlock.ReleasedFiles, 1)))
			_, err := w.Files.Put(r.Place(airlock.ReleasedFiles, 1), "stranger", []byte("x"))
			w.Must(err)
		}, airlock.Failed, "not those of the manifest"},
		{"a released file that is another", func(w *roomtest.World, r airlock.Request) {
			w.Must(w.Files.Create(w.T.Context(), r.Place(airlock.ReleasedFiles, 1)))
			b, err := w.Files.Put(r.Place(airlock.ReleasedFiles, 1), "a", []byte("ALPHA"))
			w.Must(err)
			for _, f := range w.Known(r, airlock.Listed) {
				if f.Name == "a" {
					w.Put(r, airlock.File{Name: f.Name, ETag: f.ETag, Release: &airlock.Release{Attempt: 1, ETag: b.ETag}})
				}
			}
		}, airlock.Failed, "not the one in the manifest"},
		{"one that is gone from the other side", func(w *roomtest.World, r airlock.Request) {
			for _, f := range w.Known(r, airlock.Listed) {
				if f.Name == "a" {
					w.Put(r, airlock.File{Name: f.Name, ETag: f.ETag, Release: &airlock.Release{Attempt: 1, ETag: "0x1", Verified: true}})
				}
			}
		}, airlock.Failed, "2 of 3 files arrived"},
		{"another turn's manifest", func(w *roomtest.World, r airlock.Request) {
			other := r
			other.Turn = 7
			text, digest, err := airlock.NewManifest(other, w.Known(r, airlock.Listed)).Canonical()
			w.Must(err)
			w.Must(w.Store.SaveManifest(w.T.Context(), r.Key(), digest, text))
			r.Manifest = digest
			w.Commit(r.Note())
		}, airlock.Failed, "not of these files"},
		{"no time is left", func(w *roomtest.World, _ airlock.Request) { w.Pass(24 * time.Hour) }, airlock.Failed, "too long"},
	}
	for _, tt := range tests {
		for _, kind := range []airlock.Type{airlock.Import, airlock.Export} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, kind), func(t *testing.T) {
				t.Parallel()
				w := roomtest.New(t)
				r := approved(w, kind)
				tt.happen(w, r)
				w.Must(follow(w))
				now := w.Reload(r)
				if now.Stage != tt.stage || !strings.Contains(now.Message, tt.why) {
					t.Fatalf("is %s: %s", now.Stage, now.Message)
				}
				if got := w.Contents(r.Place(airlock.ReleasedFiles, 1)); tt.stage == airlock.Approved && !cmp.Equal(all, got) {
					t.Errorf("released %v", got)
				}
			})
		}
	}
}

func TestDeliverUnderFaults(t *testing.T) {
	t.Parallel()
	for name, skip := range map[string]bool{"with its hashes": false, "by size alone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roomtest.EveryFault(t, roomtest.Scene{Run: follow, Set: func(t testing.TB) *roomtest.World {
				w := roomtest.New(t, func(ws *airlock.Workspace) { ws.Policy.SkipHash = skip })
				w.Files.SliceBytes = 0
				approved(w, airlock.Export)
				w.Files.SliceBytes = 7
				return w
			}})
		})
	}
}

// Orders that are not for this delivery move nothing.
func TestOrdersThatAreNotForThisDelivery(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := approved(w, airlock.Import)
	for _, attempt := range []int{0, 2, 99, -1} {
		out, err := room(w).Handle(w.Context("airlockdeliver"), order(attempt))
		if err != nil || out.Deliver != nil || w.Contents(r.Place(airlock.ReleasedFiles, 1)) != nil {
			t.Errorf("attempt %d: %+v, %v", attempt, out, err)
		}
	}
	_, err := room(w).Handle(w.Context("airlockdeliver"), message.Deliver{Workspace: roomtest.There, Request: roomtest.RequestID, Attempt: 1})
	if fault.KindOf(err) != fault.Refused {
		t.Errorf("a request of another workspace: %v", err)
	}
	stopped := w.Move(r, airlock.Stop)
	out, err := room(w).Handle(w.Context("airlockdeliver"), order(1))
	if err != nil || out.Deliver != nil || out.Notify == nil || out.Purge == nil || w.Contents(r.Place(airlock.ReleasedFiles, 1)) != nil {
		t.Errorf("after it was stopped: %+v, %v", out, err)
	}
	if now := w.Reload(r); now.Version != stopped.Version {
		t.Errorf("the stopped one became %s", now.Stage)
	}
}

// A delivery that is stopped while it ends stays stopped.
func TestStoppedAtTheLastMoment(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := approved(w, airlock.Import)
	w.Faults.Before("Requests.Commit", func() {
		w.Faults.Before("Requests.Commit", nil)
		w.Move(r, airlock.Stop)
	})
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.Failed || !now.Stopped {
		t.Errorf("is %s", now.Stage)
	}
}

// Hints beside a chain at work do nothing; a chain that died is taken up.
func TestOneChainDelivers(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := approved(w, airlock.Import)
	var inside airlockdeliver.Out
	w.Faults.Before("Desk.Create", func() {
		w.Faults.Before("Desk.Create", nil)
		var err error
		inside, err = room(w).Handle(w.Context("airlockdeliver"), order(1))
		w.Must(err)
	})
	out, err := room(w).Handle(w.Context("airlockdeliver"), order(1))
	if err != nil || out.Deliver == nil || inside.Deliver != nil {
		t.Errorf("the chain: %+v, a hint beside it: %+v, %v", out, inside, err)
	}
	_, err = w.Ledger.Begin(t.Context(), w.Work, r)
	w.Must(err)
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.Approving {
		t.Errorf("a hint took the turn: %s", now.Stage)
	}
	w.Pass(time.Minute)
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.Approved {
		t.Errorf("a chain that died is not taken up: %s", now.Stage)
	}
}
