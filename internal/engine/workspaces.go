package engine

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/functions/drift"
	"github.com/trefoil-tre/trefoil/functions/resourcestep"
	"github.com/trefoil-tre/trefoil/functions/tend"
	"github.com/trefoil-tre/trefoil/functions/workspacerequest"
	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/azmachines"
	"github.com/trefoil-tre/trefoil/internal/azmetrics"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/identity/seal"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// addWorkspaces adds what makes workspaces. A TRE that makes none refuses, and
// says why.
func addWorkspaces(app *azfunc.App, c config.Config, s backing.State, canary resourcestep.Canary, log *slog.Logger) error {
	if !c.Workspaces.On() {
		azfunc.Add(app, "resourcestep", "order", off[message.Step, resourcestep.Out]())
		azfunc.Add(app, "tend", "tick", tend.Function{}.Handle)
		azfunc.Add(app, "drift", "order", off[message.Drift, drift.Out]())
		azfunc.Add(app, "workspacerequest", "order", off[message.RequestWorkspace, workspacerequest.Out]())
		return nil
	}
	stacks, machines, vault, metrics, err := cloud(c)
	if err != nil {
		return err
	}
	azfunc.Add(app, "resourcestep", "order", resourcestep.Function{Platform: backing.Platform(c), Pool: backing.Pool(c), Cadence: backing.Steps(c),
		Now: time.Now, Refusals: backing.Refusals(s, c), Log: log, Ports: resourcestep.Ports{Store: s.Store, Lists: s.Store, Requests: s.Store,
			Addresses: s.Store, Packages: provision.NewShelf(s.Store), Names: s.Store, Fleets: s.Store, Work: s.Store, Cards: s.Store, Rolls: s.Store, Members: s.Store,
			Stacks: stacks, Machines: machines, Vault: vault, Canary: canary, Orders: backing.Traced{Orders: s.Orders}}}.Handle)
	builder := backing.Builder(s, c, vault, log)
	azfunc.Add(app, "tend", "tick", tend.Function{Platform: backing.Platform(c), Rules: backing.Idle(c), Again: c.Workspaces.StopAgain, Drift: c.Workspaces.Drift, Parallel: c.Work.Concurrency,
		Now: time.Now, Log: log, Ports: tend.Ports{Store: s.Store, Lists: s.Store, Powers: machines, Metrics: metrics, Builder: builder, Drifts: s.Store}}.Handle)
	azfunc.Add(app, "drift", "order", drift.Function{Platform: backing.Platform(c), Parallel: c.Work.Concurrency, Now: time.Now, Log: log,
		Ports: drift.Ports{Lists: s.Store, Inventory: stacks, Powers: machines, Drifts: s.Store}}.Handle)
	azfunc.Add(app, "workspacerequest", "order", workspacerequest.Function{Builder: builder, Now: time.Now,
		Refusals: backing.Refusals(s, c)}.Handle)
	return nil
}

// off refuses what is asked of a TRE that makes no workspaces.
func off[In, Out any]() func(context.Context, In) (Out, error) {
	return func(context.Context, In) (out Out, err error) { return out, fault.Refuse(workspace.ErrOff) }
}

// cloud opens the way to Azure Resource Manager and the vault. It does not use
// the network.
func cloud(c config.Config) (_ *azstacks.Stacks, _ *azmachines.Machines, _ *azvault.Vault, _ *azmetrics.Metrics, err error) {
	w := c.Workspaces
	roots, err := c.Host.Roots()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	arm := azarm.Config{Endpoint: string(w.ARM), Audience: w.ARMAudience, Plain: strings.HasPrefix(string(w.ARM), "http://"), Roots: roots, Timeout: w.ARMTimeout}
	if arm.Sealer, err = newSealer(w.TokenKeys); err != nil {
		return nil, nil, nil, nil, err
	}
	settings, err := backing.Vault(c)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	vault, err := azvault.New(settings)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	reader, err := azvault.NewReader(settings)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	stacks, err := azstacks.New(azstacks.Config{Config: arm, VaultID: w.VaultID, Excluded: w.Principals})
	if err != nil {
		return nil, nil, nil, nil, err
	}
	metrics, err := azmetrics.New(azmetrics.Config{Config: arm})
	if err != nil {
		return nil, nil, nil, nil, err
	}
	machines, err := azmachines.New(azmachines.Config{Config: arm, Secrets: reader})
	return stacks, machines, vault, metrics, err
}

// tokenLife is how long a resume token is good for: longer than any step.
const tokenLife = 7 * 24 * time.Hour

// newSealer returns nil, which keeps no tokens, where there are no keys.
func newSealer(secrets config.Secrets) (azarm.Sealer, error) {
	if len(secrets) == 0 {
		return nil, nil
	}
	keys, err := seal.Keys(secrets.Reveal(), "trefoil resume token key")
	if err != nil {
		return nil, fmt.Errorf("TRE_TOKEN_KEYS: %w", err)
	}
	codec, err := seal.New(keys, time.Now)
	if err != nil {
		return nil, fmt.Errorf("TRE_TOKEN_KEYS: %w", err)
	}
	return azarm.Codec{Keys: codec, Life: tokenLife}, nil
}
