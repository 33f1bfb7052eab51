package workspace

import "time"

// Stuck says that orders about a step of an operation were poisoned: the engine
// could not even look at it, as often as it tried.
type Stuck struct {
	Step  string    `json:"step"`  // the id of the one that was current
	Marks int       `json:"marks"` // poisoned orders, until administrators are told
	Last  string    `json:"last"`  // the message that was counted last
	At    time.Time `json:"at"`    // when that was
	Tell  bool      `json:"tell,omitempty"`
}

// Poisoned is an order about an operation that no function could handle.
type Poisoned struct {
	Message string // its id
	At      time.Time
}

// Marked is the operation with a mark that an order about its current step was
// poisoned, and with what people read of that; news is false when nothing of it
// is new. With so many marks as are enough, administrators are to be told: once
// a step, however often it is marked again.
func (o Operation) Marked(p Poisoned, message string, enough int) (marked Operation, news bool) {
	if o.Ended() {
		return o, false
	}
	step := o.Steps[o.at()].ID
	s := Stuck{Step: step}
	if o.Stuck != nil && o.Stuck.Step == step {
		s = *o.Stuck
	}
	counts := s.Marks < enough && (s.Last != p.Message || s.Marks == 0)
	if !counts && o.Message == message {
		return o, false
	}
	if counts {
		s.Marks, s.Last, s.At = s.Marks+1, p.Message, p.At.UTC()
		s.Tell = s.Marks == enough
	}
	o.Message, o.Stuck = message, &s
	return o, true
}

// Untold tells whether administrators have yet to be told that the operation is
// stuck. Of one that ended in the meantime they are not: what became of it is
// told in its own way.
func (o Operation) Untold() bool { return o.Stuck != nil && o.Stuck.Tell && !o.Ended() }

// Heard is the operation once administrators were told.
func (o Operation) Heard() Operation {
	if o.Stuck != nil {
		s := *o.Stuck
		s.Tell = false
		o.Stuck = &s
	}
	return o
}
