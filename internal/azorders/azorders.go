// Package azorders puts orders on storage queues and looks after what ended in their poison queues.
package azorders

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/trefoil-tre/trefoil/internal/aztrace"
)

const (
	// maxWire is the largest message in bytes as the queue stores it, which is in base64 here. maxLife is how long it keeps
	// one, and so the longest delay: https://learn.microsoft.com/azure/storage/queues/scalability-targets
	maxWire = 64 << 10
	maxLife = 7 * 24 * time.Hour
)

// Errors that say what is wrong with an order.
var (
	ErrTooLarge = errors.New("message is larger than a queue takes") // more than 64 KiB in base64
	ErrTooLate  = errors.New("delay is longer than a queue keeps a message")
)

// Config says where the queues are and who asks. Either ConnectionString is set, or Endpoint.
type Config struct {
	ConnectionString string                 // with an account key; one machine only
	Endpoint         string                 // queue service such as https://name.queue.core.windows.net; asked with an identity
	Credential       azcore.TokenCredential // that identity; nil means azidentity's default, which asks nobody before the first order
	Transport        policy.Transporter     // what carries requests; nil means the SDK's own
}

// Orders is the way to the queues of one storage account. It is safe for concurrent use.
type Orders struct {
	service *azqueue.ServiceClient
}

// New returns the way to the queues that c names. It does not use the network.
func New(c Config) (*Orders, error) {
	service, err := client(c)
	if err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	return &Orders{service: service}, nil
}

func client(c Config) (*azqueue.ServiceClient, error) {
	options := &azqueue.ClientOptions{ClientOptions: aztrace.Options("queue")}
	options.Transport = c.Transport
	switch {
	case c.ConnectionString != "":
		service, err := azqueue.NewServiceClientFromConnectionString(c.ConnectionString, options)
		if err != nil {
			return nil, errors.New("connection string is malformed") // the SDK's text may quote it
		}
		return service, nil
	case c.Endpoint == "":
		return nil, errors.New("neither connection string nor endpoint")
	case c.Credential == nil:
		identity, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, err
		}
		c.Credential = identity
	}
	return azqueue.NewServiceClient(c.Endpoint, c.Credential, options)
}

// Send puts message on queue as the Functions host expects it, compact JSON in base64, to be seen after delay, in whole
// seconds rounded up. Like the host's own output it creates a missing queue. It returns ErrTooLarge or ErrTooLate when the
// queue could never take it.
func (o *Orders) Send(ctx context.Context, queue string, message any, delay time.Duration) error {
	wire, err := encode(message)
	if err != nil {
		return fmt.Errorf("queue %q: %w", queue, err)
	}
	delay = max(delay, 0)
	if delay >= maxLife {
		return fmt.Errorf("queue %q, delay %v: %w", queue, delay, ErrTooLate)
	}
	seconds := int32((delay + time.Second - 1) / time.Second)
	options := &azqueue.EnqueueMessageOptions{VisibilityTimeout: to.Ptr(seconds)}
	q := o.service.NewQueueClient(queue)
	_, err = q.EnqueueMessage(ctx, wire, options)
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		if _, err = q.Create(ctx, nil); err == nil || queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
			_, err = q.EnqueueMessage(ctx, wire, options)
		}
	}
	if err != nil {
		return fmt.Errorf("queue %q: %w", queue, err)
	}
	return nil
}

// Depth returns about how many messages queue holds, invisible ones included. A queue that does not exist holds none.
func (o *Orders) Depth(ctx context.Context, queue string) (int, error) {
	properties, err := o.service.NewQueueClient(queue).GetProperties(ctx, nil)
	switch {
	case queueerror.HasCode(err, queueerror.QueueNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("queue %q: %w", queue, err)
	case properties.ApproximateMessagesCount == nil:
		return 0, fmt.Errorf("queue %q: no count in the answer", queue)
	}
	return int(*properties.ApproximateMessagesCount), nil
}

// encode returns message as it goes over the wire.
func encode(message any) (string, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // three bytes more for every < would only count against the limit
	if err := enc.Encode(message); err != nil {
		return "", err
	}
	wire := base64.StdEncoding.EncodeToString(bytes.TrimRight(text.Bytes(), "\n"))
	if len(wire) > maxWire {
		return "", fmt.Errorf("%d bytes: %w", len(wire), ErrTooLarge)
	}
	return wire, nil
}
