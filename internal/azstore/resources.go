package azstore

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// The ways to give a value the version of its row.
var (
	resourceVersion  = func(r *workspace.Resource, v string) { r.Version = v }
	operationVersion = func(o *workspace.Operation, v string) { o.Version = v }
	requestVersion   = func(r *workspace.Request, v string) { r.Version = v }
	approvalVersion  = func(a *workspace.Approval, v string) { a.Version = v }
	blockVersion     = func(b *workspace.Block, v string) { b.Version = v }
	fleetVersion     = func(f *workspace.Fleet, v string) { f.Version = v }
)

// unversioned is for what is never replaced.
func unversioned[T any](*T, string) {}

// versioned reads the data of a row and gives it its version.
func versioned[T any](r row, set func(*T, string)) (T, error) {
	var v T
	err := r.read(&v)
	set(&v, r.etag())
	return v, err
}

// one reads one row; airlock.ErrNotFound when there is none.
func one[T any](ctx context.Context, s *Store, partition, key string, set func(*T, string)) (T, error) {
	r, err := s.get(ctx, partition, key)
	if err != nil {
		var none T
		return none, translate(key, err)
	}
	return versioned(r, set)
}

// some reads a page of a span.
func some[T any](ctx context.Context, s *Store, of span, page airlock.Page, set func(*T, string)) ([]T, string, error) {
	rows, next, err := s.page(ctx, of, page)
	if err != nil {
		return nil, "", translate(of.prefix, err)
	}
	all, err := read(rows, set)
	return all, next, err
}

// share is how many rows are worth another processor: reading them takes about a
// millisecond.
const share = 100

// read reads the data of rows, of many on all processors.
func read[T any](rows []row, set func(*T, string)) ([]T, error) {
	all := make([]T, len(rows))
	parts := min(runtime.GOMAXPROCS(0), len(rows)/share+1)
	return all, airlock.Each(parts, parts, func(part int) (err error) {
		for i := part; i < len(rows) && err == nil; i += parts {
			all[i], err = versioned(rows[i], set)
		}
		return err
	})
}

// Resource returns airlock.ErrNotFound when there is none.
func (s *Store) Resource(ctx context.Context, key workspace.Key) (workspace.Resource, error) {
	return one(ctx, s, key.Partition, kindResource+part(key.ID), resourceVersion)
}

// Operation returns airlock.ErrNotFound when there is none.
func (s *Store) Operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error) {
	return one(ctx, s, key.Partition, operationsPrefix(key.Resource)+part(key.ID), operationVersion)
}

// Resources lists the resources of a partition, deleted ones too.
func (s *Store) Resources(ctx context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error) {
	return some(ctx, s, span{workspace: partition, prefix: kindResource}, page, resourceVersion)
}

// Operations lists the operations of a resource.
func (s *Store) Operations(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Operation, string, error) {
	return some(ctx, s, span{workspace: key.Partition, prefix: operationsPrefix(key.ID)}, page, operationVersion)
}

// History lists what a resource was before each change of its properties, the
// newest last.
func (s *Store) History(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Snapshot, string, error) {
	return some(ctx, s, span{workspace: key.Partition, prefix: historyPrefix(key.ID)}, page, unversioned[workspace.Snapshot])
}

// Trail lists the audit lines of an object of a partition, in order.
func (s *Store) Trail(ctx context.Context, partition, id string, page airlock.Page) ([]audit.Line, string, error) {
	return some(ctx, s, span{workspace: partition, prefix: auditPrefix(id)}, page, unversioned[audit.Line])
}

// WorkspaceRequest returns airlock.ErrNotFound when there is none.
func (s *Store) WorkspaceRequest(ctx context.Context, id string) (workspace.Request, error) {
	return one(ctx, s, system, kindWanted+part(id), requestVersion)
}

// WorkspaceRequests lists them in the order of their ids.
func (s *Store) WorkspaceRequests(ctx context.Context, page airlock.Page) ([]workspace.Request, string, error) {
	return some(ctx, s, span{workspace: system, prefix: kindWanted}, page, requestVersion)
}

// Approval returns airlock.ErrNotFound when there is none.
func (s *Store) Approval(ctx context.Context, id string) (workspace.Approval, error) {
	return one(ctx, s, system, kindStanding+part(id), approvalVersion)
}

// Approvals lists standing approvals, ended ones too.
func (s *Store) Approvals(ctx context.Context, page airlock.Page) ([]workspace.Approval, string, error) {
	return some(ctx, s, span{workspace: system, prefix: kindStanding}, page, approvalVersion)
}

// Blocks returns the blocks of which something is or was reserved, in the order
// of their addresses.
func (s *Store) Blocks(ctx context.Context) ([]workspace.Block, error) {
	rows, err := s.every(ctx, span{workspace: system, prefix: kindBlock})
	if err != nil {
		return nil, translate("address space", err)
	}
	all := make([]workspace.Block, len(rows))
	for i, r := range rows {
		if all[i], err = versioned(r, blockVersion); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// BlockOf returns the block of that network, an empty one where there is none.
func (s *Store) BlockOf(ctx context.Context, net netip.Prefix) (workspace.Block, error) {
	r, err := s.get(ctx, system, blockKey(net))
	if absent(err) {
		return workspace.Block{Block: address.Block{Net: net}}, nil
	}
	if err != nil {
		return workspace.Block{}, translate(fmt.Sprintf("block %s", net), err)
	}
	return versioned(r, blockVersion)
}

// Fleet returns what is known of the machines of a workspace, an empty one where
// there is none.
func (s *Store) Fleet(ctx context.Context, id string) (workspace.Fleet, error) {
	r, err := s.get(ctx, id, keyFleet)
	if absent(err) {
		return workspace.Fleet{Workspace: id}, nil
	}
	if err != nil {
		return workspace.Fleet{}, translate("fleet", err)
	}
	return versioned(r, fleetVersion)
}
