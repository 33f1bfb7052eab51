package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azfiles"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

func joined(errs ...error) error { return errors.Join(errs...) }

// tap is a proxy that counts the handler's requests. Those that carry a
// signature in their address are storage's own, reading the source of a copy.
type tap struct {
	*storageproxy.Server
	n atomic.Int64
}

func newTap(upstream string) (*tap, error) {
	next, err := storageproxy.New(upstream, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	t := &tap{}
	t.Server, err = storageproxy.Serve("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sig") == "" {
			t.n.Add(1)
		}
		next.ServeHTTP(w, r)
	}))
	return t, err
}

// azure is a backend on Azurite, with its requests counted.
type azure struct {
	backend
	endpoints    azurite.Endpoints
	gateway      *gateway.Gateway
	blobs, table *tap
	tables       int
}

func newAzure(e azurite.Endpoints) (*azure, error) {
	g, err := gateway.Start(gateway.Config{Upstream: e.Blob, Accounts: e.Accounts})
	if err != nil {
		return nil, err
	}
	a := &azure{gateway: g}
	if a.blobs, err = newTap(g.URL()); err != nil {
		return nil, joined(err, g.Close())
	}
	if a.table, err = newTap(e.Table); err != nil {
		return nil, joined(err, a.blobs.Close(), g.Close())
	}
	e = e.WithBlob(a.blobs.URL)
	e.Table = a.table.URL
	a.endpoints = e
	accounts, err := azblobs.New(azblobs.Config{AirlockConnection: e.ConnectionString("airlock"),
		WorkspaceConnections: []string{e.ConnectionString("ws1")}, Now: time.Now})
	if err != nil {
		return nil, joined(err, a.close())
	}
	a.backend = backend{boxes: azdesk.New(accounts), vault: &azfiles.Vault{Accounts: accounts, Now: time.Now},
		put: func(ctx context.Context, place airlock.Place, name string, content []byte) (string, error) {
			box, err := accounts.Container(place)
			if err != nil {
				return "", err
			}
			done, err := box.NewBlockBlobClient(name).UploadBuffer(ctx, content, nil)
			if err != nil {
				return "", err
			}
			return airlock.NormalizeETag(string(*done.ETag)), nil
		}}
	return a, nil
}

// fresh is the backend with a table of its own: Azurite slows as a table grows.
func (a *azure) fresh(ctx context.Context) (backend, error) {
	a.tables++
	rows, err := azstore.Open(azstore.Config{ConnectionString: a.endpoints.ConnectionString("state"),
		Table: fmt.Sprintf("bench%d%d", time.Now().Unix(), a.tables)})
	if err != nil {
		return backend{}, err
	}
	back := a.backend
	back.rows = rows
	return back, seed(ctx, back, uuid.NewString()) // makes the table
}

func (a *azure) close() error { return joined(a.blobs.Close(), a.table.Close(), a.gateway.Close()) }

func (a *azure) requests() int64 { return a.blobs.n.Load() + a.table.n.Load() }

// onAzurite measures the pipeline against its storage calls alone, and what
// the port calls are in requests over the wire.
func onAzurite(ctx context.Context, e azurite.Endpoints) (lines []line, err error) {
	a, err := newAzure(e)
	if err != nil {
		return nil, err
	}
	defer func() { err = joined(err, a.close()) }()
	for _, files := range []int{1, 100} {
		l, err := a.wire(ctx, files)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	l, err := a.pipeline(ctx)
	return append(lines, l), err
}

// wire counts the requests of a story over the wire.
func (a *azure) wire(ctx context.Context, files int) (line, error) {
	back, err := a.fresh(ctx)
	if err != nil {
		return line{}, err
	}
	p, err := newPipeline(ctx, back, nil)
	if err != nil {
		return line{}, err
	}
	before := a.requests()
	err = p.story(ctx, files)
	requests, budget := a.requests()-before-int64(files), int64(16+8*files) // the uploads are the client's
	return line{what: fmt.Sprintf("requests on the wire, %d files", files), figure: fmt.Sprint(requests), floor: fmt.Sprint(budget),
		value: float64(requests) / float64(budget), goal: 1, means: fmt.Sprintf("HTTP requests to tables and blobs on Azurite for the same story; the ports were called %d times", p.calls.total())}, err
}

// pipeline is the pipeline's speed against that of its storage calls, which are
// recorded and made again with no logic between them: for another request, in a
// fresh table, in the same order. Both by turns, and of the rounds the middle
// one, so that a slow moment of the machine counts for neither. Uploads are the
// client's, and in neither.
func (a *azure) pipeline(ctx context.Context) (line, error) {
	const files = 100
	type round struct{ ours, floor time.Duration }
	rounds, calls := make([]round, 5), 0
	ratio := func(r round) float64 { return r.floor.Seconds() / r.ours.Seconds() }
	for i := range rounds {
		t := &tape{}
		ours, err := a.story(ctx, files, t)
		if err != nil {
			return line{}, err
		}
		back, err := a.fresh(ctx)
		if err != nil {
			return line{}, err
		}
		floor, err := t.play(ctx, back)
		if err != nil {
			return line{}, err
		}
		rounds[i], calls = round{ours, floor}, t.ports
	}
	slices.SortFunc(rounds, func(x, y round) int { return cmp.Compare(ratio(x), ratio(y)) })
	middle := rounds[len(rounds)/2]
	speed := func(d time.Duration) string { return fmt.Sprintf("%.0f files/s", files/d.Seconds()) }
	return line{what: "pipeline", figure: speed(middle.ours), floor: speed(middle.floor), value: ratio(middle), goal: 0.7, least: true,
		means: fmt.Sprintf("100 files from drop to release on Azurite, one call after the other, against a replay of the same %d storage calls; the middle of %d rounds", calls, len(rounds))}, nil
}

// story times one story in a fresh table and records its calls.
func (a *azure) story(ctx context.Context, files int, t *tape) (time.Duration, error) {
	back, err := a.fresh(ctx)
	if err != nil {
		return 0, err
	}
	p, err := newPipeline(ctx, back, t)
	if err != nil {
		return 0, err
	}
	from := time.Now()
	err = p.story(ctx, files)
	return time.Since(from) - p.uploads, err
}
