// Package simulation runs the real functions and the real desks of the airlock,
// or of workspaces, on ports in memory, under a scheduler that is seeded and deterministic: one
// thing happens at a time, and which one is drawn. Around every port call the
// world may kill the process, answer with an error (also after the call took
// effect), or let others go first; messages repeat, come late or out of order,
// events are lost or damaged, the clock jumps. Then the trouble ends, and what
// must hold is checked.
package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
)

// Config says which run it is.
type Config struct {
	Seed  uint64
	Calm  bool                      // no trouble at all: only order is drawn
	Story Story                     // what it is about
	Trace func(line string)         // gets every step; nil: none
	Alter func(*World, Ports) Ports // replaces ports by ones with a planted mistake; nil: none
	Tune  func(*Settings)           // changes settings, as a planted mistake may; nil: none

	brew    func(*weather)                        // makes the weather in which a planted mistake shows; nil: as drawn
	rebuild func(*World, estatePorts) estatePorts // as Alter, of workspaces
}

// Story is what a run is about. Either has the same scheduler, weather and
// host.
type Story int

// The stories.
const (
	OfAirlock    Story = iota // requests in two workspaces that are there
	OfWorkspaces              // workspaces that are asked for, made, worked and deleted
)

// Stories lists them.
var Stories = []Story{OfAirlock, OfWorkspaces}

// Test is the test that tells a story of that kind.
func (s Story) Test() string {
	if s == OfWorkspaces {
		return "TestWorkspaces"
	}
	return "TestSimulation"
}

// Violation is something that must not happen.
type Violation struct {
	Check  string // which rule was broken
	Detail string
}

// String is the violation for people.
func (v Violation) String() string { return v.Check + ": " + v.Detail }

// Report is what came of a run.
type Report struct {
	Seed       uint64
	Story      Story
	Steps      int
	Violations []Violation
	Ends       map[string]int // final status → requests, or operations
}

// World is everything there is in one run.
type World struct {
	cfg     Config
	set     Settings
	rng     *rand.Rand
	now     time.Time
	steps   int
	store   *memstore.Store
	files   *memfiles.Files
	ports   Ports // with trouble in between
	procs   []*proc
	started int // processes so far
	parked  chan struct{}
	agenda  []*item
	parsed  map[string]airlock.Container // by name
	weather weather
	storm   bool

	engine  map[string]*function
	poison  map[string][]*letterbox
	dead    []*letterbox
	sweep   timer
	retain  timer
	tend    timer
	mail    mailServer
	scanner scanner
	people  people
	estate  *estate // nil in a story of the airlock
	watch   watcher
	secrets secrets

	violations []Violation
}

// item is something that will happen at its time.
type item struct {
	at   time.Time
	what string
	do   func()
}

// Run plays one seed to its end.
func Run(cfg Config) Report {
	w := newWorld(cfg)
	w.play()
	r := Report{Seed: cfg.Seed, Story: cfg.Story, Steps: w.steps, Violations: w.violations, Ends: map[string]int{}}
	for _, e := range w.people.errands {
		if e.made {
			r.Ends[string(w.request(e.key).Stage.Status())]++
		}
	}
	w.estate.count(r.Ends)
	return r
}

// fail notes a violation; a rule is told a few times at most.
func (w *World) fail(check, format string, args ...any) {
	detail := fmt.Sprintf(format, args...)
	w.tracef("VIOLATION %s: %s", check, detail)
	if len(w.violations) < 10 {
		w.violations = append(w.violations, Violation{check, detail})
	}
}

func (w *World) tracef(format string, args ...any) {
	if w.cfg.Trace != nil {
		w.cfg.Trace(w.now.Format("01-02 15:04:05.000 ") + fmt.Sprintf(format, args...))
	}
}

// chance is true with probability p.
func (w *World) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// between draws a duration.
func (w *World) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.rng.Int64N(int64(most-least)+1))
}

// later puts something on the agenda.
func (w *World) later(after time.Duration, what string, do func()) {
	w.agenda = append(w.agenda, &item{at: w.now.Add(after), what: what, do: do})
}

// pick draws one of all.
func pick[T any](w *World, all []T) T { return all[w.rng.IntN(len(all))] }

// String is the report for people.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d steps, ends %v", r.Seed, r.Steps, r.Ends)
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "\n  %s", v)
	}
	return b.String()
}
