package airlockadvance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// reconcile holds the listed files that nobody has inspected against what is
// in the draft: one that was overwritten or is gone would wait for ever.
func (s *step) reconcile(ctx context.Context) error {
	waiting, err := s.all(ctx, airlock.Unsealed)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	waiting = slices.DeleteFunc(waiting, func(f airlock.File) bool {
		return f.Inspection != nil || f.Record.Kept > 0 || !s.wanted(f)
	})
	if len(waiting) == 0 {
		return nil
	}
	blobs, _, err := s.listing(ctx, airlock.DraftFiles, 0)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return err
	}
	there := make(map[string]airlock.Blob, len(blobs))
	for _, b := range blobs {
		there[b.Name] = b
	}
	var rows []airlock.File
	for _, f := range waiting {
		b, ok := there[f.Name]
		changed, err := []airlock.File(nil), error(nil)
		switch {
		case !ok:
			changed = []airlock.File{gone(f)}
		case b.Unread():
			changed = []airlock.File{unread(f)}
		case b.ETag != f.ETag:
			changed, err = s.overwritten(ctx, f)
		default:
			s.inspectOnce(f, f.Name, cmp.Or(s.f.Looks, 500))
		}
		if err != nil {
			return err
		}
		rows = append(rows, changed...)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := s.claim(ctx); err != nil { // they may have been sealed meanwhile, and their draft be gone
		return err
	}
	s.inspectReplaced(rows)
	s.order(airlock.Advance) // what is refused now may have been the last
	return s.put(ctx, rows)
}

// inspectReplaced orders the inspection of versions that came in place of
// others.
func (s *step) inspectReplaced(rows []airlock.File) {
	for _, f := range rows {
		if f.Listed() && f.Inspection == nil {
			s.out.Inspect = append(s.out.Inspect, s.inspect(f.Name, true))
		}
	}
}

// overwritten takes the version that is there now as the one submitted: it is
// inspected and scanned again. A file that keeps changing is refused.
func (s *step) overwritten(ctx context.Context, f airlock.File) ([]airlock.File, error) {
	if f.Record.Changes >= cmp.Or(s.f.Changes, 3) {
		return []airlock.File{refused(f, "changing", "the file kept changing while it was being submitted; upload it again and submit once it is complete")}, nil
	}
	r := s.c.Request
	now, err := s.f.Vault.Open(ctx, airlock.Ref{Place: r.Place(airlock.DraftFiles, r.Turn), Name: f.Name}, 0, 1)
	switch {
	case errors.Is(err, airlock.ErrNotFound):
		return s.missing(ctx, f)
	case errors.Is(err, airlock.ErrUnread):
		return []airlock.File{unread(f)}, nil
	case err != nil:
		return nil, fmt.Errorf("overwritten file: %w", err)
	}
	_ = now.Close() // only its headers were wanted
	if now.ETag == f.ETag {
		return nil, fmt.Errorf("copy says the file changed, its ETag does not: %w", airlock.ErrChanged)
	}
	fresh := *f.Record
	fresh.Size, fresh.Type, fresh.Changes = now.Size, now.Type, f.Record.Changes+1
	return []airlock.File{
		{Name: f.Name, ETag: now.ETag, Record: &fresh},
		{Name: f.Name, ETag: f.ETag, Stored: true, Unlisted: &airlock.Unlisted{Why: "overwritten"}},
	}, nil
}

// missing refuses a file that is not there any more, unless it is the
// container that is not there, which is for a person.
func (s *step) missing(ctx context.Context, f airlock.File) ([]airlock.File, error) {
	r := s.c.Request
	if _, _, err := s.f.Desk.List(ctx, r.Place(airlock.SealedFiles, r.Turn), airlock.Page{Limit: 1}); err != nil {
		return nil, fmt.Errorf("sealed container: %w", err)
	}
	return []airlock.File{gone(f)}, nil
}

func gone(f airlock.File) airlock.File {
	return refused(f, "missing", "the file was not there any more when it was to be sealed; upload it again")
}

func unread(f airlock.File) airlock.File {
	return refused(f, "unread", "the file was archived, or encrypted with a key of your own, when it was to be sealed; upload it again to hot or cool")
}

func refused(f airlock.File, code, text string) airlock.File {
	i := airlock.Inspection{}
	if f.Inspection != nil {
		i = *f.Inspection
	}
	i.Findings = append(i.Findings[:len(i.Findings):len(i.Findings)], airlock.Finding{Code: code, Severity: airlock.Refuse, Text: text})
	return airlock.File{Name: f.Name, ETag: f.ETag, Stored: true, Inspection: &i}
}
