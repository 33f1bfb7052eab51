package backing

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// Steps is how often operations are looked at.
func Steps(c config.Config) workspace.Cadence {
	w := c.Workspaces
	return workspace.Cadence{First: w.LookFirst, Most: w.LookMost, Hint: c.Work.HintAfter, Tries: w.Tries, Patience: w.Patience}
}

// Platform is what is known of the TRE.
func Platform(c config.Config) workspace.Platform {
	w := c.Workspaces
	return workspace.Platform{TRE: string(w.TRE), Location: w.Location, Subscription: w.Subscription, Group: w.CoreGroup, Facts: w.Platform}
}

// Idle is when idle machines are stopped.
func Idle(c config.Config) idle.Rules {
	w := c.Workspaces
	return idle.Rules{Warning: w.Warning, Busy: float64(w.IdleCPU), Longest: w.Extension}
}

// Pool is the address space of workspaces.
func Pool(c config.Config) workspace.Pool {
	return workspace.Pool{Space: c.Workspaces.Space.Prefix, Reserved: []netip.Prefix{c.Workspaces.CoreSpace.Prefix}}
}

// Vault is the way to the TRE's Key Vault. It does not use the network.
func Vault(c config.Config) (azvault.Config, error) {
	roots, err := c.Host.Roots()
	return azvault.Config{URL: string(c.Workspaces.VaultURL), Roots: roots, TRE: string(c.Workspaces.TRE), AnyDomain: c.Workspaces.VaultURL.Here()}, err
}

// Builder makes, changes and removes resources for either app.
func Builder(s State, c config.Config, secrets provision.Secrets, log *slog.Logger) *provision.Builder {
	w := c.Workspaces
	return &provision.Builder{Platform: Platform(c), Pool: Pool(c), Cadence: Steps(c), Now: time.Now, Pause: provision.Jitter, Log: log,
		Limits: provision.Limits{Machines: w.Machines, Cores: w.Cores, Approval: w.Approval},
		Ports: provision.Ports{Store: s.Store, Lists: s.Store, Requests: s.Store, Addresses: s.Store, Templates: s.Store, Packages: s.Store, Vault: secrets,
			Cards: s.Store, Airlock: s.Store, Members: s.Store, Records: s.Store, Orders: Traced{Orders: s.Orders}}}
}
