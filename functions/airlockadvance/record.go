package airlockadvance

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// record brings the file rows to what was handed in. The rows of a request
// that is sealed in one go are left in unwritten, to be written together with
// what sealing says of them; listed are its files then. Those of a larger one
// are written at once, and the request says so from then on.
func (s *step) record(ctx context.Context) (listed []airlock.File, err error) {
	r := s.c.Request
	text, err := s.f.Manifests.LoadManifest(ctx, r.Key(), r.Record)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	submission, err := airlock.ReadSubmission(text, r)
	if err != nil {
		return nil, err
	}
	known, err := s.all(ctx, airlock.Everything)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	s.unwritten = submission.Missing(known)
	s.listed = len(s.unwritten) > 0
	if len(submission.Files) <= s.page() {
		return submission.Listed(known), nil
	}
	if err := s.writeRecord(ctx); err != nil {
		return nil, err
	}
	c := s.c
	c.Request.Recorded = true
	s.c, err = s.f.Ledger.Note(ctx, c, "", "")
	return nil, err
}

// writeRecord writes the rows in pages, several at once: a repeat writes those
// that are still missing.
func (s *step) writeRecord(ctx context.Context) error {
	pages := slices.Collect(slices.Chunk(s.unwritten, airlock.MaxPut))
	err := airlock.Each(len(pages), cmp.Or(s.f.Parallel, 8), func(i int) error {
		return s.f.Files.Put(ctx, s.slot(), pages[i])
	})
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	s.unwritten = nil
	return nil
}

// recorded adds what was handed in to rows that say something else of a file,
// and the rows of files of which nothing else is to be said.
func (s *step) recorded(rows []airlock.File) []airlock.File {
	at := make(map[version]int, len(rows))
	for i, f := range rows {
		at[version{f.Name, f.ETag}] = i
	}
	for _, f := range s.unwritten {
		i, ok := at[version{f.Name, f.ETag}]
		switch {
		case !ok:
			rows = append(rows, f)
		case rows[i].Record == nil:
			rows[i] = f.Over(rows[i])
		}
	}
	s.unwritten = nil
	return rows
}
