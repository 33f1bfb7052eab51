package filestest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func (s suite) createTwice() {
	place := s.place(s.Account)
	ref := s.put(place, "kept.csv", []byte("1"))
	if err := s.Desk.Create(s.Context(), place); err != nil {
		s.Errorf("create again: %v", err)
	}
	s.holds(ref, []byte("1"))
}

func (s suite) list() {
	place := s.place(s.Account)
	if blobs := s.all(place, 0); len(blobs) != 0 {
		s.Errorf("new container lists %v", blobs)
	}
	before := s.Now().Add(-time.Minute)
	ref := s.put(place, "sub/a.csv", []byte("id\n1\n"))
	blobs := s.all(place, 0)
	if len(blobs) != 1 {
		s.Fatalf("lists %v", blobs)
	}
	got := blobs[0]
	if got.Modified.Before(before) {
		s.Errorf("modified %v", got.Modified)
	}
	want := airlock.Blob{Name: "sub/a.csv", ETag: ref.ETag, Size: 5, ContentType: "text/csv", BlobType: "BlockBlob", Modified: got.Modified, Tier: got.Tier}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Error(diff)
	}
	if got.ETag == "" || got.ETag != airlock.NormalizeETag(got.ETag) || got.Tier != "" && got.Tier != "Hot" {
		s.Errorf("etag %q, tier %q", got.ETag, got.Tier)
	}
	if _, _, err := s.Desk.List(s.Context(), airlock.Place{Account: s.Account, Container: s.fresh()}, airlock.Page{}); !errors.Is(err, airlock.ErrNotFound) {
		s.Errorf("list of no container: %v", err)
	}
}

func (s suite) listPages() {
	place := s.place(s.Account)
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprintf("folder %d/file", i))
		s.put(place, want[i], []byte{1})
	}
	for _, limit := range []int{0, 1, 3, 7, 5000} {
		var got []string
		for _, b := range s.all(place, min(limit, 1000)) {
			got = append(got, b.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("pages of %d: %s", limit, diff)
		}
	}
	if blobs, next, err := s.Desk.List(s.Context(), place, airlock.Page{Limit: 2}); err != nil || len(blobs) != 2 || next == "" {
		s.Errorf("first page: %d rows, next %q, %v", len(blobs), next, err)
	}
}

// Names are names that programs like to bend.
func Names() []string {
	accent := "café – Müller.csv"
	return []string{
		"plain.csv", "with space.csv", " leading space", "trailing space ", "100%.csv", "%41.csv", "%2F.csv", "a%20b", "%",
		"a+b.csv", "a#b.csv", "a?b=c", "a&b=c", "x=y", "a;b,c", `quo"te.csv`, "it's.csv", "<tag>&amp;.csv", "[a]{b}|^~`", "$root:@!*()",
		norm.NFC.String(accent), norm.NFD.String(accent), "tasklog_14💎.log", "日本語/ファイル 名.txt", "مجلد/ملف.csv",
		"Upper/lower.CSV", "upper/LOWER.csv", "https://example.org/x", "..hidden", "a/.b/c",
		strings.Repeat("n", airlock.MaxName), strings.Repeat("ü", airlock.MaxName), strings.Repeat("d/", 253) + "f",
	}
}

// names go in by a link, through list, open and copy, and out, byte for byte.
func (s suite) names() {
	place, other := s.place(s.Account), s.place(s.Other)
	write := s.sign(place, airlock.WriteOnly)
	names := Names()
	for _, name := range names {
		if _, err := s.Holder.Try(s.Context(), write, Deed{Verb: PutFile, Name: name, Content: []byte("content of " + name)}); err != nil {
			s.Fatalf("put %.60q: %v", name, err)
		}
	}
	var got []string
	for _, b := range s.all(place, 10) {
		got = append(got, b.Name)
		s.crosses(airlock.Ref{Place: place, Name: b.Name, ETag: b.ETag}, airlock.Ref{Place: other, Name: b.Name}, b.Size)
	}
	slices.Sort(names)
	slices.Sort(got)
	if diff := cmp.Diff(names, got); diff != "" {
		s.Error(diff)
	}
	if left := s.all(other, 0); len(left) != 0 {
		s.Errorf("%d files left", len(left))
	}
}

// crosses copies a file and reads and removes the copy.
func (s suite) crosses(from, to airlock.Ref, size int64) {
	s.Helper()
	want := []byte("content of " + from.Name)
	s.holds(from, want)
	done, err := s.Vault.Copy(s.Context(), airlock.Copy{From: from, To: to, Size: size})
	if err != nil {
		s.Errorf("copy %.60q: %v", from.Name, err)
		return
	}
	to.ETag = done.ETag
	s.holds(to, want)
	if err := s.Vault.Remove(s.Context(), to); err != nil {
		s.Errorf("remove %.60q: %v", from.Name, err)
	}
	s.absent(to)
}

func (s suite) links() {
	place, neighbour := s.place(s.Account), s.place(s.Account)
	s.put(place, "there.csv", []byte("there"))
	s.put(neighbour, "there.csv", []byte("there"))
	links := map[airlock.Access]string{airlock.WriteOnly: s.sign(place, airlock.WriteOnly), airlock.ReadOnly: s.sign(place, airlock.ReadOnly)}
	tests := []struct {
		access  airlock.Access
		verb    Verb
		name    string
		allowed bool
	}{
		{airlock.WriteOnly, PutFile, "new.csv", true},
		{airlock.WriteOnly, PutFile, "there.csv", true}, // overwrite
		{airlock.WriteOnly, PutBlocks, "blocks.csv", true},
		{airlock.WriteOnly, PutBlocks, "there.csv", true},
		{airlock.WriteOnly, ListFiles, "", true},
		{airlock.WriteOnly, ReadFile, "there.csv", false},
		{airlock.WriteOnly, DeleteFile, "there.csv", false},
		{airlock.ReadOnly, ReadFile, "there.csv", true},
		{airlock.ReadOnly, ListFiles, "", true},
		{airlock.ReadOnly, PutFile, "other.csv", false},
		{airlock.ReadOnly, PutFile, "there.csv", false},
		{airlock.ReadOnly, PutBlocks, "other.csv", false},
		{airlock.ReadOnly, DeleteFile, "there.csv", false},
	}
	content := []byte("there, by link")
	for _, tt := range tests {
		got, err := s.Holder.Try(s.Context(), links[tt.access], Deed{Verb: tt.verb, Name: tt.name, Content: content})
		if tt.allowed && err != nil || !tt.allowed && !errors.Is(err, ErrDenied) {
			s.Errorf("%s link, %s %s: %v, want allowed %v", tt.access, tt.verb, tt.name, err, tt.allowed)
		}
		if tt.verb == ReadFile && tt.allowed && !bytes.Equal(got.Content, content) {
			s.Errorf("read %q", got.Content)
		}
		if tt.verb == ListFiles && !slices.Contains(got.Names, "there.csv") {
			s.Errorf("%s link lists %q", tt.access, got.Names)
		}
	}
	s.holds(airlock.Ref{Place: place, Name: "blocks.csv"}, content)
	s.absent(airlock.Ref{Place: place, Name: "other.csv"})
	s.holds(airlock.Ref{Place: neighbour, Name: "there.csv"}, []byte("there"))
}

func (s suite) linksEnd() {
	place := s.place(s.Account)
	s.put(place, "there.csv", []byte("there"))
	for _, access := range []airlock.Access{airlock.WriteOnly, airlock.ReadOnly} {
		old, err := s.Desk.Sign(s.Context(), place, access, s.Now().Add(-time.Minute))
		if err != nil {
			s.Fatal(err)
		}
		for _, verb := range []Verb{PutFile, PutBlocks, ReadFile, ListFiles, DeleteFile} {
			if _, err := s.Holder.Try(s.Context(), old, Deed{Verb: verb, Name: "there.csv"}); !errors.Is(err, ErrDenied) {
				s.Errorf("expired %s link, %s: %v", access, verb, err)
			}
		}
	}
	if link, err := s.Desk.Sign(s.Context(), place, "all", s.Now().Add(time.Hour)); !errors.Is(err, airlock.ErrInvalid) {
		s.Errorf("link for all: %d bytes, %v", len(link), err)
	}
	write, read := s.sign(place, airlock.WriteOnly), s.sign(place, airlock.ReadOnly)
	s.purged(place)
	for link, verbs := range map[string][]Verb{write: {PutFile, ListFiles}, read: {ReadFile, ListFiles}} {
		for _, verb := range verbs {
			if _, err := s.Holder.Try(s.Context(), link, Deed{Verb: verb, Name: "there.csv"}); err == nil {
				s.Errorf("link to a purged container: %s works", verb)
			}
		}
	}
}
