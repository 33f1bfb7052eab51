package funchost

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// queueListener feeds one function from its queue (QueueListener.cs).
type queueListener struct {
	running  *Running
	app      *app
	function *function
	queue    *azqueue.QueueClient
	options  queueOptions
	wake     chan struct{}
	log      *slog.Logger

	mu       sync.Mutex
	inFlight int
	done     chan struct{} // a message was finished
}

// listenQueue fetches until listen ends; messages being processed live on
// until life ends.
func (r *Running) listenQueue(life, listen context.Context, f *function) {
	log := r.host.Log.With(slog.String("function", f.name), slog.String("queue", f.trigger.QueueName))
	q, err := r.storage.queue(f.trigger.Connection, f.trigger.QueueName)
	if err != nil {
		log.LogAttrs(life, slog.LevelError, "the listener was unable to start", slog.Any("error", err))
		return
	}
	a, err := r.loaded()
	if err != nil {
		return
	}
	l := &queueListener{
		running: r, app: a, function: f, queue: q, options: a.config.queues,
		wake: r.storage.watcher(q), log: log, done: make(chan struct{}, 1),
	}
	l.loop(life, listen)
}

func (l *queueListener) loop(life, listen context.Context) {
	times := l.running.host.Times
	pause := backoff{min: times.PollMin, max: max(times.PollMin, l.options.pollMax)}
	for {
		if !l.awaitRoom(listen) {
			return
		}
		n, err := l.fetch(life)
		if err != nil && listen.Err() == nil && !isMissing(err) {
			l.log.LogAttrs(listen, slog.LevelWarn, "queue could not be read", slog.Any("error", err))
		}
		if n > 0 {
			pause.reset()
			continue
		}
		if !l.rest(listen, pause.next()) {
			return
		}
	}
}

// fetch receives one batch and starts an invocation for each message.
func (l *queueListener) fetch(life context.Context) (int, error) {
	// Not cancelled with the listener: a message received is a message run.
	resp, err := l.queue.DequeueMessages(life, &azqueue.DequeueMessagesOptions{
		NumberOfMessages:  to.Ptr(int32(l.options.batchSize)), //nolint:gosec // at most 32
		VisibilityTimeout: to.Ptr(wholeSeconds(l.running.host.Times.ReceiveVisibility)),
	})
	if err != nil {
		return 0, err
	}
	for _, m := range resp.Messages {
		l.add(1)
		l.running.goListen(func() {
			defer l.add(-1)
			l.process(life, newMessage(l, m))
		})
	}
	return len(resp.Messages), nil
}

func (l *queueListener) add(n int) {
	l.mu.Lock()
	l.inFlight += n
	l.mu.Unlock()
	if n < 0 {
		select {
		case l.done <- struct{}{}:
		default:
		}
	}
}

// awaitRoom waits until no more than the threshold are in flight.
func (l *queueListener) awaitRoom(ctx context.Context) bool {
	for {
		l.mu.Lock()
		room := l.inFlight <= l.options.threshold
		l.mu.Unlock()
		if room {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-l.done:
		}
	}
}

// rest pauses between two looks at an empty queue; the host's own writes to
// it cut the pause short.
func (l *queueListener) rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-l.wake:
	case <-timer.C:
	}
	return true
}

// backoff doubles from min to max with a fifth of chance either way
// (RandomizedExponentialBackoffStrategy).
type backoff struct {
	min, max time.Duration
	last     time.Duration
}

func (b *backoff) reset() { b.last = 0 }

func (b *backoff) next() time.Duration {
	if b.last == 0 {
		b.last = b.min
		return b.min
	}
	const spread = 0.2
	grown := float64(b.last) * (2 + spread*(2*rand.Float64()-1)) //nolint:gosec // no secret
	b.last = min(b.max, time.Duration(grown))
	return b.last
}
