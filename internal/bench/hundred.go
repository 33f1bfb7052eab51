package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/functions/sweep"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/hundred"
	"github.com/trefoil-tre/trefoil/internal/memstore"
)

// atOnce is how many workspaces are asked for at the same moment.
const atOnce = 100

// many measures a hundred workspaces made at once against the bare SDK, a crowd
// over a nearly full address space, and what a sweep asks of the storage.
func many(ctx context.Context) (lines []line, err error) {
	tre, err := hundred.Start(ctx, arm.Config{Pace: arm.Pace{Resource: 200 * time.Millisecond}}, hundred.Pool)
	if err != nil {
		return nil, err
	}
	defer func() {
		if ended := tre.Close(); err == nil {
			err = ended
		}
	}()
	round := 0 // three and one to warm up: a scope takes 800 stacks
	p, err := inTurn(3, func() error { return tre.Make(ctx, atOnce) }, func() error {
		round++
		return hundred.Bare(ctx, tre.ARM.URL(), fmt.Sprintf("r%d", round), atOnce)
	})
	if err != nil {
		return nil, err
	}
	crowd, err := hundred.Crowd(ctx, hundred.NearlyFull, 2*atOnce, 4)
	if err != nil {
		return nil, err
	}
	asked, err := sweeping(ctx)
	if err != nil {
		return nil, err
	}
	ours, floor := p.ours[len(p.ours)/2], p.floor[len(p.floor)/2]
	each := float64(crowd.Commits) / float64(crowd.Made)
	return []line{
		{what: "workspaces at once", figure: fmt.Sprintf("%.0f/s", atOnce/ours.Seconds()), floor: fmt.Sprintf("%.0f/s", atOnce/floor.Seconds()),
			value: floor.Seconds() / ours.Seconds(), goal: 0.7, least: true,
			means: fmt.Sprintf("100 workspaces asked for at once, with rows, ranges, trail and people, until all are deployed on the stand-in over HTTP, which takes a twentieth of the time that Azure does, up to %d stacks at a time, against the same 100 stacks deployed and looked at with armdeploymentstacks alone; the middle of three rounds", tre.Most())},
		{what: "a crowd over a nearly full pool", figure: fmt.Sprintf("%.1f commits", each), floor: "1", value: each, goal: 3,
			means: fmt.Sprintf("200 creates at once through 4 instances where 50 ranges are left: %d made, %d refused in %.0f ms; commits tried for each that was made", crowd.Made, crowd.Refused, ms(crowd.Took))},
		{what: "a sweep, calls a workspace", figure: fmt.Sprintf("%.2f", asked), floor: "1", value: asked, goal: 1.1,
			means: "what a sweep over 1,000 workspaces asks of the storage, by workspaces: one query of open work each, and one of everybody, of people and of what is done to workspaces"},
	}, nil
}

// asked counts what is asked of the rows.
type asked struct {
	*memstore.Store

	n int
}

func (a *asked) Workspaces(ctx context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	a.n++
	return a.Store.Workspaces(ctx, page)
}

func (a *asked) Due(ctx context.Context, workspace string, at time.Time, page airlock.Page) ([]airlock.Open, string, error) {
	a.n++
	return a.Store.Due(ctx, workspace, at, page)
}

// nothing was put aside.
type nothing struct{}

func (nothing) Take(context.Context, string, int) ([]sweep.Poisoned, error) { return nil, nil }

func (nothing) Letters(context.Context, int) ([]sweep.Letter, error) { return nil, nil }

// sweeping is how often a sweep asks the storage, by workspaces.
func sweeping(ctx context.Context) (float64, error) {
	rows := &asked{Store: &memstore.Store{}}
	for i := range manyWorkspaces {
		if err := rows.PutWorkspace(ctx, airlock.Workspace{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Deployed: true}); err != nil {
			return 0, err
		}
	}
	f := sweep.Function{Ledger: ledger.Ledger{Workspaces: rows, Now: time.Now}, Work: rows, Poison: nothing{}, Dead: nothing{},
		Log: slog.New(slog.DiscardHandler)}
	_, err := f.Handle(ctx, azfunc.Tick{})
	return float64(rows.n) / manyWorkspaces, err
}
