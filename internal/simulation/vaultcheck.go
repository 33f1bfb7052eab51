package simulation

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// register lists secrets, but for the world's trouble.
type register struct {
	w  *World
	to workspace.Register
}

func (r register) Kept(ctx context.Context) ([]workspace.Secret, error) {
	return exec(ctx, r.w, "safe.Kept", func() ([]workspace.Secret, error) { return r.to.Kept(ctx) })
}

func (r register) Forget(ctx context.Context, id string) error {
	return execute(ctx, r.w, "safe.Forget", func() error { return r.to.Forget(ctx, id) })
}

// needed are the names of the secrets that somebody has need of.
func (e *estate) needed() map[string]bool {
	needed := map[string]bool{}
	for _, r := range e.every() {
		if r.Gone() {
			continue
		}
		for _, id := range r.Secrets {
			needed[workspace.SecretName(id)] = true
		}
	}
	requests, _ := airlock.Collect(func(p airlock.Page) ([]workspace.Request, string, error) { // memory does not fail
		return e.w.store.WorkspaceRequests(context.Background(), p)
	})
	for _, r := range requests {
		for _, id := range r.Secrets {
			if r.Status == workspace.Asked {
				needed[workspace.SecretName(id)] = true
			}
		}
	}
	return needed
}

// checkSecrets: nothing that somebody has need of left the vault.
func (e *estate) checkSecrets() {
	left := e.cloud.Kept()
	for name := range e.needed() {
		if _, there := left[name]; !there {
			e.w.fail("no secret is forgotten that is needed", "%s is not in the vault", name)
		}
	}
}
