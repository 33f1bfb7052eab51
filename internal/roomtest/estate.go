package roomtest

import (
	"context"
	"net/netip"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Estate is what a world has beside the airlock: resources, and a cloud in
// which they are made. Each call of its ports can be made to fail as the
// world's others can.
type Estate struct {
	*World

	Cloud     *memcloud.Cloud
	Resources workspace.Store
	Lists     workspace.Lists
	Wanted    workspace.Requests
	Addresses workspace.Addresses
	Packages  workspace.Packages
	Names     workspace.Names
	Fleets    workspace.Fleets
	Stacks    workspace.Stacks
	Machines  workspace.Machines
	Secrets   workspace.Vault
	Register  workspace.Register
	Inventory workspace.Inventory
	Drifts    workspace.Drifts
}

// NewEstate makes a world with a cloud. The cloud's clock is the world's.
func NewEstate(w *World, c memcloud.Config) *Estate {
	c.Now = w.Now
	e := &Estate{World: w, Cloud: memcloud.New(c)}
	p := estate{w}
	e.Resources, e.Lists, e.Wanted, e.Addresses, e.Packages, e.Names, e.Fleets = p, p, p, p, p, p, p
	e.Stacks, e.Machines, e.Secrets = stacks{w, e.Cloud.Stacks()}, machines{w, e.Cloud.Machines()}, secrets{w, e.Cloud.Vault()}
	e.Register = register{w, e.Cloud.Register()}
	e.Inventory, e.Drifts = inventory{w, e.Cloud.Inventory()}, p
	w.told = append(w.told, e.tell)
	return e
}

// The ports behind faults.
type (
	estate struct{ w *World }
	stacks struct {
		w  *World
		to workspace.Stacks
	}
	machines struct {
		w  *World
		to workspace.Machines
	}
	inventory struct {
		w  *World
		to workspace.Inventory
	}
	secrets struct {
		w  *World
		to workspace.Vault
	}
	register struct {
		w  *World
		to workspace.Register
	}
)

func (p estate) Resource(ctx context.Context, key workspace.Key) (workspace.Resource, error) {
	return call(&p.w.Faults, "Store.Resource", func() (workspace.Resource, error) { return p.w.Store.Resource(ctx, key) })
}

func (p estate) Operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error) {
	return call(&p.w.Faults, "Store.Operation", func() (workspace.Operation, error) { return p.w.Store.Operation(ctx, key) })
}

func (p estate) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	return call(&p.w.Faults, "Store.CommitChange", func() (workspace.Change, error) { return p.w.Store.CommitChange(ctx, c) })
}

func (p estate) Resources(ctx context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error) {
	return paged(&p.w.Faults, "Lists.Resources", func() ([]workspace.Resource, string, error) {
		return p.w.Store.Resources(ctx, partition, p.w.small(page))
	})
}

func (p estate) Operations(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Operation, string, error) {
	return paged(&p.w.Faults, "Lists.Operations", func() ([]workspace.Operation, string, error) {
		return p.w.Store.Operations(ctx, key, p.w.small(page))
	})
}

func (p estate) History(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Snapshot, string, error) {
	return paged(&p.w.Faults, "Lists.History", func() ([]workspace.Snapshot, string, error) {
		return p.w.Store.History(ctx, key, p.w.small(page))
	})
}

func (p estate) Trail(ctx context.Context, partition, id string, page airlock.Page) ([]audit.Line, string, error) {
	return paged(&p.w.Faults, "Lists.Trail", func() ([]audit.Line, string, error) {
		return p.w.Store.Trail(ctx, partition, id, p.w.small(page))
	})
}

func (p estate) WorkspaceRequest(ctx context.Context, id string) (workspace.Request, error) {
	return call(&p.w.Faults, "Requests.WorkspaceRequest", func() (workspace.Request, error) { return p.w.Store.WorkspaceRequest(ctx, id) })
}

func (p estate) WorkspaceRequests(ctx context.Context, page airlock.Page) ([]workspace.Request, string, error) {
	return paged(&p.w.Faults, "Requests.WorkspaceRequests", func() ([]workspace.Request, string, error) {
		return p.w.Store.WorkspaceRequests(ctx, p.w.small(page))
	})
}

func (p estate) Approval(ctx context.Context, id string) (workspace.Approval, error) {
	return call(&p.w.Faults, "Requests.Approval", func() (workspace.Approval, error) { return p.w.Store.Approval(ctx, id) })
}

func (p estate) Approvals(ctx context.Context, page airlock.Page) ([]workspace.Approval, string, error) {
	return paged(&p.w.Faults, "Requests.Approvals", func() ([]workspace.Approval, string, error) {
		return p.w.Store.Approvals(ctx, p.w.small(page))
	})
}

func (p estate) Blocks(ctx context.Context) ([]workspace.Block, error) {
	return call(&p.w.Faults, "Addresses.Blocks", func() ([]workspace.Block, error) { return p.w.Store.Blocks(ctx) })
}

func (p estate) BlockOf(ctx context.Context, net netip.Prefix) (workspace.Block, error) {
	return call(&p.w.Faults, "Addresses.BlockOf", func() (workspace.Block, error) { return p.w.Store.BlockOf(ctx, net) })
}

func (p estate) SavePackage(ctx context.Context, digest string, files map[string][]byte) error {
	return only(&p.w.Faults, "Packages.SavePackage", func() error { return p.w.Store.SavePackage(ctx, digest, files) })
}

func (p estate) LoadPackage(ctx context.Context, digest string) (map[string][]byte, error) {
	return call(&p.w.Faults, "Packages.LoadPackage", func() (map[string][]byte, error) { return p.w.Store.LoadPackage(ctx, digest) })
}

func (p estate) Fleet(ctx context.Context, id string) (workspace.Fleet, error) {
	return call(&p.w.Faults, "Fleets.Fleet", func() (workspace.Fleet, error) { return p.w.Store.Fleet(ctx, id) })
}

func (p estate) Name(ctx context.Context, suffix string, key workspace.Key) error {
	return only(&p.w.Faults, "Names.Name", func() error { return p.w.Store.Name(ctx, suffix, key) })
}

func (p estate) Named(ctx context.Context, suffix string) (workspace.Key, error) {
	return call(&p.w.Faults, "Names.Named", func() (workspace.Key, error) { return p.w.Store.Named(ctx, suffix) })
}

func (p estate) Drift(ctx context.Context) (workspace.Drift, error) {
	return call(&p.w.Faults, "Drifts.Drift", func() (workspace.Drift, error) { return p.w.Store.Drift(ctx) })
}

func (p estate) SaveDrift(ctx context.Context, d workspace.Drift) error {
	return only(&p.w.Faults, "Drifts.SaveDrift", func() error { return p.w.Store.SaveDrift(ctx, d) })
}

func (p inventory) Groups(ctx context.Context, subscription, tre string) ([]workspace.Group, error) {
	return call(&p.w.Faults, "Inventory.Groups", func() ([]workspace.Group, error) { return p.to.Groups(ctx, subscription, tre) })
}

func (p inventory) Held(ctx context.Context, subscription, group string) ([]workspace.Held, error) {
	return call(&p.w.Faults, "Inventory.Held", func() ([]workspace.Held, error) { return p.to.Held(ctx, subscription, group) })
}

func (p stacks) Deploy(ctx context.Context, d workspace.Deployment) (string, error) {
	return call(&p.w.Faults, "Stacks.Deploy", func() (string, error) { return p.to.Deploy(ctx, d) })
}

func (p stacks) Remove(ctx context.Context, s workspace.Stack) (string, error) {
	return call(&p.w.Faults, "Stacks.Remove", func() (string, error) { return p.to.Remove(ctx, s) })
}

func (p stacks) Look(ctx context.Context, s workspace.Stack, token string) (workspace.Seen, error) {
	return call(&p.w.Faults, "Stacks.Look", func() (workspace.Seen, error) { return p.to.Look(ctx, s, token) })
}

func (p stacks) Cancel(ctx context.Context, s workspace.Stack) error {
	return only(&p.w.Faults, "Stacks.Cancel", func() error { return p.to.Cancel(ctx, s) })
}

func (p machines) Begin(ctx context.Context, m workspace.Machine, a workspace.MachineAction) (string, error) {
	return call(&p.w.Faults, "Machines.Begin", func() (string, error) { return p.to.Begin(ctx, m, a) })
}

func (p machines) Look(ctx context.Context, m workspace.Machine, a workspace.MachineAction, token string) (workspace.Seen, error) {
	return call(&p.w.Faults, "Machines.Look", func() (workspace.Seen, error) { return p.to.Look(ctx, m, a, token) })
}

func (p machines) Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	return call(&p.w.Faults, "Machines.Powers", func() (map[workspace.Machine]workspace.Power, error) { return p.to.Powers(ctx, subscription) })
}

func (p secrets) Put(ctx context.Context, name, value string) (string, error) {
	return call(&p.w.Faults, "Vault.Put", func() (string, error) { return p.to.Put(ctx, name, value) })
}

func (p secrets) Forget(ctx context.Context, id string) error {
	return only(&p.w.Faults, "Vault.Forget", func() error { return p.to.Forget(ctx, id) })
}

func (p register) Kept(ctx context.Context) ([]workspace.Secret, error) {
	return call(&p.w.Faults, "Vault.Kept", func() ([]workspace.Secret, error) { return p.to.Kept(ctx) })
}

func (p register) Forget(ctx context.Context, id string) error {
	return only(&p.w.Faults, "Vault.Forget", func() error { return p.to.Forget(ctx, id) })
}
