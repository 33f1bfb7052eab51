package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

var trailRules = []rule{
	{"lines of a request come in order and in pages", linesPages},
	{"an unknown request has no lines", linesNone},
	{"a strange line is kept once", strangeOnce},
	{"a refusal says whether it was kept, a count is kept anew", refusedOnce},
}

var paperRules = []rule{
	{"an absent manifest is not found", manifestAbsent},
	{"a manifest is kept by its digest, again and again", manifestKept},
	{"a letter is sent once it is marked", lettersMarked},
	{"letters of other requests and ids are others", lettersApart},
}

func linesPages(t *testing.T, s Store) {
	r := create(t, s, newKey())
	want := holdings(t, s, r.Key()).Lines
	for i := range 4 {
		c := r.Note(
			audit.Line{At: at, Action: "a", Actor: audit.Actor{OID: "o", Name: "n", Role: "r"}, From: "draft", To: "failed", Reason: "why\n'", Detail: fmt.Sprint(i)},
			audit.Line{At: at, Action: "b"}, audit.Line{At: at, Action: "c"})
		want = append(want, c.Lines...)
		r = commit(t, s, c)
	}
	create(t, s, airlock.Key{Workspace: r.Workspace, Request: r.ID + "0"}) // a name that begins alike
	eachLimit(t, func(t *testing.T, limit int) {
		got := pages(t, limit, func(p airlock.Page) ([]audit.Line, string, error) { return s.Lines(t.Context(), r.Key(), p) })
		equal(t, got, want)
		check(t, audit.Verify(got, r.Head))
	})
}

func linesNone(t *testing.T, s Store) {
	lines, next, err := s.Lines(t.Context(), newKey(), airlock.Page{})
	if len(lines) != 0 || next != "" || err != nil {
		t.Errorf("lines = %v, %q, %v; want none", lines, next, err)
	}
}

func strangeOnce(t *testing.T, s Store) {
	want := []audit.Line{{Workspace: "w", At: at, Action: "foreign", Detail: "first"}, {At: at, Action: "foreign", Detail: "second"}}
	check(t, s.Strange(t.Context(), "a", want[0]))
	check(t, s.Strange(t.Context(), "b", want[1]))
	check(t, s.Strange(t.Context(), "a", want[0]))
	got, err := s.StrangeLines(t.Context())
	check(t, err)
	equal(t, got, want)
	check(t, s.Strange(t.Context(), "'/\\#?\x00", want[1]))
	got, err = s.StrangeLines(t.Context())
	check(t, err)
	if len(got) != 3 {
		t.Errorf("strange lines = %d, want 3", len(got))
	}
}

func refusedOnce(t *testing.T, s Store) {
	first, second := audit.Line{At: at, Action: "refused", Reason: "first"}, audit.Line{At: at, Action: "refused", Reason: "second"}
	for i, want := range []bool{true, false, false} {
		kept, err := s.Refused(t.Context(), "a", first)
		check(t, err)
		if kept != want {
			t.Errorf("time %d: kept %t, want %t", i+1, kept, want)
		}
	}
	for _, line := range []audit.Line{second, first, second} {
		check(t, s.Restate(t.Context(), "b", line))
	}
	got, err := s.StrangeLines(t.Context())
	check(t, err)
	equal(t, got, []audit.Line{first, second})
	found, _, err := s.AuditLines(t.Context(), airlock.SystemPartition, airlock.AuditFilter{Action: "refused"}, airlock.Page{})
	check(t, err)
	equal(t, found, []audit.Line{first, second})
}

func manifestAbsent(t *testing.T, s Store) {
	key := newKey()
	if _, err := s.LoadManifest(t.Context(), key, "d"); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("empty store: %v, want ErrNotFound", err)
	}
	check(t, s.SaveManifest(t.Context(), key, "d", []byte("{}")))
	for _, other := range []airlock.Key{newKey(), {Workspace: key.Workspace, Request: newKey().Request}} {
		if _, err := s.LoadManifest(t.Context(), other, "d"); !errors.Is(err, airlock.ErrNotFound) {
			t.Errorf("other request: %v, want ErrNotFound", err)
		}
	}
	if _, err := s.LoadManifest(t.Context(), key, "e"); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("other digest: %v, want ErrNotFound", err)
	}
}

func manifestKept(t *testing.T, s Store) {
	key := newKey()
	large := bytes.Repeat([]byte("manifest\x00\xff"), 500_000)
	want := bytes.Clone(large)
	digest := airlock.Digest(large)
	for range 2 {
		check(t, s.SaveManifest(t.Context(), key, digest, large))
	}
	large[0] = '!'
	for range 2 {
		got, err := s.LoadManifest(t.Context(), key, digest)
		check(t, err)
		if !bytes.Equal(got, want) {
			t.Fatal("the manifest came back changed")
		}
		got[0] = '!'
	}
}

func lettersMarked(t *testing.T, s Store) {
	key := newKey()
	for i := range 3 {
		sent, err := s.Sent(t.Context(), key, "in_review.3")
		check(t, err)
		if sent != (i > 0) {
			t.Errorf("sent = %v after %d marks", sent, i)
		}
		check(t, s.MarkSent(t.Context(), key, "in_review.3", at))
	}
}

func lettersApart(t *testing.T, s Store) {
	key := newKey()
	check(t, s.MarkSent(t.Context(), key, "a/b?#'\\.1", at))
	for _, at := range []struct {
		key  airlock.Key
		id   string
		want bool
	}{{key, "a/b?#'\\.1", true}, {key, "a/b?#'\\.2", false}, {newKey(), "a/b?#'\\.1", false}} {
		sent, err := s.Sent(t.Context(), at.key, at.id)
		check(t, err)
		if sent != at.want {
			t.Errorf("letter %q sent = %v, want %v", at.id, sent, at.want)
		}
	}
}
