package airlockadvance

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// unsealed tells whether listed files still have to be sealed. When the work
// has stood still for a while, those not yet inspected are looked for again.
func (s *step) unsealed(ctx context.Context) (waiting bool, err error) {
	rows, err := s.all(ctx, airlock.Unsealed)
	if err != nil {
		return false, fmt.Errorf("files: %w", err)
	}
	var unread []airlock.File
	for _, f := range rows {
		if f.Refused() {
			continue
		}
		waiting = true
		if f.Inspection == nil {
			unread = append(unread, f)
		}
	}
	if len(unread) == 0 {
		return waiting, nil
	}
	still, err := s.stillness(ctx)
	if err != nil || !still {
		return true, err
	}
	return true, s.findAgain(ctx, unread[:min(len(unread), orDefault(s.f.Looks, 500))])
}

// moved is the open-work row of sealing that has just got on.
func (s *step) moved() airlock.Open {
	r, now := s.c.Request, s.now()
	return airlock.Open{Key: r.Key(), Stage: r.Stage, Looked: now, Due: now.Add(s.f.Ledger.Cadence.Hint)}
}

// stillness tells, at most once every Cadence.Hint, that sealing stands still:
// every inspection that ends asks for a look, and each look would order all
// the others again.
func (s *step) stillness(ctx context.Context) (bool, error) {
	open, err := s.f.Work.Open(ctx, s.c.Request.Key())
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return false, fmt.Errorf("open work: %w", err)
	}
	hint := s.f.Ledger.Cadence.Hint
	if s.now().Sub(s.c.Request.Since) < hint || s.now().Sub(open.Looked) < hint {
		return false, nil
	}
	if err := s.f.Work.Touch(ctx, s.moved()); err != nil {
		return false, fmt.Errorf("open work: %w", err)
	}
	return true, nil
}

// findAgain orders the inspection of listed versions that nobody has looked
// at. One that was overwritten or removed before it was looked at never will
// be: the version that is there now takes its place.
func (s *step) findAgain(ctx context.Context, unread []airlock.File) error {
	etags, err := s.etags(ctx)
	if err != nil {
		return err
	}
	var rows []airlock.File
	for _, f := range unread {
		var instead []airlock.File
		switch etag, there := etags[f.Name]; {
		case there && etag == f.ETag:
			s.out.Inspect = append(s.out.Inspect, s.inspect(f.Name, true))
		case there:
			instead, err = s.overwritten(ctx, f)
		default:
			instead, err = s.missing(ctx, f)
		}
		if err != nil {
			return errors.Join(err, s.put(ctx, rows))
		}
		rows = append(rows, instead...)
	}
	s.inspectFresh(rows)
	return s.put(ctx, rows)
}

// etags are the versions in the draft, by name.
func (s *step) etags(ctx context.Context) (map[string]string, error) {
	blobs, err := s.listing(ctx, airlock.DraftFiles)
	if err != nil {
		return nil, err
	}
	etags := make(map[string]string, len(blobs))
	for _, b := range blobs {
		etags[b.Name] = b.ETag
	}
	return etags, nil
}

// sealed writes the manifest and closes the step. Files that came into the
// draft after the list was closed are counted in the audit trail; from here on
// nothing reads the draft.
func (s *step) sealed(ctx context.Context) (*airlock.Move, error) {
	files, err := s.all(ctx, airlock.Listed)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	etags, err := s.etags(ctx)
	if err != nil {
		return nil, err
	}
	if again, err := s.unfinished(ctx, files, etags); again || err != nil {
		return nil, err
	}
	digest, err := s.manifest(ctx, files)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		delete(etags, f.Name)
	}
	s.c.Request.Manifest = digest
	return &airlock.Move{On: airlock.Sealed, Detail: fmt.Sprintf("manifest %s, %d files, %d came too late", digest, len(files), len(etags))}, nil
}

// unfinished tells whether these rows, which make the manifest, are not final
// after all: a slice that came late may have listed another version meanwhile.
func (s *step) unfinished(ctx context.Context, files []airlock.File, etags map[string]string) (bool, error) {
	rows, again := oneEach(files, etags), false
	for _, f := range files {
		again = again || !f.Refused() && (f.Seal == nil || f.Seal.ETag == "")
	}
	if !again && len(rows) == 0 {
		return false, nil
	}
	s.order(airlock.Advance)
	return true, s.put(ctx, rows)
}

// oneEach are the rows by which of several listed versions of a name only the
// one that is in the draft stays listed. Where none of them is, the file is
// refused: nobody can tell which was meant.
func oneEach(files []airlock.File, etags map[string]string) []airlock.File {
	versions, there := map[string]int{}, map[string]bool{}
	for _, f := range files {
		versions[f.Name]++
		there[f.Name] = there[f.Name] || etags[f.Name] == f.ETag
	}
	var rows []airlock.File
	for _, f := range files {
		switch {
		case versions[f.Name] == 1 || etags[f.Name] == f.ETag || f.Refused():
		case there[f.Name]:
			old := *f.Record
			old.Listed = false
			rows = append(rows, airlock.File{Name: f.Name, ETag: f.ETag, Stored: true, Record: &old})
		default:
			rows = append(rows, refused(f, "changing", changing))
		}
	}
	return rows
}

// manifest saves the manifest of the sealed files and returns its digest.
func (s *step) manifest(ctx context.Context, files []airlock.File) (string, error) {
	r := s.c.Request
	text, digest, err := airlock.NewManifest(r, files).Canonical()
	if err != nil || digest == r.Manifest {
		return digest, err
	}
	if err := s.f.Manifests.SaveManifest(ctx, r.Key(), digest, text); err != nil {
		return "", fmt.Errorf("manifest: %w", err)
	}
	return digest, nil
}
