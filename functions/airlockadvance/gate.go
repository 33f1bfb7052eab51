package airlockadvance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// gate holds the sealed files against verdicts and policy.
func (s *step) gate(ctx context.Context) (*airlock.Move, error) {
	troubled, _, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Troubled}, airlock.Page{})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	unclean, more, err := s.unclean(ctx)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	g := airlock.Judge(s.c.Request, s.c.Policy, s.now(), troubled, unclean, more)
	switch g.On {
	case airlock.Passed:
		return s.passed(ctx)
	case airlock.Unfit:
		return s.unfit(ctx, g.Reason)
	case airlock.Infected:
		return &airlock.Move{On: g.On, Reason: g.Reason}, nil
	default:
		return nil, s.ask(ctx, g)
	}
}

// unclean is the first page that has files without a clean verdict, and
// whether there are pages after it.
func (s *step) unclean(ctx context.Context) (files []airlock.File, more bool, err error) {
	for page := (airlock.Page{}); ; {
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Unclean}, page)
		if err != nil {
			return nil, false, err
		}
		files = slices.DeleteFunc(rows, airlock.File.Clean)
		if len(files) > 0 || next == "" {
			return files, next != "", nil
		}
		page.After = next
	}
}

// passed fixes the manifest, now with every verdict in it: it is what the
// reviewers see and decide on.
func (s *step) passed(ctx context.Context) (*airlock.Move, error) {
	files, err := s.all(ctx, airlock.Listed)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	digest, err := s.manifest(ctx, files)
	if err != nil {
		return nil, err
	}
	s.c.Request.Manifest = digest
	return &airlock.Move{On: airlock.Passed, Detail: "manifest " + digest}, nil
}

// unfit opens the next turn's draft before it returns the request to it.
func (s *step) unfit(ctx context.Context, why string) (*airlock.Move, error) {
	r := s.c.Request
	if r.Turn >= airlock.MaxNumber {
		return &airlock.Move{On: airlock.Broke, Reason: "returned too often; make a new request"}, nil
	}
	if err := s.f.Desk.Create(ctx, r.Place(airlock.DraftFiles, r.Turn+1)); err != nil {
		return nil, fmt.Errorf("draft container: %w", err)
	}
	return &airlock.Move{On: airlock.Unfit, Reason: why}, nil
}

// ask copies files whose verdict is missing or worthless, so that the scanner
// looks at the copies, and tells people when verdicts are overdue.
func (s *step) ask(ctx context.Context, g airlock.Gate) error {
	if len(g.Ask) > 0 {
		if err := s.rescan(ctx, g.Ask); err != nil {
			return err
		}
	}
	if len(g.Faults) > 0 {
		if err := s.warn(ctx, airlock.ToldStuck, "the malware scanner cannot do its work: "+strings.Join(g.Faults, "; ")); err != nil {
			return err
		}
	}
	if late := s.late(airlock.Passed, ""); late != nil {
		return s.warn(ctx, airlock.ToldWaiting, fmt.Sprintf("%d files have no malware verdict yet", g.Waiting))
	}
	return nil
}

// rescan makes the copies. Each try has a name of its own, because only a new
// blob is scanned, and one that no event can damage.
func (s *step) rescan(ctx context.Context, files []airlock.File) error {
	c := s.c
	c.Request = c.Request.Making(airlock.RescanFiles, c.Request.Turn)
	if len(c.Request.Containers) != len(s.c.Request.Containers) {
		noted, err := s.f.Ledger.Note(ctx, c, "rescan", fmt.Sprintf("%d files", len(files)))
		if err != nil {
			return err
		}
		s.c = noted
	}
	place := s.c.Request.Place(airlock.RescanFiles, s.c.Request.Turn)
	if err := s.f.Desk.Create(ctx, place); err != nil {
		return fmt.Errorf("rescan container: %w", err)
	}
	files = files[:min(len(files), orDefault(s.f.Page, 100))]
	rows := make([]airlock.File, len(files))
	err := airlock.Each(len(files), orDefault(s.f.Parallel, 8), func(i int) error {
		row, err := s.rescanFile(ctx, files[i], place)
		rows[i] = row
		return err
	})
	var done []airlock.File
	for _, row := range rows {
		if row.Rescan != nil {
			done = append(done, row)
		}
	}
	return errors.Join(err, s.put(ctx, done))
}

func (s *step) rescanFile(ctx context.Context, f airlock.File, place airlock.Place) (airlock.File, error) {
	tries := 1
	if f.Rescan != nil {
		tries = f.Rescan.Tries + 1
	}
	r := s.c.Request
	c := airlock.Copy{From: airlock.Ref{Place: r.Place(airlock.SealedFiles, r.Turn), Name: f.Name, ETag: f.Seal.ETag},
		To: airlock.Ref{Place: place, Name: rescanName(f.Name, tries)}, Size: f.Inspection.Size}
	for {
		done, err := s.f.Vault.Copy(ctx, c)
		if err != nil {
			return airlock.File{}, fmt.Errorf("rescan: %w", err)
		}
		if done.ETag != "" {
			return airlock.File{Name: f.Name, ETag: f.ETag, Stored: true,
				Rescan: &airlock.Rescan{ETag: done.ETag, Tries: tries, At: s.now().UTC()}}, nil
		}
		c.Offset = done.Offset
	}
}

func rescanName(name string, try int) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%s-%d", hex.EncodeToString(sum[:]), try)
}
