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
		if limit := 43 + files*143/20; n > limit {
			t.Errorf("%d operations for %d files, at most %d", n, files, limit)
		}
	}
}

// TestReplay plays the calls of a story again elsewhere: all of them, and no
// others, to the same end.
func TestReplay(t *testing.T) {
	t.Parallel()
	played := &tape{}
	p, err := newPipeline(t.Context(), memory(), played)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.story(t.Context(), 130); err != nil {
		t.Fatal(err)
	}
	if played.ports != p.calls.total() || len(played.calls) != played.ports+130 {
		t.Errorf("%d calls recorded, %d counted", played.ports, p.calls.total())
	}
	for range 2 { // a tape can be played again
		back, again := memory(), &tape{}
		seen := backend{rows: taped{back.rows, again}, boxes: tapedDesk{back.boxes, again}, vault: tapedVault{back.vault, again}, put: back.put}
		if _, err := played.play(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
		if again.ports != played.ports+1 { // and the look at how it ended
			t.Errorf("%d calls replayed, %d recorded", again.ports, played.ports)
		}
	}
}
