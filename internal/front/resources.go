package front

import (
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
)

// newResources answers what people ask of workspaces and of what is in them.
// Of the vault it has Put alone. What faces people has no way to Azure Resource
// Manager: what it tells of machines is what the engine saw.
func newResources(c config.Config, people *desk.Desk, s backing.State) (*resources.Desk, error) {
	d := &resources.Desk{Desk: people, Idle: backing.Idle(c), Now: time.Now, Log: people.Log, Parallel: c.Work.Concurrency, Ports: resources.Ports{
		Rows: s.Store, Lists: s.Store, Requests: s.Store, Templates: s.Store, Cards: s.Store, Work: s.Store,
		Machines: s.Store, Drifts: s.Store, Orders: backing.Traced{Orders: s.Orders}}}
	if !c.Workspaces.On() {
		return d, nil
	}
	settings, err := backing.Vault(c)
	if err != nil {
		return nil, err
	}
	vault, err := azvault.New(settings)
	if err != nil {
		return nil, fmt.Errorf("TRE_VAULT_URL: %w", err)
	}
	d.Ports.Builder = backing.Builder(s, c, vault, people.Log)
	return d, nil
}
