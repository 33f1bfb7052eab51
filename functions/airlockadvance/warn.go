package airlockadvance

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// warn tells people, once a stage, of something odd about it.
func (s *step) warn(ctx context.Context, event airlock.Event, why string) error {
	c := s.c
	warned, news := c.Request.Warn(event, why, s.now())
	if !news {
		return nil
	}
	c.Request = warned
	c, err := s.f.Ledger.Note(ctx, c, string(event), why)
	if err != nil {
		return err
	}
	s.c = c
	return nil
}

// remind tells people once that a review still waits; not while the workspace
// is frozen, since nobody could do anything about it.
func (s *step) remind(ctx context.Context) error {
	if s.c.Policy.Hold.Freeze != nil || s.now().Before(s.c.Request.Reminder(s.c.Policy)) {
		return nil
	}
	return s.warn(ctx, airlock.ToldWaiting, "nobody has decided yet, and half of the time for it is over")
}
