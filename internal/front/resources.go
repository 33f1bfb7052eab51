package front

import (
	"time"

	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
)

// newResources answers what people ask of workspaces and of what is in them. It
// asks nobody for power states: what faces people has no way to Azure Resource
// Manager.
func newResources(c config.Config, people *desk.Desk, s backing.State) *resources.Desk {
	return &resources.Desk{Desk: people, Now: time.Now, Log: people.Log, Parallel: c.Work.Concurrency, Ports: resources.Ports{
		Rows: s.Store, Lists: s.Store, Requests: s.Store, Templates: s.Store, Cards: s.Store, Work: s.Store}}
}
