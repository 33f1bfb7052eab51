// Package azstore keeps what the rulebooks of the airlock and of workspaces ask
// of their ports in one Azure table, and manifests and template packages in blob
// containers of the same account.
//
// A workspace is a partition, so that nothing of another workspace can be
// addressed, and so that a request, its audit lines, its row of open work, a
// decision and the memberships behind it commit in one entity-group
// transaction; so do a workspace's services, their operations and lines. The
// partition "system" holds the workspaces, the address space and what belongs to
// no request. Row keys begin with the kind of row; see keys.go.
package azstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Store implements the storage ports of internal/airlock and
// internal/workspace. It keeps nothing between calls, so any number of processes
// may work on one table. Table and containers are made when the first write
// finds them missing.
type Store struct {
	Table     *aztables.Client  // the one table
	Manifests *container.Client // the container of the manifests
	Packages  *container.Client // the container of the template packages
}

// absent tells that a row, or its table, does not exist.
func absent(err error) bool { return status(err) == http.StatusNotFound }

// status is the HTTP status with which the service refused, in a transaction
// that of the row at fault; 0 for other errors.
func status(err error) int {
	if row, ok := errors.AsType[*rowError](err); ok {
		return row.status
	}
	if res, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return res.StatusCode
	}
	return 0
}

// code is the service's error code, "" for other errors.
func code(err error) string {
	if row, ok := errors.AsType[*rowError](err); ok {
		return row.code
	}
	if res, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return res.ErrorCode
	}
	return ""
}

// translate says what in the rulebook's words; what it has no word for is left
// to be tried again.
func translate(what string, err error) error {
	if row, ok := errors.AsType[*rowError](err); ok {
		what += ": " + row.Error()
	}
	switch status(err) {
	case http.StatusNotFound:
		return fmt.Errorf("%s: %w", what, airlock.ErrNotFound)
	case http.StatusConflict, http.StatusPreconditionFailed:
		return fmt.Errorf("%s: %w", what, airlock.ErrConflict)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// withTable does a write, and does it again if it had to make the table first.
func (s *Store) withTable(ctx context.Context, write func() error) error {
	err := write()
	if code(err) != string(aztables.TableNotFound) {
		return err
	}
	_, made := s.Table.CreateTable(ctx, nil)
	if made != nil && code(made) != string(aztables.TableAlreadyExists) {
		return fmt.Errorf("table: %w", made)
	}
	return write()
}
