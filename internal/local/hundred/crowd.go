package hundred

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// Crowded is what came of a crowd.
type Crowded struct {
	Made    int // workspaces, each with a range of its own
	Refused int // because no range was left
	Commits int // tried, those that lost to others too
	Took    time.Duration
}

// NearlyFull is an address space with 50 small ranges left.
var NearlyFull = workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/16"), Reserved: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/17"),
	netip.MustParsePrefix("10.0.128.0/18"), netip.MustParsePrefix("10.0.192.0/21"), netip.MustParsePrefix("10.0.200.0/22"), netip.MustParsePrefix("10.0.204.0/23")}}

// Crowd has n people ask for a workspace at the same moment, through instances
// of the API that know nothing of each other. Nothing is deployed.
func Crowd(ctx context.Context, pool workspace.Pool, n, instances int) (Crowded, error) {
	s := &memstore.Store{}
	store := &counting{Store: s}
	all := make([]*provision.Builder, instances)
	for i := range all {
		all[i] = &provision.Builder{Platform: workspace.Platform{TRE: "heart", Location: "westeurope", Subscription: Subscription}, Pool: pool, Cadence: Cadence,
			Now: time.Now, Pause: provision.Jitter, Log: slog.New(slog.DiscardHandler),
			Ports: provision.Ports{Store: store, Lists: s, Requests: s, Addresses: s, Templates: s, Packages: s, Vault: noVault{}, Cards: s, Airlock: s, Members: s, Orders: nowhere{}}}
	}
	if _, err := all[0].Register(ctx, act(), Template(), true); err != nil {
		return Crowded{}, err
	}
	var (
		wait   sync.WaitGroup
		gate   = make(chan struct{})
		errs   = make([]error, n)
		ranges = make([]string, n)
	)
	for i := range n {
		wait.Go(func() {
			<-gate
			r, _, err := all[i%instances].Workspace(ctx, act(), uuid.NewString(), provision.New{Template: name, Properties: map[string]any{"display_name": "Study", "description": "d"}})
			if errs[i] = err; err == nil {
				ranges[i] = r.Addresses[0]
			}
		})
	}
	began := time.Now()
	close(gate)
	wait.Wait()
	c := Crowded{Took: time.Since(began), Commits: int(store.n.Load())}
	seen := map[string]bool{}
	for i, err := range errs {
		switch {
		case errors.Is(err, address.ErrFull):
			c.Refused++
		case err != nil:
			return c, err
		case seen[ranges[i]]:
			return c, fmt.Errorf("range %s was given twice", ranges[i])
		default:
			seen[ranges[i]] = true
			c.Made++
		}
	}
	return c, nil
}

// counting counts commits.
type counting struct {
	*memstore.Store

	n atomic.Int64
}

// CommitChange implements workspace.Store.
func (c *counting) CommitChange(ctx context.Context, change workspace.Change) (workspace.Change, error) {
	c.n.Add(1)
	return c.Store.CommitChange(ctx, change)
}

// nowhere takes orders and gives them to nobody.
type nowhere struct{}

func (nowhere) Send(context.Context, string, any, time.Duration) error { return nil }
