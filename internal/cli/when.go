package cli

import (
	"fmt"
	"math"
	"time"
)

// Unix is a time as the API writes it: seconds since 1970, with a fraction.
func Unix(seconds float64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000)
}

const (
	day  = 24 * time.Hour
	near = 7 * day // within which "2 h ago" says more than a date
)

// Ago is a time for people: how long ago, or in how long, when it is near; else
// its date. The zero time is "".
func (c *Context) Ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	passed := c.Now().Sub(t)
	switch {
	case passed.Abs() >= near:
		return t.In(c.Zone).Format(time.DateOnly)
	case passed.Abs() < time.Minute:
		return "now"
	case passed > 0:
		return span(passed) + " ago"
	}
	return "in " + span(-passed)
}

// span is a duration in its largest unit.
func span(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < day:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d/day))
}

// Stamp is a time in full: in the local zone for people, RFC 3339 in UTC for
// programs. The zero time is "".
func (c *Context) Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if !c.Terminal.Out {
		return t.UTC().Format(time.RFC3339)
	}
	return t.In(c.Zone).Format("2006-01-02 15:04:05")
}

// Time is a cell with a time: near for people, in full for programs.
func (c *Context) Time(t time.Time) Cell {
	if t.IsZero() {
		return Cell{}
	}
	return Cell{Text: c.Ago(t), Whole: t.UTC().Format(time.RFC3339)}
}

// shortID is how many characters of an id a table shows: enough that two of a
// screen are never the same, and a command takes them.
const shortID = 8

// ID is a cell with an id: its beginning for people, all of it for programs.
func ID(id string) Cell {
	if len(id) > shortID {
		return Cell{Text: id[:shortID], Whole: id}
	}
	return Cell{Text: id}
}
