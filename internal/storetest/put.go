package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

var putRules = []rule{
	{"nil groups keep what is stored", putKeeps},
	{"a group replaces the one of its kind", putReplaces},
	{"is idempotent", putTwice},
	{"whatever stored says, rows are made or merged", putHints},
	{"100 rows at once, half of them there", putHalf},
	{"over 100 rows are refused whole", putTooMany},
	{"one version twice is refused whole", putDouble},
	{"nothing is nothing", putNone},
	{"groups written at once are all kept", putRace},
	{"malware stays, whichever verdict is written last", putMalware},
}

func putKeeps(t *testing.T, s Store) {
	slot := newSlot()
	full := fullFile("f", "1")
	for _, f := range []airlock.File{
		{Verdict: full.Verdict}, {Malware: full.Malware}, {Record: full.Record}, {Inspection: full.Inspection}, {Progress: full.Progress},
		{Removal: full.Removal}, {Unlisted: full.Unlisted}, {Partial: full.Partial}, {Seal: full.Seal}, {Rescan: full.Rescan}, {Release: full.Release}, {},
	} {
		f.Name, f.ETag = "f", "1"
		check(t, s.Put(t.Context(), slot, []airlock.File{f}))
	}
	full.Stored = true
	equal(t, get(t, s, slot, "f", "1"), full)
}

func putReplaces(t *testing.T, s Store) {
	slot := newSlot()
	full := fullFile("f", "1")
	check(t, s.Put(t.Context(), slot, []airlock.File{full}))
	check(t, s.Put(t.Context(), slot, []airlock.File{{Name: "f", ETag: "1", Record: &airlock.Record{}, Inspection: &airlock.Inspection{}, Release: &airlock.Release{}}}))
	full.Record, full.Inspection, full.Release, full.Stored = &airlock.Record{}, &airlock.Inspection{}, &airlock.Release{}, true
	equal(t, get(t, s, slot, "f", "1"), full)
}

func putTwice(t *testing.T, s Store) {
	slot := newSlot()
	want := []airlock.File{fullFile("f", "1")}
	for range 3 {
		check(t, s.Put(t.Context(), slot, want))
	}
	want[0].Stored = true
	equal(t, everything(t, s, slot, airlock.Selection{}, 0), want)
}

func putHints(t *testing.T, s Store) {
	slot := newSlot()
	for step, stored := range []bool{true, false, true} {
		f := airlock.File{Name: "f", ETag: "1", Partial: &airlock.Partial{Offset: int64(step)}, Stored: stored}
		check(t, s.Put(t.Context(), slot, []airlock.File{f}))
		f.Stored = true
		equal(t, get(t, s, slot, "f", "1"), f)
	}
	check(t, s.Put(t.Context(), slot, []airlock.File{{Name: "hinted", ETag: "1", Stored: true, Record: &airlock.Record{Listed: true}}}))
	for _, which := range []airlock.Which{airlock.Unsealed, airlock.Unclean} { // a row is born whole, whatever the hint
		rows := everything(t, s, slot, airlock.Selection{Which: which}, 0)
		if len(rows) != 1 || rows[0].Name != "hinted" {
			t.Errorf("%s = %+v, want the row alone", which, rows)
		}
	}
}

func putHalf(t *testing.T, s Store) {
	slot := newSlot()
	all := make([]airlock.File, airlock.MaxPut)
	var half []airlock.File
	for i := range all {
		all[i] = airlock.File{Name: fmt.Sprint(i), ETag: "1", Record: &airlock.Record{Listed: true, Size: int64(i)}, Stored: i%3 == 0}
		if i%2 == 0 {
			half = append(half, airlock.File{Name: fmt.Sprint(i), ETag: "1", Verdict: &airlock.Verdict{Class: airlock.Clean}})
		}
	}
	check(t, s.Put(t.Context(), slot, half))
	check(t, s.Put(t.Context(), slot, all))
	rows := everything(t, s, slot, airlock.Selection{Which: airlock.Listed}, 0)
	clean := 0
	for _, f := range rows {
		if f.Name != fmt.Sprint(f.Record.Size) {
			t.Errorf("row %s holds the record of %d", f.Name, f.Record.Size)
		}
		if f.Verdict != nil {
			clean++
		}
	}
	if len(rows) != len(all) || clean != len(half) {
		t.Errorf("%d rows, %d clean; want %d and %d", len(rows), clean, len(all), len(half))
	}
}

// putRefused puts rows that must be invalid and must change nothing.
func putRefused(t *testing.T, s Store, rows []airlock.File) {
	t.Helper()
	slot := newSlot()
	check(t, s.Put(t.Context(), slot, rows[:1]))
	if err := s.Put(t.Context(), slot, rows); !errors.Is(err, airlock.ErrInvalid) {
		t.Errorf("put: %v, want ErrInvalid", err)
	}
	if got := everything(t, s, slot, airlock.Selection{}, 0); len(got) != 1 {
		t.Errorf("%d rows after a refused put, want the 1 from before", len(got))
	}
}

func putTooMany(t *testing.T, s Store) {
	rows := make([]airlock.File, airlock.MaxPut+1)
	for i := range rows {
		rows[i] = airlock.File{Name: fmt.Sprint(i), ETag: "1"}
	}
	putRefused(t, s, rows)
}

func putDouble(t *testing.T, s Store) {
	putRefused(t, s, []airlock.File{{Name: "a", ETag: "1"}, {Name: "b", ETag: "1"}, {Name: "b", ETag: "1"}})
}

func putNone(t *testing.T, s Store) {
	slot := newSlot()
	check(t, s.Put(t.Context(), slot, nil))
	equal(t, everything(t, s, slot, airlock.Selection{}, 0), []airlock.File{})
}

func putRace(t *testing.T, s Store) {
	slot := newSlot()
	full := fullFile("f", "1")
	full.Unlisted = nil // else no selection has it
	groups := []airlock.File{
		{Record: full.Record}, {Inspection: full.Inspection}, {Progress: full.Progress}, {Verdict: full.Verdict}, {Malware: full.Malware},
		{Removal: full.Removal}, {Partial: full.Partial}, {Seal: full.Seal}, {Rescan: full.Rescan}, {Release: full.Release},
	}
	errs := make([]error, len(groups))
	var wg sync.WaitGroup
	for i, f := range groups {
		f.Name, f.ETag = "f", "1"
		wg.Go(func() { errs[i] = s.Put(t.Context(), slot, []airlock.File{f}) })
	}
	wg.Wait()
	check(t, errors.Join(errs...))
	full.Stored = true
	equal(t, get(t, s, slot, "f", "1"), full)
	if rows := everything(t, s, slot, airlock.Selection{Which: airlock.Troubled}, 0); !slices.ContainsFunc(rows, func(f airlock.File) bool { return f.Name == "f" }) {
		t.Error("the row lost what selections see")
	}
}

// putMalware writes what two workers do that both read a row without verdict,
// in either order and at once.
func putMalware(t *testing.T, s Store) {
	slot := newSlot()
	rows := func(name string) []airlock.File {
		f := airlock.File{Name: name, ETag: "1", Record: &airlock.Record{Listed: true}}
		check(t, s.Put(t.Context(), slot, []airlock.File{f}))
		return []airlock.File{f.Recorded(airlock.Verdict{Class: airlock.Malicious}, ""), f.Recorded(airlock.Verdict{Class: airlock.Clean}, "")}
	}
	for name, order := range map[string][]int{"clean last": {0, 1}, "malware last": {1, 0}} {
		for _, i := range order {
			check(t, s.Put(t.Context(), slot, rows(name)[i:i+1]))
		}
	}
	var wg sync.WaitGroup
	both := rows("at once")
	errs := make([]error, len(both))
	for i := range both {
		wg.Go(func() { errs[i] = s.Put(t.Context(), slot, both[i:i+1]) })
	}
	wg.Wait()
	check(t, errors.Join(errs...))
	want := []string{"at once", "clean last", "malware last"}
	for _, which := range []airlock.Which{airlock.Troubled, airlock.Unclean} {
		equal(t, names(t, s, slot, airlock.Selection{Which: which}), want)
	}
	for _, name := range want {
		if got := get(t, s, slot, name, "1").Class(); got != airlock.Malicious {
			t.Errorf("%s: %s", name, got)
		}
	}
}
