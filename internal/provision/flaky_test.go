package provision_test

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// errLost is what a port says that fails.
var errLost = errors.New("connection reset")

// flaky lets the n-th call of a port fail, before its work or after it.
type flaky struct {
	p     provision.Ports
	n     int // 0: none
	did   bool
	calls []string
}

func (f *flaky) call(name string, do func() error) error {
	f.calls = append(f.calls, name)
	if len(f.calls) != f.n {
		return do()
	}
	if f.did {
		_ = do()
	}
	return errLost
}

func (f *flaky) Resource(ctx context.Context, key workspace.Key) (r workspace.Resource, err error) {
	err = f.call("Resource", func() error { r, err = f.p.Store.Resource(ctx, key); return err })
	return r, err
}

func (f *flaky) Operation(ctx context.Context, key workspace.OperationKey) (o workspace.Operation, err error) {
	err = f.call("Operation", func() error { o, err = f.p.Store.Operation(ctx, key); return err })
	return o, err
}

func (f *flaky) CommitChange(ctx context.Context, c workspace.Change) (saved workspace.Change, err error) {
	err = f.call("CommitChange", func() error { saved, err = f.p.Store.CommitChange(ctx, c); return err })
	return saved, err
}

func (f *flaky) WorkspaceRequest(ctx context.Context, id string) (r workspace.Request, err error) {
	err = f.call("WorkspaceRequest", func() error { r, err = f.p.Requests.WorkspaceRequest(ctx, id); return err })
	return r, err
}

func (f *flaky) WorkspaceRequests(ctx context.Context, page airlock.Page) ([]workspace.Request, string, error) {
	return f.p.Requests.WorkspaceRequests(ctx, page)
}

func (f *flaky) Approval(ctx context.Context, id string) (a workspace.Approval, err error) {
	err = f.call("Approval", func() error { a, err = f.p.Requests.Approval(ctx, id); return err })
	return a, err
}

func (f *flaky) Approvals(ctx context.Context, page airlock.Page) (all []workspace.Approval, next string, err error) {
	err = f.call("Approvals", func() error { all, next, err = f.p.Requests.Approvals(ctx, page); return err })
	return all, next, err
}

func (f *flaky) Blocks(ctx context.Context) (all []workspace.Block, err error) {
	err = f.call("Blocks", func() error { all, err = f.p.Addresses.Blocks(ctx); return err })
	return all, err
}

func (f *flaky) BlockOf(ctx context.Context, net netip.Prefix) (workspace.Block, error) {
	return f.p.Addresses.BlockOf(ctx, net)
}

func (f *flaky) Resources(ctx context.Context, partition string, page airlock.Page) (all []workspace.Resource, next string, err error) {
	err = f.call("Resources", func() error { all, next, err = f.p.Lists.Resources(ctx, partition, page); return err })
	return all, next, err
}

func (f *flaky) Operations(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Operation, string, error) {
	return f.p.Lists.Operations(ctx, key, page)
}

func (f *flaky) History(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Snapshot, string, error) {
	return f.p.Lists.History(ctx, key, page)
}

func (f *flaky) Trail(ctx context.Context, partition, id string, page airlock.Page) (all []audit.Line, next string, err error) {
	err = f.call("Trail", func() error { all, next, err = f.p.Lists.Trail(ctx, partition, id, page); return err })
	return all, next, err
}

func (f *flaky) Put(ctx context.Context, name, value string) (id string, err error) {
	err = f.call("Put", func() error { id, err = f.p.Vault.Put(ctx, name, value); return err })
	return id, err
}

func (f *flaky) Send(ctx context.Context, queue string, order any, delay time.Duration) error {
	return f.call("Send", func() error { return f.p.Orders.Send(ctx, queue, order, delay) })
}

// between puts the fault between the builder and its ports.
func (b *bed) between(f *flaky) {
	f.p = b.Ports
	b.Ports.Store, b.Ports.Requests, b.Ports.Addresses, b.Ports.Lists, b.Ports.Vault, b.Ports.Orders = f, f, f, f, f, f
}
