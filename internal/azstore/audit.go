package azstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// The columns of an audit line that AuditLines filters by. Every audit row has
// all of them.
const (
	colAt     = "at"
	colActor  = "actor"
	colAction = "action"
	colPerson = "person"
)

// auditRow is the row of an audit line: the one way to write one, so that
// AuditLines finds it.
func auditRow(partition, key string, line audit.Line) (row, error) {
	r, err := newRow(partition, key).withData(line)
	if err != nil {
		return nil, err
	}
	r[colAt], r[colActor], r[colAction], r[colPerson] = stamp(line.At), line.Actor.OID, line.Action, line.Person
	return r, nil
}

// AuditLines lists the lines of a partition that the filter picks. The
// service filters; what it passes over does not travel.
func (s *Store) AuditLines(ctx context.Context, partition string, f airlock.AuditFilter, page airlock.Page) ([]audit.Line, string, error) {
	kinds := []string{kindAudit}
	if f.Request != "" {
		kinds = []string{auditPrefix(f.Request)}
	} else if partition == system {
		kinds = append(kinds, kindStrange)
	}
	first, after, err := auditCursor(page.After, len(kinds))
	if err != nil {
		return nil, "", err
	}
	most := page.Limit
	if most <= 0 || most > maxPage {
		most = maxPage
	}
	var all []audit.Line
	for i := first; i < len(kinds); i++ {
		rows, next, err := s.page(ctx, span{workspace: partition, prefix: kinds[i], filter: auditOData(f)},
			airlock.Page{After: after, Limit: most - len(all)})
		if err != nil {
			return nil, "", translate(fmt.Sprintf("audit lines of %q", partition), err)
		}
		lines, err := decode[audit.Line](rows)
		if err != nil {
			return nil, "", err
		}
		all = append(all, lines...)
		switch {
		case next != "":
			return all, strconv.Itoa(i) + ":" + next, nil
		case len(all) == most && i+1 < len(kinds):
			return all, strconv.Itoa(i+1) + ":", nil
		}
		after = ""
	}
	return all, "", nil
}

// auditCursor takes a cursor apart: which kind of row, and what follows the
// kind in the last row's key.
func auditCursor(cursor string, kinds int) (kind int, after string, err error) {
	if cursor == "" {
		return 0, "", nil
	}
	number, after, ok := strings.Cut(cursor, ":")
	kind, err = strconv.Atoi(number)
	if !ok || err != nil || kind < 0 || kind >= kinds {
		return 0, "", fmt.Errorf("cursor %.40q: %w", cursor, airlock.ErrInvalid)
	}
	return kind, after, nil
}

// auditOData is the filter's columns in OData; the request is in the key.
func auditOData(f airlock.AuditFilter) string {
	var all []string
	equal := func(column, value string) {
		if value != "" {
			all = append(all, column+" eq "+quote(value))
		}
	}
	if !f.From.IsZero() {
		all = append(all, colAt+" ge "+quote(stamp(f.From)))
	}
	if !f.To.IsZero() {
		all = append(all, colAt+" lt "+quote(stamp(f.To)))
	}
	equal(colActor, f.Actor)
	equal(colAction, f.Action)
	equal(colPerson, f.Person)
	return strings.Join(all, " and ")
}
