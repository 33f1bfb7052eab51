package airlock_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// handed draws files as a draft may hold them: each name once, some kept.
func handed(t *rapid.T) []airlock.File {
	names := rapid.SliceOfNDistinct(rapid.StringN(1, 20, -1), 0, 30, rapid.ID[string]).Draw(t, "names")
	files := make([]airlock.File, len(names))
	for i, name := range names {
		files[i] = airlock.File{Name: name, ETag: rapid.StringMatching(`0x[0-9A-F]{1,8}`).Draw(t, "etag"),
			Inspection: &airlock.Inspection{Size: 7, SHA256: "aa", Findings: []airlock.Finding{remark}}, Verdict: &airlock.Verdict{Class: airlock.Clean},
			Record: &airlock.Record{Listed: true, Size: rapid.Int64Min(0).Draw(t, "size") % (1 << 40), Type: rapid.String().Draw(t, "type"),
				BlobType: "BlockBlob", Tier: rapid.SampledFrom([]string{"", "Hot", "Cool"}).Draw(t, "tier"), Kept: rapid.IntRange(0, 2).Draw(t, "kept")}}
	}
	return files
}

// kept is a request whose record is the submission, and its text.
func keptAs(t interface{ Fatal(...any) }, files []airlock.File) (airlock.Request, []byte) {
	r := fresh()
	text, digest, err := airlock.NewSubmission(r, files).Canonical()
	if err != nil {
		t.Fatal(err)
	}
	r.Record = digest
	return r, text
}

// What was handed in is read again as it was, in whatever order it was listed;
// what was found is kept of kept files alone.
func TestSubmissionIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := handed(t)
		r, text := keptAs(t, files)
		if other, _ := keptAs(t, rapid.Permutation(files).Draw(t, "order")); other.Record != r.Record {
			t.Fatal("the order of files changes the digest")
		}
		s, err := airlock.ReadSubmission(text, r)
		if err != nil {
			t.Fatal(err)
		}
		if again, digest, err := s.Canonical(); err != nil || digest != r.Record || string(again) != string(text) {
			t.Fatalf("read and written again: %s, %v", digest, err)
		}
		slices.SortFunc(files, func(a, b airlock.File) int { return strings.Compare(a.Name, b.Name) })
		for i, f := range files {
			if f.Record.Kept == 0 {
				f.Inspection, f.Verdict = nil, nil
			}
			if diff := cmp.Diff(f, s.Files[i].File()); diff != "" {
				t.Fatalf("row (-want +got)\n%s", diff)
			}
		}
	})
}

// Whatever tells two records apart changes the digest.
func TestSubmissionDigestTellsApart(t *testing.T) {
	t.Parallel()
	file := func(change func(*airlock.File)) airlock.File {
		f := airlock.File{Name: "a", ETag: "1", Record: &airlock.Record{Size: 5, Type: "text/csv", BlobType: "BlockBlob"}}
		change(&f)
		return f
	}
	seen := map[string]string{}
	for name, files := range map[string][]airlock.File{
		"none":  nil,
		"one":   {file(func(*airlock.File) {})},
		"name":  {file(func(f *airlock.File) { f.Name = "A" })},
		"etag":  {file(func(f *airlock.File) { f.ETag = "2" })},
		"size":  {file(func(f *airlock.File) { f.Record.Size = 6 })},
		"type":  {file(func(f *airlock.File) { f.Record.Type = "" })},
		"blob":  {file(func(f *airlock.File) { f.Record.BlobType = "PageBlob" })},
		"tier":  {file(func(f *airlock.File) { f.Record.Tier = "Cool" })},
		"kept":  {file(func(f *airlock.File) { f.Record.Kept = 1 })},
		"found": {file(func(f *airlock.File) { f.Record.Kept, f.Verdict = 1, &airlock.Verdict{Class: airlock.Clean} })},
		"two":   {file(func(*airlock.File) {}), file(func(f *airlock.File) { f.Name = "b" })},
	} {
		r, _ := keptAs(t, files)
		if other, taken := seen[r.Record]; taken {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[r.Record] = name
	}
}

func TestSubmissionRefuses(t *testing.T) {
	t.Parallel()
	record := &airlock.Record{}
	for name, files := range map[string][]airlock.File{
		"a name twice":        {{Name: "a", ETag: "1", Record: record}, {Name: "a", ETag: "2", Record: record}},
		"a name not in UTF-8": {{Name: "a\xff", Record: record}},
		"a type not in UTF-8": {{Name: "a", Record: &airlock.Record{Type: "\xff"}}},
		"a size below zero":   {{Name: "a", Record: &airlock.Record{Size: -1}}},
	} {
		if _, _, err := airlock.NewSubmission(fresh(), files).Canonical(); !errors.Is(err, airlock.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good, text := keptAs(t, []airlock.File{{Name: "a", ETag: "1", Record: record}, {Name: "b", ETag: "1", Record: record}})
	as := func(change func(*airlock.Request)) airlock.Request { r := good; change(&r); return r }
	of := func(text string) airlock.Request {
		return as(func(r *airlock.Request) { r.Record = airlock.Digest([]byte(text)) })
	}
	swap := strings.NewReplacer(`"name":"a"`, `"name":"b"`, `"name":"b"`, `"name":"a"`).Replace(string(text))
	manifest, _, _ := airlock.NewManifest(good, nil).Canonical()
	for _, tt := range []struct {
		name, text string
		r          airlock.Request
	}{
		{"another digest", string(text), as(func(r *airlock.Request) { r.Record = airlock.Digest(nil) })},
		{"no digest", string(text), as(func(r *airlock.Request) { r.Record = "" })},
		{"another request", string(text), as(func(r *airlock.Request) { r.ID = workspaceID })},
		{"another workspace", string(text), as(func(r *airlock.Request) { r.Workspace = requestID })},
		{"another turn", string(text), as(func(r *airlock.Request) { r.Turn++ })},
		{"a byte more", string(text) + " ", good},
		{"no JSON", "{", of("{")},
		{"a form of tomorrow", `{"submission":2}`, of(`{"submission":2}`)},
		{"files out of order", swap, of(swap)},
		{"a manifest", string(manifest), of(string(manifest))},
	} {
		if _, err := airlock.ReadSubmission([]byte(tt.text), tt.r); !errors.Is(err, airlock.ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, err := airlock.ReadManifest(text, good.Record); !errors.Is(err, airlock.ErrInvalid) {
		t.Errorf("a submission is read as a manifest: %v", err)
	}
}

// applied is what a store holds after rows were written into it.
func applied(known map[[2]string]airlock.File, rows []airlock.File) {
	for _, row := range rows {
		at := [2]string{row.Name, row.ETag}
		f := known[at]
		f.Name, f.ETag, f.Stored = row.Name, row.ETag, true
		if row.Record != nil {
			f.Record = row.Record
		}
		if row.Unlisted != nil {
			f.Unlisted = row.Unlisted
		}
		known[at] = f
	}
}

// However many write the missing rows, in whatever pieces, from whatever they
// saw, and whatever else is known of the files: the rows end as the record, and
// what the engine took off the list stays off it.
func TestMissingEndsAsTheRecord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := handed(t)
		r, text := keptAs(t, files)
		s, err := airlock.ReadSubmission(text, r)
		if err != nil {
			t.Fatal(err)
		}
		known := map[[2]string]airlock.File{}
		all := func() []airlock.File {
			rows := []airlock.File{}
			for _, f := range known {
				rows = append(rows, f)
			}
			return rows
		}
		want := map[string]string{}
		for i, one := range s.Files {
			want[one.Name] = one.ETag
			if rapid.Bool().Draw(t, "an earlier try listed another version") {
				applied(known, []airlock.File{{Name: one.Name, ETag: fmt.Sprint("old ", i), Record: &airlock.Record{Listed: true}}})
			}
			if rapid.Bool().Draw(t, "inspected already") {
				known[[2]string{one.Name, one.ETag}] = airlock.File{Name: one.Name, ETag: one.ETag, Inspection: &airlock.Inspection{Size: one.Size}}
			}
		}
		asleep := s.Missing(all()) // a worker that looked, and writes last
		for len(s.Missing(all())) > 0 {
			missing := s.Missing(all())
			applied(known, missing[:rapid.IntRange(1, len(missing)).Draw(t, "written before the crash")])
		}
		for i, one := range s.Files {
			switch rapid.IntRange(0, 5).Draw(t, "then") {
			case 0: // overwritten while it was sealed
				applied(known, []airlock.File{{Name: one.Name, ETag: fmt.Sprint("new ", i), Record: &airlock.Record{Listed: true, Changes: 1}},
					{Name: one.Name, ETag: one.ETag, Unlisted: &airlock.Unlisted{Why: "overwritten"}}})
				want[one.Name] = fmt.Sprint("new ", i)
			case 1: // removed as it was handed in
				applied(known, []airlock.File{{Name: one.Name, ETag: one.ETag, Unlisted: &airlock.Unlisted{Why: "removed"}}})
				delete(want, one.Name)
			}
		}
		applied(known, asleep)
		if rows := s.Missing(all()); len(rows) > 0 {
			t.Fatalf("a repeat would write %+v", rows)
		}
		got := map[string]string{}
		for _, f := range known {
			if f.Listed() {
				if _, twice := got[f.Name]; twice {
					t.Fatalf("%q is listed twice", f.Name)
				}
				got[f.Name] = f.ETag
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("listed (-want +got)\n%s", diff)
		}
		if listed := s.Listed(all()); len(listed) != len(want) {
			t.Fatalf("%d files are shown, %d are listed", len(listed), len(want))
		}
	})
}

// Before any row is written, and at every point between, the files shown are
// those handed in.
func TestListedBeforeTheRowsAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, text := keptAs(t, handed(t))
		s, err := airlock.ReadSubmission(text, r)
		if err != nil {
			t.Fatal(err)
		}
		known := map[[2]string]airlock.File{}
		missing := s.Missing(nil)
		applied(known, missing[:rapid.IntRange(0, len(missing)).Draw(t, "written")])
		var rows []airlock.File
		for _, f := range known {
			rows = append(rows, f)
		}
		if got := s.Listed(rows); len(got) != len(s.Files) {
			t.Fatalf("%d of %d files are shown", len(got), len(s.Files))
		}
	})
}

func FuzzReadSubmission(f *testing.F) {
	r := fresh()
	text, _, _ := airlock.NewSubmission(r, []airlock.File{{Name: "a", ETag: "1", Record: &airlock.Record{Kept: 1}, Verdict: &airlock.Verdict{}}}).Canonical()
	f.Add(text)
	f.Add([]byte(`{"submission":1,"files":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r.Record = airlock.Digest(text)
		s, err := airlock.ReadSubmission(text, r)
		if err != nil {
			return
		}
		canonical, digest, err := s.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		r.Record = digest
		again, err := airlock.ReadSubmission(canonical, r)
		if err != nil {
			t.Fatalf("its own canonical form: %v", err)
		}
		if twice, sum, _ := again.Canonical(); sum != digest || string(twice) != string(canonical) {
			t.Errorf("canonical form of %s is not stable", canonical)
		}
	})
}
