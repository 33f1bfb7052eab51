package airlock

import (
	"context"
	"time"

	"github.com/trefoil-tre/trefoil/internal/audit"
)

// The partitions beside those of the workspaces that hold audit lines.
const (
	SystemPartition = "system" // what was refused, and what belongs to no request
	PeoplePartition = "people" // what was done about a person, under the person's object id
)

// AuditFilter picks audit lines. An empty field picks everything.
type AuditFilter struct {
	From    time.Time // not before it
	To      time.Time // before it
	Actor   string    // object id of who did it
	Action  string
	Request string // id that the lines are chained under: a request's, a workspace's or a person's
	Person  string // object id of whom it is about
}

// Picks tells whether the filter picks a line.
func (f AuditFilter) Picks(line audit.Line) bool {
	return (f.From.IsZero() || !line.At.Before(f.From)) && (f.To.IsZero() || line.At.Before(f.To)) &&
		(f.Actor == "" || f.Actor == line.Actor.OID) && (f.Action == "" || f.Action == line.Action) &&
		(f.Request == "" || f.Request == line.Request) && (f.Person == "" || f.Person == line.Person)
}

// AuditQuery searches audit lines.
type AuditQuery interface {
	// AuditLines lists the lines of a partition that the filter picks, whatever
	// they are about, in the order of what they are chained under and of their
	// numbers there. A partition that was never written to has none.
	AuditLines(ctx context.Context, partition string, f AuditFilter, page Page) ([]audit.Line, string, error)
}
