package front

import (
	"context"
	"errors"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/aztrace"
	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// probeContainer is asked for in every account. Nobody makes it: that there is
// none is the answer of an account that can be reached with the rights we need.
const probeContainer = "trefoil-health"

// monitor asks the parts with the rights that the front has. others are
// further parts.
func monitor(c config.Config, version string, s backing.State, boxes airlock.Desk, others ...health.Check) *health.Monitor {
	h := c.Health
	return &health.Monitor{
		Ports: health.Ports{Store: s.Store, Workspaces: s.Store, Work: s.Store, Queues: s.Orders, Others: others,
			Blobs: s.Store.ProbeBlobs, Reach: func(ctx context.Context, account string) error { return reach(ctx, boxes, account) }},
		Limits: health.Limits{Sweep: h.Sweep, Retain: h.Retain, Events: h.Events, Scans: h.Scans, Overdue: h.Overdue, Late: h.Late,
			Depth: h.Depth, Age: h.Age, Poison: h.Poison, Dead: h.Dead, MailFails: h.MailFails, Versions: h.Versions,
			Workspaces: h.Workspaces},
		Version: version, Names: message.Queues, Now: time.Now, Recorder: s.Health, Class: aztrace.Class,
	}
}

// reach lists a container that does not exist.
func reach(ctx context.Context, boxes airlock.Desk, account string) error {
	_, _, err := boxes.List(ctx, airlock.Place{Account: account, Container: probeContainer}, airlock.Page{Limit: 1})
	if errors.Is(err, airlock.ErrNotFound) {
		return nil
	}
	return err
}

// nobody is an object id that no directory has: a fixed random UUID. The nil UUID
// would not do, as nobody is asked about that.
const nobody = "ac248cc0-0f2a-4842-ada4-d4a6ee9335ce"

// answers asks a directory for nobody: that there is no such person is the
// answer of one that can be asked with the rights we need.
func answers(directory people.Directory) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := directory.Entry(ctx, nobody); !errors.Is(err, people.ErrNotFound) {
			return err
		}
		return nil
	}
}
