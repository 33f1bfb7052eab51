package notify

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// Fleets keeps what is known of machines, and whose they are.
type Fleets interface {
	// Fleet returns that of a workspace, an empty one where there is none.
	Fleet(ctx context.Context, workspace string) (workspace.Fleet, error)
	// Resource returns airlock.ErrNotFound when there is none.
	Resource(ctx context.Context, key workspace.Key) (workspace.Resource, error)
}

// hearMachines warns owners of machines that are going to be stopped.
func (f Function) hearMachines(ctx context.Context, id string) error {
	for try := 1; ; try++ {
		fleet, err := f.Fleets.Fleet(ctx, id)
		if err != nil {
			return fmt.Errorf("machines of workspace %s: %w", id, err)
		}
		told, failed := f.tellMachines(ctx, fleet)
		if len(told) == 0 {
			return failed
		}
		_, err = f.Store.CommitChange(ctx, workspace.Change{Partition: id, Fleets: []workspace.Fleet{fleet.Heard(told)}})
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return errors.Join(failed, err)
		}
	}
}

// tellMachines tells every warning, and returns those that were told.
func (f Function) tellMachines(ctx context.Context, fleet workspace.Fleet) (told []workspace.Warning, err error) {
	if len(fleet.Notices) == 0 {
		return nil, nil
	}
	w, err := f.Ledger.Workspaces.Workspace(ctx, fleet.Workspace)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return nil, fmt.Errorf("workspace %s: %w", fleet.Workspace, err)
	}
	var failed []error
	for _, n := range fleet.Notices {
		if err := f.warn(ctx, n, fleet.Workspace, w.DisplayName); err != nil {
			failed = append(failed, fmt.Errorf("warning about %s: %w", n.Resource, err))
			continue
		}
		told = append(told, n)
	}
	return told, errors.Join(failed...)
}

// warn tells whoever looks after a machine that it is going to be stopped. One
// that is gone is told of to nobody.
func (f Function) warn(ctx context.Context, n workspace.Warning, in, name string) error {
	r, err := f.Fleets.Resource(ctx, workspace.Key{Partition: in, ID: n.Resource})
	if errors.Is(err, airlock.ErrNotFound) || err == nil && r.Gone() {
		return nil
	}
	if err != nil {
		return err
	}
	people, err := f.keepers(ctx, r)
	if err != nil {
		return err
	}
	var failed []error
	for _, p := range people {
		l := letter{key: airlock.Key{Workspace: in, Request: n.Resource}, id: fmt.Sprintf("%s.%s.%d.stopping", in, n.Resource, n.Seq), event: "stopping", at: n.At, to: p}
		failed = append(failed, f.send(ctx, l, func() (compose.Content, error) {
			return compose.RenderMachine(compose.Machine{Recipient: p.to.Name, Owner: p.id == r.Owner.OID, Name: r.Name(), Workspace: name, Person: r.Owner.Name,
				Scheduled: n.Cause == idle.Scheduled, Stop: n.Stop, When: n.At, Link: f.Portal + "/workspaces/" + in + "/resources"})
		}))
	}
	return errors.Join(failed...)
}

// keepers are the owner of a machine; where they have no address the owners of
// the workspace, and otherwise the administrators.
func (f Function) keepers(ctx context.Context, r workspace.Resource) ([]person, error) {
	if r.Owner.Email != "" {
		return []person{{id: r.Owner.OID, to: mail.Address{Name: r.Owner.Name, Email: r.Owner.Email}, role: compose.Owner}}, nil
	}
	members, err := f.Members.Members(ctx, r.Workspace)
	if err != nil {
		return nil, fmt.Errorf("members: %w", err)
	}
	counted, err := f.counting(ctx, owners(members))
	if err != nil {
		return nil, err
	}
	all := addressed(nil, counted, compose.Owner)
	if len(all) > 0 {
		return all, nil
	}
	for _, a := range f.Administrators {
		all = append(all, person{id: a.Email, to: mail.Address{Name: a.Name, Email: a.Email}, role: compose.Administrator})
	}
	return all, nil
}
