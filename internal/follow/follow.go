// Package follow watches a request until it has come where somebody waits for
// it to come, and tells of every change on the way.
package follow

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

const (
	// defaultInterval shows the engine's steps as they happen, and is far below
	// what a person may call.
	defaultInterval = 2 * time.Second
	// slowest is how many intervals pass between two looks when nothing
	// changes and it waits for a person.
	slowest = 8
	// filesShare keeps the time in which files are listed below a tenth.
	filesShare = 10
)

// Seen is what there is to see of a request.
type Seen struct {
	Request   api.Request
	Files     int  // that it holds
	Inspected int  // of them
	Scanned   int  // of them
	Refused   int  // of them: these cannot be submitted
	Counted   bool // files were counted
}

// Follower watches one request. Get, Files and Now are required.
type Follower struct {
	Get      func(ctx context.Context) (api.WithActions, error)
	Files    func(ctx context.Context) ([]api.File, error)
	Now      func() time.Time
	Interval time.Duration // between two looks while something moves; 0 means 2 s

	listed time.Time     // when the files were listed last
	took   time.Duration // how long that took
}

// Until watches until the request has one of the statuses, or none of which
// anything follows. tell is called with what is seen first, and at each change.
// It returns what was seen last.
func (f *Follower) Until(ctx context.Context, statuses []airlock.Status, tell func(Seen)) (Seen, error) {
	interval := cmp.Or(f.Interval, defaultInterval)
	pause := interval
	var last Seen
	for first := true; ; first = false {
		now, err := f.look(ctx, last)
		if err != nil {
			return last, err
		}
		if changed := first || !same(last, now); changed {
			tell(now)
			pause = interval
		} else if now.Request.WaitsForRole != airlock.Engine {
			pause = min(pause*5/4, slowest*interval)
		}
		last = now
		if slices.Contains(statuses, now.Request.Status) || Ended(now.Request.Status) {
			return last, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return last, err
		}
	}
}

// look reads the request, and counts its files where that is worth it.
func (f *Follower) look(ctx context.Context, last Seen) (Seen, error) {
	r, err := f.Get(ctx)
	if err != nil {
		return last, err
	}
	now := last
	now.Request = r.Request
	began := f.Now()
	counts := r.Request.Status == airlock.StatusDraft || r.Request.Status == airlock.StatusSubmitted
	if !counts || last.Counted && began.Sub(f.listed) < filesShare*f.took && last.Request.ETag == now.Request.ETag {
		return now, nil
	}
	files, err := f.Files(ctx)
	if err != nil {
		return last, err
	}
	f.listed, f.took = f.Now(), f.Now().Sub(began)
	now.Files, now.Inspected, now.Scanned, now.Refused, now.Counted = len(files), 0, 0, 0, true
	for _, file := range files {
		now.Inspected += one(file.Inspected)
		now.Scanned += one(file.Verdict != "")
		now.Refused += one(file.Refused)
	}
	return now, nil
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// same tells whether two looks show a person the same. What changes with every
// commit and says nothing is left out.
func same(a, b Seen) bool {
	for _, s := range []*Seen{&a, &b} {
		s.Request.ETag, s.Request.ResourceVersion, s.Request.UpdatedWhen, s.Request.UpdatedBy = "", 0, 0, api.User{}
		s.Request.History, s.Request.Files = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// Ended tells statuses of which nothing follows, unless a person begins anew.
func Ended(s airlock.Status) bool {
	switch s {
	case airlock.StatusApproved, airlock.StatusRejected, airlock.StatusBlockedByScan, airlock.StatusCancelled, airlock.StatusFailed, airlock.StatusRevoked:
		return true
	case airlock.StatusDraft, airlock.StatusSubmitted, airlock.StatusInReview, airlock.StatusApprovalInProgress,
		airlock.StatusRejectionInProg, airlock.StatusBlockingInProgress:
		return false
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
