package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/bench/azfloor"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// A TRE with many workspaces, and the services in each of them.
const (
	manyWorkspaces = 1000
	servicesEach   = 10
)

// resources measures the store's reads of resources against the table queries
// behind them.
func resources(ctx context.Context, e azurite.Endpoints) ([]line, error) {
	name, connection := "resources"+strings.ReplaceAll(uuid.NewString(), "-", ""), e.ConnectionString("state")
	rows, err := azstore.Open(azstore.Config{ConnectionString: connection, Table: name})
	if err != nil {
		return nil, err
	}
	floor, err := azfloor.Open(connection, name)
	if err != nil {
		return nil, err
	}
	some, err := fillEstate(ctx, rows)
	if err != nil {
		return nil, err
	}
	list := func(partition string, times, want int) (pair, error) {
		return inTurn(times, func() error {
			all, _, err := rows.Resources(ctx, partition, airlock.Page{})
			return exactly(len(all), want, err)
		}, func() error {
			n, err := floor.Rows(ctx, partition, "resource.")
			return exactly(n, want, err)
		})
	}
	workspaces, err := list(workspace.System, 20, manyWorkspaces)
	if err != nil {
		return nil, err
	}
	services, err := list(some.ID, 200, servicesEach)
	if err != nil {
		return nil, err
	}
	one, err := inTurn(400, func() error {
		_, err := rows.Resource(ctx, some.Key())
		return err
	}, func() error { return floor.Row(ctx, workspace.System, "resource."+some.ID) })
	if err != nil {
		return nil, err
	}
	whole, single, err := throughAPI(ctx, rows, floor, some)
	if err != nil {
		return nil, err
	}
	return []line{
		workspaces.within("list of 1,000 workspaces", "all workspaces of a TRE with 10 services in each, from the store, against the same table query with nothing parsed"),
		services.within("list of a workspace's services", "the 10 services of one of these workspaces, against the same table query with nothing parsed"),
		one.within("one of 1,000 workspaces", "one workspace from the store, against the same row with nothing parsed"),
		whole.within("list of 1,000 workspaces, API", "the same list through the whole API (sign-in, rate, roles, upgrades, JSON), against the same table query with nothing parsed"),
		single.within("one of 1,000 workspaces, API", "one workspace through the whole API, against the same table queries one after the other"),
	}, nil
}

// throughAPI asks the API for all workspaces and for one of them, as an
// administrator.
func throughAPI(ctx context.Context, rows *azstore.Store, floor azfloor.Table, some workspace.Resource) (list, one pair, err error) {
	administrator := requester
	administrator.Roles = []access.Role{access.TREAdmin}
	if err := rows.PutWorkspace(ctx, airlock.Workspace{ID: some.ID, DisplayName: some.Name(), Deployed: true}); err != nil {
		return list, one, err
	}
	handler := newAPI(rows, administrator)
	list, err = inTurn(20, func() error { return answered(ctx, handler, "/api/workspaces") }, func() error {
		n, err := floor.Rows(ctx, workspace.System, "resource.")
		return exactly(n, manyWorkspaces, err)
	})
	if err != nil {
		return list, one, err
	}
	one, err = inTurn(400, func() error { return answered(ctx, handler, "/api/workspaces/"+some.ID) }, func() error {
		if err := floor.Row(ctx, workspace.System, "workspace."+some.ID); err != nil {
			return err
		}
		if _, err := floor.Rows(ctx, some.ID, "member."+administrator.OID+"."); err != nil {
			return err
		}
		if _, err := floor.Rows(ctx, people.Partition, "person."+administrator.OID); err != nil {
			return err
		}
		return floor.Row(ctx, workspace.System, "resource."+some.ID)
	})
	return list, one, err
}

// exactly is an error unless all rows came.
func exactly(got, want int, err error) error {
	if err == nil && got != want {
		return fmt.Errorf("%d rows, want %d", got, want)
	}
	return err
}

// within is how much longer than the floor it takes on the whole.
func (p pair) within(what, means string) line {
	ours, floor := sum(p.ours)/time.Duration(len(p.ours)), sum(p.floor)/time.Duration(len(p.floor))
	return line{what: what, figure: fmt.Sprintf("%.1f ms", ms(ours)), floor: fmt.Sprintf("%.1f ms", ms(floor)),
		value: ours.Seconds() / floor.Seconds(), goal: 1.2, means: means}
}

// fillEstate makes the workspaces and their services, and returns one of the
// workspaces.
func fillEstate(ctx context.Context, rows *azstore.Store) (some workspace.Resource, err error) {
	made := func(kind workspace.Kind, within string, n int) workspace.Change {
		c := workspace.Change{Partition: workspace.Partition(kind, within)}
		for i := range n {
			id := uuid.NewString()
			c.Resource(workspace.Resource{ID: id, Kind: kind, Workspace: within, Status: workspace.Deployed, Installed: true, Generation: 1, Enabled: true,
				Template: workspace.TemplateRef{Name: "tre-" + string(kind), Version: "1.0.0", Digest: strings.Repeat("0", 64)},
				Properties: map[string]any{"display_name": fmt.Sprintf("Study %d", i), "description": "What the study is about", "address_space": "10.1.2.0/24",
					"enable_airlock": true, "resource_group_name": "rg-tre-ws-" + id, "storage_account_name": "stgws"},
				CreatedBy: requester, UpdatedBy: requester}, audit.Line{Action: "create"})
		}
		return c
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	const each = workspace.MaxRows / 2 // a resource and its line
	for range manyWorkspaces / each {
		c := made(workspace.Workspace, "", each)
		some = c.Resources[0]
		group.Go(func() error {
			_, err := rows.CommitChange(ctx, c)
			return err
		})
		for _, w := range c.Resources {
			group.Go(func() error {
				_, err := rows.CommitChange(ctx, made(workspace.Service, w.ID, servicesEach))
				return err
			})
		}
	}
	return some, group.Wait()
}
