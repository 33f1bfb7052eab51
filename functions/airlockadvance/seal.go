package airlockadvance

import (
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
	r := s.c.Request
	if err := s.f.Desk.Create(ctx, r.Place(airlock.SealedFiles, r.Turn)); err != nil {
		return nil, fmt.Errorf("sealed container: %w", err)
	}
	more, err := s.sealPage(ctx)
	if err != nil {
		return nil, err
	}
	if more {
		s.order(airlock.Advance)
		return nil, s.f.Work.Touch(ctx, s.moved())
	}
	waiting, err := s.unsealed(ctx)
	if err != nil || waiting {
		return nil, err
	}
	return s.sealed(ctx)
}

// sealPage seals one page of files that are ready; more tells that others are,
// or that a large one is under way.
func (s *step) sealPage(ctx context.Context) (more bool, err error) {
	ready, more, err := s.ready(ctx)
	if err != nil || len(ready) == 0 {
		return false, err
	}
	rows := make([][]airlock.File, len(ready))
	err = airlock.Each(len(ready), orDefault(s.f.Parallel, 8), func(i int) error {
		sealed, err := s.sealFile(ctx, ready[i])
		rows[i] = sealed
		return err
	})
	done := slices.Concat(rows...) // what was done before an error is kept
	for _, f := range done {
		more = more || f.Partial != nil
	}
	s.inspectFresh(done)
	return more, errors.Join(err, s.put(ctx, done))
}

// inspectFresh orders the inspection of versions that came in place of others.
func (s *step) inspectFresh(rows []airlock.File) {
	for _, f := range rows {
		if f.Record != nil && f.Record.Listed && f.Inspection == nil {
			s.out.Inspect = append(s.out.Inspect, s.inspect(f.Name, true))
		}
	}
}

// ready selects the files to seal now: inspected, not refused.
func (s *step) ready(ctx context.Context) (ready []airlock.File, more bool, err error) {
	limit := orDefault(s.f.Page, 100)
	for page := (airlock.Page{Limit: limit}); ; {
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Ready}, page)
		if err != nil {
			return nil, false, fmt.Errorf("files: %w", err)
		}
		for _, f := range rows {
			if !f.Refused() {
				ready = append(ready, f)
			}
		}
		if next == "" || len(ready) >= limit {
			return ready, next != "", nil
		}
		page.After = next
	}
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
		From: airlock.Ref{Place: from, Name: f.Name, ETag: f.ETag}, Size: f.Inspection.Size, Offset: offset,
		To: airlock.Ref{Place: r.Place(airlock.SealedFiles, r.Turn), Name: f.Name},
	})
	switch {
	case errors.Is(err, airlock.ErrChanged) && f.Record.Kept == 0:
		return s.overwritten(ctx, f)
	case errors.Is(err, airlock.ErrNotFound):
		return s.missing(ctx, f)
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

// changing is what a person reads of a file that does not hold still.
const changing = "the file kept changing while it was being submitted; upload it again and submit once it is complete"

// overwritten takes the version that is there now as the one submitted: it is
// inspected and scanned again. A file that keeps changing is refused.
func (s *step) overwritten(ctx context.Context, f airlock.File) ([]airlock.File, error) {
	if f.Record.Changes >= orDefault(s.f.Changes, 3) {
		return []airlock.File{refused(f, "changing", changing)}, nil
	}
	r := s.c.Request
	now, err := s.f.Vault.Open(ctx, airlock.Ref{Place: r.Place(airlock.DraftFiles, r.Turn), Name: f.Name}, 0, 1)
	if errors.Is(err, airlock.ErrNotFound) {
		return s.missing(ctx, f)
	}
	if err != nil {
		return nil, fmt.Errorf("overwritten file: %w", err)
	}
	_ = now.Close() // only its headers were wanted
	if now.ETag == f.ETag {
		return nil, fmt.Errorf("copy says the file changed, its ETag does not: %w", airlock.ErrChanged)
	}
	old, fresh := *f.Record, *f.Record
	old.Listed = false
	fresh.Size, fresh.Type, fresh.Changes = now.Size, now.Type, f.Record.Changes+1
	return []airlock.File{
		{Name: f.Name, ETag: now.ETag, Record: &fresh},
		{Name: f.Name, ETag: f.ETag, Stored: true, Record: &old},
	}, nil
}

// missing refuses a file that is not there any more, unless it is the
// container that is not there, which is for a person.
func (s *step) missing(ctx context.Context, f airlock.File) ([]airlock.File, error) {
	r := s.c.Request
	if _, _, err := s.f.Desk.List(ctx, r.Place(airlock.SealedFiles, r.Turn), airlock.Page{Limit: 1}); err != nil {
		return nil, fmt.Errorf("sealed container: %w", err)
	}
	return []airlock.File{refused(f, "missing", "the file was not there any more when it was to be sealed; upload it again")}, nil
}

func refused(f airlock.File, code, text string) airlock.File {
	i := airlock.Inspection{}
	if f.Inspection != nil {
		i = *f.Inspection
	}
	i.Findings = append(i.Findings[:len(i.Findings):len(i.Findings)], airlock.Finding{Code: code, Severity: airlock.Refuse, Text: text})
	return airlock.File{Name: f.Name, ETag: f.ETag, Stored: true, Inspection: &i}
}

// put writes rows in pages of 100, the most a transaction takes, each version
// once: two listed versions of a name may have given way to the same third.
func (s *step) put(ctx context.Context, rows []airlock.File) error {
	seen := make(map[[2]string]bool, len(rows))
	rows = slices.DeleteFunc(rows, func(f airlock.File) bool {
		version := [2]string{f.Name, f.ETag}
		twice := seen[version]
		seen[version] = true
		return twice
	})
	for len(rows) > 0 {
		n := min(len(rows), airlock.MaxPage)
		if err := s.f.Files.Put(ctx, s.slot(), rows[:n]); err != nil {
			return fmt.Errorf("files: %w", err)
		}
		rows = rows[n:]
	}
	return nil
}
