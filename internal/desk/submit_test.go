package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// refusal makes a file one that inspection refused.
func refusal(f *airlock.File) {
	f.Inspection.Findings = []airlock.Finding{{Code: "type", Severity: airlock.Refuse, Text: "a program"}}
}

// submits are drafts, and what a submit of them says; "" when it is taken. At
// most 2 files, 10 bytes in all, 8 in one.
var submits = []struct {
	name string
	drop func(b *bench, key airlock.Key)
	want string // in the answer; "" when it is taken
}{
	{"no files", func(*bench, airlock.Key) {}, "files: none"},
	{"one file", func(b *bench, key airlock.Key) { b.drop(key, "a", "x", nil) }, ""},
	{"an empty file", func(b *bench, key airlock.Key) { b.drop(key, "a", "", nil) }, ""},
	{"not inspected yet", func(b *bench, key airlock.Key) { b.drop(key, "a", "x", func(f *airlock.File) { f.Inspection = nil }) }, ""},
	{"malware is taken, the gate blocks it", func(b *bench, key airlock.Key) {
		b.drop(key, "a", "x", func(f *airlock.File) { f.Verdict.Class = airlock.Malicious })
	}, ""},
	{"a note", func(b *bench, key airlock.Key) {
		b.drop(key, "a", "x", func(f *airlock.File) { f.Inspection.Findings = []airlock.Finding{{Code: "n", Severity: airlock.Note}} })
	}, ""},
	{"too many files", func(b *bench, key airlock.Key) {
		for _, name := range []string{"a", "b", "c"} {
			b.drop(key, name, "x", nil)
		}
	}, "files: 3, at most 2"},
	{"far too many files", func(b *bench, key airlock.Key) {
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			b.drop(key, name, "x", nil)
		}
	}, "far more than the limit"},
	{"too many bytes", func(b *bench, key airlock.Key) { b.drop(key, "a", "12345678", nil); b.drop(key, "b", "123", nil) }, "11 bytes in all, at most 10"},
	{"too large a file, not inspected", func(b *bench, key airlock.Key) {
		b.drop(key, "a", "123456789", func(f *airlock.File) { f.Inspection = nil })
	}, `"a" (the file has 9 bytes, at most 8`},
	{"refused by inspection", func(b *bench, key airlock.Key) { b.drop(key, "a.exe", "x", refusal) }, `"a.exe" (a program)`},
	{"unscannable", func(b *bench, key airlock.Key) {
		b.drop(key, "a", "x", func(f *airlock.File) {
			f.Verdict = &airlock.Verdict{Class: airlock.Unscannable, Detail: "password"}
		})
	}, "the scanner cannot read it: password"},
	{"names that differ by case, not inspected", func(b *bench, key airlock.Key) {
		b.drop(key, "a", "x", func(f *airlock.File) { f.Inspection = nil })
		b.drop(key, "A", "x", func(f *airlock.File) { f.Inspection = nil })
	}, "differ only by case"},
	{"a hostile name, not inspected", func(b *bench, key airlock.Key) {
		b.drop(key, "../a", "x", func(f *airlock.File) { f.Inspection = nil })
	}, `a folder "." or ".."`},
	{"an append blob", func(b *bench, key airlock.Key) {
		place := b.request(key).Place(airlock.DraftFiles, 1)
		_, err := b.files.PutBlob(place, airlock.Blob{Name: "log", BlobType: "AppendBlob"}, []byte("x"))
		b.must(err)
	}, "append or page blob"},
}

func TestSubmitRefusals(t *testing.T) {
	t.Parallel()
	small := func(w *airlock.Workspace) { w.Policy = airlock.Policy{MaxFiles: 2, MaxBytes: 10, MaxFileBytes: 8} }
	for _, tt := range submits {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, small)
			key, _ := b.draft(airlock.Import)
			tt.drop(b, key)
			_, err := b.Submit(t.Context(), as(ann, ""), key)
			if tt.want == "" {
				b.must(err)
				return
			}
			wantError(t, err, desk.ErrUnfit)
			wantError(t, err, airlock.ErrInvalid)
			if text := desk.Text(err); !strings.Contains(text, tt.want) || strings.HasSuffix(text, "invalid") {
				t.Errorf("says %q, want %q", text, tt.want)
			}
			if r := b.request(key); r.Stage != airlock.Draft || len(b.orders.sent) != 0 {
				t.Errorf("stage is %s, orders %v", r.Stage, b.orders.sent)
			}
		})
	}
}

func TestSubmitRecords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Export)
	for i := range 250 {
		b.drop(key, fmt.Sprintf("folder %d/fil\u00e9 %%20#?&+%03d.csv", i%7, i), fmt.Sprint("content ", i), func(f *airlock.File) {
			if i%50 == 0 {
				f.Inspection = nil
			}
		})
	}
	view, err := b.Submit(t.Context(), as(ann, "op"), key)
	b.must(err)
	r, handed := view.Request, b.submission(view.Request)
	if r.Files != 250 || len(handed.Files) != 250 || r.Stage != airlock.Sealing || r.SubmittedBy.OID != ann.OID {
		t.Fatalf("%d files, %d handed in, %s, by %s", r.Files, len(handed.Files), r.Stage, r.SubmittedBy.Name)
	}
	for _, f := range handed.Files {
		if f.Size == 0 || f.ETag == "" || f.BlobType != "BlockBlob" || f.Inspection != nil || f.Verdict != nil {
			t.Fatalf("handed in: %+v", f)
		}
	}
	if r.Bytes != handed.Bytes() || r.Bytes == 0 {
		t.Errorf("%d bytes, the files have %d", r.Bytes, handed.Bytes())
	}
	if rows := b.rows(r, airlock.Listed); len(rows) != 0 {
		t.Errorf("a submit wrote %d rows, which is the engine's", len(rows))
	}
	if got := b.orders.queues(); !cmp.Equal(got, []string{"airlockadvance", "airlockinspect"}) {
		t.Errorf("ordered %v", got)
	}
	inspects := slices.DeleteFunc(slices.Clone(b.orders.sent), func(s string) bool { return !strings.HasPrefix(s, "airlockinspect") })
	if len(inspects) != 5 || !strings.Contains(inspects[0], `"account":"stgwshere"`) {
		t.Errorf("inspections ordered: %v", inspects)
	}
	facts := b.orders.facts
	if last := facts[len(facts)-1]; last.Type != "statusChanged" || !strings.Contains(fmt.Sprint(last.Data), "submitted draft export "+here) {
		t.Errorf("published %+v", last)
	}
}

// TestSubmitAfterAFailedOne: what an earlier try listed and is gone or
// replaced since is no part of the record.
func TestSubmitAfterAFailedOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	b.drop(key, "stays", "1", nil)
	b.drop(key, "changes", "2", nil)
	b.drop(key, "goes", "3", nil)
	var recorded atomic.Bool // reads go side by side
	b.faults.hook = func(name string) { recorded.CompareAndSwap(false, name == "Commit") }
	for n := 1; !recorded.Load(); n++ { // fail at every call up to the commit
		b.faults.arm(n, false)
		if _, err := b.Submit(t.Context(), as(ann, ""), key); err == nil {
			t.Fatal("a failing call was not noticed")
		}
	}
	b.faults.arm(0, false)
	if got := len(b.rows(b.request(key), airlock.Listed)); got != 0 {
		t.Fatalf("%d rows after the failed tries", got)
	}
	b.drop(key, "changes", "22", nil)
	b.must(b.RemoveFile(t.Context(), as(ann, ""), key, "goes"))
	_, err := b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	r := b.request(key)
	var names []string
	for _, f := range b.submission(r).Files {
		names = append(names, fmt.Sprint(f.Name, f.Size))
	}
	slices.Sort(names)
	if !cmp.Equal(names, []string{"changes2", "stays1"}) || r.Files != 2 {
		t.Errorf("record is %v, %d files", names, r.Files)
	}
}

func TestTooFewReviewers(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.Reviewers = 3 })
	submit := func(who access.Person) (desk.View, airlock.Request) {
		view, err := b.Create(t.Context(), as(who, ""), here, desk.New{Type: airlock.Import, Justification: "j"})
		b.must(err)
		key := view.Request.Key()
		b.drop(key, "a", "x", nil)
		b.orders.clear()
		view, err = b.Submit(t.Context(), as(who, ""), key)
		b.must(err)
		return view, b.request(key)
	}
	if view, r := submit(ann); len(view.Warnings) != 0 || len(r.Notices) != 0 { // Mia, Moe, Rita
		t.Errorf("warned: %v, %v", view.Warnings, r.Notices)
	}
	view, r := submit(rita) // Mia and Moe are left
	if len(view.Warnings) != 1 || !strings.Contains(view.Warnings[0], "needs 3 reviewers, but only 2") {
		t.Errorf("warnings: %v", view.Warnings)
	}
	if len(r.Notices) != 1 || r.Notices[0].Event != airlock.ToldFewer || r.Notices[0].Seq != r.Head.Seq {
		t.Errorf("notices: %v", r.Notices)
	}
	if got := b.orders.queues(); !slices.Contains(got, "notify") {
		t.Errorf("ordered %v", got)
	}
}

// TestSubmitAtTheSameTime: of many calls at once one wins, once.
func TestSubmitAtTheSameTime(t *testing.T) {
	t.Parallel()
	for _, same := range []bool{true, false} {
		b := newBench(t)
		key, _ := b.draft(airlock.Import)
		b.drop(key, "a", "x", nil)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			operation := "op"
			if !same {
				operation = fmt.Sprint("op", i)
			}
			all.Go(func() { _, errs[i] = b.Submit(t.Context(), as(ann, operation), key) })
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			wantError(t, err, airlock.ErrIllegal)
		}
		if same && won != len(errs) || !same && won != 1 {
			t.Errorf("same operation %v: %d of %d succeeded", same, won, len(errs))
		}
		if r := b.request(key); r.Head.Seq != 2 || r.Revision != 1 {
			t.Errorf("%d audit lines, revision %d", r.Head.Seq, r.Revision)
		}
	}
}

// TestSubmitTwoListings: of two submits at once that saw other files the one
// that commits is recorded, whole, and the other is told.
func TestSubmitTwoListings(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"Members", "SaveManifest", "Commit"} { // where the first stands still
		b := newBench(t)
		key, _ := b.draft(airlock.Import)
		b.drop(key, "both", "1", nil)
		b.drop(key, "the first alone", "2", nil)
		b.faults.hook = func(name string) {
			if name != port {
				return
			}
			b.faults.hook = nil
			b.must(b.RemoveFile(t.Context(), as(ann, ""), key, "the first alone"))
			b.drop(key, "the second alone", "3", nil)
			_, err := b.Submit(t.Context(), as(ann, "second"), key)
			b.must(err)
		}
		_, err := b.Submit(t.Context(), as(ann, "first"), key)
		wantError(t, err, airlock.ErrIllegal)
		if got := b.names(key, 10); !cmp.Equal(got, []string{"both", "the second alone"}) {
			t.Errorf("%s: the record is %v", port, got)
		}
	}
}
