package airlockadvance

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
)

// maxRemoved is how many removals one commit tells of, of the rows that a
// transaction has room for.
const maxRemoved = 50

// removals are the lines about removed files that the audit trail does not have:
// the call that removed them ended before it could write them, or lost against a
// submit. A trail that has them all is not read.
func (s *step) removals(ctx context.Context, files []airlock.File) ([]audit.Line, error) {
	if len(files) == 0 {
		return nil, nil
	}
	key := s.c.Request.Key()
	trail, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) { return s.f.Ledger.Trail.Lines(ctx, key, p) })
	if err != nil {
		return nil, fmt.Errorf("audit lines of request %s: %w", key.Request, err)
	}
	told := map[string]bool{}
	for _, line := range trail {
		told[line.Detail] = told[line.Detail] || line.Action == airlock.FileRemoved
	}
	call, _ := azfunc.CallFrom(ctx)
	stage := string(s.c.Request.Stage)
	var lines []audit.Line
	for _, f := range files {
		if detail := f.RemovedDetail(); !told[detail] && len(lines) < maxRemoved {
			lines = append(lines, audit.Line{At: s.now(), Action: airlock.FileRemoved, Detail: detail, From: stage, To: stage,
				Person: f.Removal.By, Actor: audit.Actor{Name: call.Function, Role: string(airlock.Engine)}})
		}
	}
	return lines, nil
}

// tellRemoved has the audit trail tell of removals that it does not tell of yet.
func (s *step) tellRemoved(ctx context.Context, files []airlock.File) error {
	lines, err := s.removals(ctx, files)
	if err != nil || len(lines) == 0 {
		return err
	}
	s.c, _, err = s.f.Ledger.Commit(ctx, s.c, s.c.Request.Note(lines...))
	return err
}
