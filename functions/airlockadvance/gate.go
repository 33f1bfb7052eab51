package airlockadvance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// gate holds the sealed files against verdicts and policy.
func (s *step) gate(ctx context.Context) (*airlock.Move, error) {
	troubled, err := s.all(ctx, airlock.Troubled) // malware comes first, also when it is found behind a thousand files that are refused
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if s.c.Request.Turn > 1 { // what was kept may have been found out since
		if troubled, err = s.withKept(ctx, troubled); err != nil {
			return nil, err
		}
	}
	unclean, next, err := s.unclean(ctx, airlock.Page{})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	g := airlock.Judge(s.c.Request, s.c.Policy, s.now(), troubled, unclean, next != "")
	switch g.On {
	case airlock.Passed:
		return s.passed(ctx)
	case airlock.Unfit:
		return s.unfit(ctx, g.Reason)
	case airlock.Infected:
		return &airlock.Move{On: g.On, Reason: g.Reason, Detail: g.Detail}, nil
	default: // verdicts are missing
	}
	if err := s.judgeRest(ctx, &g, next); err != nil {
		return nil, err
	}
	return nil, s.ask(ctx, g)
}

// withKept adds to what is troubled the kept files in whose earlier version
// malware was found after they were handed in again.
func (s *step) withKept(ctx context.Context, troubled []airlock.File) ([]airlock.File, error) {
	bad, err := airlock.Malware(ctx, s.f.Files, s.c.Request)
	if err != nil {
		return nil, err
	}
	for _, f := range bad {
		if !slices.ContainsFunc(troubled, func(t airlock.File) bool { return t.Name == f.Name && t.ETag == f.ETag }) {
			troubled = append(troubled, f)
		}
	}
	return troubled, nil
}

// showKept writes beside each kept file what was found in the version it was
// kept from, so that people see which files it is about.
func (s *step) showKept(ctx context.Context) error {
	if s.c.Request.Turn == 1 {
		return nil
	}
	bad, err := airlock.Malware(ctx, s.f.Files, s.c.Request)
	if err != nil {
		return err
	}
	rows := make([]airlock.File, 0, len(bad))
	for _, f := range bad {
		rows = append(rows, airlock.File{Name: f.Name, ETag: f.ETag, Stored: true, Malware: f.Malware})
	}
	return s.put(ctx, rows)
}

// unclean is the first page from here that has files without a clean verdict,
// and where the pages after it begin; "" when there are none.
func (s *step) unclean(ctx context.Context, page airlock.Page) (files []airlock.File, next string, err error) {
	for {
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Unclean}, page)
		if err != nil {
			return nil, "", err
		}
		files = slices.DeleteFunc(rows, airlock.File.Clean)
		if len(files) > 0 || next == "" {
			return files, next, nil
		}
		page.After = next
	}
}

// judgeRest adds what the pages after the first have to be asked. Only the
// first of many looks reads them: a verdict a file brings as many.
func (s *step) judgeRest(ctx context.Context, g *airlock.Gate, next string) error {
	if next == "" {
		return nil
	}
	if still, err := s.f.Ledger.StoodStill(ctx, s.f.Work, s.c.Request); err != nil || !still {
		return err
	}
	for next != "" {
		files, after, err := s.unclean(ctx, airlock.Page{After: next})
		if err != nil {
			return fmt.Errorf("files: %w", err)
		}
		rest := airlock.Judge(s.c.Request, s.c.Policy, s.now(), nil, files, true)
		g.Ask, g.Waiting, next = append(g.Ask, rest.Ask...), g.Waiting+rest.Waiting, after
	}
	return nil
}

// passed fixes the manifest, now with every verdict in it: it is what the
// reviewers see and decide on. Everything that was submitted is in it, and
// within the limits, whatever came in place of what while it was sealed.
func (s *step) passed(ctx context.Context) (*airlock.Move, error) {
	files, err := s.all(ctx, airlock.Listed)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if g := airlock.Judge(s.c.Request, s.c.Policy, s.now(), files, nil, true); g.On == airlock.Infected { // found out since the gate looked
		return &airlock.Move{On: g.On, Reason: g.Reason, Detail: g.Detail}, nil
	}
	if why := s.flaw(files); why != "" {
		return s.unfit(ctx, "returned by the airlock: "+why)
	}
	digest, err := s.manifest(ctx, files)
	if err != nil {
		return nil, err
	}
	s.c.Request.Manifest = digest
	move := passing(digest)
	return &move, nil
}

// flaw says what is wrong with the listed files as a whole; "" when nothing is.
func (s *step) flaw(files []airlock.File) string {
	if slices.ContainsFunc(files, func(f airlock.File) bool { return !f.Sealed() || f.Inspection == nil }) {
		return "a file could not be sealed; upload it again"
	}
	if len(files) == 0 {
		return "every file was removed while the request was submitted"
	}
	if len(files) != s.c.Request.Files { // a worker that slept since the sealing took one off the list, or put one back
		return "its list of files changed while it was checked; look at its files and submit again"
	}
	if _, err := airlock.Limits(s.c.Policy, len(files), bytesOf(files)); err != nil {
		return err.Error()
	}
	return ""
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
