package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// restorer deploys again what a folder of data says is there: Resource Manager
// and the vault keep nothing between runs.
type restorer struct {
	stack    *Stack
	store    *azstore.Store
	stacks   *azstacks.Stacks
	platform workspace.Platform
}

// restore brings Azure to where the state says it is. Secrets have other values
// than before, which nobody notices here: no machine is real.
func (s *Stack) restore(ctx context.Context) error {
	if s.temporary {
		return nil
	}
	store, err := s.Store()
	if err != nil {
		return err
	}
	r := restorer{stack: s, store: store, platform: workspace.Platform{TRE: s.TRE(), Location: region, Subscription: Subscription, Group: coreGroup}}
	if err := json.Unmarshal(templates.Sample, &r.platform.Facts); err != nil {
		return err
	}
	if r.stacks, err = azstacks.New(azstacks.Config{Config: azarm.Config{Endpoint: s.ARM.URL(), Plain: true, Credential: engineToken{s}},
		VaultID: vaultID, Excluded: []string{engineIdentity}}); err != nil {
		return err
	}
	beside, err := r.of(ctx, workspace.System)
	if err != nil {
		return err
	}
	for _, w := range beside {
		if err := r.with(ctx, w); err != nil {
			s.cfg.Log.WarnContext(ctx, "not deployed again", slog.String("resource", w.ID), slog.Any("error", err))
		}
	}
	return nil
}

// of are the resources of a partition that are in Azure, those that others are
// in first.
func (r restorer) of(ctx context.Context, partition string) ([]workspace.Resource, error) {
	var all []workspace.Resource
	for cursor := ""; ; {
		some, next, err := r.store.Resources(ctx, partition, airlock.Page{After: cursor})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if cursor = next; cursor == "" {
			break
		}
	}
	all = slices.DeleteFunc(all, func(r workspace.Resource) bool { return !r.Installed || r.Gone() })
	slices.SortStableFunc(all, func(a, b workspace.Resource) int { return len(a.Service) - len(b.Service) })
	return all, nil
}

// with deploys a workspace and what is in it, or a shared service.
func (r restorer) with(ctx context.Context, w workspace.Resource) error {
	if err := r.deploy(ctx, workspace.Lineage{Resource: w, Within: w}); err != nil || w.Kind != workspace.Workspace {
		return err
	}
	inside, err := r.of(ctx, w.ID)
	if err != nil {
		return err
	}
	services := map[string]workspace.Resource{}
	for _, one := range inside {
		services[one.ID] = one
		if err := r.deploy(ctx, workspace.Lineage{Resource: one, Within: w, Service: services[one.Service]}); err != nil {
			return fmt.Errorf("resource %s: %w", one.ID, err)
		}
	}
	return nil
}

// deploy deploys one resource and waits for it.
func (r restorer) deploy(ctx context.Context, l workspace.Lineage) error {
	files, err := r.store.LoadPackage(ctx, l.Resource.Template.Digest)
	if err != nil {
		return err
	}
	var main struct {
		Parameters map[string]json.RawMessage `json:"parameters"`
	}
	if err := json.Unmarshal(files["main.json"], &main); err != nil {
		return err
	}
	for _, id := range l.Resource.Secrets {
		r.stack.Vault.Recall(id, randomKey(24))
	}
	at := r.platform.StackOf(l.Resource, l.Within)
	_, err = r.stacks.Deploy(ctx, workspace.Deployment{Stack: at, Run: "restored", Template: files["main.json"], Tags: r.platform.Tags(l.Resource),
		Parameters: r.platform.Parameters(l, slices.Sorted(maps.Keys(main.Parameters)), workspace.Install)})
	if err != nil {
		return err
	}
	return retry(ctx, deployTime, func() error {
		seen, err := r.stacks.Look(ctx, at, "")
		if err == nil && seen.Progress != workspace.Complete {
			err = errors.New("its stack is " + string(seen.Progress))
		}
		return err
	})
}

// engineToken is the engine's identity, as the stack itself has it.
type engineToken struct{ stack *Stack }

// GetToken implements azcore.TokenCredential.
func (e engineToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: e.stack.Directory.Token(engineIdentity, e.stack.ARM.URL()), ExpiresOn: e.stack.cfg.Now().Add(time.Hour)}, nil
}
