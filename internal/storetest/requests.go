package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

var requestRules = []rule{
	{"absent is not found", requestAbsent},
	{"every field comes back", requestRoundTrip},
	{"nothing is shared with callers", requestAliasing},
	{"listed in pages in the order of ids", requestPages},
	{"of another workspace is not found", requestElsewhere},
	{"texts beyond 64 KiB come back", requestLarge},
	{"ids are data", requestHostileIDs},
	{"a cursor leads to nothing else", requestCursors},
}

func requestAbsent(t *testing.T, s Store) {
	key := newKey()
	if _, err := s.Request(t.Context(), key); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("empty store: %v, want ErrNotFound", err)
	}
	create(t, s, key)
	if _, err := s.Request(t.Context(), airlock.Key{Workspace: key.Workspace, Request: uuid.NewString()}); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("other id: %v, want ErrNotFound", err)
	}
	list, next, err := s.Requests(t.Context(), uuid.NewString(), airlock.Page{})
	if len(list) != 0 || next != "" || err != nil {
		t.Errorf("requests of an unknown workspace = %v, %q, %v", list, next, err)
	}
}

// fullRequest has no zero field.
func fullRequest(key airlock.Key) airlock.Request {
	r := newRequest(key)
	r.Title, r.Justification = "<título & 'quote'>", "because\n\"of\" \u2028 \U0001F600"
	r.Properties = map[string]any{"a": "b", "n": 1.5, "list": []any{"x", map[string]any{"deep": true}}}
	r.Bytes, r.Version = 1<<52, ""
	return filled(r)
}

func requestRoundTrip(t *testing.T, s Store) {
	want := fullRequest(newKey())
	got := commit(t, s, airlock.Change{Request: want})
	if got.Version == "" {
		t.Error("a stored request has no version")
	}
	want.Version = got.Version
	equal(t, got, want)
	read, err := s.Request(t.Context(), want.Key())
	check(t, err)
	equal(t, read, want)
}

func requestAliasing(t *testing.T, s Store) {
	want := fullRequest(newKey())
	given := fullRequest(want.Key()) // the same values in other memory
	spoil := func(r airlock.Request) {
		r.Properties["a"], r.Properties["list"].([]any)[0] = "spoiled", "spoiled"
		r.Reviews[0].Reason, r.History[0].Revision, r.Containers[0].Number = "spoiled", 99, 99
		r.Notices[0].Seq, r.Marks[0].Queue = 99, "spoiled"
		r.CreatedBy.Roles[0], r.Reviews[0].Reviewer.Roles[0], r.History[0].By.Roles[0] = "spoiled", "spoiled", "spoiled"
	}
	got := commit(t, s, airlock.Change{Request: given})
	want.Version = got.Version
	spoil(given)
	spoil(got)
	for range 2 {
		read, err := s.Request(t.Context(), want.Key())
		check(t, err)
		equal(t, read, want)
		spoil(read)
	}
}

func requestPages(t *testing.T, s Store) {
	key := newKey()
	var want []airlock.Request
	for range 7 {
		want = append(want, create(t, s, airlock.Key{Workspace: key.Workspace, Request: uuid.NewString()}))
	}
	create(t, s, newKey()) // of another workspace
	slices.SortFunc(want, func(a, b airlock.Request) int { return strings.Compare(a.ID, b.ID) })
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]airlock.Request, string, error) {
			return s.Requests(t.Context(), key.Workspace, p)
		}), want)
	})
}

func requestElsewhere(t *testing.T, s Store) {
	key := newKey()
	create(t, s, key)
	other := airlock.Key{Workspace: uuid.NewString(), Request: key.Request}
	create(t, s, airlock.Key{Workspace: other.Workspace, Request: uuid.NewString()})
	slot := airlock.Slot{Key: key, Turn: 1}
	check(t, s.Put(t.Context(), slot, []airlock.File{{Name: "f", ETag: "1"}}))
	check(t, s.SaveManifest(t.Context(), key, "d", []byte("{}")))
	check(t, s.MarkSent(t.Context(), key, "m", at))

	for _, ws := range []string{other.Workspace, "", "system", key.Workspace + "'", key.Workspace + "/", strings.ToUpper(key.Workspace)} {
		k := airlock.Key{Workspace: ws, Request: key.Request}
		_, err := s.Request(t.Context(), k)
		_, openErr := s.Open(t.Context(), k)
		_, fileErr := s.Get(t.Context(), airlock.Slot{Key: k, Turn: 1}, "f", "1")
		_, manifestErr := s.LoadManifest(t.Context(), k, "d")
		for _, err := range []error{err, openErr, fileErr, manifestErr} {
			if !errors.Is(err, airlock.ErrNotFound) {
				t.Errorf("workspace %q: %v, want ErrNotFound", ws, err)
			}
		}
		lines, _, lineErr := s.Lines(t.Context(), k, airlock.Page{})
		files, _, listErr := s.List(t.Context(), airlock.Slot{Key: k, Turn: 1}, airlock.Selection{}, airlock.Page{})
		sent, sentErr := s.Sent(t.Context(), k, "m")
		if len(lines) != 0 || len(files) != 0 || sent || errors.Join(lineErr, listErr, sentErr) != nil {
			t.Errorf("workspace %q: %d lines, %d files, sent %v, %v", ws, len(lines), len(files), sent, errors.Join(lineErr, listErr, sentErr))
		}
	}
}

func requestLarge(t *testing.T, s Store) {
	for name, text := range map[string]string{
		"ascii": strings.Repeat("long ", 40_000), "two bytes": strings.Repeat("é", 70_000), "surrogates": "x" + strings.Repeat("\U0001F600", 50_000),
		"escapes": strings.Repeat("\"<\u2028\\", 10_000),
	} {
		r := newRequest(newKey())
		r.Justification = text
		for range 2 { // once long, once short again: nothing of the long text may stay
			r = commit(t, s, noted(r, name))
			read, err := s.Request(t.Context(), r.Key())
			check(t, err)
			if read.Justification != r.Justification || read.Version != r.Version {
				t.Errorf("%s: text of %d bytes came back with %d", name, len(r.Justification), len(read.Justification))
			}
			r.Justification = "short"
		}
	}
}

func requestHostileIDs(t *testing.T, s Store) {
	ws := "ws' or PartitionKey ne '"
	for _, id := range []string{"' or RowKey ne '", "a/b", `a\b`, "a#b", "a?b=c", "a.b", "a", "%2e", "\x00\n", "é", "~", strings.Repeat("long", 500)} {
		key := airlock.Key{Workspace: ws, Request: id}
		want := create(t, s, key)
		got, err := s.Request(t.Context(), key)
		check(t, err)
		equal(t, got, want)
		lines, _, err := s.Lines(t.Context(), key, airlock.Page{})
		check(t, err)
		if len(lines) != 1 {
			t.Errorf("request %.20q has %d lines, want its own 1", id, len(lines))
		}
	}
	all, _, err := s.Requests(t.Context(), ws, airlock.Page{})
	check(t, err)
	if len(all) != 12 {
		t.Errorf("requests = %d, want 12", len(all))
	}
}

func requestCursors(t *testing.T, s Store) {
	key := newKey()
	create(t, s, key)
	create(t, s, newKey())
	for _, after := range []string{"~", "' or RowKey ne '", "zzz", "\u00ff"} {
		rows, next, err := s.Requests(t.Context(), key.Workspace, airlock.Page{After: after})
		if len(rows) > 1 || next != "" || len(rows) == 1 && rows[0].ID != key.Request {
			t.Errorf("cursor %q: %d rows, %q, %v", after, len(rows), next, err)
		}
	}
}
