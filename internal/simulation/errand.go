package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// errand is one request and what its people want of it.
type errand struct {
	p    *people
	by   access.Person
	kind airlock.Type
	goal goal
	plan []dropped // still to be uploaded
	key  airlock.Key
	made bool
	busy bool // its maker waits for an answer
	tabs bool // its maker does not wait for answers

	links    []desk.Link
	uploads  map[string]int  // name → how often it was uploaded in this turn
	there    map[string]bool // uploaded in this turn, and not removed
	removed  map[string]bool // removed, and not uploaded since
	turn     int             // that these are of
	handed   handed          // as the last submit began
	retries  int
	helped   bool      // it was retried in good weather
	retried  time.Time // and when
	turns    int
	idle     int
	returned bool
}

// handed is what a submit has to hand in.
type handed struct{ there, removed map[string]bool }

// goal is what becomes of a request if all goes well.
type goal int

const (
	approve goal = iota
	reject
	returnFirst // and approve in the next turn
	cancel
	leaveDraft
	leaveReview
	revoke
	goals
)

// errands is how many requests there are.
func (w *World) errands() int {
	if w.cfg.Story != OfAirlock {
		return 0
	}
	return 1 + w.rng.IntN(3)
}

func newErrand(w *World) *errand {
	e := &errand{p: &w.people, by: pick(w, []access.Person{anna, anna, rolf}), goal: goal(w.rng.IntN(int(goals))),
		kind: pick(w, []airlock.Type{airlock.Import, airlock.Export}), tabs: w.chance(0.2),
		uploads: map[string]int{}, there: map[string]bool{}, removed: map[string]bool{}, turn: 1}
	if w.chance(0.4) {
		e.goal = approve
	}
	e.plan = w.drops()
	return e
}

// step does what somebody would do now.
func (e *errand) step(w *World) {
	r := w.request(e.key)
	if r.Turn != e.turn {
		e.turn, e.uploads, e.there, e.removed = r.Turn, map[string]int{}, map[string]bool{}, map[string]bool{}
	}
	switch r.Stage {
	case airlock.Draft:
		e.inDraft(w, r)
	case airlock.Sealing, airlock.Gating:
		if e.goal == cancel && w.chance(0.3) || !e.p.calm && w.chance(0.05) {
			e.cancel()
		}
	case airlock.InReview:
		e.inReview(w, r)
	case airlock.Approving:
		if !e.p.calm && w.chance(0.25) {
			e.manage(w, "stops", func(ctx context.Context, c desk.Caller) error {
				_, err := e.p.desk.Stop(ctx, c, e.key, "wait")
				return err
			})
		}
	case airlock.Approved:
		e.fetch(w, r)
		if e.goal == revoke && w.chance(0.3) {
			e.manage(w, "revokes", func(ctx context.Context, c desk.Caller) error {
				_, err := e.p.desk.Revoke(ctx, c, e.key, "a mistake")
				return err
			})
		}
	case airlock.Failed:
		e.retry(w)
	case airlock.Rejecting, airlock.Rejected, airlock.Blocking, airlock.Blocked, airlock.Cancelled, airlock.Revoked:
	}
}

// rests tells whether nobody has anything to do.
func (e *errand) rests(w *World) bool {
	if !e.made {
		return false
	}
	r := w.request(e.key)
	switch r.Stage {
	case airlock.Draft:
		return e.goal == leaveDraft
	case airlock.InReview:
		return e.goal == leaveReview
	case airlock.Failed:
		_, ok := r.RetryOf()
		return !ok || e.retries >= maxRetries
	default:
	}
	return !r.Stage.Unfinished() && (e.goal != revoke || r.Stage != airlock.Approved)
}

const maxRetries = 6

func (e *errand) retry(w *World) {
	if e.retries >= maxRetries || w.chance(0.5) {
		return
	}
	e.manage(w, "retries", func(ctx context.Context, c desk.Caller) error {
		_, err := e.p.desk.Retry(ctx, c, e.key)
		if err == nil {
			e.retries++
			e.helped, e.retried = e.p.calm, w.now
		}
		return err
	})
}

// manage has an airlock manager do something.
func (e *errand) manage(w *World, what string, do call) {
	e.p.ask(pick(w, []access.Person{mia, marc, moe}), what, do, func(error) {})
}

func (e *errand) cancel() {
	e.mine("cancels", func(ctx context.Context, c desk.Caller) error {
		_, err := e.p.desk.Cancel(ctx, c, e.key, "")
		return err
	}, func(error) {})
}

// mine is a call of the request's maker, who makes one at a time.
func (e *errand) mine(what string, do call, then func(error)) {
	if e.busy && !e.tabs {
		return
	}
	e.busy = true
	e.p.ask(e.by, what, do, func(err error) {
		e.busy = false
		then(err)
	})
}

// link remembers a link: also when it should be dead it is tried again.
func (e *errand) link(l desk.Link) {
	if len(e.links) < 20 {
		e.links = append(e.links, l)
	}
}

// writable is the newest link into the draft.
func (e *errand) writable(now time.Time) (desk.Link, bool) {
	for _, l := range slices.Backward(e.links) {
		if l.Access == airlock.WriteOnly && now.Before(l.Until) {
			return l, true
		}
	}
	return desk.Link{}, false
}
