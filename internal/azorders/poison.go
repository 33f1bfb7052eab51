package azorders

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"
)

const (
	// maxTake is the most messages one request returns:
	// https://learn.microsoft.com/rest/api/storageservices/get-messages
	maxTake = 32

	// hold is how long taken messages stay unseen by others: well beyond what marking 32 requests takes, and short enough
	// for the next sweep but one when this one dies.
	hold = 2 * time.Minute
)

// Poisoned is a message that the host gave up on.
type Poisoned struct {
	Text         string    // the message, decoded; as it was on the wire when that was not base64 of text
	ID           string    // the poison queue's own id of it
	DequeueCount int       // how often it has been taken from the poison queue, from 1
	Inserted     time.Time // when the host gave up

	receipt string // proves that it was taken here
}

// Take takes up to most messages (at most 32 at once) from queue and hides them for two minutes, time enough to note what
// they were about and to Drop them. What is not dropped comes back. A queue that does not exist is empty.
func (o *Orders) Take(ctx context.Context, queue string, most int) ([]Poisoned, error) {
	answer, err := o.service.NewQueueClient(queue).DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{
		NumberOfMessages:  to.Ptr(int32(min(most, maxTake))),
		VisibilityTimeout: to.Ptr(int32(hold / time.Second)),
	})
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", queue, err)
	}
	var taken []Poisoned
	for _, m := range answer.Messages {
		if m == nil || m.MessageID == nil || m.PopReceipt == nil {
			return nil, fmt.Errorf("queue %q: a message without id or receipt", queue)
		}
		taken = append(taken, Poisoned{
			Text:         decode(value(m.MessageText)),
			ID:           *m.MessageID,
			DequeueCount: int(value(m.DequeueCount)),
			Inserted:     value(m.InsertionTime).UTC(),
			receipt:      *m.PopReceipt,
		})
	}
	return taken, nil
}

// Drop deletes p from the queue it was taken from. One that is gone, or that somebody else has taken since, is not an error:
// whoever holds it will drop it.
func (o *Orders) Drop(ctx context.Context, queue string, p Poisoned) error {
	_, err := o.service.NewQueueClient(queue).DeleteMessage(ctx, p.ID, p.receipt, nil)
	if err == nil || queueerror.HasCode(err, queueerror.MessageNotFound, queueerror.PopReceiptMismatch, queueerror.QueueNotFound) {
		return nil
	}
	return fmt.Errorf("queue %q: %w", queue, err)
}

// decode returns the text that wire is the base64 of, or wire itself: what could not be decoded is why some messages are
// here.
func decode(wire string) string {
	text, err := base64.StdEncoding.DecodeString(wire)
	if err != nil || !utf8.Valid(text) {
		return wire
	}
	return string(text)
}

// value is what p points to, or nothing.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
