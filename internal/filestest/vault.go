package filestest

import (
	"bytes"
	"errors"
	"io"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func (s suite) openRanges() {
	place := s.place(s.Account)
	content := random(1, 1000)
	full, empty := s.put(place, "full", content), s.put(place, "empty", nil)
	tests := []struct {
		ref         airlock.Ref
		from, count int64
		want        []byte
	}{
		{full, 0, 1000, content},
		{full, 0, 5000, content},
		{full, 0, 1, content[:1]},
		{full, 10, 20, content[10:30]},
		{full, 999, 1, content[999:]},
		{full, 990, 100, content[990:]},
		{full, 1000, 10, nil},
		{full, 4000, 10, nil},
		{full, 5, 0, nil},
		{empty, 0, 100, nil},
		{empty, 0, 0, nil},
		{empty, 7, 7, nil},
	}
	for _, tt := range tests {
		for _, etag := range []string{tt.ref.ETag, ""} {
			c, err := s.Vault.Open(s.Context(), airlock.Ref{Place: place, Name: tt.ref.Name, ETag: etag}, tt.from, tt.count)
			if err != nil {
				s.Errorf("%s %d+%d: %v", tt.ref.Name, tt.from, tt.count, err)
				continue
			}
			got, err := io.ReadAll(c)
			if err != nil || c.Close() != nil || !bytes.Equal(got, tt.want) {
				s.Errorf("%s %d+%d: %d bytes, %v; want %d", tt.ref.Name, tt.from, tt.count, len(got), err, len(tt.want))
			}
			size := int64(len(content))
			if tt.ref == empty {
				size = 0
			}
			if c.Size != size || c.ETag != tt.ref.ETag || c.Type != "text/csv" {
				s.Errorf("%s %d+%d: size %d, etag %q, type %q", tt.ref.Name, tt.from, tt.count, c.Size, c.ETag, c.Type)
			}
		}
	}
}

func (s suite) openVersions() {
	place := s.place(s.Account)
	for _, name := range []string{"full", "empty"} {
		content := []byte(name)
		if name == "empty" {
			content = nil
		}
		old := s.put(place, name, content)
		current := s.put(place, name, content)
		if old.ETag == current.ETag {
			s.Fatalf("overwrite kept etag %s", old.ETag)
		}
		for _, count := range []int64{100, 0} {
			if c, err := s.Vault.Open(s.Context(), old, 0, count); !errors.Is(err, airlock.ErrChanged) {
				s.Errorf("old version of %s: %+v, %v", name, c, err)
			}
		}
		s.holds(current, content)
		if err := s.Outside.Delete(s.Context(), place, name); err != nil {
			s.Fatal(err)
		}
		s.absent(current)
		s.absent(airlock.Ref{Place: place, Name: name})
	}
	s.absent(airlock.Ref{Place: airlock.Place{Account: s.Account, Container: s.fresh()}, Name: "full"})
}

func (s suite) remove() {
	place := s.place(s.Account)
	old := s.put(place, "a.csv", []byte("1"))
	current := s.put(place, "a.csv", []byte("2"))
	try := func(ref airlock.Ref) {
		s.Helper()
		if err := s.Vault.Remove(s.Context(), ref); err != nil {
			s.Errorf("remove: %v", err)
		}
	}
	try(old) // changed: fine, and nothing happens
	s.holds(current, []byte("2"))
	if err := s.Outside.Lease(s.Context(), place, "a.csv"); err != nil {
		s.Fatal(err)
	}
	try(old) // not even its lease is broken
	if err := s.Outside.Delete(s.Context(), place, "a.csv"); err == nil {
		s.Error("the lease is gone")
	}
	try(current)
	s.absent(current)
	try(current)
	try(airlock.Ref{Place: airlock.Place{Account: s.Account, Container: s.fresh()}, Name: "a.csv", ETag: current.ETag})
	leased := s.put(place, "b.csv", []byte("3"))
	if err := s.Outside.Lease(s.Context(), place, "b.csv"); err != nil {
		s.Fatal(err)
	}
	leased.ETag = ""
	try(leased)
	s.absent(leased)
}

func (s suite) copySmall() {
	from, to := s.place(s.Account), s.place(s.Other)
	content := random(2, 3000)
	source := s.put(from, "a/b.csv", content)
	c := airlock.Copy{From: source, To: airlock.Ref{Place: to, Name: "a/b.csv"}, Size: 3000}
	first := s.copied(c)
	if _, made := s.read(first); made.Type != "text/csv" {
		s.Errorf("type %q, want the source's", made.Type)
	}
	s.holds(first, content)
	s.holds(source, content)
	if blobs := s.all(to, 0); len(blobs) != 1 || blobs[0].ETag != first.ETag || blobs[0].Size != 3000 {
		s.Errorf("lists %+v", blobs)
	}
	if again := s.copied(c); again != first {
		s.Errorf("repeat made etag %s, was %s", again.ETag, first.ETag)
	}
	// Where the source went meanwhile, the copy that was made stays made.
	if err := s.Outside.Delete(s.Context(), from, "a/b.csv"); err != nil {
		s.Fatal(err)
	}
	if again := s.copied(c); again != first {
		s.Errorf("repeat without source made etag %s, was %s", again.ETag, first.ETag)
	}
}

func (s suite) copyEmpty() {
	from, to := s.place(s.Account), s.place(s.Account)
	source := s.put(from, "empty.csv", nil)
	c := airlock.Copy{From: source, To: airlock.Ref{Place: to, Name: "empty.csv"}}
	first := s.copied(c)
	s.holds(first, nil)
	if again := s.copied(c); again != first {
		s.Errorf("repeat made etag %s, was %s", again.ETag, first.ETag)
	}
}

func (s suite) copyConditions() {
	from, to := s.place(s.Account), s.place(s.Other)
	for _, size := range []int64{100, s.Large} {
		old := s.put(from, "a.csv", random(3, size))
		current := s.put(from, "a.csv", random(4, size))
		none := airlock.Place{Account: s.Other, Container: s.fresh()}
		target := airlock.Ref{Place: to, Name: "a.csv"}
		tests := []struct {
			name string
			copy airlock.Copy
			want error
		}{
			{"old version", airlock.Copy{From: old, To: target}, airlock.ErrChanged},
			{"no source", airlock.Copy{From: airlock.Ref{Place: from, Name: "none", ETag: old.ETag}, To: target}, airlock.ErrNotFound},
			{"no source container", airlock.Copy{From: airlock.Ref{Place: none, Name: "a.csv", ETag: old.ETag}, To: target}, airlock.ErrNotFound},
			{"no destination container", airlock.Copy{From: current, To: airlock.Ref{Place: none, Name: "a.csv"}}, airlock.ErrNotFound},
			{"no version", airlock.Copy{From: airlock.Ref{Place: from, Name: "a.csv"}, To: target}, airlock.ErrInvalid},
		}
		for _, tt := range tests {
			tt.copy.Size = size
			if got, err := s.Vault.Copy(s.Context(), tt.copy); !errors.Is(err, tt.want) {
				s.Errorf("%s, %d bytes: %+v, %v; want %v", tt.name, size, got, err, tt.want)
			}
		}
		s.absent(target)
	}
}
