package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// names reads all pages of a request's files: "name", with "+" for kept ones
// and "!" for refused ones.
func (b *bench) names(key airlock.Key, limit int) []string {
	b.t.Helper()
	all := []string{}
	for page := (airlock.Page{Limit: limit}); ; {
		got, err := b.Files(b.t.Context(), as(ann, ""), key, page)
		b.must(err)
		if len(got.Files) > limit {
			b.t.Fatalf("%d files in a page of %d", len(got.Files), limit)
		}
		for _, f := range got.Files {
			name := f.Name
			if f.Kept {
				name += "+"
			}
			if f.Refused {
				name += "!"
			}
			all = append(all, name)
		}
		if page.After = got.Next; got.Next == "" {
			if got.Count != len(all) {
				b.t.Fatalf("count is %d, files are %d", got.Count, len(all))
			}
			return all
		}
	}
}

// returned is a request of Ann's in its second turn: the first had files a, b
// and c, all sealed.
func (b *bench) returned() airlock.Key {
	b.t.Helper()
	key, _ := b.draft(airlock.Import)
	for _, name := range []string{"a", "b", "c"} {
		b.drop(key, name, "turn one "+name, nil)
	}
	_, err := b.Submit(b.t.Context(), as(ann, ""), key)
	b.must(err)
	b.engine(key, airlock.Sealed, airlock.Passed)
	_, err = b.Decide(b.t.Context(), as(mia, ""), key, desk.Word{Verb: airlock.VerbReturn, Reason: "mend it"})
	b.must(err)
	b.orders.clear()
	return key
}

func TestFilesOfADraft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	if got := b.names(key, 10); len(got) != 0 {
		t.Errorf("an empty draft has %v", got)
	}
	for i := range 25 {
		b.drop(key, fmt.Sprintf("f%02d", i), "x", nil)
	}
	b.drop(key, "F07", "x", nil)
	b.drop(key, "not yet", "x", func(f *airlock.File) { f.Inspection, f.Verdict = nil, nil })
	b.must(b.RemoveFile(t.Context(), as(ann, ""), key, "f03"))
	for _, limit := range []int{1, 7, 1000} {
		got := b.names(key, limit)
		if len(got) != 26 || got[0] != "F07!" || got[1] != "f00" || got[4] != "f04" || got[7] != "f07!" {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
	_, err := b.Files(t.Context(), as(ann, ""), key, airlock.Page{After: "%%%"})
	wantError(t, err, airlock.ErrInvalid)
}

func TestFilesKeptOfTheTurnBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.returned()
	if got := b.names(key, 2); !cmp.Equal(got, []string{"a+", "b+", "c+"}) {
		t.Fatalf("after the return: %v", got)
	}
	b.drop(key, "b", "replaced", nil)
	b.drop(key, "d", "new", nil)
	b.must(b.RemoveFile(t.Context(), as(ann, ""), key, "c"))
	if len(b.orders.sent) != 0 {
		t.Errorf("removing a kept file ordered %v", b.orders.sent)
	}
	if got := b.names(key, 2); !cmp.Equal(got, []string{"a+", "b", "d"}) {
		t.Fatalf("after changes: %v", got)
	}
	view, err := b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	b.engine(key, airlock.Sealed)
	rows := map[string]airlock.File{}
	for _, row := range b.rows(view.Request, airlock.Listed) {
		rows[row.Name] = row
	}
	a := rows["a"]
	if len(rows) != 3 || view.Request.Files != 3 || a.Record.Kept != 1 || a.Inspection == nil || a.Verdict == nil || !strings.HasPrefix(a.ETag, "sealed-") {
		t.Errorf("record of %d, kept file %+v", len(rows), a)
	}
	if rows["b"].Record.Kept != 0 || rows["b"].Record.Size != int64(len("replaced")) {
		t.Errorf("the replaced file: %+v", rows["b"].Record)
	}
	if got := b.names(key, 10); len(got) != 3 {
		t.Errorf("after the submit: %v", got)
	}
}

// TestKeptFilesThatAreNot: what was refused or infected has to be uploaded anew, also
// where no scan is waited for.
func TestKeptFilesThatAreNot(t *testing.T) {
	t.Parallel()
	for _, skip := range []bool{false, true} {
		keptWithout(t, skip)
	}
}

func keptWithout(t *testing.T, skip bool) {
	t.Helper()
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.SkipScan = skip })
	key, _ := b.draft(airlock.Import)
	b.drop(key, "fine", "x", nil)
	b.drop(key, "late finding", "x", func(f *airlock.File) { f.Inspection = nil })
	bad := b.drop(key, "late verdict", "x", nil)
	_, err := b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	slot := airlock.Slot{Key: key, Turn: 1}
	for _, f := range b.submission(b.request(key)).Files {
		if f.Name == "late finding" {
			b.must(b.store.Put(t.Context(), slot, []airlock.File{{Name: f.Name, ETag: f.ETag,
				Inspection: &airlock.Inspection{Findings: []airlock.Finding{{Code: "type", Severity: airlock.Refuse}}}}}))
		}
	}
	b.must(b.store.Put(t.Context(), slot, []airlock.File{{Name: "late verdict", ETag: bad.ETag, Verdict: &airlock.Verdict{Class: airlock.Malicious}}}))
	b.engine(key, airlock.Sealed, airlock.Unfit)
	if got := b.names(key, 10); !cmp.Equal(got, []string{"fine+"}) {
		t.Errorf("no scan is waited for: %t; kept: %v", skip, got)
	}
}

func TestRemoveFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	blob := b.drop(key, "a b%20ü.csv", "x", nil)
	b.orders.clear()
	wantError(t, b.RemoveFile(t.Context(), as(olga, ""), key, "a b%20ü.csv"), airlock.ErrRefused)
	wantError(t, b.RemoveFile(t.Context(), as(bob, ""), key, "a b%20ü.csv"), airlock.ErrNotFound)
	wantError(t, b.RemoveFile(t.Context(), as(ann, ""), key, "nothing"), airlock.ErrNotFound)
	b.must(b.RemoveFile(t.Context(), as(ann, "op"), key, "a b%20ü.csv"))
	if len(b.orders.sent) != 1 || !strings.HasPrefix(b.orders.sent[0], "airlockpurge ") || !strings.Contains(b.orders.sent[0], blob.ETag) {
		t.Errorf("ordered %v", b.orders.sent)
	}
	b.must(b.files.Delete(b.request(key).Place(airlock.DraftFiles, 1), "a b%20ü.csv"))
	b.must(b.RemoveFile(t.Context(), as(ann, "op"), key, "a b%20ü.csv")) // the repeat, after the purge
	removals := func() (lines []string) {
		trail, _, err := b.store.Lines(t.Context(), key, airlock.Page{})
		b.must(err)
		for _, line := range trail {
			if line.Action == "file_removed" {
				lines = append(lines, line.Actor.OID+" "+line.Detail)
			}
		}
		return lines
	}
	want := ann.OID + " SHA-256 of the name " + airlock.Digest([]byte("a b%20ü.csv"))[:16] + ", version " + blob.ETag
	if got := removals(); !cmp.Equal(got, []string{want}) {
		t.Errorf("audited as %q, want %q", got, want)
	}
	again := b.drop(key, "a b%20ü.csv", "again", nil)
	b.must(b.RemoveFile(t.Context(), as(ann, ""), key, "a b%20ü.csv"))
	b.must(b.files.Delete(b.request(key).Place(airlock.DraftFiles, 1), "a b%20ü.csv"))
	b.must(b.RemoveFile(t.Context(), as(ann, ""), key, "a b%20ü.csv"))
	if got := removals(); len(got) != 2 || !strings.HasSuffix(got[1], again.ETag) {
		t.Errorf("audited as %q", got)
	}
	b.drop(key, "a b%20ü.csv", "and again", nil)
	if got := b.names(key, 10); !cmp.Equal(got, []string{"a b%20ü.csv"}) {
		t.Errorf("a later upload does not count: %v", got)
	}
	_, err := b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	wantError(t, b.RemoveFile(t.Context(), as(ann, ""), key, "a b%20ü.csv"), airlock.ErrIllegal)
}

// TestRemoveWhileSubmitting: a file that is part of the record stays.
func TestRemoveWhileSubmitting(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	b.drop(key, "a", "x", nil)
	b.orders.clear()
	b.faults.hook = func(name string) {
		if name == "Put" {
			b.faults.hook = nil
			_, err := b.Submit(t.Context(), as(ann, ""), key)
			b.must(err)
		}
	}
	wantError(t, b.RemoveFile(t.Context(), as(ann, ""), key, "a"), airlock.ErrConflict)
	for _, order := range b.orders.sent {
		if strings.HasPrefix(order, "airlockpurge") {
			t.Errorf("ordered %s", order)
		}
	}
}

// TestManyVersions: a name uploaded again and again hides nothing.
func TestManyVersions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	slot := airlock.Slot{Key: key, Turn: 1}
	for page := range 35 {
		rows := make([]airlock.File, 100)
		for i := range rows {
			rows[i] = airlock.File{Name: "a", ETag: fmt.Sprintf("old-%d-%d", page, i), Inspection: &airlock.Inspection{Size: 1}}
		}
		b.must(b.store.Put(t.Context(), slot, rows))
	}
	b.drop(key, "a", "now", func(f *airlock.File) {
		f.Inspection.Findings = []airlock.Finding{{Code: "type", Severity: airlock.Refuse, Text: "a program"}}
	})
	b.drop(key, "z", "x", nil)
	if got := b.names(key, 10); !cmp.Equal(got, []string{"a!", "z"}) {
		t.Errorf("files: %v", got)
	}
}

// TestFilesWhileSealing: before the engine has written a row, the files are
// those of the record, and what is known of them is told.
func TestFilesWhileSealing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	for i := range 12 {
		b.drop(key, fmt.Sprintf("f%02d", i), "x", nil)
	}
	view, err := b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	for _, limit := range []int{1, 5, 100} {
		if got := b.names(key, limit); len(got) != 12 || got[0] != "f00" || got[11] != "f11" {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
	page, err := b.Files(t.Context(), as(ann, ""), key, airlock.Page{Limit: 5})
	b.must(err)
	if f := page.Files[0]; !f.Inspected || f.Verdict != airlock.Clean || f.Size != 1 || page.Bytes != 12 {
		t.Errorf("the first file: %+v, %d bytes in all", f, page.Bytes)
	}
	if record, err := b.Record(t.Context(), view); err != nil || len(record) != 12 {
		t.Errorf("the record: %v, %v", record, err)
	}
	// The engine took another version of one, and took one off the list.
	r := b.request(key)
	slot, handed := airlock.Slot{Key: key, Turn: 1}, b.submission(r)
	b.must(b.store.Put(t.Context(), slot, []airlock.File{
		{Name: "f03", ETag: "new", Record: &airlock.Record{Listed: true, Size: 9, Changes: 1}},
		{Name: "f03", ETag: handed.Files[3].ETag, Unlisted: &airlock.Unlisted{Why: "overwritten"}},
	}))
	if page, err = b.Files(t.Context(), as(ann, ""), key, airlock.Page{}); err != nil || len(page.Files) != 12 || page.Files[3].Size != 9 {
		t.Errorf("after a change: %d files, %v, %v", len(page.Files), page.Files[3], err)
	}
	b.engine(key, airlock.Sealed)
	_, err = b.Files(t.Context(), as(ann, ""), key, airlock.Page{Limit: 5, After: page.Next + "n.ZjA0"})
	wantError(t, err, airlock.ErrInvalid)
	if got := b.names(key, 5); len(got) != 12 {
		t.Errorf("sealed: %v", got)
	}
}
