package resources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// OperationList is a page of operations, the newest first.
type OperationList struct {
	Operations []workspace.Operation
	Next       string // cursor of the next page; "" at the end
}

// newest puts operations in order.
func newest(a, b workspace.Operation) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
}

func cutOperations(all []workspace.Operation, page Page) (OperationList, error) {
	slices.SortFunc(all, newest)
	cut, next, err := desk.Cut(all, page.Page, page.Most, func(o workspace.Operation) string { return o.ID })
	return OperationList{Operations: cut, Next: next}, err
}

// errNoOperation is the answer to who names an operation that is not one of the
// resource's.
var errNoOperation = fmt.Errorf("operation does not exist: %w", airlock.ErrNotFound)

// operations lists those of a resource that the caller was let at.
func (d *Desk) operations(ctx context.Context, key workspace.Key, page Page) (OperationList, error) {
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Operation, string, error) {
		return d.Ports.Lists.Operations(ctx, key, p)
	})
	if err != nil {
		return OperationList{}, fmt.Errorf("operations of %s: %w", key.ID, err)
	}
	return cutOperations(all, page)
}

// operation is one of a resource that the caller was let at.
func (d *Desk) operation(ctx context.Context, key workspace.Key, id string) (workspace.Operation, error) {
	if !canonical(id) {
		return workspace.Operation{}, errNoOperation
	}
	o, err := d.Ports.Rows.Operation(ctx, workspace.OperationKey{Partition: key.Partition, Resource: key.ID, ID: id})
	switch {
	case errors.Is(err, airlock.ErrNotFound):
		return o, errNoOperation
	case err != nil:
		return o, fmt.Errorf("operation %s: %w", id, err)
	}
	return o, nil
}

// cancel asks an operation to stop.
func (d *Desk) cancel(ctx context.Context, a workspace.Act, key workspace.Key, id string) (workspace.Operation, error) {
	o, err := d.operation(ctx, key, id)
	if err != nil {
		return o, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	return b.Cancel(ctx, a, o.Key())
}

// retry goes on where an operation failed, as a new one.
func (d *Desk) retry(ctx context.Context, a workspace.Act, key workspace.Key, id string) (workspace.Operation, error) {
	o, err := d.operation(ctx, key, id)
	if err != nil {
		return o, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	_, again, err := b.Retry(ctx, a, o.Key())
	return again, err
}

// Snapshots is a page of a resource's history, oldest first.
type Snapshots struct {
	Snapshots []workspace.Snapshot
	Next      string // cursor of the next page; "" at the end
}

// history lists what a resource was before each change.
func (d *Desk) history(ctx context.Context, key workspace.Key, page Page) (Snapshots, error) {
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Snapshot, string, error) {
		return d.Ports.Lists.History(ctx, key, p)
	})
	if err != nil {
		return Snapshots{}, fmt.Errorf("history of %s: %w", key.ID, err)
	}
	cut, next, err := desk.Cut(all, page.Page, page.Most, func(s workspace.Snapshot) string { return s.ID })
	return Snapshots{Snapshots: cut, Next: next}, err
}

// trail is a page of the audit lines of a resource, and whether all of them
// form the chain that it names.
func (d *Desk) trail(ctx context.Context, r workspace.Resource, page airlock.Page) (desk.Trail, error) {
	return desk.ReadTrail(r.Head, page, func(p airlock.Page) ([]audit.Line, string, error) {
		return d.Ports.Lists.Trail(ctx, r.Key().Partition, r.ID, p)
	})
}

// Mine lists the operations under way that the caller ordered, in all workspaces
// in which the caller has a role, and beside them.
func (d *Desk) Mine(ctx context.Context, c desk.Caller, page Page) (OperationList, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ListOperations)
	if err != nil {
		return OperationList{}, err
	}
	list, err := d.Desk.Workspaces(ctx, c, airlock.Page{})
	if err != nil {
		return OperationList{}, err
	}
	partitions := []string{workspace.System}
	for _, v := range list.Views {
		partitions = append(partitions, v.Workspace.ID)
	}
	var mu sync.Mutex
	var all []workspace.Operation
	err = airlock.Each(len(partitions), d.parallel(), func(i int) error {
		some, err := d.underWay(ctx, partitions[i], c.Person.OID)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, some...)
		return err
	})
	if err != nil {
		return OperationList{}, err
	}
	return cutOperations(all, page)
}

// ahead is further than any work is due.
const ahead = 100 * 365 * 24 * time.Hour

// underWay are the operations of a partition that somebody ordered and that
// have not ended. The rows of unfinished work lead to them.
func (d *Desk) underWay(ctx context.Context, partition, oid string) ([]workspace.Operation, error) {
	open, err := airlock.Collect(func(p airlock.Page) ([]airlock.Open, string, error) {
		return d.Ports.Work.Due(ctx, partition, d.Now().Add(ahead), p)
	})
	if err != nil {
		return nil, fmt.Errorf("open work of %s: %w", partition, err)
	}
	var all []workspace.Operation
	for _, row := range open {
		if row.Resource == "" {
			continue
		}
		o, err := d.Ports.Rows.Operation(ctx, workspace.OperationKey{Partition: partition, Resource: row.Resource, ID: row.Key.Request})
		if errors.Is(err, airlock.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", row.Key.Request, err)
		}
		if o.CreatedBy.OID == oid && !o.Ended() {
			all = append(all, o)
		}
	}
	return all, nil
}
