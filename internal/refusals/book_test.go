package refusals_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/refusals"
)

// table counts the writes of counts, and fails while away.
type table struct {
	memstore.Store
	mu     sync.Mutex
	writes int
	away   bool
}

func (s *table) Restate(ctx context.Context, id string, line audit.Line) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errors.New("away")
	}
	s.writes++
	return s.Store.Restate(ctx, id, line)
}

// lines are how many refusals have a line, and the counts of the others.
func (s *table) lines(t *testing.T) (own int, counts []string) {
	t.Helper()
	all, err := s.StrangeLines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range all {
		if strings.Contains(line.Reason, " more w") {
			counts = append(counts, line.At.Format("15:04 ")+line.Reason)
		} else {
			own++
		}
	}
	return own, counts
}

func keep(t *testing.T, b *refusals.Book, what int) {
	t.Helper()
	line := audit.Line{Workspace: "system", At: time.Now(), Action: "refused", Reason: "foreign", Actor: audit.Actor{Name: "blobcreated"}}
	if err := b.Keep(t.Context(), "refused", line, fmt.Sprint(what)); err != nil {
		t.Fatal(err)
	}
}

// What finds no room among the lines of its minute is counted, and the number
// is written once in five seconds, however many come.
func TestCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &table{}
		b := &refusals.Book{Store: s, Now: time.Now, PerMinute: 1, Log: slog.New(slog.DiscardHandler)}
		for i := range 100 {
			keep(t, b, i)
			time.Sleep(100 * time.Millisecond) // ten seconds in all, of the bubble's clock
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if own, counts := s.lines(t); own != 1 || len(counts) != 1 || counts[0] != "00:00 99 more were refused in this minute" || s.writes != 2 {
			t.Errorf("%d lines, %q, written %d times", own, counts, s.writes)
		}
		time.Sleep(time.Minute)
		keep(t, b, 1)
		keep(t, b, 1)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if own, counts := s.lines(t); own != 2 || len(counts) != 2 || counts[1] != "00:01 1 more was refused in this minute" {
			t.Errorf("in the next minute: %d lines, %q", own, counts)
		}
	})
}

// Two processes have counts of their own, and one that ends loses what it
// counted since it last wrote.
func TestInstances(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &table{}
		for range 2 {
			b := &refusals.Book{Store: s, Now: time.Now, PerMinute: 1, Every: time.Second}
			for range 10 {
				keep(t, b, 0)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		ended := &refusals.Book{Store: s, Now: time.Now, PerMinute: 1, After: func(time.Duration, func()) {}}
		keep(t, ended, 0)
		if own, counts := s.lines(t); own != 1 || len(counts) != 2 {
			t.Errorf("%d lines, %q", own, counts)
		}
	})
}

// A count that could not be written is written later, with what came since.
func TestWrittenLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &table{away: true}
		b := &refusals.Book{Store: s, Now: time.Now, PerMinute: 1, Log: slog.New(slog.DiscardHandler)}
		for range 5 {
			keep(t, b, 0)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if err := b.Flush(t.Context()); err == nil {
			t.Error("a store that is away takes a count")
		}
		keep(t, b, 0)
		s.mu.Lock()
		s.away = false
		s.mu.Unlock()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if own, counts := s.lines(t); own != 1 || len(counts) != 1 || counts[0] != "00:00 5 more were refused in this minute" || s.writes != 1 {
			t.Errorf("%d lines, %q, written %d times", own, counts, s.writes)
		}
	})
}

// BenchmarkKeep is what a refusal without a line of its own costs beside the
// store: nothing is written for it.
func BenchmarkKeep(b *testing.B) {
	book := &refusals.Book{Store: &memstore.Store{}, Now: time.Now, PerMinute: 1, After: func(time.Duration, func()) {}}
	line := audit.Line{Workspace: "system", At: time.Now(), Action: "refused"}
	for b.Loop() {
		if err := book.Keep(b.Context(), "refused", line, "x"); err != nil {
			b.Fatal(err)
		}
	}
}
