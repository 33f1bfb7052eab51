// Package ncrontab reads the schedules of timer triggers: six fields
// ({second} {minute} {hour} {day} {month} {day of week}), five without the
// seconds, or a time span such as 00:05:00. Unlike Unix cron, a schedule that
// restricts both the day and the day of week asks for both at once.
// See https://github.com/atifaziz/NCrontab and
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions.
package ncrontab

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrSchedule marks text that is not a schedule.
var ErrSchedule = errors.New("not a timer schedule")

// horizon ends the search for the next occurrence. Eight years hold every leap
// day, so a schedule without an occurrence in them has none (31 February).
const horizon = 8 * 366 * 24 * time.Hour

// Schedule says when a timer fires.
type Schedule struct {
	every                                   time.Duration // a time span instead of fields
	second, minute, hour, day, month, wkday uint64        // bit n set: n matches
}

type field struct {
	name     string
	min, max int
	names    []string // spelled values, from min upwards
}

var fields = []field{
	{name: "second", max: 59},
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day", min: 1, max: 31},
	{name: "month", min: 1, max: 12, names: []string{
		"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{name: "day of week", max: 6, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// Parse reads a schedule; its errors are ErrSchedule.
func Parse(text string) (Schedule, error) {
	parts := strings.Fields(text)
	if len(parts) == 1 {
		return parseSpan(parts[0])
	}
	if len(parts) == 5 {
		parts = append([]string{"0"}, parts...)
	}
	if len(parts) != len(fields) {
		return Schedule{}, fmt.Errorf("%w: %q has %d fields, not 5 or 6", ErrSchedule, text, len(parts))
	}
	var s Schedule
	for i, bits := range []*uint64{&s.second, &s.minute, &s.hour, &s.day, &s.month, &s.wkday} {
		set, err := fields[i].parse(parts[i])
		if err != nil {
			return Schedule{}, fmt.Errorf("%w: %q: %w", ErrSchedule, text, err)
		}
		*bits = set
	}
	return s, nil
}

func parseSpan(text string) (Schedule, error) {
	at, err := time.Parse("15:04:05", text)
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: %q", ErrSchedule, text)
	}
	every := at.Sub(at.Truncate(24 * time.Hour))
	if every <= 0 {
		return Schedule{}, fmt.Errorf("%w: %q is no time at all", ErrSchedule, text)
	}
	return Schedule{every: every}, nil
}

func (f field) parse(text string) (uint64, error) {
	var set uint64
	for part := range strings.SplitSeq(text, ",") {
		bits, err := f.part(part)
		if err != nil {
			return 0, err
		}
		set |= bits
	}
	return set, nil
}

// part reads one of *, n, n-m, and each with /step.
func (f field) part(text string) (uint64, error) {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		var err error
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
			return 0, fmt.Errorf("%s: step %q", f.name, stepText)
		}
	}
	low, high := f.min, f.max
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		var err error
		if low, err = f.value(first); err != nil {
			return 0, err
		}
		switch {
		case ranged:
			if high, err = f.value(last); err != nil {
				return 0, err
			}
		case !stepped: // n/step runs from n to the end, n alone is n
			high = low
		}
	}
	if low > high {
		return 0, fmt.Errorf("%s: %q runs backwards", f.name, span)
	}
	var set uint64
	for n := low; n <= high; n += step {
		set |= 1 << n
	}
	return set, nil
}

func (f field) value(text string) (int, error) {
	for i, name := range f.names {
		if len(text) >= 3 && strings.EqualFold(text[:3], name) {
			return f.min + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%s: %q is not within %d-%d", f.name, text, f.min, f.max)
	}
	return n, nil
}

// Next returns the first occurrence after t in t's time zone, or the zero time
// when there is none.
func (s Schedule) Next(t time.Time) time.Time {
	if s.every > 0 {
		return t.Add(s.every)
	}
	end := t.Add(horizon)
	t = t.Truncate(time.Second).Add(time.Second)
	for t.Before(end) {
		year, month, day := t.Date()
		switch {
		case !has(s.month, int(month)):
			t = time.Date(year, month+1, 1, 0, 0, 0, 0, t.Location())
		case !has(s.day, day) || !has(s.wkday, int(t.Weekday())):
			t = time.Date(year, month, day+1, 0, 0, 0, 0, t.Location())
		case !has(s.hour, t.Hour()):
			t = t.Truncate(time.Hour).Add(time.Hour)
		case !has(s.minute, t.Minute()):
			t = t.Truncate(time.Minute).Add(time.Minute)
		case !has(s.second, t.Second()):
			t = t.Add(time.Second)
		default:
			return t
		}
	}
	return time.Time{}
}

// Period is the time between the two next occurrences after t; zero when there
// are not two.
func (s Schedule) Period(t time.Time) time.Duration {
	first := s.Next(t)
	if first.IsZero() {
		return 0
	}
	second := s.Next(first)
	if second.IsZero() {
		return 0
	}
	return second.Sub(first)
}

func has(set uint64, n int) bool { return set&(1<<n) != 0 }
