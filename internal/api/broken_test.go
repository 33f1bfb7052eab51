package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/health"
)

// repeat does something several times.
func repeat(n int, do func()) {
	for range n {
		do()
	}
}

// Each row breaks one part, and says what everybody and what administrators
// are told then; mend makes it well again.
var breakages = []struct {
	name        string
	hurt, mend  func(ctx context.Context, c *clinic)
	told, inner string
}{
	{"tables are down", broken("Tables"), mended("Tables"), "Tables", "Tables bad, Workspace storage warn"},
	{"the blob account is gone", broken("Blobs"), mended("Blobs"), "Blobs", "Blobs bad"},
	{"the queue service answers 403", broken("Queues"), mended("Queues"), "Queues", "Queues bad, airlockadvance bad, notify bad"},
	{"the airlock account is gone", broken("airlock"), mended("airlock"), "Airlock storage", "Airlock storage bad"},
	{"one workspace's account is gone", broken("ws2"), mended("ws2"), "Workspace storage", "Workspace storage bad, ws2 bad"},
	{"the directory is down", broken("Directory"), mended("Directory"), "Directory", "Directory bad"},
	{"sweep does not run", func(_ context.Context, c *clinic) { c.pass(6 * time.Minute) }, sweep(nil), "Engine", "Engine bad"},
	{"sweep fails", func(ctx context.Context, c *clinic) {
		c.pass(time.Second)
		c.recorder.Failed(ctx, health.Sweep, "retry")
	}, sweep(nil), "", "Engine warn"},
	{"retain does not run", func(_ context.Context, c *clinic) { c.pass(4 * time.Hour); c.sweeps(nil) },
		func(ctx context.Context, c *clinic) { c.recorder.Well(ctx, health.Retain, "", nil) }, "Engine", "Engine bad"},
	{"the topic takes nothing", func(ctx context.Context, c *clinic) {
		c.pass(time.Second)
		c.recorder.Failed(ctx, health.Topic, "503")
	}, func(ctx context.Context, c *clinic) { c.recorder.Well(ctx, health.Topic, "", nil) }, "Topic", "Topic bad"},
	{"one mail fails", mails(1), mailed, "", "Mail warn"},
	{"the mail server is down", mails(3), mailed, "Mail", "Mail bad"},
	{"files are found, but no event comes", work(health.Inspection, health.BlobScanned, 35*time.Minute),
		func(ctx context.Context, c *clinic) { c.recorder.Well(ctx, health.BlobCreated, "", nil) }, "Events", "Events bad"},
	{"files are found, but no scan result comes", work(health.Inspection, health.BlobCreated, 3*time.Hour),
		func(ctx context.Context, c *clinic) { c.recorder.Well(ctx, health.BlobScanned, "", nil) }, "Events", "Events bad"},
	{"nothing happens for days", func(_ context.Context, c *clinic) { c.pass(48 * time.Hour); c.sweeps(nil) },
		func(context.Context, *clinic) {}, "Engine", "Engine bad"}, // retain should have run: nothing else is wrong
	{"a poison message", sweep(map[string]int64{health.CountPoison: 1}), sweep(nil), "", "Poison messages warn"},
	{"many poison messages", sweep(map[string]int64{health.CountPoison: 5}), sweep(nil), "Poison messages", "Poison messages bad"},
	{"dead letters", sweep(map[string]int64{health.CountDead: 5}), sweep(nil), "Dead letters", "Dead letters bad"},
	{"one request does not move", sweep(map[string]int64{health.CountOverdue: 1}), sweep(nil), "", "Unfinished work warn"},
	{"requests do not move", sweep(map[string]int64{health.CountOverdue: 2}), sweep(nil), "Unfinished work", "Unfinished work bad"},
	{"the engine is being deployed", version("1.9", time.Minute), version("2.0", time.Minute), "", "Versions warn"},
	{"the engine is of an old version", version("1.9", time.Hour), version("2.0", time.Minute), "Versions", "Versions bad"},
	{"a long queue", queue(health.Queue{Name: "airlockadvance", Depth: 100}), queue(health.Queue{}), "", "airlockadvance bad"},
	{"an old queue", func(_ context.Context, c *clinic) {
		c.queue = health.Queue{Depth: 1, Oldest: c.clock().Add(-20 * time.Minute)}
	}, queue(health.Queue{}), "", "airlockadvance warn"},
	{"poison that sweep has not taken", queue(health.Queue{Poison: 1}), queue(health.Queue{}), "", "airlockadvance warn"},
}

func broken(part string) func(context.Context, *clinic) {
	return func(_ context.Context, c *clinic) { c.set(part, true) }
}

func mended(part string) func(context.Context, *clinic) {
	return func(_ context.Context, c *clinic) { c.set(part, false) }
}

func sweep(counts map[string]int64) func(context.Context, *clinic) {
	return func(_ context.Context, c *clinic) { c.pass(time.Second); c.sweeps(counts) }
}

func mails(fail int) func(context.Context, *clinic) {
	return func(ctx context.Context, c *clinic) {
		c.pass(time.Second)
		repeat(fail, func() { c.pass(time.Second); c.recorder.Failed(ctx, health.Mail, "temporary") })
	}
}

func mailed(ctx context.Context, c *clinic) { c.recorder.Well(ctx, health.Mail, "", nil) }

// work goes on for a while, and everything but one event comes with it.
func work(did, comes string, d time.Duration) func(context.Context, *clinic) {
	return func(ctx context.Context, c *clinic) {
		for range 10 {
			c.pass(d / 10)
			c.recorder.Well(ctx, did, "", nil)
			c.recorder.Well(ctx, comes, "", nil)
		}
		c.recorder.Well(ctx, health.Retain, "", nil)
		c.sweeps(nil)
	}
}

// version has another process be the engine for a while.
func version(v string, since time.Duration) func(context.Context, *clinic) {
	return func(ctx context.Context, c *clinic) {
		c.pass(time.Second)
		h := health.Heartbeat{Source: health.Engine, Instance: "other" + v, Since: c.clock(), At: c.clock(), Detail: v}
		if err := c.store.ForgetHeartbeat(ctx, health.Engine, c.recorder.Instance()); err != nil {
			c.t.Fatal(err)
		}
		if err := c.store.Beat(ctx, h); err != nil {
			c.t.Fatal(err)
		}
		for range int(since / time.Minute) { // both go on
			c.pass(time.Minute)
			c.sweeps(nil)
		}
	}
}

func queue(q health.Queue) func(context.Context, *clinic) {
	return func(_ context.Context, c *clinic) { c.queue = q }
}

// TestEachPartIsTold breaks every part in turn.
func TestEachPartIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range breakages {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t)
			if got := c.public(); got != "" {
				t.Fatalf("a healthy system tells %s", got)
			}
			tt.hurt(t.Context(), c)
			c.round()
			if got := c.public(); got != tt.told {
				t.Errorf("everybody is told %q, want %q", got, tt.told)
			}
			if got := worst(c.details()); got != tt.inner {
				t.Errorf("administrators are told %q, want %q", got, tt.inner)
			}
			tt.mend(t.Context(), c)
			c.recorder.Well(t.Context(), health.Retain, "", nil)
			c.sweepsOn()
			c.round()
			if got := c.public(); got != "" {
				t.Errorf("mended, everybody is told %q", got)
			}
			if got := c.details(); worst(got) != "" || got.Level != health.OK {
				t.Errorf("mended, administrators are told %s %q", got.Level, worst(got))
			}
		})
	}
}

// sweepsOn sweeps unless the last one has just told something.
func (c *clinic) sweepsOn() { c.pass(time.Second); c.sweeps(nil) }

// round asks often enough that every workspace has its turn.
func (c *clinic) round() {
	c.t.Helper()
	repeat(3, func() { c.public() })
}

// TestDetailsAreForAdministrators: everybody else is refused, and the answer
// tells what is known.
func TestDetailsAreForAdministrators(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	c.recorder.Failed(t.Context(), health.Mail, "refused")
	for role, want := range map[access.Role]int{access.TREAdmin: 200, access.TREUser: 403, access.WorkspaceOwner: 403, "": 401} {
		r := httptest.NewRequest(http.MethodGet, "/api/health/details", nil)
		if role != "" {
			r.Header.Set("Authorization", "Bearer "+string(role))
		}
		w := httptest.NewRecorder()
		if c.handler.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: %d, want %d", role, w.Code, want)
		}
	}
	c.public()
	d := c.details()
	i := slices.IndexFunc(d.Sources, func(s health.State) bool { return s.Source == health.Verdict })
	if i < 0 || d.Sources[i].Detail != "clean" || d.Sources[i].At == nil {
		t.Errorf("the last verdict is not told: %+v", d.Sources)
	}
	if len(d.Apps) != 2 || d.Apps[0].Version != "2.0" || d.Version != "2.0" || len(d.Queues) != 2 {
		t.Errorf("details: %+v", d)
	}
}
