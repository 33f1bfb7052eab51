package filestest

import (
	"errors"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// maxPurges is how often a container may be looked at until it is gone.
const maxPurges = 50

// purged purges a container until it was seen gone.
func (s suite) purged(place airlock.Place) {
	s.Helper()
	for range maxPurges {
		gone, err := s.Janitor.Purge(s.Context(), place)
		if err != nil {
			s.Fatalf("purge: %v", err)
		}
		if gone {
			return
		}
		s.Settle()
	}
	s.Fatalf("not gone after %d purges", maxPurges)
}

func (s suite) purge() {
	place, neighbour := s.place(s.Account), s.place(s.Account)
	ref, kept := s.put(place, "a.csv", []byte("1")), s.put(neighbour, "a.csv", []byte("2"))
	if gone, err := s.Janitor.Purge(s.Context(), place); gone || err != nil {
		s.Errorf("first purge: gone %v, %v; it was there a moment ago", gone, err)
	}
	s.absent(ref)
	s.purged(place)
	s.purged(place)
	if _, _, err := s.Desk.List(s.Context(), place, airlock.Page{}); !errors.Is(err, airlock.ErrNotFound) {
		s.Errorf("list of what is gone: %v", err)
	}
	if gone, err := s.Janitor.Purge(s.Context(), airlock.Place{Account: s.Account, Container: s.fresh()}); !gone || err != nil {
		s.Errorf("purge of nothing: gone %v, %v", gone, err)
	}
	s.holds(kept, []byte("2"))
}

func (s suite) purgeLeased() {
	place := s.place(s.Account)
	ref := s.put(place, "leased.csv", []byte("1"))
	for _, name := range []string{"leased.csv", ""} {
		if err := s.Outside.Lease(s.Context(), place, name); err != nil {
			s.Fatal(err)
		}
	}
	s.purged(place)
	s.absent(ref)
}

func (s suite) listContainers() {
	mine, theirs := s.place(s.Account), s.place(s.Other)
	second := s.place(s.Account)
	var got []string
	for page := (airlock.Page{Limit: 2}); ; {
		found, next, err := s.Janitor.Containers(s.Context(), s.Account, page)
		if err != nil {
			s.Fatal(err)
		}
		if len(found) > 2 {
			s.Errorf("page of %d", len(found))
		}
		for _, f := range found {
			got = append(got, f.Name)
			if age := s.Now().Sub(f.Modified); f.Name == mine.Container && (age < -time.Minute || age > time.Minute) {
				s.Errorf("modified %v, now it is %v", f.Modified, s.Now())
			}
		}
		if page.After = next; next == "" {
			break
		}
	}
	for _, place := range []airlock.Place{mine, second} {
		if n := len(slices.DeleteFunc(slices.Clone(got), func(name string) bool { return name != place.Container })); n != 1 {
			s.Errorf("container %s is listed %d times", place.Container, n)
		}
	}
	if slices.Contains(got, theirs.Container) {
		s.Error("lists another account's container")
	}
	s.purged(second)
	found, _, err := s.Janitor.Containers(s.Context(), s.Account, airlock.Page{})
	listed := func(place airlock.Place) bool {
		return slices.ContainsFunc(found, func(f airlock.Found) bool { return f.Name == place.Container })
	}
	if err != nil || listed(second) || !listed(mine) {
		s.Errorf("after a purge: lists it %v, its neighbour %v, %v", listed(second), listed(mine), err)
	}
}
