package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// TestAllEndRight is the whole of it. TREFOIL_CHAOS_REQUESTS and
// TREFOIL_CHAOS_SECONDS make it bigger.
func TestAllEndRight(t *testing.T) {
	t.Parallel()
	workspaces := make([]string, 2)
	for i := range workspaces {
		workspaces[i] = uuid.NewString()
		policy := airlock.Policy{RescanAfter: airlock.Duration(3 * time.Second)}
		if err := rig.Workspace(t.Context(), workspaces[i], fmt.Sprintf("ws%d", i+1), policy); err != nil {
			t.Fatal(err)
		}
	}
	rig.Gateway.SetUnkind(unkind())
	rig.ARM.SetUnkind(badCloud())
	storm, end := context.WithTimeout(t.Context(), time.Duration(number("TREFOIL_CHAOS_SECONDS", 20))*time.Second)
	defer end()
	calm, kills := make(chan struct{}), 0
	go func() {
		defer close(calm)
		kills = kill(storm)
		rig.Gateway.SetUnkind(gateway.Unkind{})
		rig.ARM.SetUnkind(arm.Unkind{})
	}()
	errands := make([]*errand, number("TREFOIL_CHAOS_REQUESTS", 50))
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	for range 4 {
		s := &study{calm: calm}
		group.Go(func() error { return s.run(ctx) })
	}
	for i := range errands {
		e := &errand{number: i, kind: stories[i%len(stories)], workspace: workspaces[i%2], calm: calm}
		errands[i] = e
		group.Go(func() error {
			if err := e.run(ctx); err != nil {
				return fmt.Errorf("request %d, %s: %w", e.number, e.kind.name, err)
			}
			return nil
		})
	}
	err := group.Wait()
	end()
	<-calm
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kills, %d invocations broke or failed", kills, broke.Load())
	if kills < 3 || broke.Load() == 0 {
		t.Errorf("%d kills and %d broken invocations are no storm", kills, broke.Load())
	}
	for _, e := range errands {
		if err := e.check(t.Context()); err != nil {
			t.Errorf("request %d, %s: %v", e.number, e.kind.name, err)
		}
	}
	if err := cleanedUp(t.Context(), workspaces); err != nil {
		t.Error(err)
	}
	if err := nothingDiffers(t.Context()); err != nil {
		t.Error(err)
	}
}

// kill kills something about every second: mostly handlers, now and then a
// whole host. It returns how often.
func kill(ctx context.Context) (kills int) {
	r := rand.New(rand.NewPCG(seed(), 7))
	for ; ; kills++ {
		select {
		case <-ctx.Done():
			return kills
		case <-time.After(500*time.Millisecond + time.Duration(r.IntN(1000))*time.Millisecond):
		}
		switch n := r.IntN(20); {
		case n < 9:
			rig.Engine.KillHandler()
		case n < 17:
			rig.Front.KillHandler()
		case n < 18:
			rig.Engine.Kill()
		default:
			rig.Front.Kill()
		}
	}
}

// story is one way for a request to go.
type story struct {
	name    string
	kind    airlock.Type
	ends    airlock.Stage
	outcome airlock.Event // that the requester is told exactly once; "" for none
	files   func(n int) map[string][]byte
	steps   func(ctx context.Context, e *errand) error
}

// errand is one request on its way.
type errand struct {
	number    int
	kind      story
	workspace string
	calm      <-chan struct{}
	q         *stacktest.Request
	files     map[string][]byte // as they were handed in last
}

// run makes the request, drops its files and goes through its story.
func (e *errand) run(ctx context.Context) error {
	err := e.again(ctx, func(ctx context.Context) error {
		var err error
		e.q, err = rig.Create(ctx, "heart-researcher", e.workspace, e.kind.kind)
		return err
	})
	if err != nil {
		return err
	}
	e.files = e.kind.files(e.number)
	if err := e.drop(ctx, e.files); err != nil {
		return err
	}
	return e.kind.steps(ctx, e)
}

// again does something until it works: everybody tries again when the service
// says that it cannot answer now.
func (e *errand) again(ctx context.Context, do func(context.Context) error) error {
	err := errors.New("the storm does not end")
	for err != nil {
		if err = stacktest.Until(ctx, do); err == nil {
			return nil
		}
		select {
		case <-e.calm:
			return err
		case <-ctx.Done():
			return err
		default:
		}
	}
	return err
}

func (e *errand) drop(ctx context.Context, files map[string][]byte) error {
	for name, content := range files {
		err := e.again(ctx, func(ctx context.Context) error { return e.q.Drop(ctx, name, content) })
		if err != nil {
			return err
		}
	}
	return nil
}

// move does something that leads to one of the stages. A try whose answer was
// lost may have worked.
func (e *errand) move(ctx context.Context, do func(context.Context) error, to ...airlock.Stage) error {
	return e.again(ctx, func(ctx context.Context) error {
		err := do(ctx)
		if err == nil {
			return nil
		}
		now, there := e.q.Stored(ctx)
		if there != nil {
			return errors.Join(err, there)
		}
		for _, s := range to {
			if now.Stage == s {
				return nil
			}
		}
		return fmt.Errorf("%w (request is %s)", err, now.Stage)
	})
}

func (e *errand) await(ctx context.Context, stages ...airlock.Stage) error {
	return e.again(ctx, func(ctx context.Context) error {
		r, err := e.q.Stored(ctx)
		if err != nil {
			return err
		}
		for _, s := range stages {
			if r.Stage == s {
				return nil
			}
		}
		return fmt.Errorf("request is %s, turn %d, marks %v: %s; want %v", r.Stage, r.Turn, r.Marks, r.Message, stages)
	})
}

// after are the stages that follow a submit.
var after = []airlock.Stage{airlock.Sealing, airlock.Gating, airlock.InReview, airlock.Blocking, airlock.Blocked}

func (e *errand) submit(ctx context.Context) error {
	return e.move(ctx, e.q.Submit, after...)
}

func (e *errand) reviewed(ctx context.Context) error {
	if err := e.submit(ctx); err != nil {
		return err
	}
	return e.await(ctx, airlock.InReview)
}

func (e *errand) approve(ctx context.Context) error {
	err := e.move(ctx, func(ctx context.Context) error { return e.q.Approve(ctx, "heart-manager") }, airlock.Approving, airlock.Approved)
	if err != nil {
		return err
	}
	return e.await(ctx, airlock.Approved)
}

// same compares what is behind the requester's link with what was handed in.
func (e *errand) same(ctx context.Context) error {
	released, err := e.q.Released(ctx)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(e.files, released); diff != "" {
		return fmt.Errorf("released is not what was dropped (-dropped +released):\n%s", diff)
	}
	return nil
}
