package airlockdeliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// brokenError says that a file is not what was approved: no retry of the
// message mends that, a person has to look.
type brokenError struct{ why string }

func (e *brokenError) Error() string { return e.why }

// slice is one call's share of a delivery.
type slice struct {
	f        Function
	c        ledger.Case
	approved map[string]airlock.Entry
}

func (s slice) slot() airlock.Slot {
	return airlock.Slot{Key: s.c.Request.Key(), Turn: s.c.Request.Turn}
}

// page is one page of files that are not delivered yet; next tells that there
// are others.
func (s slice) page(ctx context.Context) (files []airlock.File, next bool, err error) {
	attempt := s.c.Request.Attempt
	limit := min(cmp.Or(s.f.Page, airlock.MaxPut), airlock.MaxPut)
	files, cursor, err := s.f.Files.List(ctx, s.slot(),
		airlock.Selection{Which: airlock.Undelivered, Attempt: attempt}, airlock.Page{Limit: limit})
	if err != nil {
		return nil, false, fmt.Errorf("files: %w", err)
	}
	return files, cursor != "", nil
}

// begun tells that an earlier slice has begun with the file in this attempt.
func (s slice) begun(f airlock.File) bool {
	return f.Release != nil && f.Release.Attempt == s.c.Request.Attempt
}

// pages delivers page after page for a while, from the one that was read; more
// tells that something is left.
func (s *slice) pages(ctx context.Context, files []airlock.File, next bool) (more bool, err error) {
	r := s.c.Request
	if s.approved, err = s.f.approved(ctx, r); err != nil {
		return false, err
	}
	if err := s.f.Desk.Create(ctx, r.Place(airlock.ReleasedFiles, r.Attempt)); err != nil {
		return false, fmt.Errorf("released container: %w", err)
	}
	until := s.f.Ledger.Now().Add(cmp.Or(s.f.Busy, 20*time.Second))
	for page := 1; ; page++ {
		more, err = s.deliver(ctx, files)
		if more = more || next; err != nil || !more || page == cmp.Or(s.f.Pages, 10) || !s.f.Ledger.Now().Before(until) {
			return more, err
		}
		if files, next, err = s.page(ctx); err != nil || len(files) == 0 {
			return err != nil, err
		}
		if s.c, err = s.f.fresh(ctx, s.c); err != nil || s.c.Policy.Hold.Freeze != nil {
			return true, err
		}
	}
}

// deliver copies and checks one page of files; more tells that something of it
// is left.
func (s *slice) deliver(ctx context.Context, files []airlock.File) (more bool, err error) {
	rows := make([]*airlock.Release, len(files))
	err = airlock.Each(len(files), cmp.Or(s.f.Parallel, 8), func(i int) error {
		done, err := s.file(ctx, files[i])
		rows[i] = done
		return err
	})
	var put []airlock.File
	for i, done := range rows { // what was done before an error is kept
		if done != nil {
			more = more || !done.Verified
			put = append(put, airlock.File{Name: files[i].Name, ETag: files[i].ETag, Stored: true, Release: done})
		}
	}
	if len(put) > 0 {
		kept := s.f.Files.Put(ctx, s.slot(), put)
		err = errors.Join(err, kept)
		s.measure(ctx, put, kept)
	}
	return more, err
}

// measure counts the bytes of files that have arrived and been checked.
func (s slice) measure(ctx context.Context, put []airlock.File, err error) {
	if err != nil {
		return
	}
	for _, f := range put {
		if f.Release.Verified {
			telemetry.Delivered(ctx, s.approved[f.Name].Size)
		}
	}
}

// file does one file's next slice: copy, then check.
func (s slice) file(ctx context.Context, f airlock.File) (*airlock.Release, error) {
	r := s.c.Request
	entry, ok := s.approved[f.Name]
	if !ok || f.Seal == nil || f.Seal.ETag != entry.ETag {
		return nil, &brokenError{"a sealed file is not the one that was approved"}
	}
	at := airlock.Release{Attempt: r.Attempt}
	if f.Release != nil && f.Release.Attempt == r.Attempt {
		at = *f.Release
	}
	if at.ETag == "" {
		done, err := s.copy(ctx, entry, at.Offset, f.Record.Type)
		if err != nil {
			return nil, err
		}
		at.ETag, at.Offset = done.ETag, done.Offset
	}
	if at.ETag == "" {
		return &at, nil
	}
	return s.check(ctx, entry, at)
}

func (s slice) copy(ctx context.Context, e airlock.Entry, offset int64, declared string) (airlock.Copied, error) {
	r := s.c.Request
	done, err := s.f.Vault.Copy(ctx, airlock.Copy{
		From: airlock.Ref{Place: r.Place(airlock.SealedFiles, r.Turn), Name: e.Name, ETag: e.ETag},
		To:   airlock.Ref{Place: r.Place(airlock.ReleasedFiles, r.Attempt), Name: e.Name},
		Size: e.Size, Offset: offset, Type: declared,
	})
	if errors.Is(err, airlock.ErrChanged) {
		return done, &brokenError{"a sealed file changed after it was approved"}
	}
	if err != nil {
		return done, fmt.Errorf("copy: %w", err)
	}
	return done, nil
}

// check holds a released file against the manifest: its size always, its
// SHA-256 unless policy says otherwise, a slice of bytes at a time.
func (s slice) check(ctx context.Context, e airlock.Entry, at airlock.Release) (*airlock.Release, error) {
	if s.c.Policy.SkipHash { // the listing at the end compares sizes
		at.Verified = true
		return &at, nil
	}
	r := s.c.Request
	ref := airlock.Ref{Place: r.Place(airlock.ReleasedFiles, r.Attempt), Name: e.Name, ETag: at.ETag}
	content, err := s.f.Vault.Open(ctx, ref, at.Checked, cmp.Or(s.f.Slice, 4<<30))
	if errors.Is(err, airlock.ErrChanged) || errors.Is(err, airlock.ErrNotFound) { // copied twice at once: copy again
		return &airlock.Release{Attempt: r.Attempt}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	count := min(content.Size-at.Checked, cmp.Or(s.f.Slice, 4<<30))
	state, sum, err := inspect.Digest(ctx, content, at.Hash, count)
	if err = errors.Join(err, content.Close()); errors.Is(err, inspect.ErrProgress) {
		return &airlock.Release{Attempt: r.Attempt, ETag: at.ETag, Offset: at.Offset}, nil // check from the beginning
	}
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if at.Checked += count; at.Checked < content.Size {
		at.Hash = state
		return &at, nil
	}
	if content.Size != e.Size || sum != e.SHA256 {
		return nil, &brokenError{"a released file is not the one in the manifest"}
	}
	at.Verified, at.Hash = true, nil
	return &at, nil
}
