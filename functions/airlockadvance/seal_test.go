package airlockadvance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/functions/airlockadvance"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// overwrite lets somebody overwrite a file so many times, each just before it
// is copied, and has what was ordered of it inspected and found clean.
func overwrite(w *roomtest.World, r airlock.Request, name string, times int) {
	w.Faults.Before("Vault.Copy", func() {
		if times > 0 {
			times--
			w.Drop(r, name, fmt.Sprintf("version with %d to come", times))
		}
	})
}

// inspectAll is what airlockinspect and the scanner do of the orders.
func inspectAll(w *roomtest.World, r airlock.Request, out airlockadvance.Out) {
	clean := roomtest.Clean
	for _, m := range out.Inspect {
		blobs, _, err := w.Files.List(w.T.Context(), r.Place(airlock.DraftFiles, r.Turn), airlock.Page{})
		w.Must(err)
		for _, b := range blobs {
			if b.Name == m.Name {
				w.Put(r, airlock.File{Name: b.Name, ETag: b.ETag, Verdict: &clean,
					Inspection: w.Inspected(w.Contents(r.Place(airlock.DraftFiles, r.Turn))[b.Name])})
			}
		}
	}
}

// settle looks, inspects and lets time pass until the request left sealing.
func settle(w *roomtest.World, r airlock.Request) airlock.Request {
	for range 60 {
		inspectAll(w, r, look(w))
		if now := w.Reload(r); now.Stage != airlock.Sealing {
			return now
		}
		w.Pass(20 * time.Second)
	}
	w.T.Fatal("sealing never ends")
	return r
}

// Each row is a sentence: what happens to a file while it is sealed, and what
// becomes of the request.
func TestSeal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		happen func(w *roomtest.World, r airlock.Request, b airlock.Blob)
		stage  airlock.Stage
		sealed map[string]string // in the sealed container of turn 1
	}{
		{"nothing", func(*roomtest.World, airlock.Request, airlock.Blob) {}, airlock.InReview, map[string]string{"a": "alpha", "b": "beta"}},
		{"overwritten once", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) { overwrite(w, r, "a", 1) }, airlock.InReview, map[string]string{"a": "version with 0 to come", "b": "beta"}},
		{"overwritten twice", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) { overwrite(w, r, "a", 2) }, airlock.InReview, map[string]string{"a": "version with 0 to come", "b": "beta"}},
		{"overwritten three times", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) { overwrite(w, r, "b", 3) }, airlock.InReview, map[string]string{"a": "alpha", "b": "version with 0 to come"}},
		{"overwritten again and again", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) { overwrite(w, r, "a", 50) }, airlock.Draft, map[string]string{"b": "beta"}},
		{"vanished", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			w.Must(w.Files.Delete(r.Place(airlock.DraftFiles, 1), "a"))
		}, airlock.Draft, map[string]string{"b": "beta"}},
		{"the whole draft vanished", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			_, err := w.Files.Purge(w.T.Context(), r.Place(airlock.DraftFiles, 1))
			w.Must(err)
		}, airlock.Draft, map[string]string{}},
		{"archived", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			_, err := w.Files.PutBlob(r.Place(airlock.DraftFiles, 1), airlock.Blob{Name: "a", Tier: "Archive"}, []byte("x"))
			w.Must(err)
		}, airlock.Draft, map[string]string{"b": "beta"}},
		{"leased", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			w.Must(w.Files.Lease(r.Place(airlock.DraftFiles, 1), "a"))
		}, airlock.InReview, map[string]string{"a": "alpha", "b": "beta"}},
		{"a late file", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) { w.Drop(r, "late", "x") }, airlock.InReview, map[string]string{"a": "alpha", "b": "beta"}},
		{"removed while it was submitted", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Removal: &airlock.Removal{By: roomtest.Ada.OID}})
		}, airlock.InReview, map[string]string{"b": "beta"}},
		{"removed after it was sealed", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Faults.Before("Files.Put", func() {
				w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Removal: &airlock.Removal{By: roomtest.Ada.OID}})
			})
		}, airlock.InReview, map[string]string{"b": "beta"}},
		{"everything removed while it was submitted", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			for _, f := range w.Known(r, airlock.Everything) {
				w.Put(r, airlock.File{Name: f.Name, ETag: f.ETag, Removal: &airlock.Removal{By: roomtest.Ada.OID}})
			}
		}, airlock.Draft, map[string]string{}},
		{"a stranger in the sealed container", func(w *roomtest.World, r airlock.Request, _ airlock.Blob) {
			w.Must(w.Files.Create(w.T.Context(), r.Place(airlock.SealedFiles, 1)))
			_, err := w.Files.Put(r.Place(airlock.SealedFiles, 1), "stranger", []byte("x"))
			w.Must(err)
		}, airlock.InReview, map[string]string{"a": "alpha", "b": "beta"}},
		{"a seal without its blob", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Seal: &airlock.Seal{ETag: "0xGONE"}})
		}, airlock.InReview, map[string]string{"a": "alpha", "b": "beta"}},
		{"inspection found something", func(w *roomtest.World, r airlock.Request, b airlock.Blob) {
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha", refusal)})
		}, airlock.Draft, map[string]string{"b": "beta"}},
	}
	for _, tt := range tests {
		for _, slice := range []int64{0, 3} {
			t.Run(fmt.Sprintf("%s, slices of %d", tt.name, slice), func(t *testing.T) {
				t.Parallel()
				w := roomtest.New(t)
				w.Files.SliceBytes = slice
				r := w.Draft(airlock.Import)
				b := w.Ready(r, "a", "alpha")
				w.Ready(r, "b", "beta")
				r = w.Submit(r)
				tt.happen(w, r, b)
				now := settle(w, r)
				if now.Stage != tt.stage {
					t.Errorf("is %s (%s), want %s", now.Stage, now.Message, tt.stage)
				}
				sealed := w.Contents(r.Place(airlock.SealedFiles, 1))
				if diff := cmp.Diff(tt.sealed, sealed); diff != "" {
					t.Errorf("sealed (-want +got)\n%s", diff)
				}
				if now.Stage == airlock.InReview {
					manifestIs(t, w, now, sealed)
				}
				w.Actions(now) // the trail is unbroken
			})
		}
	}
}

// manifestIs holds the manifest under review against the sealed container.
func manifestIs(t *testing.T, w *roomtest.World, r airlock.Request, sealed map[string]string) {
	t.Helper()
	text, err := w.Store.LoadManifest(t.Context(), r.Key(), r.Manifest)
	w.Must(err)
	m, err := airlock.ReadManifest(text, r.Manifest)
	w.Must(err)
	bytes := int64(0)
	for _, e := range m.Files {
		bytes += e.Size
		if e.SHA256 != airlock.Digest([]byte(sealed[e.Name])) || e.Verdict != airlock.Clean {
			t.Errorf("the manifest says %+v", e)
		}
	}
	if len(m.Files) != len(sealed) || r.Bytes != bytes {
		t.Errorf("%d of %d files in the manifest, %d of %d bytes in the request", len(m.Files), len(sealed), r.Bytes, bytes)
	}
}

// A file that was overwritten, or vanished, before anybody inspected it does
// not keep the request waiting until it fails.
func TestListedFilesThatNobodyInspected(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		happen func(w *roomtest.World, r airlock.Request)
		stage  airlock.Stage
	}{
		{"the inspection's order was lost", func(*roomtest.World, airlock.Request) {}, airlock.InReview},
		{"overwritten, and the new one inspected", func(w *roomtest.World, r airlock.Request) { w.Ready(r, "a", "new") }, airlock.InReview},
		{"overwritten", func(w *roomtest.World, r airlock.Request) { w.Drop(r, "a", "new") }, airlock.InReview},
		{"vanished", func(w *roomtest.World, r airlock.Request) {
			w.Must(w.Files.Delete(r.Place(airlock.DraftFiles, 1), "a"))
		}, airlock.Draft},
		{"archived", func(w *roomtest.World, r airlock.Request) {
			_, err := w.Files.PutBlob(r.Place(airlock.DraftFiles, 1), airlock.Blob{Name: "a", Tier: "Archive"}, []byte("x"))
			w.Must(err)
		}, airlock.Draft},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				r := w.Draft(airlock.Import)
				w.Drop(r, "a", "alpha")
				r = w.Submit(r)
				tt.happen(w, r)
				w.Pass(time.Minute)
				return w
			}
			w := set(t)
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			if now := settle(w, r); now.Stage != tt.stage || w.Now().Sub(r.Since) > time.Hour {
				t.Errorf("is %s after %v", now.Stage, w.Now().Sub(r.Since))
			}
		})
	}
}

// Looks at a request that waits for inspections do not multiply: of many only
// the first in a while orders them again.
func TestLooksDoNotMultiply(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	for i := range 20 {
		w.Drop(r, fmt.Sprint("f", i), "x")
	}
	w.Submit(r)
	w.Pass(time.Minute)
	ordered := 0
	for range 50 {
		ordered += len(look(w).Inspect)
	}
	if ordered != 20 {
		t.Errorf("50 looks at once ordered %d inspections of 20 files", ordered)
	}
}

// Hints beside a chain at work do nothing; a chain that died is taken up after
// a while.
func TestOneChainSeals(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	for i := range 9 {
		w.Ready(r, fmt.Sprint("f", i), "x")
	}
	w.Submit(r)
	inside := ""
	w.Faults.Before("Desk.Create", func() {
		w.Faults.Before("Desk.Create", nil)
		inside = short(look(w))
	})
	if got := short(look(w)); got != "advance" || inside != "" {
		t.Errorf("the chain ordered %q, a hint beside it %q", got, inside)
	}
	_, err := w.Ledger.Begin(t.Context(), w.Work, w.Reload(r)) // a worker begins, and dies
	w.Must(err)
	if got := short(look(w)); got != "" {
		t.Errorf("at once %q", got)
	}
	w.Pass(time.Minute)
	if got := short(look(w)); got != "advance" {
		t.Errorf("after a while %q", got)
	}
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.InReview {
		t.Errorf("is %s", now.Stage)
	}
}

// Two versions of one name that slow workers left listed end as the one that
// is sealed.
func TestTwoListedVersions(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	clean := roomtest.Clean
	w.Put(r, airlock.File{Name: "a", ETag: "0xOLD", Inspection: w.Inspected("old"), Verdict: &clean,
		Record: &airlock.Record{Listed: true, Size: 3}, Seal: &airlock.Seal{ETag: "0xOLDSEAL"}})
	w.Ready(r, "a", "new")
	r = w.Submit(r)
	now := settle(w, r)
	if now.Stage != airlock.InReview || len(w.Known(r, airlock.Listed)) != 1 {
		t.Fatalf("is %s with %d listed", now.Stage, len(w.Known(r, airlock.Listed)))
	}
	manifestIs(t, w, now, map[string]string{"a": "new"})
}

func TestSealUnderFaults(t *testing.T) {
	t.Parallel()
	for name, slice := range map[string]int64{"whole": 0, "in slices": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roomtest.EveryFault(t, roomtest.Scene{Run: follow, Set: func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				w.Files.SliceBytes = slice
				r := w.Draft(airlock.Export)
				for _, n := range []string{"a", "b", "c", "d", "e"} {
					w.Ready(r, n, "content of "+n)
				}
				w.Submit(r)
				return w
			}})
		})
	}
}
