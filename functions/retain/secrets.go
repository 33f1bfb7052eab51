package retain

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Requests lists requests for workspaces.
type Requests interface {
	// WorkspaceRequests lists them in the order of their ids.
	WorkspaceRequests(ctx context.Context, page airlock.Page) ([]workspace.Request, string, error)
}

// secrets forgets what is in the vault and nobody names: of a call whose commit
// never came, of a resource that was deleted while the vault was away, or passed
// on by a pipeline to what is gone. The rows are read after the vault, so that
// whatever was kept before is named in them, if it is at all.
func (f Function) secrets(ctx context.Context) error {
	if f.Estate.Vault == nil {
		return nil
	}
	kept, err := f.Estate.Vault.Kept(ctx)
	if err != nil {
		return fmt.Errorf("secrets: %w", err)
	}
	named, err := f.named(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, s := range kept {
		name := workspace.SecretName(s.ID)
		if named[name] || f.Ledger.Now().Sub(s.Created) < f.orphanAge() {
			continue
		}
		line := audit.Line{Workspace: workspace.System, At: f.Ledger.Now().UTC(), Action: "forget", Detail: "secret " + name,
			Reason: "no resource and no request names this secret", Actor: audit.Actor{Name: "retain", Role: string(airlock.Engine)}}
		if err := f.Ledger.Trail.Strange(ctx, "secret."+name, line); err != nil {
			failed = append(failed, fmt.Errorf("secret %s: %w", name, err))
			continue
		}
		if err := f.Estate.Vault.Forget(ctx, s.ID); err != nil {
			failed = append(failed, fmt.Errorf("secret %s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

// named are the names of all secrets that a resource, or a request that waits,
// has need of.
func (f Function) named(ctx context.Context) (map[string]bool, error) {
	named := map[string]bool{}
	add := func(secrets map[string]string) {
		for _, id := range secrets {
			named[workspace.SecretName(id)] = true
		}
	}
	requests, err := airlock.Collect(func(p airlock.Page) ([]workspace.Request, string, error) {
		return f.Estate.Requests.WorkspaceRequests(ctx, p)
	})
	if err != nil {
		return nil, fmt.Errorf("requests for workspaces: %w", err)
	}
	for _, r := range requests {
		if r.Status == workspace.Asked {
			add(r.Secrets)
		}
	}
	partitions := []string{workspace.System}
	for len(partitions) > 0 {
		all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
			return f.Estate.Lists.Resources(ctx, partitions[0], p)
		})
		if err != nil {
			return nil, fmt.Errorf("resources of %s: %w", partitions[0], err)
		}
		partitions = partitions[1:]
		for _, r := range all {
			if r.Gone() {
				continue
			}
			if add(r.Secrets); r.Kind == workspace.Workspace {
				partitions = append(partitions, r.ID)
			}
		}
	}
	return named, nil
}
