package stack

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/azorders"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// builder makes what is seeded, as the product does, under its settings. orders
// may be nil while nothing is ordered.
func (s *Stack) builder(store *azstore.Store, orders provision.Orders) *provision.Builder {
	return &provision.Builder{Now: s.cfg.Now, Log: s.cfg.Log, Platform: workspace.Platform{TRE: s.TRE(), Location: region, Subscription: Subscription, Group: coreGroup},
		Pool: workspace.Pool{Space: netip.MustParsePrefix(addressSpace), Reserved: []netip.Prefix{netip.MustParsePrefix(coreSpace)}},
		Ports: provision.Ports{Store: store, Lists: store, Requests: store, Addresses: store, Templates: store, Packages: store, Vault: noSecrets{},
			Cards: store, Airlock: store, Members: store, Records: store, Orders: orders}}
}

// act is the administrator's, the same for every run: what was done before is
// found again.
func (s *Stack) act(what string) workspace.Act {
	admin := s.people()["admin"]
	return workspace.Act{By: access.Person{OID: admin.OID, Name: admin.Name, Email: admin.Email}, Role: access.TREAdmin, At: s.cfg.Now(),
		Operation: uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://tre.example/seed/"+what)).String(), Call: "seed"}
}

// register registers the first-party templates; a service's comes before those
// of what is in it.
func (s *Stack) register(ctx context.Context, b *provision.Builder) error {
	for _, name := range templates.Names() {
		files, err := templates.Files(name)
		if err == nil {
			_, err = b.Register(ctx, s.act(name), files, true)
		}
		if err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
	}
	return nil
}

// deployTime is how long the two workspaces may take: on a machine that does
// nothing else a second.
const deployTime = 2 * time.Minute

// deploySeed has the engine make the two workspaces.
func (s *Stack) deploySeed(ctx context.Context) error {
	store, err := s.Store()
	if err != nil {
		return err
	}
	orders, err := azorders.New(azorders.Config{ConnectionString: s.Direct.ConnectionString(s.Account(StateAccount))})
	if err != nil {
		return err
	}
	b, people := s.builder(store, orders), s.people()
	for _, w := range s.Workspaces {
		owner := people[w.Members[access.WorkspaceOwner][0]]
		_, _, err := b.Workspace(ctx, s.act(w.ID), w.ID, provision.New{Template: "tre-workspace-base", Owner: access.Person{OID: owner.OID, Name: owner.Name, Email: owner.Email},
			Roles: []access.Role{access.TREAdmin}, Properties: map[string]any{"display_name": w.DisplayName, "description": w.Description, "overview": w.Description,
				"address_space_size": "small"}})
		if err != nil {
			return fmt.Errorf("workspace %s: %w", w.DisplayName, err)
		}
	}
	for _, w := range s.Workspaces {
		if err := retry(ctx, deployTime, func() error { return deployed(ctx, store, w.ID) }); err != nil {
			return fmt.Errorf("workspace %s: %w", w.DisplayName, err)
		}
	}
	return nil
}

// deployed is nil once a workspace's first operation ended.
func deployed(ctx context.Context, store *azstore.Store, id string) error {
	r, err := store.Resource(ctx, workspace.Key{Partition: workspace.System, ID: id})
	switch {
	case err != nil:
		return err
	case !r.Installed:
		return errors.New("it is " + string(r.Status) + ": " + r.Message)
	}
	return nil
}
