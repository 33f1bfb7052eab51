package workspace

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Waiter is an operation that waits for a resource which another one holds.
type Waiter struct {
	Operation OperationKey `json:"operation"`
	Since     time.Time    `json:"since"` // when it was asked for
}

// maxWaiting bounds the queue that a resource keeps. Who finds no place in it
// waits all the same, and is behind those who have one.
const maxWaiting = 200

func before(a, b Waiter) int {
	return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Operation.ID, b.Operation.ID))
}

func (o Operation) waiter() Waiter { return Waiter{Operation: o.Key(), Since: o.CreatedAt.UTC()} }

// Await puts an operation into the queue of those that wait for the resource, in
// the order in which they were asked for; false when it is in it, or there is no
// place.
func (r Resource) Await(o Operation) (Resource, bool) {
	i, there := slices.BinarySearchFunc(r.Waiting, o.waiter(), before)
	if there || len(r.Waiting) >= maxWaiting {
		return r, false
	}
	r = r.clone()
	r.Waiting = slices.Insert(r.Waiting, i, o.waiter())
	return r, true
}

// Ahead tells whether an operation that was asked for earlier waits for the
// resource.
func (r Resource) Ahead(o Operation) bool {
	return len(r.Waiting) > 0 && before(r.Waiting[0], o.waiter()) < 0
}

// leave takes an operation out of the queue.
func (r Resource) leave(o Operation) Resource {
	i, there := slices.BinarySearchFunc(r.Waiting, o.waiter(), before)
	if there {
		r.Waiting = slices.Delete(slices.Clone(r.Waiting), i, i+1)
	}
	return r
}

// called takes an operation whose turn it is out of the queue, and those that
// were before it and did not come: who waits still comes again.
func (r Resource) called(o Operation) Resource {
	r.Waiting = slices.DeleteFunc(slices.Clone(r.Waiting), func(w Waiter) bool { return before(w, o.waiter()) <= 0 })
	return r
}
