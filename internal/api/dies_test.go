package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// rows is the port under a name that is not that of one of its methods.
type rows = airlock.Requests

// dying is storage that goes away at its n-th call, before or after it did
// what it was asked, as a process that is killed there leaves it.
type dying struct {
	rows
	airlock.Desk
	mu    sync.Mutex
	calls int
	at    int
	after bool
}

var errDied = errors.New("died here")

func (d *dying) step(work func() error) error {
	d.mu.Lock()
	d.calls++
	hit := d.calls == d.at
	d.mu.Unlock()
	if hit && !d.after {
		return errDied
	}
	err := work()
	if hit {
		return errors.Join(errDied, err)
	}
	return err
}

func (d *dying) Request(ctx context.Context, key airlock.Key) (r airlock.Request, err error) {
	err = d.step(func() (err error) { r, err = d.rows.Request(ctx, key); return err })
	return r, err
}

func (d *dying) Commit(ctx context.Context, c airlock.Change) (r airlock.Request, err error) {
	err = d.step(func() (err error) { r, err = d.rows.Commit(ctx, c); return err })
	return r, err
}

func (d *dying) Create(ctx context.Context, place airlock.Place) error {
	return d.step(func() error { return d.Desk.Create(ctx, place) })
}

// TestAKeyOutlivesItsCall kills the call at each of its steps; a repeat, on
// another instance, ends it, and there is one request.
func TestAKeyOutlivesItsCall(t *testing.T) {
	t.Parallel()
	for at := 1; at <= 6; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d, done %t", at, after), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				whole := b.in(t)
				d := &dying{rows: b.store, Desk: b.files, at: at, after: after}
				broken := *b.desk
				broken.Ports.Requests, broken.Ports.Containers = d, d
				settings := b.settings
				settings.Desk = &broken
				b.handler = api.Reused(t, settings)
				first := b.call("POST", list(here), "ann", creation, keyHeader, "k")
				if first.Code != http.StatusCreated && first.Code != http.StatusServiceUnavailable {
					t.Fatalf("%d %s", first.Code, first.Body)
				}
				again := whole.read(whole.call("POST", list(here), "ann", creation, keyHeader, "k"), 201)
				if first.Code == http.StatusCreated && b.read(first, 201).Request.ID != again.Request.ID {
					t.Error("the repeat made another request")
				}
				if whole.requests() != 1 || again.URL == "" {
					t.Errorf("%d requests, link %t", whole.requests(), again.URL != "")
				}
			})
		}
	}
}
