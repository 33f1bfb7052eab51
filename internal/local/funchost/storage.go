package funchost

import (
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// storage makes clients for the queues and blobs of a host and wakes its
// listeners when the host itself writes to their queue.
type storage struct {
	settings settings

	mu   sync.Mutex
	wake map[string]chan struct{} // queue URL -> its listener
}

func newStorage(s settings) *storage {
	return &storage{settings: s, wake: map[string]chan struct{}{}}
}

func clientOptions() azcore.ClientOptions {
	return azcore.ClientOptions{Telemetry: policy.TelemetryOptions{Disabled: true}}
}

func (s *storage) queue(connection, name string) (*azqueue.QueueClient, error) {
	text, err := s.settings.connection(connection)
	if err != nil {
		return nil, err
	}
	return azqueue.NewQueueClientFromConnectionString(text, name,
		&azqueue.ClientOptions{ClientOptions: clientOptions()})
}

func (s *storage) blobs() (*azblob.Client, error) {
	text, err := s.settings.connection(storageSetting)
	if err != nil {
		return nil, err
	}
	return azblob.NewClientFromConnectionString(text, &azblob.ClientOptions{ClientOptions: clientOptions()})
}

// watcher is the channel that tells a listener of writes to its queue.
func (s *storage) watcher(q *azqueue.QueueClient) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(q.URL())
	c, ok := s.wake[key]
	if !ok {
		c = make(chan struct{}, 1)
		s.wake[key] = c
	}
	return c
}

// wrote wakes the listener of a queue (SharedQueueWatcher.Notify).
func (s *storage) wrote(q *azqueue.QueueClient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.wake[strings.ToLower(q.URL())] <- struct{}{}:
	default: // nobody listens, or it is awake already
	}
}
