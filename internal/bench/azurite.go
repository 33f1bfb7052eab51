package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

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
	gateway      *gateway.Gateway
	blobs, table *tap
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
	accounts, err := azblobs.New(azblobs.Config{AirlockConnection: e.ConnectionString("airlock"),
		WorkspaceConnections: []string{e.ConnectionString("ws1")}, Now: time.Now})
	if err != nil {
		return nil, joined(err, a.close())
	}
	rows, err := azstore.Open(azstore.Config{ConnectionString: e.ConnectionString("state")})
	if err != nil {
		return nil, joined(err, a.close())
	}
	a.backend = backend{rows: rows, boxes: azdesk.New(accounts), vault: &azfiles.Vault{Accounts: accounts, Now: time.Now},
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
		p, err := newPipeline(ctx, a.backend)
		if err != nil {
			return nil, err
		}
		before := a.requests()
		from := time.Now()
		if err := p.story(ctx, files); err != nil {
			return nil, err
		}
		took := time.Since(from)
		requests := a.requests() - before - int64(files) // the uploads are the client's
		budget := int64(16 + 8*files)
		lines = append(lines, line{what: fmt.Sprintf("requests on the wire, %d files", files), figure: fmt.Sprint(requests), floor: fmt.Sprint(budget),
			value: float64(requests) / float64(budget), goal: 1, means: fmt.Sprintf("HTTP requests to tables and blobs on Azurite for the same story; the ports were called %d times", p.calls.total())})
		if files == 100 {
			lines = append(lines, pipelineLine(p, took-p.calls.in-p.uploads))
		}
	}
	return lines, nil
}

// pipelineLine is the pipeline's speed against that of its storage calls.
// Uploads are the client's, and in neither.
func pipelineLine(p *pipeline, logic time.Duration) line {
	const files = 100
	floor, ours := files/p.calls.in.Seconds(), files/(p.calls.in+logic).Seconds()
	return line{what: "pipeline", figure: fmt.Sprintf("%.0f files/s", ours), floor: fmt.Sprintf("%.0f files/s", floor), value: ours / floor, goal: 0.7, least: true,
		means: "100 files from drop to release on Azurite, one call after the other, against the same storage calls with no logic between them"}
}
