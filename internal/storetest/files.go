package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

var fileRules = []rule{
	{"absent is not found", fileAbsent},
	{"every field comes back", fileRoundTrip},
	{"names and etags are data", fileHostile},
	{"turns and requests are apart", fileSlots},
	{"nothing is shared with callers", fileAliasing},
	{"2,500 rows come in pages", filePages},
	{"the order has nothing to do with names", fileOrder},
}

func newSlot() airlock.Slot { return airlock.Slot{Key: newKey(), Turn: 1} }

// fullFile has no zero field.
func fullFile(name, etag string) airlock.File {
	return filled(airlock.File{
		Name: name, ETag: etag, Record: &airlock.Record{Listed: true, Size: 1 << 50},
		Inspection: &airlock.Inspection{Findings: []airlock.Finding{{Severity: airlock.Note, Text: "tëxt '\"\n"}}},
		Progress:   &airlock.Progress{Hash: []byte{1, 255, 2}}, Verdict: &airlock.Verdict{Class: airlock.Stale},
		Malware: &airlock.Verdict{Class: airlock.Malicious},
	})
}

// get reads a row that must be there.
func get(t *testing.T, s Store, slot airlock.Slot, name, etag string) airlock.File {
	t.Helper()
	f, err := s.Get(t.Context(), slot, name, etag)
	check(t, err)
	return f
}

// everything lists all rows of a slot, in the store's order.
func everything(t *testing.T, s Store, slot airlock.Slot, sel airlock.Selection, limit int) []airlock.File {
	t.Helper()
	return pages(t, limit, func(p airlock.Page) ([]airlock.File, string, error) { return s.List(t.Context(), slot, sel, p) })
}

func fileAbsent(t *testing.T, s Store) {
	slot := newSlot()
	if _, err := s.Get(t.Context(), slot, "f", "1"); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("empty store: %v, want ErrNotFound", err)
	}
	for _, which := range selections {
		equal(t, everything(t, s, slot, airlock.Selection{Which: which}, 0), []airlock.File{})
	}
	check(t, s.Put(t.Context(), slot, []airlock.File{{Name: "f", ETag: "1"}}))
	for _, v := range [][2]string{{"f", "2"}, {"g", "1"}, {"f", ""}, {"F", "1"}} {
		if _, err := s.Get(t.Context(), slot, v[0], v[1]); !errors.Is(err, airlock.ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", v, err)
		}
	}
}

func fileRoundTrip(t *testing.T, s Store) {
	slot := newSlot()
	want := fullFile("dir/name", "0x1")
	check(t, s.Put(t.Context(), slot, []airlock.File{want, {Name: "bare", ETag: "0x1"}}))
	want.Stored = true
	equal(t, get(t, s, slot, "dir/name", "0x1"), want)
	equal(t, get(t, s, slot, "bare", "0x1"), airlock.File{Name: "bare", ETag: "0x1", Stored: true})
}

func fileHostile(t *testing.T, s Store) {
	names := []string{
		"'", "''", "a'b or RowKey ne '", `a\b`, "a/b", "a//b", "/", "#", "?", "a?b=c&d", "%", "%2F", "%zz", "+", " ", " lead", "trail ", "dot.", "..", "~",
		"\x00", "\x01\x1f\x7f", "tab\tnl\ncr\r", "\u0085\u2028\u2029", "\u202egnp", "é", "e\u0301", "\ufffd", "\ufffe\uffff", "\ufeffbom", "日本語/文件", "\U0001F600",
		"<&>\"", "{}", "\"quoted\"", `\u0000`, "\xff\xfe", "a\xc3", "CON", "Z", "z", strings.Repeat("n", 1024), strings.Repeat("é", 1024), strings.Repeat("\U0001F600", 512), "",
	}
	slot := newSlot()
	var rows []airlock.File
	for i, name := range names {
		rows = append(rows, airlock.File{Name: name, ETag: `W/"'` + name, Seal: &airlock.Seal{ETag: fmt.Sprint(i)}})
	}
	check(t, s.Put(t.Context(), slot, rows))
	for i, f := range rows {
		if got := get(t, s, slot, f.Name, f.ETag); got.Name != f.Name || got.ETag != f.ETag || got.Seal.ETag != fmt.Sprint(i) {
			t.Errorf("name %.20q came back as %.20q with seal %s, want %d", f.Name, got.Name, got.Seal.ETag, i)
		}
	}
	listed := map[string]bool{}
	for _, f := range everything(t, s, slot, airlock.Selection{}, 7) {
		listed[f.Name] = true
	}
	for _, name := range names {
		if !listed[name] {
			t.Errorf("name %.20q is not listed", name)
		}
	}
}

func fileSlots(t *testing.T, s Store) {
	slot := newSlot()
	other := airlock.Slot{Key: airlock.Key{Workspace: slot.Key.Workspace, Request: newKey().Request}, Turn: 1}
	slots := []airlock.Slot{slot, {Key: slot.Key, Turn: 2}, {Key: slot.Key, Turn: 12}, {Key: slot.Key, Turn: 99}, other}
	for i, at := range slots {
		check(t, s.Put(t.Context(), at, []airlock.File{{Name: "f", ETag: "1", Partial: &airlock.Partial{Offset: int64(i)}}}))
	}
	for i, at := range slots {
		want := airlock.File{Name: "f", ETag: "1", Partial: &airlock.Partial{Offset: int64(i)}, Stored: true}
		equal(t, get(t, s, at, "f", "1"), want)
		equal(t, everything(t, s, at, airlock.Selection{}, 0), []airlock.File{want})
	}
}

func fileAliasing(t *testing.T, s Store) {
	slot := newSlot()
	given, want := fullFile("f", "1"), fullFile("f", "1")
	want.Stored = true
	spoil := func(f airlock.File) {
		f.Record.Size, f.Verdict.Class, f.Removal.By, f.Seal.ETag, f.Rescan.Tries = 99, "spoiled", "spoiled", "spoiled", 99
		f.Malware.Class = "spoiled"
		f.Inspection.Findings[0].Text, f.Progress.Hash[0], f.Release.Hash[0], f.Inspection.Size = "spoiled", 99, 99, 99
	}
	check(t, s.Put(t.Context(), slot, []airlock.File{given}))
	spoil(given)
	for range 2 {
		got := get(t, s, slot, "f", "1")
		equal(t, got, want)
		spoil(got)
		for _, f := range everything(t, s, slot, airlock.Selection{}, 0) {
			equal(t, f, want)
			spoil(f)
		}
	}
}

// numbered makes n listed rows, whose names sort as they are numbered.
func numbered(t *testing.T, s Store, slot airlock.Slot, n int) {
	t.Helper()
	all := make([]airlock.File, n)
	for i := range all {
		all[i] = airlock.File{Name: fmt.Sprintf("dir/%05d", i), ETag: "1", Record: &airlock.Record{Listed: true}}
	}
	for page := range slices.Chunk(all, airlock.MaxPut) {
		check(t, s.Put(t.Context(), slot, page))
	}
}

func filePages(t *testing.T, s Store) {
	slot := newSlot()
	const n = 2500
	numbered(t, s, slot, n)
	first := everything(t, s, slot, airlock.Selection{}, 0)
	second := everything(t, s, slot, airlock.Selection{Which: airlock.Listed}, 700)
	equal(t, second, first)
	seen := map[string]bool{}
	for _, f := range first {
		seen[f.Name] = true
	}
	if len(first) != n || len(seen) != n {
		t.Errorf("%d rows of %d names, want %d", len(first), len(seen), n)
	}
	few := newSlot()
	numbered(t, s, few, 7)
	all := everything(t, s, few, airlock.Selection{}, 0)
	eachLimit(t, func(t *testing.T, limit int) { equal(t, everything(t, s, few, airlock.Selection{}, limit), all) })
	if rows, _, err := s.List(t.Context(), slot, airlock.Selection{}, airlock.Page{Limit: 5000}); err != nil || len(rows) != 1000 {
		t.Errorf("limit 5000 gave %d rows, %v; want 1000", len(rows), err)
	}
}

func fileOrder(t *testing.T, s Store) {
	slot := newSlot()
	numbered(t, s, slot, 50)
	rows := everything(t, s, slot, airlock.Selection{}, 0)
	byName := func(a, b airlock.File) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(rows, byName) {
		t.Error("rows come in the order of their names")
	}
	f := rows[rand.IntN(len(rows))]
	f.Seal = &airlock.Seal{ETag: "x"}
	check(t, s.Put(t.Context(), slot, []airlock.File{f}))
	again := everything(t, s, slot, airlock.Selection{}, 0)
	for i := range rows {
		if rows[i].Name != again[i].Name {
			t.Fatalf("row %d moved when a row was written", i)
		}
	}
}
