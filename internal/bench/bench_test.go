package main

import "testing"

// TestTenThousandFiles takes 10,000 files through everything on memory: the
// counts are right, and a file costs no more storage operations than one of a
// hundred does.
func TestTenThousandFiles(t *testing.T) {
	t.Parallel()
	small, _, err := used(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	large, _, err := used(t.Context(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	if float64(large.total())/10_000 > float64(small.total())/100 {
		t.Errorf("%d operations for 10,000 files, %d for 100: more a file", large.total(), small.total())
	}
	one, _, err := used(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	// The goal is 16 + 8 a file; `make bench` says how near it is. This keeps it
	// from getting worse.
	for files, n := range map[int]int{1: one.total(), 100: small.total(), 10_000: large.total()} {
		if limit := 34 + files*143/20; n > limit {
			t.Errorf("%d operations for %d files, at most %d", n, files, limit)
		}
	}
}
