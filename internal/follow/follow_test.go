package follow_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/follow"
)

// story is a request that changes by the clock.
type story struct {
	began        time.Time
	steps        []step
	looks, lists int
	slow         time.Duration // of a listing
}

type step struct {
	at     time.Duration
	status airlock.Status
	role   airlock.Role
	files  []api.File
}

func (s *story) now() step {
	current := s.steps[0]
	for _, st := range s.steps {
		if time.Since(s.began) >= st.at {
			current = st
		}
	}
	return current
}

func (s *story) follower() *follow.Follower {
	s.began = time.Now()
	return &follow.Follower{Now: time.Now,
		Get: func(context.Context) (api.WithActions, error) {
			s.looks++
			st := s.now()
			return api.WithActions{Request: api.Request{Status: st.status, WaitsForRole: st.role, ETag: string(st.status),
				UpdatedWhen: float64(s.looks), ResourceVersion: s.looks}}, nil
		},
		Files: func(context.Context) ([]api.File, error) {
			s.lists++
			time.Sleep(s.slow)
			return s.now().files, nil
		}}
}

func TestEachChangeIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &story{steps: []step{
			{0, airlock.StatusDraft, airlock.Creator, []api.File{{Name: "a"}, {Name: "b", Inspected: true}}},
			{10 * time.Second, airlock.StatusDraft, airlock.Creator, []api.File{{Name: "a", Inspected: true, Refused: true}, {Name: "b", Inspected: true, Verdict: airlock.Clean}}},
			{20 * time.Second, airlock.StatusSubmitted, airlock.Engine, nil},
			{30 * time.Second, airlock.StatusInReview, airlock.Manager, nil},
			{time.Hour, airlock.StatusRejected, "", nil},
		}}
		var told []follow.Seen
		last, err := s.follower().Until(t.Context(), nil, func(seen follow.Seen) { told = append(told, seen) })
		if err != nil || last.Request.Status != airlock.StatusRejected || len(told) != 5 {
			t.Fatalf("told %+v, %v", told, err)
		}
		if told[0].Inspected != 1 || told[1].Inspected != 2 || told[1].Scanned != 1 || told[1].Refused != 1 || told[1].Files != 2 {
			t.Errorf("counted %+v", told[:2])
		}
		if s.looks > 300 || time.Since(s.began) > time.Hour+17*time.Second {
			t.Errorf("%d looks, over %s", s.looks, time.Since(s.began))
		}
	})
}

func TestFollowingEndsWhereItIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		steps := []step{{0, airlock.StatusSubmitted, airlock.Engine, nil}, {time.Minute, airlock.StatusInReview, airlock.Manager, nil}}
		s := &story{steps: steps, slow: 3 * time.Second}
		last, err := s.follower().Until(t.Context(), []airlock.Status{airlock.StatusApproved, airlock.StatusInReview}, func(follow.Seen) {})
		if err != nil || last.Request.Status != airlock.StatusInReview {
			t.Errorf("%+v, %v", last, err)
		}
		if s.lists > 3 {
			t.Errorf("files that take 3 s to list were listed %d times in a minute", s.lists)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = (&story{steps: steps[:1]}).follower().Until(ctx, nil, func(follow.Seen) {})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
