package ncrontab_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/ncrontab"
)

func at(text string) time.Time {
	when, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return when
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ schedule, from, want string }{
		{"* * * * * *", "2026-01-01 00:00:00", "2026-01-01 00:00:01"},
		{"0 * * * * *", "2026-01-01 00:00:00", "2026-01-01 00:01:00"},
		{"*/10 * * * * *", "2026-01-01 00:00:55", "2026-01-01 00:01:00"},
		{"0 0 3 * * *", "2026-01-01 03:00:00", "2026-01-02 03:00:00"},
		{"0 */5 9-17 * * Mon-Fri", "2026-01-02 17:55:00", "2026-01-05 09:00:00"},
		{"*/5 * * * *", "2026-01-01 00:04:59", "2026-01-01 00:05:00"},
		{"0 0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"},
		{"0 0 0 31 * *", "2026-01-31 00:00:00", "2026-03-31 00:00:00"},
		{"0 0 0 13 * friday", "2026-01-01 00:00:00", "2026-02-13 00:00:00"}, // both, unlike cron
		{"30 5,10 1 1 jan,jul *", "2026-01-02 00:00:00", "2026-07-01 01:05:30"},
		{"0 50/5 * * * *", "2026-01-01 00:51:00", "2026-01-01 00:55:00"},
		{"00:00:05", "2026-01-01 00:00:01", "2026-01-01 00:00:06"},
	} {
		s, err := ncrontab.Parse(test.schedule)
		if err != nil {
			t.Errorf("%s: %v", test.schedule, err)
			continue
		}
		if got := s.Next(at(test.from)); !got.Equal(at(test.want)) {
			t.Errorf("%s after %s: %s, want %s", test.schedule, test.from, got, test.want)
		}
	}
}

func TestNever(t *testing.T) {
	t.Parallel()
	s, err := ncrontab.Parse("0 0 0 31 2 *")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Next(at("2026-01-01 00:00:00")); !got.IsZero() {
		t.Errorf("31 February is on %s", got)
	}
	if got := s.Period(at("2026-01-01 00:00:00")); got != 0 {
		t.Errorf("its period is %s", got)
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]time.Duration{
		"*/10 * * * * *": 10 * time.Second, "0 * * * * *": time.Minute, "0 0 3 * * *": 24 * time.Hour, "00:05:00": 5 * time.Minute,
	} {
		s, err := ncrontab.Parse(schedule)
		if err != nil || s.Period(at("2026-01-01 00:00:00")) != want {
			t.Errorf("%s: %s, %v, want %s", schedule, s.Period(at("2026-01-01 00:00:00")), err, want)
		}
	}
}

func TestNotASchedule(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "*", "* * *", "60 * * * * *", "* * 24 * * *", "* * * 0 * *", "* * * * 13 *",
		"* * * * * 7", "5-1 * * * * *", "*/0 * * * * *", "*/x * * * * *", "a * * * * *", "1-x * * * * *",
		"00:00:00", "25:00:00", "%SCHEDULE%"} {
		if _, err := ncrontab.Parse(text); !errors.Is(err, ncrontab.ErrSchedule) {
			t.Errorf("%q: %v, want ErrSchedule", text, err)
		}
	}
}

// TestNextIsTheFirst draws schedules and finds by walking that Next skips none.
func TestNextIsTheFirst(t *testing.T) {
	t.Parallel()
	part := rapid.SampledFrom([]string{"*", "0", "5", "*/7", "10-20", "3,30"})
	rapid.Check(t, func(t *rapid.T) {
		text := part.Draw(t, "second") + " " + part.Draw(t, "minute") + " * * * *"
		s, err := ncrontab.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		from := at("2026-03-01 00:00:00").Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "offset")) * time.Second)
		next := s.Next(from)
		for walk := from.Add(time.Second); walk.Before(next); walk = walk.Add(time.Second) {
			if s.Next(walk.Add(-time.Second)).Equal(walk) {
				t.Fatalf("%s after %s: %s, but %s comes first", text, from, next, walk)
			}
		}
		if !next.After(from) || !s.Next(next.Add(-time.Second)).Equal(next) {
			t.Fatalf("%s after %s: %s", text, from, next)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("0 */5 9-17 * * Mon-Fri")
	f.Add("00:05:00")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ncrontab.Parse(text)
		if err != nil {
			return
		}
		from := at("2026-01-01 00:00:00")
		if next := s.Next(from); !next.IsZero() && !next.After(from) {
			t.Fatalf("%q after %s: %s", text, from, next)
		}
	})
}
