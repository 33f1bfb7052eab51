package airlockadvance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// seal lists what was submitted and copies it out of the requester's reach, a
// page at a time, and moves on when every listed version is sealed or refused.
func (s *step) seal(ctx context.Context) ([]airlock.Move, error) {
	if late := s.late(airlock.Broke, "sealing took too long; retry it"); late != nil {
		return []airlock.Move{*late}, nil
	}
	ready, more, err := s.ready(ctx)
	if err != nil {
		return nil, err
	}
	chain := more || slices.ContainsFunc(ready, func(f airlock.File) bool { return f.Partial != nil })
	if chain {
		if mine, err := s.f.Ledger.Begin(ctx, s.f.Work, s.c.Request); err != nil || !mine {
			return nil, errors.Join(err, s.missed(ctx))
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
	files, err := s.settled(ctx)
	if err != nil || files == nil {
		return nil, err
	}
	return s.sealed(ctx, files)
}

// page is how many files are sealed in one go.
func (s *step) page() int { return min(cmp.Or(s.f.Page, airlock.MaxPut), airlock.MaxPut) }

// ready selects the files to seal now: inspected, not refused. more tells that
// there are others.
func (s *step) ready(ctx context.Context) (ready []airlock.File, more bool, err error) {
	if !s.c.Request.Recorded {
		listed, err := s.record(ctx)
		if err != nil {
			return nil, false, err
		}
		if !s.c.Request.Recorded {
			return slices.DeleteFunc(listed, func(f airlock.File) bool { return !s.sealable(f) }), false, nil
		}
	}
	for page := (airlock.Page{Limit: s.page()}); ; {
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Ready}, page)
		if err != nil {
			return nil, false, fmt.Errorf("files: %w", err)
		}
		for _, f := range rows {
			if s.sealable(f) {
				ready = append(ready, f)
			}
		}
		if next == "" || len(ready) >= s.page() {
			return ready, next != "", nil
		}
		page.After = next
	}
}

// sealable tells whether a listed file can be sealed now.
func (s *step) sealable(f airlock.File) bool {
	return f.Inspection != nil && !f.Sealed() && s.wanted(f)
}

// wanted tells whether a listed file is to be sealed. One that was removed
// while somebody submitted it is not, and is taken off the list in the end.
func (s *step) wanted(f airlock.File) bool { return f.Removal == nil && !f.RefusedBy(s.c.Policy) }

// sealPage does one slice of sealing each file; under tells that a large one
// is under way.
func (s *step) sealPage(ctx context.Context, ready []airlock.File) (under bool, err error) {
	if len(ready) == 0 {
		return false, s.put(ctx, s.recorded(nil))
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
	return under, errors.Join(err, s.put(ctx, s.recorded(done)))
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

// settled are all listed files once none of them is still to be sealed; nil
// while one is. Of many files one is looked for first, so that a look that
// finds the request waiting does not read them all. Where nobody has looked for
// a while, those not yet inspected are seen to.
func (s *step) settled(ctx context.Context) (files []airlock.File, err error) {
	var unsealed []airlock.File
	if s.c.Request.Recorded {
		unsealed, err = s.unsealed(ctx)
	}
	if err == nil && len(unsealed) == 0 {
		if files, err = s.all(ctx, airlock.Listed); err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		unsealed = s.waiting(slices.Clone(files))
	}
	if err != nil || len(unsealed) == 0 {
		return append([]airlock.File{}, files...), err
	}
	if slices.ContainsFunc(unsealed, s.sealable) { // inspected since the others were picked
		s.order(airlock.Advance)
	}
	still, err := s.f.Ledger.StoodStill(ctx, s.f.Work, s.c.Request)
	if err != nil || !still {
		return nil, err
	}
	return nil, s.reconcile(ctx)
}

// unsealed is the first page of listed files that have files still to be
// sealed; a short one, because one is enough to wait.
func (s *step) unsealed(ctx context.Context) ([]airlock.File, error) {
	for page := (airlock.Page{Limit: 20}); ; {
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Unsealed}, page)
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		if rows = s.waiting(rows); len(rows) > 0 || next == "" {
			return rows, nil
		}
		page.After = next
	}
}

// waiting are those of the files that are still to be sealed.
func (s *step) waiting(files []airlock.File) []airlock.File {
	return slices.DeleteFunc(files, func(f airlock.File) bool { return f.Sealed() || !s.wanted(f) })
}
