package airlockadvance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// sealed writes the manifest of the listed files and closes the step; where
// nothing is left to ask of the files, the gate is passed in the same commit.
// Files that came into the draft after the list was closed are counted in the
// audit trail; from here on nothing reads the draft.
func (s *step) sealed(ctx context.Context, files []airlock.File) ([]airlock.Move, error) {
	sound, err := s.verify(ctx, files)
	if err != nil {
		return nil, err
	}
	if !sound { // the rows say so now: look again
		s.order(airlock.Advance)
		return nil, nil
	}
	digest, err := s.manifest(ctx, files)
	if err != nil {
		return nil, err
	}
	late, err := s.lateFiles(ctx, files)
	if err != nil {
		return nil, err
	}
	s.c.Request.Manifest, s.c.Request.Files, s.c.Request.Bytes = digest, len(files), bytesOf(files)
	moves := []airlock.Move{{On: airlock.Sealed, Detail: fmt.Sprintf("manifest %s, %d files, %d came too late", digest, len(files), late)}}
	if g := airlock.Judge(s.c.Request, s.c.Policy, s.now(), files, files, false); g.On != airlock.Passed || s.flaw(files) != "" {
		return moves, nil
	}
	if s.c.Request.Turn > 1 { // what was kept may have been found out since: the gate says so
		if bad, err := airlock.Malware(ctx, s.f.Files, s.c.Request); err != nil || len(bad) > 0 {
			return moves, err
		}
	}
	return append(moves, passing(digest)), nil
}

// passing is the move past the gate, with the manifest that reviewers see.
func passing(digest string) airlock.Move {
	return airlock.Move{On: airlock.Passed, Detail: "manifest " + digest}
}

// verify holds the rows against the sealed container, whatever workers that
// came late did to either: each name has one listed version, and the blob of
// that name is its copy. What does not belong there is removed, so that
// reviewers see what the manifest says and no more.
func (s *step) verify(ctx context.Context, files []airlock.File) (sound bool, err error) {
	place := s.c.Request.Place(airlock.SealedFiles, s.c.Request.Turn)
	blobs, _, err := s.listing(ctx, airlock.SealedFiles, 0)
	if errors.Is(err, airlock.ErrNotFound) { // every file was refused: none made it
		err = s.f.Desk.Create(ctx, place)
	}
	if err != nil {
		return false, fmt.Errorf("sealed container: %w", err)
	}
	there := make(map[string]string, len(blobs))
	for _, b := range blobs {
		there[b.Name] = b.ETag
	}
	sealed, listed := make(map[string]bool, len(files)), make(map[string]bool, len(files))
	for _, f := range files {
		listed[f.Name] = listed[f.Name] || f.Removal == nil
		sealed[f.Name] = sealed[f.Name] || f.Seal != nil && f.Seal.ETag != "" && f.Seal.ETag == there[f.Name]
	}
	strangers := slices.DeleteFunc(blobs, func(b airlock.Blob) bool { return listed[b.Name] })
	rows, removed := unsound(files, there, sealed)
	if len(strangers)+len(rows) == 0 {
		return true, nil
	}
	lines, err := s.removals(ctx, removed)
	if err != nil {
		return false, err
	}
	if err := s.claim(ctx, lines...); err != nil {
		return false, err
	}
	for _, b := range strangers {
		if err := s.f.Vault.Remove(ctx, airlock.Ref{Place: place, Name: b.Name, ETag: b.ETag}); err != nil {
			return false, fmt.Errorf("sealed container: %w", err)
		}
	}
	return len(rows) == 0, s.put(ctx, rows)
}

// claim comes before what takes something away from the listed files. Another
// worker that read them before, and is about to commit what it read, loses the
// race then and looks again; where one has committed already, this one does.
func (s *step) claim(ctx context.Context, lines ...audit.Line) (err error) {
	s.c, _, err = s.f.Ledger.Commit(ctx, s.c, s.c.Request.Note(lines...))
	return err
}

// unsound are the rows that mend what does not agree with the container: a
// version beside the one that is sealed, or one that was removed, is not
// listed, a seal without its blob is broken, so that the file is sealed again.
// removed are those that were removed; there may be others, for the next look.
func unsound(files []airlock.File, there map[string]string, sealed map[string]bool) (rows, removed []airlock.File) {
	for _, f := range files {
		row := airlock.File{Name: f.Name, ETag: f.ETag, Stored: true}
		has := f.Seal != nil && f.Seal.ETag != ""
		switch {
		case has && f.Seal.ETag == there[f.Name] && f.Removal == nil:
			continue
		case f.Removal != nil && len(removed) == maxRemoved:
			continue
		case f.Removal != nil:
			removed = append(removed, f)
			row.Unlisted = &airlock.Unlisted{Why: "removed"}
		case sealed[f.Name]:
			row.Unlisted = &airlock.Unlisted{Why: "overwritten"}
		case has:
			row.Seal, row.Partial = &airlock.Seal{}, &airlock.Partial{}
		default:
			continue // refused, the gate's business
		}
		rows = append(rows, row)
	}
	return rows, removed
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

func (s *step) lateFiles(ctx context.Context, files []airlock.File) (int, error) {
	blobs, _, err := s.listing(ctx, airlock.DraftFiles, 0)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return 0, err
	}
	submitted := make(map[string]bool, len(files))
	for _, f := range files {
		submitted[f.Name] = true
	}
	late := 0
	for _, b := range blobs {
		if !submitted[b.Name] {
			late++
		}
	}
	return late, nil
}

// bytesOf is the size of all files, as they were inspected.
func bytesOf(files []airlock.File) (bytes int64) {
	for _, f := range files {
		if f.Inspection != nil && f.Inspection.SHA256 != "" {
			bytes += f.Inspection.Size
		} else {
			bytes += f.Record.Size
		}
	}
	return bytes
}
