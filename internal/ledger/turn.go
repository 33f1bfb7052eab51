package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Begin takes the turn at work that goes on from message to message, so that
// hints do not start chains beside the one at work. It is false while another
// worker has it: there is nothing to do then, since a worker that dies loses
// the turn after Cadence.Hint, when sweep comes back. Two may still have it at
// once, which costs work but harms nothing: every slice may be repeated, and
// one of the chains ends where they meet.
func (l Ledger) Begin(ctx context.Context, work airlock.Work, r airlock.Request) (mine bool, err error) {
	open, err := work.Open(ctx, r.Key())
	if errors.Is(err, airlock.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("open work: %w", err)
	}
	now := l.Now()
	if !open.Looked.Before(r.Since) && now.Before(open.Looked.Add(l.Cadence.Hint)) {
		return false, nil
	}
	return true, l.touch(ctx, work, r, now)
}

// End gives the turn back and has sweep come if the chain's next message is
// lost.
func (l Ledger) End(ctx context.Context, work airlock.Work, r airlock.Request) error {
	return l.touch(ctx, work, r, r.Since.Add(-time.Second)) // before the stage began: nobody is at its work
}

// touch says when the work was looked at, and has sweep come later.
func (l Ledger) touch(ctx context.Context, work airlock.Work, r airlock.Request, looked time.Time) error {
	open := airlock.Open{Key: r.Key(), Stage: r.Stage, Looked: looked, Due: l.Now().Add(l.Cadence.Hint)}
	if err := work.Touch(ctx, open); err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	return nil
}

// StoodStill tells whether nobody has looked at the request for Cadence.Hint,
// and notes that somebody does now: of what is done then only the first of
// many messages does it.
func (l Ledger) StoodStill(ctx context.Context, work airlock.Work, r airlock.Request) (bool, error) {
	now := l.Now()
	if now.Before(r.UpdatedAt.Add(l.Cadence.Hint)) {
		return false, nil
	}
	open, err := work.Open(ctx, r.Key())
	if errors.Is(err, airlock.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("open work: %w", err)
	}
	if now.Before(open.Due) {
		return false, nil
	}
	return true, l.touch(ctx, work, r, open.Looked)
}
