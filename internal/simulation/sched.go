package simulation

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// proc is one call of a function, or of the API by a person, in a process that
// can be killed. Its goroutine runs only while the scheduler waits for it.
type proc struct {
	name   string
	app    string // front or engine: a crash takes all calls of an app along
	id     int
	began  time.Time
	until  time.Time // stands still until then
	resume chan struct{}
	dead   bool // never runs another instruction that anybody can see
	done   bool
	body   func(ctx context.Context)
	end    func(died bool)
}

type procKey struct{}

func procOf(ctx context.Context) *proc {
	p, _ := ctx.Value(procKey{}).(*proc)
	return p
}

// start begins a process; it runs when the scheduler picks it.
func (w *World) start(p *proc) {
	w.started++
	p.id, p.began, p.resume = w.started, w.now, make(chan struct{})
	w.procs = append(w.procs, p)
	w.tracef("%s#%d begins", p.name, p.id)
	go func() {
		<-p.resume
		defer func() {
			if r := recover(); r != nil {
				w.fail("no panic", "%s: %v\n%s", p.name, r, debug.Stack())
				p.dead = true
			}
			p.done = true
			w.parked <- struct{}{}
		}()
		if !p.dead {
			p.body(context.WithValue(context.Background(), procKey{}, p))
		}
	}()
}

// run lets a process go on until it stops at a port or ends.
func (w *World) run(p *proc) {
	p.resume <- struct{}{}
	<-w.parked
	if !p.done {
		return
	}
	w.procs = slices.DeleteFunc(w.procs, func(q *proc) bool { return q == p })
	if p.dead {
		w.tracef("%s#%d is dead", p.name, p.id)
	}
	p.end(p.dead)
}

// yield lets others run first.
func (w *World) yield(p *proc) {
	w.parked <- struct{}{}
	<-p.resume
	if p.dead {
		runtime.Goexit()
	}
}

// kill ends a process at the call it is in; sometimes the whole app goes.
func (w *World) kill(p *proc) {
	p.dead = true
	w.tracef("%s#%d is killed", p.name, p.id)
	if w.chance(0.25) {
		for _, q := range w.procs {
			if q.app == p.app {
				q.dead = true
				q.until = w.now
			}
		}
	}
	runtime.Goexit()
}

// functionTimeout is host.json's: the host kills what takes longer.
const functionTimeout = 30 * time.Minute

// step lets one thing happen. False: nothing is left to happen before end.
func (w *World) step(end time.Time) bool {
	var ready []*proc
	for _, p := range w.procs {
		if w.now.Sub(p.began) > functionTimeout {
			p.dead, p.until = true, w.now
		}
		if !p.until.After(w.now) {
			ready = append(ready, p)
		}
	}
	var due []int
	for i, it := range w.agenda {
		if !it.at.After(w.now) {
			due = append(due, i)
		}
	}
	switch n := len(ready) + len(due); {
	case n == 0:
		return w.advance(end)
	default:
		w.steps++
		if at := w.rng.IntN(n); at < len(ready) {
			w.run(ready[at])
		} else {
			w.happen(due[at-len(ready)])
		}
	}
	w.pass()
	return true
}

func (w *World) happen(i int) {
	it := w.agenda[i]
	w.agenda = slices.Delete(w.agenda, i, i+1)
	if it.what != "" {
		w.tracef("%s", it.what)
	}
	it.do()
}

// pass lets a little time go by; in bad weather sometimes a lot.
func (w *World) pass() {
	w.now = w.now.Add(time.Duration(w.rng.IntN(300)) * time.Millisecond)
	if w.storm && w.chance(w.weather.jump) {
		d := pick(w, []time.Duration{time.Minute, 7 * time.Minute, 40 * time.Minute, 3 * time.Hour, 26 * time.Hour})
		w.tracef("the clock jumps by %v", d)
		w.now = w.now.Add(d)
	}
}

// advance moves the clock to the next thing that will happen.
func (w *World) advance(end time.Time) bool {
	next := end
	for _, it := range w.agenda {
		next = earlier(next, it.at)
	}
	for _, p := range w.procs {
		next = earlier(next, p.until)
	}
	timer, at := w.nextTimer()
	switch {
	case timer != nil && !at.After(next):
		w.now = later(w.now, at)
		w.steps++
		w.tick(timer)
		return true
	case !next.Before(end):
		w.now = later(w.now, end)
		return false
	}
	w.now = later(w.now, next)
	return true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// play is the story: bad weather, then good weather with people at work, then
// nobody touches anything until all deadlines and retention are over.
func (w *World) play() {
	w.people.begin()
	w.estate.begin()
	if !w.opens() {
		return
	}
	w.storm = !w.cfg.Calm
	end := w.now.Add(w.set.Storm)
	for w.steps < w.set.StormSteps && len(w.violations) == 0 && w.step(end) {
	}
	w.storm = false
	w.people.calm = true
	w.estate.clears()
	w.tracef("---- the weather clears")
	if !w.until(w.now.Add(w.set.Quiet)) {
		return
	}
	w.checkSettled()
	w.people.gone = true
	w.estate.plant()
	w.tracef("---- everybody leaves")
	if w.until(w.now.Add(w.set.Long)) {
		w.checkEnd()
	}
}

// opens plays the time before the bad weather, where a story has one.
func (w *World) opens() bool {
	return w.estate == nil || w.estate.opening == 0 || w.until(w.now.Add(w.estate.opening))
}

// until plays to a time; false when that never comes, or a rule was broken.
func (w *World) until(end time.Time) bool {
	limit := w.steps + w.set.MaxSteps
	for w.step(end) {
		if len(w.violations) > 0 {
			return false
		}
		if w.steps > limit {
			w.fail("work ends", "%d steps in good weather and still busy: %s", w.set.MaxSteps, w.busy())
			return false
		}
	}
	return len(w.violations) == 0
}

func (w *World) busy() string {
	text := ""
	for _, p := range w.procs {
		text += fmt.Sprintf("%s#%d ", p.name, p.id)
	}
	for _, it := range w.agenda[:min(len(w.agenda), 10)] {
		text += it.what + "; "
	}
	return text
}
