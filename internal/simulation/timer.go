package simulation

import (
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
)

// timer is a function that the host calls by the clock.
type timer struct {
	name  string
	every time.Duration
	last  time.Time
	off   bool
}

// nextTimer is the timer that fires next, and when. A tick that would find
// nothing to do is left out: that is what lets the clock run over days.
func (w *World) nextTimer() (*timer, time.Time) {
	var first *timer
	var at time.Time
	for _, t := range []*timer{&w.sweep, &w.retain, &w.tend} {
		due, any := w.wanted(t)
		if !any || t.off {
			continue
		}
		if next := later(t.last.Add(t.every), due); first == nil || next.Before(at) {
			first, at = t, next
		}
	}
	return first, at
}

// wanted is when a timer's function finds something to do.
func (w *World) wanted(t *timer) (at time.Time, any bool) {
	note := func(due time.Time) {
		if !any || due.Before(at) {
			at, any = due, true
		}
	}
	if t == &w.tend {
		return w.estate.tends()
	}
	for _, o := range w.open() {
		if o.Rests == (t == &w.retain) {
			note(o.Due)
		}
	}
	if t == &w.retain {
		for _, made := range w.orphans() {
			note(made.Add(w.set.Orphan))
		}
		for _, lent := range w.estate.unowned() {
			note(lent.Add(time.Hour))
		}
		return at, any
	}
	for _, box := range w.poison {
		for _, l := range box {
			note(l.hidden)
		}
	}
	for _, l := range w.dead {
		note(l.hidden)
	}
	return at, any
}

func (w *World) tick(t *timer) {
	t.last = w.now
	w.tracef("%s ticks", t.name)
	w.invoke(w.engine[t.name], azfunc.Tick{}, func(outcome) {}) // a timer's call is not repeated
}

// drop takes a put-aside message away.
func drop(boxes []*letterbox, l *letterbox) []*letterbox {
	return slices.DeleteFunc(boxes, func(o *letterbox) bool { return o == l })
}
