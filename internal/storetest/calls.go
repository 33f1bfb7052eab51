package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/calls"
)

var callRules = []rule{
	{"a key is kept by who claims it first", keysFirst},
	{"of many that claim at once one wins", keysRace},
	{"an old key is claimed anew, and forgotten", keysOld},
	{"a bucket is written under its version", bucketVersions},
}

func key(name, print string, since time.Time) calls.Key {
	return calls.Key{Owner: "ann", Name: name, Print: print, Since: since}
}

func keysFirst(t *testing.T, s Store) {
	first := key("/a?'\\#\x00", "one", at)
	got, err := s.Claim(t.Context(), first, at.Add(-time.Hour))
	check(t, err)
	equal(t, got, first)
	got, err = s.Claim(t.Context(), key(first.Name, "two", at.Add(time.Minute)), at.Add(-time.Hour))
	check(t, err)
	equal(t, got, first)
	other := first
	other.Owner = "bob"
	other.Print = "three"
	got, err = s.Claim(t.Context(), other, at.Add(-time.Hour))
	check(t, err)
	equal(t, got, other)
}

func keysRace(t *testing.T, s Store) {
	_, err := s.Claim(t.Context(), key("warm", "x", at), at) // so that the table exists
	check(t, err)
	var all sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		all.Go(func() {
			k, err := s.Claim(t.Context(), key("race", string(rune('a'+i)), at), at)
			if err == nil {
				got[i] = k.Print
			}
		})
	}
	all.Wait()
	won := ""
	for _, print := range got {
		if print != "" && won != "" && print != won {
			t.Fatalf("%q", got)
		}
		if print != "" {
			won = print
		}
	}
}

func keysOld(t *testing.T, s Store) {
	_, err := s.Claim(t.Context(), key("k", "old", at), at)
	check(t, err)
	late := at.Add(48 * time.Hour)
	fresh := key("k", "new", late)
	got, err := s.Claim(t.Context(), fresh, late.Add(-24*time.Hour))
	check(t, err)
	equal(t, got, fresh)
	_, err = s.Claim(t.Context(), key("other", "old", at), at)
	check(t, err)
	check(t, s.Forget(t.Context(), late))
	got, err = s.Claim(t.Context(), key("k", "again", late), at)
	check(t, err)
	equal(t, got, fresh)
	got, err = s.Claim(t.Context(), key("other", "again", late), at)
	check(t, err)
	equal(t, got.Print, "again")
}

func bucketVersions(t *testing.T, s Store) {
	b, err := s.Bucket(t.Context(), "ann")
	check(t, err)
	equal(t, b, calls.Bucket{})
	check(t, s.PutBucket(t.Context(), "ann", calls.Bucket{Left: 2.5, At: at}))
	if err := s.PutBucket(t.Context(), "ann", calls.Bucket{Left: 9, At: at}); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("a second new bucket: %v, want ErrConflict", err)
	}
	b, err = s.Bucket(t.Context(), "ann")
	check(t, err)
	if b.Left != 2.5 || !b.At.Equal(at) || b.Version == "" {
		t.Errorf("bucket %+v", b)
	}
	b.Left = 1
	check(t, s.PutBucket(t.Context(), "ann", b))
	if err := s.PutBucket(t.Context(), "ann", b); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("an old version: %v, want ErrConflict", err)
	}
	if b, err = s.Bucket(t.Context(), "bob"); err != nil || b.Version != "" {
		t.Errorf("somebody else's bucket is %+v, %v", b, err)
	}
}
