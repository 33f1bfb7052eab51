package airlockadvance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// rescanPages is how many pages of copies one look makes.
const rescanPages = 10

// rescan does one slice of making the copies.
func (s *step) rescan(ctx context.Context, files []airlock.File) error {
	page := cmp.Or(s.f.Page, 100)
	chain := len(files) > page || slices.ContainsFunc(files, func(f airlock.File) bool { return f.Rescan != nil && f.Rescan.ETag == "" })
	if chain {
		if mine, err := s.f.Ledger.Begin(ctx, s.f.Work, s.c.Request); err != nil || !mine {
			return err
		}
	}
	now := files[:min(len(files), rescanPages*page)]
	more, err := len(now) < len(files), error(nil)
	for some := range slices.Chunk(now, page) {
		under, failed := s.rescanPage(ctx, some)
		if more = more || under; failed != nil {
			err = failed
			break
		}
	}
	if chain || more {
		err = errors.Join(err, s.f.Ledger.End(context.WithoutCancel(ctx), s.f.Work, s.c.Request))
	}
	if err == nil && more {
		s.order(airlock.Advance)
	}
	return err
}

// rescanPage does one slice of each file's copy; more tells that a large one is
// under way.
func (s *step) rescanPage(ctx context.Context, files []airlock.File) (more bool, err error) {
	c := s.c
	c.Request = c.Request.Making(airlock.RescanFiles, c.Request.Turn)
	if len(c.Request.Containers) != len(s.c.Request.Containers) {
		noted, err := s.f.Ledger.Note(ctx, c, "rescan", fmt.Sprintf("%d files", len(files)))
		if err != nil {
			return false, err
		}
		s.c = noted
	}
	place := s.c.Request.Place(airlock.RescanFiles, s.c.Request.Turn)
	if err := s.f.Desk.Create(ctx, place); err != nil {
		return false, fmt.Errorf("rescan container: %w", err)
	}
	rows := make([]airlock.File, len(files))
	err = airlock.Each(len(files), cmp.Or(s.f.Parallel, 8), func(i int) error {
		row, err := s.rescanFile(ctx, files[i], place)
		rows[i] = row
		return err
	})
	rows = slices.DeleteFunc(rows, func(f airlock.File) bool { return f.Rescan == nil }) // what was done before an error is kept
	more = slices.ContainsFunc(rows, func(f airlock.File) bool { return f.Rescan.ETag == "" })
	return more, errors.Join(err, s.put(ctx, rows))
}

// rescanFile does one slice of a copy, of a new one or of the one under way.
func (s *step) rescanFile(ctx context.Context, f airlock.File, place airlock.Place) (airlock.File, error) {
	at := airlock.Rescan{Tries: 1}
	if f.Rescan != nil {
		if at = *f.Rescan; at.ETag != "" {
			at = airlock.Rescan{Tries: at.Tries + 1}
		}
	}
	r := s.c.Request
	done, err := s.f.Vault.Copy(ctx, airlock.Copy{Size: f.Inspection.Size, Offset: at.Offset,
		From: airlock.Ref{Place: r.Place(airlock.SealedFiles, r.Turn), Name: f.Name, ETag: f.Seal.ETag},
		To:   airlock.Ref{Place: place, Name: airlock.RescanName(f.Name, at.Tries)}})
	if err != nil {
		return airlock.File{}, fmt.Errorf("rescan: %w", err)
	}
	if at.ETag, at.Offset, at.At = done.ETag, 0, s.now().UTC(); at.ETag == "" {
		at.Offset = done.Offset
	}
	return airlock.File{Name: f.Name, ETag: f.ETag, Stored: true, Rescan: &at}, nil
}
