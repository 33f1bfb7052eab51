package filestest

import (
	"errors"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// maxSlices ends a copy that goes nowhere.
const maxSlices = 100

// copied runs a copy from its Offset to its end and returns what was made.
func (s suite) copied(c airlock.Copy) airlock.Ref {
	s.Helper()
	for range maxSlices {
		got, err := s.Vault.Copy(s.Context(), c)
		if err != nil {
			s.Errorf("copy at %d of %d: %v", c.Offset, c.Size, err)
			return airlock.Ref{}
		}
		if got.ETag != "" {
			if got.Offset != c.Size {
				s.Errorf("complete at %d of %d", got.Offset, c.Size)
			}
			return airlock.Ref{Place: c.To.Place, Name: c.To.Name, ETag: got.ETag}
		}
		c.Offset = got.Offset
	}
	s.Errorf("copy of %d bytes took more than %d slices", c.Size, maxSlices)
	return airlock.Ref{}
}

// large puts a large file and says how to copy it.
func (s suite) large(seed byte) ([]byte, airlock.Copy) {
	s.Helper()
	content := random(seed, s.Large)
	source := s.put(s.place(s.Account), "large.bin", content)
	to := airlock.Ref{Place: s.place(s.Other), Name: "large.bin"}
	return content, airlock.Copy{From: source, To: to, Size: s.Large}
}

func (s suite) copyOver() {
	content, c := s.large(10)
	s.put(c.To.Place, c.To.Name, []byte("somebody else's"))
	made := s.copied(c)
	s.holds(made, content)

	// A newer version of the source replaces the copy of the older one, of
	// whatever sizes they are, also of the same.
	for seed, size := range []int64{100, 100, s.Large} {
		next := random(byte(20+seed), size)
		c.From, c.Size = s.put(c.From.Place, c.From.Name, next), size
		newer := s.copied(c)
		if newer.ETag == made.ETag {
			s.Errorf("%d bytes: still the older copy", size)
		}
		s.holds(newer, next)
		made = newer
	}
}

func (s suite) copyLarge() {
	content, c := s.large(11)
	slices, next := 0, c
	for done := (airlock.Copied{}); done.ETag == ""; slices++ {
		var err error
		if done, err = s.Vault.Copy(s.Context(), next); err != nil {
			s.Fatal(err)
		}
		if done.ETag == "" && (done.Offset <= next.Offset || done.Offset >= c.Size) {
			s.Fatalf("slice went from %d to %d of %d", next.Offset, done.Offset, c.Size)
		}
		if done.ETag == "" {
			s.absent(c.To)
		}
		next.Offset = done.Offset
	}
	if slices < 3 {
		s.Errorf("%d slices, want three or more", slices)
	}
	got, made := s.read(c.To)
	s.holds(c.To, content)
	if made.Type != "text/csv" || int64(len(got)) != c.Size {
		s.Errorf("type %q, %d bytes", made.Type, len(got))
	}
}

// copyRepeated runs every slice twice, as after a crash before its result was
// saved, and starts over in the middle.
func (s suite) copyRepeated() {
	content, c := s.large(12)
	next := c
	var made string
	for range maxSlices {
		first, err := s.Vault.Copy(s.Context(), next)
		if err != nil {
			s.Fatal(err)
		}
		again, err := s.Vault.Copy(s.Context(), next)
		if err != nil || again != first {
			s.Fatalf("repeat at %d: %+v, %v; was %+v", next.Offset, again, err, first)
		}
		if made = first.ETag; made != "" {
			break
		}
		next.Offset = first.Offset
	}
	for _, offset := range []int64{0, c.Size / 2, c.Size} { // late slices of a copy that is complete
		c.Offset = offset
		if got := s.copied(c); got.ETag != made {
			s.Errorf("slice at %d after the end: etag %s, was %s", offset, got.ETag, made)
		}
	}
	s.holds(airlock.Ref{Place: c.To.Place, Name: c.To.Name, ETag: made}, content)
}

func (s suite) copyConcurrent() {
	content, large := s.large(13)
	small := airlock.Copy{From: s.put(large.From.Place, "small", content[:50]), To: airlock.Ref{Place: large.To.Place, Name: "small"}, Size: 50}
	for _, c := range []airlock.Copy{small, large} {
		made := make([]airlock.Ref, 3)
		var group sync.WaitGroup
		for i := range made {
			group.Go(func() { made[i] = s.copied(c) })
		}
		group.Wait()
		for _, ref := range made {
			if ref != made[0] {
				s.Errorf("%d bytes: copies made %v", c.Size, made)
			}
		}
		s.holds(made[0], content[:c.Size])
	}
}

// copyMissingSlice begins in the middle: the copy must not end with a hole,
// but say that it begins again.
func (s suite) copyMissingSlice() {
	content, c := s.large(14)
	c.Offset = c.Size / 2
	for range maxSlices {
		got, err := s.Vault.Copy(s.Context(), c)
		if err != nil || got.ETag != "" {
			s.Fatalf("slice at %d: %+v, %v; the first half is missing", c.Offset, got, err)
		}
		again := got.Offset < c.Offset
		c.Offset = got.Offset
		if again {
			s.holds(s.copied(c), content)
			return
		}
	}
	s.Errorf("still at %d of %d", c.Offset, c.Size)
}

func (s suite) copyOverwritten() {
	_, c := s.large(15)
	begun, err := s.Vault.Copy(s.Context(), c)
	if err != nil {
		s.Fatal(err)
	}
	newer := random(16, s.Large)
	next := c
	next.From, next.Offset = s.put(c.From.Place, c.From.Name, newer), 0
	c.Offset = begun.Offset
	if got, err := s.Vault.Copy(s.Context(), c); !errors.Is(err, airlock.ErrChanged) {
		s.Errorf("copy of an overwritten file: %+v, %v", got, err)
	}
	s.holds(s.copied(next), newer)
}
