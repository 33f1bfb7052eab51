package azorders

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/trefoil-tre/trefoil/internal/health"
)

// ProbeQueue is the queue of the health check's own messages. No function
// reads it.
const ProbeQueue = "health"

// RoundTrip puts a message on the health check's own queue, takes what is there
// and deletes it. Another instance may be faster and take it: then it went both
// ways just as well.
func (o *Orders) RoundTrip(ctx context.Context) error {
	if err := o.Send(ctx, ProbeQueue, struct{}{}, 0); err != nil {
		return err
	}
	taken, err := o.Take(ctx, ProbeQueue, maxTake)
	if err != nil {
		return err
	}
	for _, m := range taken {
		if err := o.Drop(ctx, ProbeQueue, m); err != nil {
			return err
		}
	}
	return nil
}

// Look tells how many messages wait in a queue and in its poison queue, and
// since when the first that can be seen.
func (o *Orders) Look(ctx context.Context, queue string) (health.Queue, error) {
	depth, err := o.Depth(ctx, queue)
	if err != nil {
		return health.Queue{}, err
	}
	poison, err := o.Depth(ctx, queue+"-poison")
	if err != nil {
		return health.Queue{}, err
	}
	oldest, err := o.oldest(ctx, queue)
	return health.Queue{Name: queue, Depth: depth, Poison: poison, Oldest: oldest}, err
}

// oldest is when the first message that can be seen was put there; zero when
// there is none.
func (o *Orders) oldest(ctx context.Context, queue string) (time.Time, error) {
	answer, err := o.service.NewQueueClient(queue).PeekMessage(ctx, nil)
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("queue %q: %w", queue, err)
	}
	for _, m := range answer.Messages {
		if m != nil {
			return value(m.InsertionTime).UTC(), nil
		}
	}
	return time.Time{}, nil
}
