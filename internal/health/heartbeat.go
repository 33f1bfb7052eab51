// Package health says how the system is, and why. What only the worker that
// did something knows (a sweep ran, a mail was refused, an event came) it
// leaves behind as a heartbeat: a small row that every instance writes for
// itself. Everything else is asked when somebody wants to know.
package health

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// The sources of heartbeats.
const (
	Front       = "front"          // the app that faces people and Event Grid; its detail is its version
	Engine      = "engine"         // the app that does the work; its detail is its version
	Sweep       = "sweep"          // a run of the timer; its counts are what it found
	Retain      = "retain"         // a run of the timer
	Mail        = "mail"           // a mail was sent, or was not
	Topic       = "topic"          // an event of ours was published, or was not
	Verdict     = "verdict"        // a scanner's verdict was recorded; its detail is the class
	Inspection  = "inspection"     // a file was inspected
	BlobCreated = "blobcreated"    // a storage event came
	BlobScanned = "blobscanned"    // a scan result came
	Changed     = "airlockchanged" // an event of our own topic came
	Probe       = "health"         // written and read back to see whether tables work
)

// The counts of a sweep.
const (
	CountHints   = "hints"   // looks that were ordered
	CountPoison  = "poison"  // poisoned messages that were taken
	CountDead    = "dead"    // dead letters that were taken
	CountOverdue = "overdue" // requests whose work is past its time in spite of hints
)

// Heartbeat is when one instance last did something, and how that went.
type Heartbeat struct {
	Source   string           `json:"source"`
	Instance string           `json:"instance"`           // random, one a process
	Since    time.Time        `json:"since"`              // when the process first wrote it
	At       time.Time        `json:"at,omitzero"`        // when it last went well; zero: never
	Busy     time.Time        `json:"busy,omitzero"`      // since when it goes well again and again, without a pause of an hour
	FailedAt time.Time        `json:"failedAt,omitzero"`  // when it last failed; zero: never
	Failures int              `json:"failures,omitempty"` // in a row, since it went well
	Class    string           `json:"class,omitempty"`    // of the last failure: one word, never its text
	Detail   string           `json:"detail,omitempty"`   // of when it last went well
	Counts   map[string]int64 `json:"counts,omitempty"`   // of when it last went well
}

// pause ends a time of going well again and again.
const pause = time.Hour

// Latest is when the heartbeat says something of last.
func (h Heartbeat) Latest() time.Time {
	if h.FailedAt.After(h.At) {
		return h.FailedAt
	}
	return h.At
}

// Failing tells that it has failed since it last went well.
func (h Heartbeat) Failing() bool { return h.FailedAt.After(h.At) }

// Clone is a copy that shares nothing.
func (h Heartbeat) Clone() Heartbeat {
	h.Counts = maps.Clone(h.Counts)
	return h
}

// Store keeps heartbeats, one row a source and instance.
type Store interface {
	// Beat writes the row of the heartbeat's source and instance as a whole,
	// whether it exists or not. No other row changes, so that instances never
	// overwrite each other.
	Beat(ctx context.Context, h Heartbeat) error
	// Heartbeats lists all of them, in the order of source and instance.
	Heartbeats(ctx context.Context) ([]Heartbeat, error)
	// ForgetHeartbeat removes a row; one that is gone is fine.
	ForgetHeartbeat(ctx context.Context, source, instance string) error
}

// Merged is what all instances together say of one source: when it last went
// well and what that was, when it last failed and with which class, and how
// often in a row. It is zero when none has said anything.
func Merged(all []Heartbeat, source string) Heartbeat {
	var m Heartbeat
	for _, h := range all {
		if h.Source != source {
			continue
		}
		m.Source = source
		if h.At.After(m.At) {
			m.At, m.Detail, m.Counts, m.Instance = h.At, h.Detail, h.Counts, h.Instance
		}
		if h.FailedAt.After(m.FailedAt) {
			m.FailedAt, m.Class = h.FailedAt, h.Class
		}
		if m.Since.IsZero() || h.Since.Before(m.Since) {
			m.Since = h.Since
		}
	}
	for _, h := range all {
		if h.Source != source {
			continue
		}
		if h.FailedAt.After(m.At) {
			m.Failures += h.Failures
		}
		if m.At.Sub(h.At) < pause && (m.Busy.IsZero() || h.Busy.Before(m.Busy)) {
			m.Busy = h.Busy
		}
	}
	return m
}

// Stale lists the heartbeats that say nothing any more: silent since the given
// time, and neither the last success nor the last failure of their source.
func Stale(all []Heartbeat, since time.Time) []Heartbeat {
	newest := map[string]Heartbeat{}
	for _, h := range all {
		if _, known := newest[h.Source]; !known {
			newest[h.Source] = Merged(all, h.Source)
		}
	}
	stale := slices.DeleteFunc(slices.Clone(all), func(h Heartbeat) bool {
		m := newest[h.Source]
		last := !h.At.IsZero() && h.At.Equal(m.At) || !h.FailedAt.IsZero() && h.FailedAt.Equal(m.FailedAt)
		return !h.Latest().Before(since) || last && h.Source != Probe
	})
	slices.SortFunc(stale, func(a, b Heartbeat) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Instance, b.Instance))
	})
	return stale
}
