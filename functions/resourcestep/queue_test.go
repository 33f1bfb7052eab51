package resourcestep_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// crowd orders services, one a second, each of which needs a turn of the shared
// service.
func (b *bed) crowd(n int) []workspace.Operation {
	b.T.Helper()
	b.put(b.resource(workspace.Workspace, roomtest.Here), b.resource(workspace.SharedService, sharedID))
	var all []workspace.Operation
	for i := range n {
		r := b.fresh(workspace.Service, fmt.Sprintf("77777777-7777-4777-8777-%012d", i))
		shared := b.Get(key(sharedID))
		step := workspace.Step{TemplateID: "firewall", Title: "firewall", Target: shared.Key(), Kind: shared.Kind, Template: "t", Source: r.ID, Action: workspace.Upgrade}
		r, op, err := r.Begin(workspace.Act{By: roomtest.Olga, At: b.Now(), Operation: fmt.Sprintf("88888888-8888-4888-8888-%012d", n-i), Call: "call"},
			workspace.Order{Action: workspace.Install, Before: []workspace.Step{step}})
		b.Must(err)
		c := workspace.Change{Partition: r.Key().Partition}
		c.Resource(r, b.line("asked"))
		c.Operation(op, cadence.Due(r, b.Now()), b.line("asked"))
		_, err = b.Store.CommitChange(b.T.Context(), c)
		b.Must(err)
		all = append(all, op)
		b.Pass(time.Second)
	}
	return all
}

// turns hints at all operations, the last one first, until all of them ended, and
// returns the order in which they had the shared service.
func (b *bed) turns(all []workspace.Operation) (had []int) {
	b.T.Helper()
	for range 2000 {
		ended := 0
		for i, op := range slices.Backward(all) {
			b.Must(b.handle(order(op)))
			if b.Reread(op).Ended() {
				ended++
			}
			if b.Get(key(sharedID)).Operation == op.ID && (len(had) == 0 || had[len(had)-1] != i) {
				had = append(had, i)
			}
		}
		if ended == len(all) {
			return had
		}
		b.Pass(20 * time.Second)
	}
	b.T.Fatal("there is no end")
	return nil
}

// Those who wait for a shared service have it in the order in which they were
// asked for, however their looks come, and nobody's patience ends while the
// others have their turns.
func TestTurnsAreFair(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.room.Cadence.Patience = 10 * time.Minute
	all := b.crowd(8)
	had := b.turns(all)
	want := []int{7} // it was free when that one came
	for i := range 7 {
		want = append(want, i)
	}
	if !slices.Equal(had, want) {
		t.Errorf("turns %v", had)
	}
	for i, op := range all {
		if op = b.Reread(op); op.Status != workspace.Deployed {
			t.Errorf("%d is %s: %s", i, op.Status, op.Message)
		}
	}
	if left := b.Get(key(sharedID)).Waiting; len(left) > 0 {
		t.Errorf("there wait still %v", left)
	}
}

// Each row is a sentence: who is first does not come, and the others get on.
func TestWhoDoesNotCome(t *testing.T) {
	t.Parallel()
	for name, happen := range map[string]func(b *bed, all []workspace.Operation) []workspace.Operation{
		"its operation is not there": func(b *bed, all []workspace.Operation) []workspace.Operation {
			b.await(workspace.Operation{ID: roomtest.NobodysID, Resource: key(sharedID), CreatedAt: b.Now().Add(-time.Hour)})
			return all
		},
		"nobody hints at it": func(b *bed, all []workspace.Operation) []workspace.Operation {
			b.await(all[0])
			return all[1:]
		},
		"it was cancelled": func(b *bed, all []workspace.Operation) []workspace.Operation {
			b.await(all[0])
			b.cancel(all[0])
			return all
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			all := b.crowd(4)
			shared := b.Get(key(sharedID))
			shared.UpdatedAt = b.Now()
			c := workspace.Change{Partition: workspace.System}
			c.Quietly(shared)
			_, err := b.Store.CommitChange(t.Context(), c)
			b.Must(err)
			some := happen(b, all)
			b.turns(some)
			for _, op := range some {
				if op = b.Reread(op); op.Cancel == nil && op.Status != workspace.Deployed {
					t.Errorf("%s is %s: %s", op.ID, op.Status, op.Message)
				}
			}
			if left := b.Get(key(sharedID)).Waiting; len(left) > 0 {
				t.Errorf("there wait still %v", left)
			}
		})
	}
}

// await has an operation wait for the shared service.
func (b *bed) await(op workspace.Operation) {
	b.T.Helper()
	r, news := b.Get(key(sharedID)).Await(op)
	if !news {
		b.T.Fatal("it waits already")
	}
	c := workspace.Change{Partition: workspace.System}
	c.Quietly(r)
	_, err := b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
}

// Whoever lets go of a shared service calls who is next, and the waiting comes
// to the same end whatever fails.
func TestQueueUnderFaults(t *testing.T) {
	t.Parallel()
	beds := map[*roomtest.World]*bed{}
	all := map[*roomtest.World][]workspace.Operation{}
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World {
			b := newBed(t, quick)
			ops := b.crowd(2)
			b.await(ops[0])
			beds[b.World], all[b.World] = b, ops
			return b.World
		},
		Run: func(w *roomtest.World) error {
			b, left := beds[w], len(all[w])
			for ; left > 0; w.Pass(cadence.Hint) {
				left = 0
				for _, op := range slices.Backward(all[w]) {
					if err := b.handle(order(op)); err != nil {
						return err
					}
					if !b.Reread(op).Ended() {
						left++
					}
				}
			}
			return nil
		},
	})
	b := newBed(t)
	ops := b.crowd(2)
	b.Must(b.handle(order(ops[0])))
	b.Must(b.handle(order(ops[1])))
	b.Pass(4 * time.Minute)
	b.TakeSent()
	b.Must(b.handle(order(ops[0])))
	called := slices.ContainsFunc(b.TakeSent(), func(s roomtest.Sent) bool { return s.Message == order(ops[1]) && s.At.Equal(b.Now()) })
	if _, err := b.Work.Open(t.Context(), airlock.Key{Workspace: roomtest.Here, Request: ops[1].ID}); !called || err != nil {
		t.Errorf("who is next was called: %t, %v", called, err)
	}
}
