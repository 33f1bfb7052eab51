package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/bench/azfloor"
	counting "github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/desk"
	estate "github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

// manyRequests are in the workspace that is read.
const manyRequests = 10_000

// reader is the API on a workspace with many requests, and the same table
// asked plainly.
type reader struct {
	handler   http.Handler
	floor     azfloor.Table
	workspace string
	request   string
}

// bearer is whom everybody is taken for.
type bearer access.Person

func (b bearer) Verify(context.Context, string) (access.Person, error) { return access.Person(b), nil }

// newAPI is the API as one person meets it.
func newAPI(rows *azstore.Store, person access.Person) http.Handler {
	quiet := slog.New(slog.DiscardHandler)
	d := newDesk(rows, quiet)
	return api.New(api.Settings{Verifier: bearer(person), Now: time.Now, Log: quiet, Keys: rows, Desk: d,
		Resources: &estate.Desk{Desk: d, Now: time.Now, Log: quiet, Ports: estate.Ports{Rows: rows, Lists: rows, Requests: rows, Templates: rows, Cards: rows, Work: rows}},
		Meter:     &counting.Meter{Buckets: rows, Now: time.Now, Rate: 1e6, Burst: 1e6, Block: 1000}})
}

// answered asks an API for a path.
func answered(ctx context.Context, handler http.Handler, path string) error {
	q := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	q.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, q); w.Code != http.StatusOK {
		return fmt.Errorf("%s: %d %.200s", path, w.Code, w.Body)
	}
	return nil
}

// reads measures the API's reads against the table queries behind them.
func reads(ctx context.Context, e azurite.Endpoints) ([]line, error) {
	r, err := newReader(ctx, e)
	if err != nil {
		return nil, err
	}
	list := "/api/workspaces/" + r.workspace + "/requests"
	whole, err := r.compare(ctx, 6, list+"?limit=100&order_ascending=false", func() error {
		n, err := r.floor.Rows(ctx, r.workspace, "request.")
		if err == nil && n != manyRequests {
			return fmt.Errorf("%d rows", n)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	one, err := r.compare(ctx, 400, list+"/"+r.request, func() error { return r.plainly(ctx) })
	if err != nil {
		return nil, err
	}
	return []line{
		whole.speed("list of 10,000 requests", "a page of 100 of a workspace's 10,000 requests, newest first, through the whole API, against the same table query with no logic and nothing parsed"),
		one.speed("one of 10,000 requests", "one request through the whole API (sign-in, rate, roles, request, files), against the same table queries one after the other"),
		one.slowest("one of 10,000 requests, p99", "the slowest of a hundred such reads, against the slowest of a hundred times the same queries"),
	}, nil
}

// newReader fills a table of its own.
func newReader(ctx context.Context, e azurite.Endpoints) (*reader, error) {
	name := "reads" + strings.ReplaceAll(uuid.NewString(), "-", "")
	connection := e.ConnectionString("state")
	rows, err := azstore.Open(azstore.Config{ConnectionString: connection, Table: name})
	if err != nil {
		return nil, err
	}
	r := &reader{workspace: uuid.NewString()}
	if r.floor, err = azfloor.Open(connection, name); err != nil {
		return nil, err
	}
	if r.request, err = r.fill(ctx, rows); err != nil {
		return nil, err
	}
	r.handler = newAPI(rows, requester)
	return r, nil
}

func (r *reader) fill(ctx context.Context, rows *azstore.Store) (request string, err error) {
	err = rows.PutWorkspace(ctx, airlock.Workspace{ID: r.workspace, DisplayName: "Reads", StorageAccount: "ws1", Deployed: true, EnableAirlock: true})
	if err == nil {
		err = rows.PutMember(ctx, access.Membership{Workspace: r.workspace, OID: requester.OID, Name: requester.Name, Role: access.WorkspaceResearcher})
	}
	if err != nil {
		return "", err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	start := time.Now().UTC()
	for i := range manyRequests {
		id := uuid.NewString()
		if i == manyRequests/2 {
			request = id
		}
		q := airlock.Request{ID: id, Workspace: r.workspace, Type: airlock.Import, Title: fmt.Sprintf("Request %d", i), Justification: "to measure", Stage: airlock.Cancelled,
			Since: start, CreatedBy: requester, CreatedAt: start.Add(time.Duration(i) * time.Second), UpdatedBy: requester, UpdatedAt: start, Turn: 1}
		group.Go(func() error {
			_, err := rows.Commit(ctx, airlock.Change{Request: q})
			return err
		})
	}
	return request, group.Wait()
}

// plainly asks for what a read of one request stands on.
func (r *reader) plainly(ctx context.Context) error {
	if err := r.floor.Row(ctx, "system", "workspace."+r.workspace); err != nil {
		return err
	}
	if _, err := r.floor.Rows(ctx, r.workspace, "member."+requester.OID+"."); err != nil {
		return err
	}
	return r.floor.Row(ctx, r.workspace, "request."+r.request)
}

// pair is how long the API took each time, and how long the floor.
type pair struct{ ours, floor []time.Duration }

// compare asks the API and the floor.
func (r *reader) compare(ctx context.Context, times int, path string, floor func() error) (pair, error) {
	return inTurn(times, func() error { return answered(ctx, r.handler, path) }, floor)
}

// inTurn takes both in turn, so that what else the machine does hits both.
func inTurn(times int, ours, floor func() error) (p pair, err error) {
	timed := func(work func() error) (time.Duration, error) {
		from := time.Now()
		err := work()
		return time.Since(from), err
	}
	for i := range times + 1 {
		a, err := timed(ours)
		if err != nil {
			return p, err
		}
		b, err := timed(floor)
		if err != nil {
			return p, err
		}
		if i > 0 { // the first opens connections
			p.ours, p.floor = append(p.ours, a), append(p.floor, b)
		}
	}
	slices.Sort(p.ours)
	slices.Sort(p.floor)
	return p, nil
}

func sum(all []time.Duration) (s time.Duration) {
	for _, d := range all {
		s += d
	}
	return s
}

// speed is reads a second.
func (p pair) speed(what, means string) line {
	ours, floor := float64(len(p.ours))/sum(p.ours).Seconds(), float64(len(p.floor))/sum(p.floor).Seconds()
	return line{what: what, figure: fmt.Sprintf("%.1f reads/s", ours), floor: fmt.Sprintf("%.1f reads/s", floor), value: ours / floor, goal: 0.5, least: true, means: means}
}

// slowest is the time that one in a hundred exceeds.
func (p pair) slowest(what, means string) line {
	at := len(p.ours) * 99 / 100
	return line{what: what, figure: fmt.Sprintf("%.1f ms", ms(p.ours[at])), floor: fmt.Sprintf("%.1f ms", ms(p.floor[at])),
		value: p.ours[at].Seconds() / p.floor[at].Seconds(), goal: 2, means: means}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// newDesk is a desk that only reads.
func newDesk(rows *azstore.Store, log *slog.Logger) *desk.Desk {
	return &desk.Desk{Now: time.Now, Log: log, Ports: desk.Ports{Requests: rows, Files: rows, Trail: rows, Audits: rows, Workspaces: rows, Members: rows, People: rows, Manifests: rows}}
}
