package memstore

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// AuditLines lists the lines of a partition that the filter picks.
func (s *Store) AuditLines(_ context.Context, partition string, f airlock.AuditFilter, page airlock.Page) ([]audit.Line, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows sorted[audit.Line]
	put := func(line audit.Line) { rows.put(fmt.Sprintf("audit.%s.%08d", line.Request, line.Seq), line) }
	s.partition(partition).requests.after("", func(_ string, r *request) bool {
		for _, line := range r.lines {
			put(line)
		}
		return true
	})
	for _, line := range s.partition(partition).roll.lines {
		put(line)
	}
	s.partition(partition).trails.after("", func(_ string, lines []audit.Line) bool {
		for _, line := range lines {
			put(line)
		}
		return true
	})
	if partition == airlock.PeoplePartition {
		s.people.after("", func(_ string, c *chained[people.Record]) bool {
			for _, line := range c.lines {
				put(line)
			}
			return true
		})
	}
	if partition == airlock.SystemPartition {
		for id, line := range s.strange {
			rows.put("strange."+id, line)
		}
	}
	found, next := pick(&rows, page, func(line audit.Line) (audit.Line, bool) { return line, f.Picks(line) })
	return found, next, nil
}
