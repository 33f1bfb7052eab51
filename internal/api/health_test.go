package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/memstore"
)

// clinic is a system every part of which can be broken.
type clinic struct {
	t        *testing.T
	store    *memstore.Store
	monitor  *health.Monitor
	recorder *health.Recorder // of a worker
	handler  http.Handler

	mu     sync.Mutex
	now    time.Time
	broken map[string]bool
	queue  health.Queue
}

var errSecret = errors.New("GET https://account.example/secret?sig=abc: 403")

// ports of a part fail while it is broken.
func (c *clinic) fails(part string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken[part] {
		return errSecret
	}
	return nil
}

func (c *clinic) set(part string, broken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken[part] = broken
}

func (c *clinic) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clinic) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tables is the store while tables answer.
type tables struct{ *clinic }

func (s tables) Beat(ctx context.Context, h health.Heartbeat) error {
	return errors.Join(s.fails("Tables"), s.store.Beat(ctx, h))
}

func (s tables) Heartbeats(ctx context.Context) ([]health.Heartbeat, error) {
	all, err := s.store.Heartbeats(ctx)
	return all, errors.Join(s.fails("Tables"), err)
}

func (s tables) ForgetHeartbeat(ctx context.Context, source, instance string) error {
	return s.store.ForgetHeartbeat(ctx, source, instance)
}

func (s tables) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	return s.store.Workspace(ctx, id)
}

func (s tables) Workspaces(ctx context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	all, next, err := s.store.Workspaces(ctx, page)
	return all, next, errors.Join(s.fails("Tables"), err)
}

// queues answer while they are not broken.
type queues struct{ *clinic }

func (q queues) RoundTrip(context.Context) error { return q.fails("Queues") }

func (q queues) Look(_ context.Context, name string) (health.Queue, error) {
	if name != "airlockadvance" {
		return health.Queue{Name: name}, q.fails("Queues")
	}
	return q.queue, q.fails("Queues")
}

var limits = health.Limits{Sweep: 5 * time.Minute, Retain: 3 * time.Hour, Events: 30 * time.Minute, Scans: 2 * time.Hour,
	Overdue: 15 * time.Minute, Late: 2, Depth: 100, Age: 30 * time.Minute, Poison: 5, Dead: 5, MailFails: 3,
	Versions: 30 * time.Minute, Workspaces: 1}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	c := &clinic{t: t, store: &memstore.Store{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), broken: map[string]bool{}}
	for _, account := range []string{"ws1", "ws2", "ws3"} {
		w := airlock.Workspace{ID: uuid.NewString(), StorageAccount: account, Deployed: true}
		if err := c.store.PutWorkspace(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	c.recorder = &health.Recorder{Store: c.store, Now: c.clock, Every: time.Nanosecond}
	c.monitor = &health.Monitor{Limits: limits, Version: "2.0", Names: []string{"airlockadvance", "notify"}, Now: c.clock,
		Recorder: &health.Recorder{Store: c.store, Now: c.clock},
		Class:    func(error) string { return "403" },
		Ports: health.Ports{Store: tables{c}, Workspaces: tables{c}, Work: c.store, Queues: queues{c},
			Blobs: func(context.Context) error { return c.fails("Blobs") },
			Reach: func(_ context.Context, account string) error { return c.fails(account) },
			Others: []health.Check{{Service: "Directory", Probe: func(context.Context) error {
				return c.fails("Directory")
			}}}}}
	c.handler = api.New(api.Settings{Desk: &desk.Desk{Now: c.clock, Ports: desk.Ports{Workspaces: c.store, Members: c.store, People: c.store}},
		Checks: c.monitor.Checks(), Details: c.monitor.Details, Now: c.clock, Verifier: everybody{},
		Health: api.HealthTimes{Life: time.Second}})
	c.works()
	return c
}

// everybody is who their token says.
type everybody struct{}

func (everybody) Verify(_ context.Context, token string) (access.Person, error) {
	return access.Person{OID: uuid.NewString(), Roles: []access.Role{access.Role(token)}}, nil
}

// works is a system at work: everything has just gone well.
func (c *clinic) works() {
	ctx := c.t.Context()
	for _, source := range []string{health.Retain, health.Mail, health.Topic, health.BlobCreated, health.BlobScanned, health.Changed, health.Inspection} {
		c.recorder.Well(ctx, source, "", nil)
	}
	c.recorder.Well(ctx, health.Verdict, "clean", nil)
	c.recorder.Well(ctx, health.Engine, "2.0", nil)
	c.sweeps(nil)
}

func (c *clinic) sweeps(counts map[string]int64) {
	c.recorder.Well(c.t.Context(), health.Sweep, "", counts)
}

// public are the parts that everybody is told are not well.
func (c *clinic) public() string {
	c.t.Helper()
	c.pass(2 * time.Second) // answers are remembered
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/health", nil))
	var got api.Health
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		c.t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	var bad []string
	for _, s := range got.Services {
		if s.Status != "OK" {
			bad = append(bad, s.Service)
		}
	}
	if want := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[len(bad) == 0]; w.Code != want {
		c.t.Errorf("%v answer %d, want %d", bad, w.Code, want)
	}
	if text := w.Body.String(); strings.Contains(text, "403") || strings.Contains(text, "sig=") || strings.Contains(text, "ws2") {
		c.t.Errorf("the public is told %s", text)
	}
	return strings.Join(bad, ", ")
}

func (c *clinic) details() health.Details {
	c.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/api/health/details", nil)
	r.Header.Set("Authorization", "Bearer "+string(access.TREAdmin))
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	var got health.Details
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		c.t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "sig=") {
		c.t.Errorf("details quote an error: %s", w.Body)
	}
	return got
}

// worst are the parts, queues and accounts of the details that are not well.
func worst(d health.Details) string {
	var all []string
	add := func(name string, level health.Level) {
		if level != health.OK {
			all = append(all, name+" "+string(level))
		}
	}
	for _, p := range d.Parts {
		add(p.Name, p.Level)
	}
	for _, p := range d.Accounts {
		add(p.Name, p.Level)
	}
	for _, q := range d.Queues {
		add(q.Queue, q.Level)
	}
	for range d.Work {
		add("work", health.Bad)
	}
	return strings.Join(all, ", ")
}
