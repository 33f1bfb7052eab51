package transfer_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// TestAJournalIsAsLongAsItWasWritten writes anything into a journal, cuts its
// file anywhere, and finds what was written before the cut and nothing else.
func TestAJournalIsAsLongAsItWasWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.StringMatching(`[a-z]{12}`).Draw(t, "place")
		j, err := transfer.OpenJournal(folder, place, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = j.Remove() }()
		path := newest(t, folder)
		type entry struct {
			name, part string
			end        int64
		}
		var all []entry
		for range rapid.IntRange(1, 20).Draw(t, "entries") {
			e := entry{name: rapid.String().Draw(t, "name"), part: rapid.StringN(1, 40, -1).Draw(t, "part")}
			if err := j.Part(e.name, e.part); err != nil {
				t.Fatal(err)
			}
			e.end = size(t, path)
			all = append(all, e)
		}
		cut := rapid.Int64Range(0, size(t, path)).Draw(t, "cut")
		if err := os.Truncate(path, cut); err != nil {
			t.Fatal(err)
		}
		again, err := transfer.OpenJournal(folder, place, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = again.Close() }()
		if err := again.Part("one more", "after the cut"); err != nil {
			t.Fatal(err)
		}
		third, err := transfer.OpenJournal(folder, place, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = third.Close() }()
		there := map[[2]string]bool{}
		for _, e := range all {
			there[[2]string{e.name, e.part}] = there[[2]string{e.name, e.part}] || e.end <= cut+1 // the line's end may be missing
		}
		for key, want := range there {
			if got := third.Has(key[0], key[1]); got != want {
				t.Fatalf("%q: %v, want %v", key, got, want)
			}
		}
		if !third.Has("one more", "after the cut") {
			t.Fatal("what was written after the cut is lost")
		}
	})
}

func newest(t *rapid.T, folder string) string {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	return filepath.Join(folder, entries[0].Name())
}

func size(t *rapid.T, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestAJournalIsItsOwnersAndNotForEver(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "deep", "down")
	now := time.Now()
	old, err := transfer.OpenJournal(folder, "old", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Whole(transfer.Sent{Name: "a", SHA256: "s"}); err != nil {
		t.Fatal(err)
	}
	if err := old.Forget("a"); err != nil {
		t.Fatal(err)
	}
	if _, done := old.Done("a"); done {
		t.Error("what was forgotten is remembered")
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	path := filepath.Join(folder, entries[0].Name())
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	fresh, err := transfer.OpenJournal(folder, "fresh", now.Add(31*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fresh.Close() }()
	if _, err := os.Stat(path); err == nil {
		t.Error("a journal of a month ago is still there")
	}
}
