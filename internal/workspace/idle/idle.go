// Package idle says when a machine is stopped without anybody asking: when
// nothing happens on it, or when its schedule says so; whom to warn before, and
// what an extension changes. It is pure: what was seen comes in as a value, and
// what to do goes out.
package idle

import (
	"fmt"
	"time"
)

// Rules are how an installation goes about it.
type Rules struct {
	Warning time.Duration // between the warning and the stop
	Busy    float64       // percent of CPU from which on a machine is in use
	Longest time.Duration // how far ahead of now an extension may reach
}

// DefaultRules are in force where settings say nothing: half an hour to save
// what one is at; a desktop that nobody touches stays below 5 percent; and an
// extension bridges a weekend.
var DefaultRules = Rules{Warning: 30 * time.Minute, Busy: 5, Longest: 72 * time.Hour}

// Machine is what its owner, or its template, wants.
type Machine struct {
	WhenIdle time.Duration // it is stopped when unused for so long; 0: never
	Schedule Schedule      // it is stopped at this time of day; the zero value: never
}

// Watch is what is remembered of a machine between two looks. The zero value is
// that of a machine that was never seen running.
type Watch struct {
	InUse  time.Time `json:"inUse,omitzero"`  // when it was last seen in use, started, or first seen running
	Seen   time.Time `json:"seen,omitzero"`   // when it was last seen running; zero: it was not running
	Warned time.Time `json:"warned,omitzero"` // when its owner was warned; zero: of no stop that is to come
	Stop   time.Time `json:"stop,omitzero"`   // that the warning named
	Cause  Cause     `json:"cause,omitempty"` // of that stop
	Until  time.Time `json:"until,omitzero"`  // not before: somebody extended it
}

// Cause is why a machine is stopped.
type Cause string

// The causes.
const (
	Unused    Cause = "unused"
	Scheduled Cause = "scheduled"
)

// Sight is what a look saw.
type Sight struct {
	Running bool
	Acted   bool    // somebody, or the TRE, did something to it since the last look
	CPU     float64 // highest percentage since the last look
	Known   bool    // whether anybody can tell; a machine of which nobody can is in use
}

// Do is what is to be done.
type Do string

// What can be done.
const (
	Nothing Do = ""
	Warn    Do = "warn"   // tell the owner of Watch.Stop and Watch.Cause, and how to extend
	Stop    Do = "stop"   // stop it
	Forget  Do = "forget" // the warning is void: it is in use again, was extended, or stopped
)

// Look says what is to be done with a machine, and what to remember. The watch
// is to be stored before it is done, so that a repeat does nothing again.
func (m Machine) Look(w Watch, s Sight, at time.Time, r Rules) (Watch, Do) {
	at = at.UTC()
	if !s.Running {
		if w.Warned.IsZero() {
			return Watch{}, Nothing
		}
		return Watch{}, Forget
	}
	fresh := w.Seen.IsZero()
	before := w.Seen
	w.Seen = at
	if fresh || !s.Known || s.CPU >= r.Busy {
		w.InUse = at
	}
	if fresh {
		before = at
	}
	if w.Warned.IsZero() {
		return m.announce(w, before, at, r)
	}
	served := s.Acted && !at.Before(w.Stop) // it was stopped as was said, and started again since
	switch {
	case w.Cause == Unused && (m.WhenIdle == 0 || w.InUse.After(w.Warned)), w.Cause == Scheduled && (m.Schedule.zero() || served), w.Until.After(w.Stop):
		w.Warned, w.Stop, w.Cause = time.Time{}, time.Time{}, ""
		return w, Forget
	case at.Before(w.Stop):
		return w, Nothing
	}
	return w, Stop
}

// announce warns of the next stop once it is near.
func (m Machine) announce(w Watch, before, at time.Time, r Rules) (Watch, Do) {
	stop, cause := m.next(w, before)
	if stop.IsZero() || stop.Sub(at) > r.Warning {
		return w, Nothing
	}
	if earliest := at.Add(r.Warning); stop.Before(earliest) { // a late look, or a machine that was just set up so: the owner has the whole time all the same
		stop = earliest
	}
	w.Warned, w.Stop, w.Cause = at, stop.UTC(), cause
	return w, Warn
}

// next is when the machine is to be stopped; zero: not at all. before is when it
// was looked at last: what the schedule named since then was not missed.
func (m Machine) next(w Watch, before time.Time) (time.Time, Cause) {
	var stop time.Time
	cause := Unused
	if m.WhenIdle > 0 {
		stop = w.InUse.Add(m.WhenIdle)
		if stop.Before(w.Until) {
			stop = w.Until
		}
	}
	from := before
	if w.Until.After(from) {
		from = w.Until
	}
	if due := m.Schedule.after(from); !due.IsZero() && (stop.IsZero() || due.Before(stop)) {
		stop, cause = due, Scheduled
	}
	return stop, cause
}

// Extend puts off what would stop the machine, until so long from now. It is an
// error to reach further than the rules allow.
func (w Watch) Extend(by time.Duration, at time.Time, r Rules) (Watch, error) {
	if by <= 0 || by > r.Longest {
		return w, fmt.Errorf("hours: %g, more than 0 and at most %g", by.Hours(), r.Longest.Hours())
	}
	if until := at.Add(by).UTC(); until.After(w.Until) {
		w.Until = until
	}
	return w, nil
}
