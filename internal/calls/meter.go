package calls

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Meter counts the calls of persons over all instances that share its buckets.
// Each instance takes a block of calls from a person's bucket at a time, so
// that most calls cost no storage. It is safe for concurrent use.
type Meter struct {
	Buckets Buckets
	Now     func() time.Time
	Rate    float64 // calls a second that a person gets
	Burst   int     // calls at once after a rest
	Block   int     // calls taken at a time; what an instance has not used after a minute is lost

	mu     sync.Mutex
	people map[string]*share
}

// share is what this instance holds of a person's calls.
type share struct {
	mu    sync.Mutex // held while the bucket is asked
	left  int
	until time.Time // when left is void, or, with nothing left, before which there is nothing to ask for
}

// shareLife is how long a block serves, and how long storage that failed is
// not asked again about a person.
const shareLife = time.Minute

// most persons that an instance holds shares of; past it, those that ran out go.
const most = 10_000

// Take takes one call and tells how long to wait before the next when there is
// none left, 0 when the call may go on. An error is trouble with the bucket:
// the call may go on, being there matters more than counting.
func (m *Meter) Take(ctx context.Context, person string) (wait time.Duration, err error) {
	s := m.share(person)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := m.Now()
	if now.Before(s.until) && s.left <= 0 {
		return s.until.Sub(now), nil
	}
	if !now.Before(s.until) {
		if err = m.refill(ctx, person, s, now); err != nil {
			s.left, s.until = m.Block, now.Add(shareLife)
		}
		if s.left <= 0 {
			return s.until.Sub(now), err
		}
	}
	if s.left--; s.left == 0 {
		s.until = time.Time{} // the next call asks
	}
	return 0, err
}

func (m *Meter) share(person string) *share {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.people[person]; ok {
		return s
	}
	if m.people == nil || len(m.people) >= most {
		m.people = map[string]*share{} // what is lost is at most a block each
	}
	s := &share{}
	m.people[person] = s
	return s
}

// tries is how often a block is asked for that another instance was faster to
// take.
const tries = 8

// refill takes a block from the person's bucket.
func (m *Meter) refill(ctx context.Context, person string, s *share, now time.Time) error {
	for range tries {
		b, err := m.Buckets.Bucket(ctx, person)
		if err != nil {
			return fmt.Errorf("calls left: %w", err)
		}
		if b, s.left, s.until = m.take(b, now); s.left == 0 {
			return nil
		}
		err = m.Buckets.PutBucket(ctx, person, b)
		if err == nil {
			return nil
		}
		if !errors.Is(err, airlock.ErrConflict) {
			return fmt.Errorf("calls left: %w", err)
		}
	}
	return fmt.Errorf("calls left: %d others were faster: %w", tries, airlock.ErrConflict)
}

// take is the bucket without a block, the block, and until when it holds; or
// nothing, and until when there is nothing.
func (m *Meter) take(b Bucket, now time.Time) (Bucket, int, time.Time) {
	left := float64(m.Burst)
	if b.Version != "" {
		rest := max(0, now.Sub(b.At).Seconds()) // another instance's clock may be ahead
		left = min(left, b.Left+rest*m.Rate)
	}
	// Who has used everything up waits for a second's worth, so that knocking
	// again and again costs storage no more than that.
	least := max(1, min(math.Floor(m.Rate), float64(m.Block), float64(m.Burst)))
	if left < least {
		wait := time.Duration(math.Ceil((least-left)/m.Rate*1000)) * time.Millisecond
		return b, 0, now.Add(wait)
	}
	block := min(m.Block, int(left))
	b.Left = left - float64(block)
	if now.After(b.At) {
		b.At = now.UTC()
	}
	return b, block, now.Add(shareLife)
}
