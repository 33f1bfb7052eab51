package hundred

import (
	"context"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/functions/resourcestep"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// queue hands orders to the engine when they are due, as many at once as two
// instances of the host do. An order that fails comes again.
type queue struct {
	ctx    context.Context //nolint:containedctx // of all that the queue runs, as a host's
	cancel context.CancelFunc
	room   *resourcestep.Function
	slots  chan struct{}
	work   sync.WaitGroup

	mu   sync.Mutex
	wake map[string]chan struct{} // by operation: is told when an order about it was handled
}

// Handling is how many orders are handled at once: host.json's batch, twice.
const handling = 48

// retried is when an order that failed comes again.
const retried = 50 * time.Millisecond

func newQueue(ctx context.Context, room *resourcestep.Function) *queue {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q := &queue{ctx: ctx, cancel: cancel, room: room, slots: make(chan struct{}, handling), wake: map[string]chan struct{}{}}
	room.Ports.Orders = q
	return q
}

// Send implements resourcestep.Orders and provision.Orders. Other queues than
// that of steps have nobody.
func (q *queue) Send(_ context.Context, _ string, order any, delay time.Duration) error {
	m, ok := order.(message.Step)
	if !ok {
		return nil
	}
	q.work.Go(func() {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-q.ctx.Done():
			return
		}
		select {
		case q.slots <- struct{}{}:
		case <-q.ctx.Done():
			return
		}
		q.handle(m)
		<-q.slots
	})
	return nil
}

func (q *queue) handle(m message.Step) {
	out, err := q.room.Handle(q.ctx, m)
	switch {
	case q.ctx.Err() != nil:
		return
	case err != nil:
		_ = q.Send(q.ctx, message.QueueStep, m, retried)
	case out.Step != nil:
		_ = q.Send(q.ctx, message.QueueStep, *out.Step, 0)
	}
	select {
	case q.waker(m.Operation) <- struct{}{}:
	default: // it was told already
	}
}

// waker tells who waits for an operation.
func (q *queue) waker(operation string) chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.wake[operation] == nil {
		q.wake[operation] = make(chan struct{}, 1)
	}
	return q.wake[operation]
}

// await waits until a condition holds, which is looked at after every order
// about an operation.
func (q *queue) await(ctx context.Context, operation string, holds func() bool) error {
	for wake := q.waker(operation); !holds(); {
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (q *queue) close() {
	q.cancel()
	q.work.Wait()
}
