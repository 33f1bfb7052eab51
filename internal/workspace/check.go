package workspace

import (
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// MaxRows is how many rows a change may have: what an entity-group transaction
// of Azure Tables holds.
const MaxRows = airlock.MaxPut

// MaxRow is how large the JSON of a row may be, in UTF-16 units: 1 MiB with
// room for names and keys.
// https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
const MaxRow = 480_000

// change names a row of a change.
type change struct {
	what, id  string
	partition string // where the row belongs
}

// Check returns airlock.ErrInvalid for a change that cannot be written in one
// transaction: more than MaxRows rows, one row twice, or one of another
// partition.
func (c Change) Check() error {
	rows := c.rows()
	if len(rows) > MaxRows {
		return fmt.Errorf("change: %d rows, at most %d: %w", len(rows), MaxRows, airlock.ErrInvalid)
	}
	seen := make(map[change]bool, len(rows))
	for _, r := range rows {
		if r.partition == "" || r.partition != c.Partition {
			return fmt.Errorf("change: %s %s of partition %q in one of %q: %w", r.what, r.id, r.partition, c.Partition, airlock.ErrInvalid)
		}
		if seen[r] {
			return fmt.Errorf("change: %s %s twice: %w", r.what, r.id, airlock.ErrInvalid)
		}
		seen[r] = true
	}
	return nil
}

func (c Change) rows() []change {
	var rows []change
	add := func(what, id, partition string) { rows = append(rows, change{what, id, partition}) }
	for _, r := range c.Resources {
		add("resource", r.ID, r.Key().Partition)
	}
	for _, o := range c.Operations {
		add("operation", o.ID+" of "+o.Resource.ID, o.Resource.Partition)
	}
	for _, r := range c.Requests {
		add("request", r.ID, System)
	}
	for _, a := range c.Approvals {
		add("approval", a.ID, System)
	}
	for _, b := range c.Blocks {
		add("block", b.Net.String(), System)
	}
	for _, f := range c.Fleets {
		add("fleet", f.Workspace, f.Workspace)
	}
	for _, h := range c.History {
		add("history", fmt.Sprintf("%d of %s", h.Revision, h.Resource.ID), h.Resource.Partition)
	}
	if c.Card != nil {
		add("card", c.Card.ID, System)
	}
	for _, line := range c.Lines {
		add("audit line", fmt.Sprintf("%d of %s", line.Seq, line.Request), line.Workspace)
	}
	for _, o := range c.Open {
		add("open work", o.Key.Request, o.Key.Workspace)
	}
	for _, id := range c.Closed {
		add("open work", id, c.Partition)
	}
	return rows
}
