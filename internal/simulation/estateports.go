package simulation

import (
	"context"
	"net/netip"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	rules "github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// estatePorts are the ports of workspaces that have a memory.
type estatePorts struct {
	Store     workspace.Store
	Lists     workspace.Lists
	Requests  workspace.Requests
	Addresses workspace.Addresses
	Templates workspace.Templates
	Packages  workspace.Packages
	Names     workspace.Names
	Rolls     rules.Rolls
	Stacks    workspace.Stacks
	Machines  workspace.Machines
	Vault     workspace.Vault
	Fleets    workspace.Fleets
	Inventory workspace.Inventory
	Drifts    workspace.Drifts
	Metrics   loads
}

// troubledEstate puts the world's trouble between the functions and their
// ports.
func (w *World) troubledEstate(p estatePorts) estatePorts {
	return estatePorts{Store: rows{w, p.Store}, Lists: lists{w, p.Lists}, Requests: wanted{w, p.Requests}, Addresses: addresses{w, p.Addresses},
		Templates: templates{w, p.Templates}, Packages: p.Packages, Names: suffixes{w, p.Names}, Rolls: rolls{w, p.Rolls}, Stacks: stacks{w, p.Stacks},
		Machines: machines{w, p.Machines}, Vault: safe{w, p.Vault}, Fleets: fleets{w, p.Fleets}, Inventory: inventory{w, p.Inventory}, Drifts: drifts{w, p.Drifts},
		Metrics: meter{w, p.Metrics}}
}

type rows struct {
	w  *World
	to workspace.Store
}

func (r rows) Resource(ctx context.Context, key workspace.Key) (workspace.Resource, error) {
	return exec(ctx, r.w, "rows.Resource", func() (workspace.Resource, error) { return r.to.Resource(ctx, key) })
}

func (r rows) Operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error) {
	return exec(ctx, r.w, "rows.Operation", func() (workspace.Operation, error) { return r.to.Operation(ctx, key) })
}

func (r rows) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	return exec(ctx, r.w, "rows.Commit", func() (workspace.Change, error) { return r.to.CommitChange(ctx, c) })
}

type lists struct {
	w  *World
	to workspace.Lists
}

func (l lists) Resources(ctx context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error) {
	return paged(ctx, l.w, "lists.Resources", func() ([]workspace.Resource, string, error) {
		return l.to.Resources(ctx, partition, l.w.short(page))
	})
}

func (l lists) Operations(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Operation, string, error) {
	return paged(ctx, l.w, "lists.Operations", func() ([]workspace.Operation, string, error) {
		return l.to.Operations(ctx, key, l.w.short(page))
	})
}

func (l lists) History(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Snapshot, string, error) {
	return paged(ctx, l.w, "lists.History", func() ([]workspace.Snapshot, string, error) { return l.to.History(ctx, key, l.w.short(page)) })
}

func (l lists) Trail(ctx context.Context, partition, id string, page airlock.Page) ([]audit.Line, string, error) {
	return paged(ctx, l.w, "lists.Trail", func() ([]audit.Line, string, error) { return l.to.Trail(ctx, partition, id, page) })
}

type wanted struct {
	w  *World
	to workspace.Requests
}

func (r wanted) WorkspaceRequest(ctx context.Context, id string) (workspace.Request, error) {
	return exec(ctx, r.w, "wanted.Request", func() (workspace.Request, error) { return r.to.WorkspaceRequest(ctx, id) })
}

func (r wanted) WorkspaceRequests(ctx context.Context, page airlock.Page) ([]workspace.Request, string, error) {
	return paged(ctx, r.w, "wanted.Requests", func() ([]workspace.Request, string, error) { return r.to.WorkspaceRequests(ctx, r.w.short(page)) })
}

func (r wanted) Approval(ctx context.Context, id string) (workspace.Approval, error) {
	return exec(ctx, r.w, "wanted.Approval", func() (workspace.Approval, error) { return r.to.Approval(ctx, id) })
}

func (r wanted) Approvals(ctx context.Context, page airlock.Page) ([]workspace.Approval, string, error) {
	return paged(ctx, r.w, "wanted.Approvals", func() ([]workspace.Approval, string, error) { return r.to.Approvals(ctx, r.w.short(page)) })
}

type addresses struct {
	w  *World
	to workspace.Addresses
}

func (a addresses) Blocks(ctx context.Context) ([]workspace.Block, error) {
	return exec(ctx, a.w, "addresses.Blocks", func() ([]workspace.Block, error) { return a.to.Blocks(ctx) })
}

func (a addresses) BlockOf(ctx context.Context, net netip.Prefix) (workspace.Block, error) {
	return exec(ctx, a.w, "addresses.BlockOf", func() (workspace.Block, error) { return a.to.BlockOf(ctx, net) })
}

type templates struct {
	w *World
	library
}

// library has a name other than that of its method.
type library = workspace.Templates

func (t templates) Template(ctx context.Context, kind workspace.Kind, parent, name, version string) (workspace.Registered, error) {
	return exec(ctx, t.w, "templates.Template", func() (workspace.Registered, error) {
		return t.library.Template(ctx, kind, parent, name, version)
	})
}

type suffixes struct {
	w  *World
	to workspace.Names
}

func (n suffixes) Name(ctx context.Context, suffix string, key workspace.Key) error {
	return execute(ctx, n.w, "names.Name", func() error { return n.to.Name(ctx, suffix, key) })
}

func (n suffixes) Named(ctx context.Context, suffix string) (workspace.Key, error) {
	return exec(ctx, n.w, "names.Named", func() (workspace.Key, error) { return n.to.Named(ctx, suffix) })
}

type rolls struct {
	w  *World
	to rules.Rolls
}

func (r rolls) Roll(ctx context.Context, workspace string) (rules.Roll, error) {
	return exec(ctx, r.w, "rolls.Roll", func() (rules.Roll, error) { return r.to.Roll(ctx, workspace) })
}

func (r rolls) CommitRoll(ctx context.Context, c rules.Change) (rules.Roll, error) {
	return exec(ctx, r.w, "rolls.Commit", func() (rules.Roll, error) { return r.to.CommitRoll(ctx, c) })
}
