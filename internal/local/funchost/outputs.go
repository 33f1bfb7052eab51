package funchost

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"
	"golang.org/x/sync/errgroup"
)

// bindOutputs writes what the handler answered to the declared queues, all at
// once. One failure fails the invocation although others are written: there
// is no transaction.
func (r *Running) bindOutputs(ctx context.Context, a *app, c call, res result) error {
	var group errgroup.Group
	for _, b := range c.function.outputs {
		if !b.is(queueOutput) {
			continue
		}
		value, ok := res.output(c.function, b.Name)
		if !ok {
			continue
		}
		group.Go(func() error {
			bodies, err := messages(value, b.binary())
			if err == nil {
				err = r.enqueue(ctx, a, b, &c.binding, bodies)
			}
			if err != nil {
				return fmt.Errorf("output %q: %w", b.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (r *Running) enqueue(ctx context.Context, a *app, b binding, d *bindingData, bodies [][]byte) error {
	if len(bodies) == 0 {
		return nil
	}
	name, err := d.resolve(b.QueueName)
	if err != nil {
		return err
	}
	if err := checkQueueName(name); err != nil {
		return err
	}
	q, err := r.storage.queue(b.Connection, name)
	if err != nil {
		return err
	}
	for _, body := range bodies {
		text, err := a.config.queues.wire(body)
		if err != nil {
			return err
		}
		if err := put(ctx, q, text); err != nil {
			return fmt.Errorf("queue %q: %w", name, err)
		}
	}
	r.storage.wrote(q)
	return nil
}

// put adds a message and creates the queue if there is none.
func put(ctx context.Context, q *azqueue.QueueClient, text string) error {
	_, err := q.EnqueueMessage(ctx, text, nil)
	if !queueerror.HasCode(err, queueerror.QueueNotFound) {
		return err
	}
	if _, err := q.Create(ctx, nil); err != nil && !queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
		return err
	}
	_, err = q.EnqueueMessage(ctx, text, nil)
	return err
}

// isMissing reports whether a queue does not exist.
func isMissing(err error) bool { return queueerror.HasCode(err, queueerror.QueueNotFound) }

// isLost reports whether a message belongs to somebody else by now, or to nobody.
func isLost(err error) bool {
	return queueerror.HasCode(err, queueerror.MessageNotFound, queueerror.PopReceiptMismatch)
}

var errUndecodable = errors.New("message is not base64")
