package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

var selectionRules = []rule{
	{"each picks its rows", selectionTable},
	{"rows leave and enter as they change", selectionMoves},
	{"undelivered is about one attempt", selectionAttempts},
	{"in pages", selectionPages},
	{"an unknown one is invalid", selectionUnknown},
}

// selections are those that depend on no attempt.
var selections = []airlock.Which{airlock.Everything, airlock.Listed, airlock.Ready, airlock.Unsealed, airlock.Troubled, airlock.Unclean}

// verdict is a group with this class.
func verdict(class airlock.VerdictClass) *airlock.Verdict { return &airlock.Verdict{Class: class} }

// found is an inspection with a finding of this severity.
func found(severity airlock.Severity) *airlock.Inspection {
	return &airlock.Inspection{Findings: []airlock.Finding{{Code: "x", Severity: airlock.Note}, {Code: "y", Severity: severity}}}
}

// specimens are rows of every sort, and in which selections a listed one is.
var specimens = []struct {
	file airlock.File
	in   []airlock.Which
}{
	{airlock.File{Name: "fresh"}, []airlock.Which{airlock.Unsealed, airlock.Unclean}},
	{airlock.File{Name: "half read", Progress: &airlock.Progress{Offset: 1}}, []airlock.Which{airlock.Unsealed, airlock.Unclean}},
	{airlock.File{Name: "read", Inspection: &airlock.Inspection{}}, []airlock.Which{airlock.Ready, airlock.Unsealed, airlock.Unclean}},
	{airlock.File{Name: "noted", Inspection: found(airlock.Note), Verdict: verdict(airlock.Clean)}, []airlock.Which{airlock.Ready, airlock.Unsealed}},
	{airlock.File{Name: "refused", Inspection: found(airlock.Refuse), Verdict: verdict(airlock.Clean)}, []airlock.Which{airlock.Ready, airlock.Unsealed, airlock.Troubled}},
	{airlock.File{Name: "removed", Removal: &airlock.Removal{By: "x"}}, []airlock.Which{airlock.Unsealed, airlock.Unclean}},
	{airlock.File{Name: "half sealed", Inspection: &airlock.Inspection{}, Partial: &airlock.Partial{Offset: 5}}, []airlock.Which{airlock.Ready, airlock.Unsealed, airlock.Unclean}},
	{airlock.File{Name: "sealed", Inspection: &airlock.Inspection{}, Seal: &airlock.Seal{ETag: "s"}}, []airlock.Which{airlock.Unclean}},
	{airlock.File{Name: "sealed unread", Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Clean)}, nil},
	{airlock.File{Name: "clean", Inspection: &airlock.Inspection{}, Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Clean)}, nil},
	{airlock.File{Name: "clean of other bytes", Seal: &airlock.Seal{ETag: "s"}, Verdict: &airlock.Verdict{Class: airlock.Clean, SHA256: "ab"}}, []airlock.Which{airlock.Unclean}},
	{airlock.File{Name: "malicious", Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Malicious)}, []airlock.Which{airlock.Troubled, airlock.Unclean}},
	{airlock.File{Name: "malware, and clean", Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Clean), Malware: verdict(airlock.Malicious)}, []airlock.Which{airlock.Troubled, airlock.Unclean}},
	{airlock.File{Name: "malware", Malware: verdict(airlock.Malicious)}, []airlock.Which{airlock.Unsealed, airlock.Troubled, airlock.Unclean}},
	{airlock.File{Name: "unscannable", Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Unscannable)}, []airlock.Which{airlock.Troubled, airlock.Unclean}},
	{airlock.File{Name: "refused unscanned", Seal: &airlock.Seal{ETag: "s"}, Inspection: found(airlock.Refuse)}, []airlock.Which{airlock.Troubled, airlock.Unclean}},
	{airlock.File{Name: "transient", Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Transient)}, []airlock.Which{airlock.Unclean}},
	{airlock.File{Name: "operator", Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Operator)}, []airlock.Which{airlock.Unclean}},
	{airlock.File{Name: "stale", Seal: &airlock.Seal{ETag: "s"}, Verdict: verdict(airlock.Stale)}, []airlock.Which{airlock.Unclean}},
	{airlock.File{Name: "rescanned", Seal: &airlock.Seal{ETag: "s"}, Rescan: &airlock.Rescan{Tries: 1}}, []airlock.Which{airlock.Unclean}},
}

// names of the rows of a selection, sorted.
func names(t *testing.T, s Store, slot airlock.Slot, sel airlock.Selection) []string {
	t.Helper()
	var all []string
	for _, f := range everything(t, s, slot, sel, 0) {
		all = append(all, f.Name)
	}
	slices.Sort(all)
	return all
}

func selectionTable(t *testing.T, s Store) {
	slot := newSlot()
	want := map[airlock.Which][]string{}
	var rows []airlock.File
	add := func(f airlock.File, in ...airlock.Which) {
		f.ETag = "1"
		rows = append(rows, f)
		for _, which := range append(in, airlock.Everything) {
			want[which] = append(want[which], f.Name)
		}
	}
	for _, x := range specimens {
		f := x.file
		f.Record = &airlock.Record{Listed: true}
		add(f, append(x.in, airlock.Listed)...)
		f.Name, f.Record = x.file.Name+", no longer listed", &airlock.Record{}
		add(f)
		f.Name, f.Record, f.Unlisted = x.file.Name+", taken off the list", &airlock.Record{Listed: true}, &airlock.Unlisted{}
		add(f)
		f.Name, f.Record, f.Unlisted = x.file.Name+", never listed", nil, nil
		add(f)
	}
	check(t, s.Put(t.Context(), slot, rows))
	for _, which := range selections {
		slices.Sort(want[which])
		t.Run(string("selection "+which), func(t *testing.T) { equal(t, names(t, s, slot, airlock.Selection{Which: which}), want[which]) })
	}
}

func selectionMoves(t *testing.T, s Store) {
	slot := newSlot()
	f := airlock.File{Name: "f", ETag: "1"}
	for _, step := range []struct {
		change airlock.File
		in     []airlock.Which
	}{
		{airlock.File{}, nil},
		{airlock.File{Record: &airlock.Record{Listed: true}}, []airlock.Which{airlock.Listed, airlock.Unsealed, airlock.Unclean}},
		{airlock.File{Inspection: found(airlock.Refuse)}, []airlock.Which{airlock.Listed, airlock.Ready, airlock.Unsealed, airlock.Troubled, airlock.Unclean}},
		{airlock.File{Verdict: verdict(airlock.Clean)}, []airlock.Which{airlock.Listed, airlock.Ready, airlock.Unsealed, airlock.Troubled}},
		{airlock.File{Inspection: found(airlock.Note)}, []airlock.Which{airlock.Listed, airlock.Ready, airlock.Unsealed}},
		{airlock.File{Seal: &airlock.Seal{ETag: "s"}}, []airlock.Which{airlock.Listed}},
		{airlock.File{Malware: verdict(airlock.Malicious)}, []airlock.Which{airlock.Listed, airlock.Troubled, airlock.Unclean}},
		{airlock.File{Verdict: verdict(airlock.Clean)}, []airlock.Which{airlock.Listed, airlock.Troubled, airlock.Unclean}},
		{airlock.File{Unlisted: &airlock.Unlisted{Why: "overwritten"}}, nil},
		{airlock.File{Record: &airlock.Record{Listed: true}}, nil}, // by a worker who comes late
	} {
		step.change.Name, step.change.ETag, step.change.Stored = f.Name, f.ETag, true
		check(t, s.Put(t.Context(), slot, []airlock.File{step.change}))
		for _, which := range selections {
			want := which == airlock.Everything || slices.Contains(step.in, which)
			if got := len(names(t, s, slot, airlock.Selection{Which: which})) == 1; got != want {
				t.Errorf("after %+v: in %q is %v, want %v", step.change, which, got, want)
			}
		}
	}
}

func selectionAttempts(t *testing.T, s Store) {
	slot := newSlot()
	listed := &airlock.Record{Listed: true}
	check(t, s.Put(t.Context(), slot, []airlock.File{
		{Name: "waits", ETag: "1", Record: listed},
		{Name: "half", ETag: "1", Record: listed, Release: &airlock.Release{Attempt: 2, ETag: "r"}},
		{Name: "across", ETag: "1", Record: listed, Release: &airlock.Release{Attempt: 2, ETag: "r", Verified: true}},
		{Name: "before", ETag: "1", Record: listed, Release: &airlock.Release{Attempt: 1, ETag: "r", Verified: true}},
		{Name: "unlisted", ETag: "1", Release: &airlock.Release{Attempt: 1, ETag: "r"}},
	}))
	undelivered := func(attempt int) []string {
		return names(t, s, slot, airlock.Selection{Which: airlock.Undelivered, Attempt: attempt})
	}
	equal(t, undelivered(1), []string{"across", "half", "waits"})
	equal(t, undelivered(2), []string{"before", "half", "waits"})
	equal(t, undelivered(3), []string{"across", "before", "half", "waits"})
	check(t, s.Put(t.Context(), slot, []airlock.File{{Name: "half", ETag: "1", Release: &airlock.Release{Attempt: 2, Verified: true}}}))
	equal(t, undelivered(1), []string{"across", "half", "waits"})
	equal(t, undelivered(2), []string{"before", "waits"})
	check(t, s.Put(t.Context(), slot, []airlock.File{{Name: "across", ETag: "1", Release: &airlock.Release{Attempt: 3}}}))
	equal(t, undelivered(2), []string{"across", "before", "waits"})
	equal(t, undelivered(3), []string{"across", "before", "half", "waits"})
}

func selectionPages(t *testing.T, s Store) {
	slot := newSlot()
	numbered(t, s, slot, 20)
	all := everything(t, s, slot, airlock.Selection{}, 0)
	var want []airlock.File
	for i := range all {
		if i%3 == 0 { // left over in the store's own order
			want = append(want, all[i])
			continue
		}
		check(t, s.Put(t.Context(), slot, []airlock.File{{Name: all[i].Name, ETag: "1", Seal: &airlock.Seal{ETag: "s"}, Stored: true}}))
	}
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, everything(t, s, slot, airlock.Selection{Which: airlock.Unsealed}, limit), want)
	})
	page, next, err := s.List(t.Context(), slot, airlock.Selection{Which: airlock.Unsealed}, airlock.Page{Limit: 2})
	check(t, err)
	for i := range page { // rows that leave a selection do not disturb its cursor
		page[i].Seal = &airlock.Seal{ETag: "s"}
	}
	check(t, s.Put(t.Context(), slot, page))
	rest, _, err := s.List(t.Context(), slot, airlock.Selection{Which: airlock.Unsealed}, airlock.Page{After: next})
	check(t, err)
	equal(t, rest, want[2:])
}

func selectionUnknown(t *testing.T, s Store) {
	if _, _, err := s.List(t.Context(), newSlot(), airlock.Selection{Which: "' or true"}, airlock.Page{}); !errors.Is(err, airlock.ErrInvalid) {
		t.Errorf("list: %v, want ErrInvalid", err)
	}
}
