package workspace

import (
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Each method adds an audit line to the chain of the object that it adds
// to the change, so that no status changes without one (I7).

// Resource adds a resource with an audit line about it.
func (c *Change) Resource(r Resource, line audit.Line) {
	c.Resources = append(c.Resources, r)
	c.chain(r.ID, &c.Resources[len(c.Resources)-1].Head, line)
}

// Operation adds an operation with an audit line about it, and its row of
// unfinished work: to be looked at when due, or gone when it ended.
func (c *Change) Operation(o Operation, due time.Time, line audit.Line) {
	c.Operations = append(c.Operations, o)
	c.chain(o.ID, &c.Operations[len(c.Operations)-1].Head, line)
	if o.Ended() {
		c.Closed = append(c.Closed, o.ID)
		return
	}
	c.Open = append(c.Open, o.Open(due))
}

// Heard adds an operation of which nothing changed but that administrators were
// told that it is stuck, without an audit line: nothing happened to it.
func (c *Change) Heard(o Operation, due time.Time) {
	c.Operations = append(c.Operations, o)
	if !o.Ended() {
		c.Open = append(c.Open, o.Open(due))
	}
}

// Open is the row of unfinished work of an operation, to be looked at when due.
func (o Operation) Open(due time.Time) airlock.Open {
	return airlock.Open{Key: airlock.Key{Workspace: o.Resource.Partition, Request: o.ID}, Resource: o.Resource.ID, Due: due.UTC(), Tell: o.Untold()}
}

// Request adds a request for a workspace with an audit line about it, and its
// row of unfinished work while people are to be told or to decide, or secrets of
// it are to be forgotten.
func (c *Change) Request(r Request, due time.Time, line audit.Line) {
	c.Requests = append(c.Requests, r)
	c.chain(r.Chain(), &c.Requests[len(c.Requests)-1].Head, line)
	c.open(r, due)
}

// Told adds a request from which nothing but notices that were told was taken,
// without an audit line: nothing happened to the request.
func (c *Change) Told(r Request, due time.Time) {
	c.Requests = append(c.Requests, r)
	c.open(r, due)
}

func (c *Change) open(r Request, due time.Time) {
	if len(r.Notices) == 0 && r.Status != Asked && len(r.Left()) == 0 {
		c.Closed = append(c.Closed, r.ID)
		return
	}
	c.Open = append(c.Open, airlock.Open{Key: airlock.Key{Workspace: System, Request: r.ID}, Due: due.UTC()})
}

// Approval adds a standing approval with an audit line about it.
func (c *Change) Approval(a Approval, line audit.Line) {
	c.Approvals = append(c.Approvals, a)
	c.chain(a.ID, &c.Approvals[len(c.Approvals)-1].Head, line)
}

func (c *Change) chain(id string, head *audit.Head, line audit.Line) {
	line.Workspace, line.Request = c.Partition, id
	line, *head = head.Append(line)
	c.Lines = append(c.Lines, line)
}

// Quietly adds a resource whose status did not change, without an audit line:
// that a job was looked at is no event.
func (c *Change) Quietly(r Resource) { c.Resources = append(c.Resources, r) }

// Due is when an operation is to be looked at by sweep, where no message does
// before: some time after the next look at its job.
func (c Cadence) Due(target Resource, at time.Time) time.Time {
	next := at
	if target.Job != nil && target.Job.Next.After(next) {
		next = target.Job.Next
	}
	return next.Add(c.Hint)
}
