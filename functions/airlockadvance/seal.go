package airlockadvance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// seal copies what was submitted out of the requester's reach, a page at a
// time, and moves on when every listed version is sealed or refused.
func (s *step) seal(ctx context.Context) (*airlock.Move, error) {
	if late := s.late(airlock.Broke, "sealing took too long; retry it"); late != nil {
		return late, nil
	}
	ready, more, err := s.ready(ctx)
	if err != nil {
		return nil, err
	}
	chain := more || slices.ContainsFunc(ready, func(f airlock.File) bool { return f.Partial != nil })
	if chain {
		if mine, err := s.f.Ledger.Begin(ctx, s.f.Work, s.c.Request); err != nil || !mine {
			return nil, err
		}
	}
	under, err := s.sealPage(ctx, ready)
	if more = more || under; chain || more {
		err = errors.Join(err, s.f.Ledger.End(context.WithoutCancel(ctx), s.f.Work, s.c.Request))
	}
	if err != nil {
		return nil, err
	}
	if more {
		s.order(airlock.Advance)
		return nil, nil
	}
	if waiting, err := s.unsealed(ctx); err != nil || waiting {
		return nil, err
	}
	return s.sealed(ctx)
}

// ready selects the files to seal now: inspected, not refused. more tells that
// there are others.
func (s *step) ready(ctx context.Context) (ready []airlock.File, more bool, err error) {
	limit := cmp.Or(s.f.Page, 100)
	for page := (airlock.Page{Limit: limit}); ; {
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Ready}, page)
		if err != nil {
			return nil, false, fmt.Errorf("files: %w", err)
		}
		for _, f := range rows {
			if s.wanted(f) {
				ready = append(ready, f)
			}
		}
		if next == "" || len(ready) >= limit {
			return ready, next != "", nil
		}
		page.After = next
	}
}

// wanted tells whether a listed file is to be sealed. One that was removed
// while somebody submitted it is not, and is taken off the list in the end.
func (s *step) wanted(f airlock.File) bool { return f.Removal == nil && !f.RefusedBy(s.c.Policy) }

// sealPage does one slice of sealing each file; under tells that a large one
// is under way.
func (s *step) sealPage(ctx context.Context, ready []airlock.File) (under bool, err error) {
	if len(ready) == 0 {
		return false, nil
	}
	r := s.c.Request
	if err := s.f.Desk.Create(ctx, r.Place(airlock.SealedFiles, r.Turn)); err != nil {
		return false, fmt.Errorf("sealed container: %w", err)
	}
	rows := make([][]airlock.File, len(ready))
	err = airlock.Each(len(ready), cmp.Or(s.f.Parallel, 8), func(i int) error {
		sealed, err := s.sealFile(ctx, ready[i])
		rows[i] = sealed
		return err
	})
	done := slices.Concat(rows...) // what was done before an error is kept
	under = slices.ContainsFunc(done, func(f airlock.File) bool { return f.Partial != nil })
	s.inspectReplaced(done)
	return under, errors.Join(err, s.put(ctx, done))
}

// sealFile does one slice of sealing a file and returns the rows to write.
func (s *step) sealFile(ctx context.Context, f airlock.File) ([]airlock.File, error) {
	r := s.c.Request
	from := r.Place(airlock.DraftFiles, r.Turn)
	if f.Record.Kept > 0 {
		from = r.Place(airlock.SealedFiles, f.Record.Kept)
	}
	offset := int64(0)
	if f.Partial != nil {
		offset = f.Partial.Offset
	}
	done, err := s.f.Vault.Copy(ctx, airlock.Copy{
		From: airlock.Ref{Place: from, Name: f.Name, ETag: f.ETag}, Size: f.Inspection.Size, Offset: offset, Type: f.Record.Type,
		To: airlock.Ref{Place: r.Place(airlock.SealedFiles, r.Turn), Name: f.Name},
	})
	switch {
	case errors.Is(err, airlock.ErrChanged) && f.Record.Kept == 0:
		return s.overwritten(ctx, f)
	case errors.Is(err, airlock.ErrNotFound):
		return s.missing(ctx, f)
	case errors.Is(err, airlock.ErrUnread):
		return []airlock.File{unread(f)}, nil
	case err != nil:
		return nil, fmt.Errorf("seal: %w", err)
	}
	row := airlock.File{Name: f.Name, ETag: f.ETag, Stored: true}
	if done.ETag == "" {
		row.Partial = &airlock.Partial{Offset: done.Offset}
	} else {
		row.Seal = &airlock.Seal{ETag: done.ETag}
	}
	return []airlock.File{row}, nil
}

// put writes rows in pages of 100, the most a transaction takes.
func (s *step) put(ctx context.Context, rows []airlock.File) error {
	for page := range slices.Chunk(rows, airlock.MaxPut) {
		if err := s.f.Files.Put(ctx, s.slot(), page); err != nil {
			return fmt.Errorf("files: %w", err)
		}
	}
	return nil
}

// unsealed tells whether listed files still have to be sealed. Where nobody
// has looked for a while, those not yet inspected are seen to.
func (s *step) unsealed(ctx context.Context) (waiting bool, err error) {
	for page := (airlock.Page{Limit: 20}); !waiting; { // one is enough to wait
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Unsealed}, page)
		if err != nil {
			return false, fmt.Errorf("files: %w", err)
		}
		waiting = slices.ContainsFunc(rows, s.wanted)
		if page.After = next; next == "" {
			break
		}
	}
	if !waiting {
		return false, nil
	}
	still, err := s.f.Ledger.StoodStill(ctx, s.f.Work, s.c.Request)
	if err != nil || !still {
		return true, err
	}
	return true, s.reconcile(ctx)
}
