package airlockadvance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// draft looks at an open draft: what was dropped and not inspected, whether it
// is past its limits, whether its time is over. The container is listed at
// most once a Pause, however many events ask for it.
func (s *step) draft(ctx context.Context) (*airlock.Move, error) {
	if late := s.late(airlock.Expired, "the draft was not submitted in time"); late != nil {
		return late, nil
	}
	now := s.now()
	open, err := s.f.Work.Open(ctx, s.c.Request.Key())
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return nil, fmt.Errorf("open work: %w", err)
	}
	pause := orDefault(s.f.Pause, 30*time.Second)
	if again := open.Looked.Add(pause); err == nil && now.Before(again) {
		open.Due = again
		return nil, s.f.Work.Touch(ctx, open)
	}
	open.Key, open.Looked, open.Due = s.c.Request.Key(), now, now.Add(s.f.Ledger.Cadence.Draft)
	if err := s.f.Work.Touch(ctx, open); err != nil {
		return nil, fmt.Errorf("open work: %w", err)
	}
	blobs, err := s.listing(ctx, airlock.DraftFiles)
	if err != nil {
		return nil, err
	}
	if err := s.inspectMissing(ctx, blobs); err != nil {
		return nil, err
	}
	return s.limits(ctx, blobs)
}

func (s *step) listing(ctx context.Context, kind airlock.Kind) ([]airlock.Blob, error) {
	r := s.c.Request
	blobs, err := airlock.Collect(func(p airlock.Page) ([]airlock.Blob, string, error) {
		return s.f.Desk.List(ctx, r.Place(kind, r.Turn), p)
	})
	if err != nil {
		return nil, fmt.Errorf("%s container: %w", kind, err)
	}
	return blobs, nil
}

// inspectMissing orders the inspection of every listed version that has none.
func (s *step) inspectMissing(ctx context.Context, blobs []airlock.Blob) error {
	rows, err := s.all(ctx, airlock.Everything)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	known := make(map[[2]string]bool, len(rows))
	for _, f := range rows {
		known[[2]string{f.Name, f.ETag}] = f.Inspection != nil || f.Removal != nil
	}
	looks := orDefault(s.f.Looks, 500)
	for _, b := range blobs {
		if known[[2]string{b.Name, b.ETag}] {
			continue
		}
		if len(s.out.Inspect) == looks {
			break // the next look orders the rest
		}
		s.out.Inspect = append(s.out.Inspect, s.inspect(b.Name, false))
	}
	return nil
}

func (s *step) inspect(name string, submitted bool) message.Inspect {
	r := s.c.Request
	return message.Inspect{Workspace: r.Workspace, Request: r.ID, Account: r.Place(airlock.DraftFiles, r.Turn).Account,
		Turn: r.Turn, Name: name, Submitted: submitted, Trace: s.trace}
}

// limits closes a draft that is far past its limits, and tells the owner of
// one that is past them, once.
func (s *step) limits(ctx context.Context, blobs []airlock.Blob) (*airlock.Move, error) {
	bytes := int64(0)
	for _, b := range blobs {
		bytes += b.Size
	}
	far, err := airlock.Limits(s.c.Policy, len(blobs), bytes)
	switch {
	case far:
		return &airlock.Move{On: airlock.Overflowed, Reason: "the draft was closed, it is far past its limits: " + err.Error()}, nil
	case err == nil:
		return nil, nil
	}
	return nil, s.warn(ctx, airlock.ToldOverLimit, err.Error())
}

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
