package memstore

import (
	"context"
	"errors"
	"net/netip"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// Resource returns ErrNotFound when there is none.
func (s *Store) Resource(_ context.Context, key workspace.Key) (workspace.Resource, error) {
	return readRow(s, key.Partition, rowPrefix(kindResource, key.ID), resourceVersion)
}

// Operation returns ErrNotFound when there is none.
func (s *Store) Operation(_ context.Context, key workspace.OperationKey) (workspace.Operation, error) {
	return readRow(s, key.Partition, rowPrefix(kindOperation, key.Resource, key.ID), operationVersion)
}

// Resources lists the resources of a partition, deleted ones too.
func (s *Store) Resources(_ context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error) {
	return listRows(s, partition, rowPrefix(kindResource), page, resourceVersion)
}

// Operations lists the operations of a resource.
func (s *Store) Operations(_ context.Context, key workspace.Key, page airlock.Page) ([]workspace.Operation, string, error) {
	return listRows(s, key.Partition, rowPrefix(kindOperation, key.ID), page, operationVersion)
}

// History lists what a resource was before each change of its properties.
func (s *Store) History(_ context.Context, key workspace.Key, page airlock.Page) ([]workspace.Snapshot, string, error) {
	return listRows(s, key.Partition, rowPrefix(kindHistory, key.ID), page, unversioned[workspace.Snapshot])
}

// Trail lists the audit lines of an object of a partition, in order.
func (s *Store) Trail(ctx context.Context, partition, id string, page airlock.Page) ([]audit.Line, string, error) {
	return s.Lines(ctx, airlock.Key{Workspace: partition, Request: id}, page)
}

// WorkspaceRequest returns ErrNotFound when there is none.
func (s *Store) WorkspaceRequest(_ context.Context, id string) (workspace.Request, error) {
	return readRow(s, workspace.System, rowPrefix(kindWanted, id), requestVersion)
}

// WorkspaceRequests lists them in the order of their ids.
func (s *Store) WorkspaceRequests(_ context.Context, page airlock.Page) ([]workspace.Request, string, error) {
	return listRows(s, workspace.System, rowPrefix(kindWanted), page, requestVersion)
}

// Approval returns ErrNotFound when there is none.
func (s *Store) Approval(_ context.Context, id string) (workspace.Approval, error) {
	return readRow(s, workspace.System, rowPrefix(kindStanding, id), approvalVersion)
}

// Approvals lists standing approvals, ended ones too.
func (s *Store) Approvals(_ context.Context, page airlock.Page) ([]workspace.Approval, string, error) {
	return listRows(s, workspace.System, rowPrefix(kindStanding), page, approvalVersion)
}

// Blocks returns the blocks of which something is or was reserved.
func (s *Store) Blocks(context.Context) ([]workspace.Block, error) {
	var all []workspace.Block
	for page := (airlock.Page{}); ; {
		blocks, next, err := listRows(s, workspace.System, rowPrefix(kindBlock), page, blockVersion)
		if all, page.After = append(all, blocks...), next; err != nil || next == "" {
			return all, err
		}
	}
}

// BlockOf returns the block of that network, an empty one where there is none.
func (s *Store) BlockOf(_ context.Context, net netip.Prefix) (workspace.Block, error) {
	empty := workspace.Block{Block: address.Block{Net: net}}
	block, err := readRow(s, workspace.System, blockKey(empty), blockVersion)
	if errors.Is(err, airlock.ErrNotFound) {
		return empty, nil
	}
	return block, err
}

// Fleet returns what is known of the machines of a workspace, an empty one where
// there is none.
func (s *Store) Fleet(_ context.Context, id string) (workspace.Fleet, error) {
	empty := workspace.Fleet{Workspace: id}
	fleet, err := readRow(s, id, fleetKey(empty), fleetVersion)
	if errors.Is(err, airlock.ErrNotFound) {
		return empty, nil
	}
	return fleet, err
}
