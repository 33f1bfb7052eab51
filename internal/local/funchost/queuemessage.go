package funchost

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// message is one received queue message.
type message struct {
	azqueue.DequeuedMessage
	listener *queueListener

	mu      sync.Mutex
	receipt string // renewed with the visibility
}

func newMessage(l *queueListener, m *azqueue.DequeuedMessage) *message {
	return &message{DequeuedMessage: *m, listener: l, receipt: *m.PopReceipt}
}

// process runs the function on the message and then deletes, releases or
// poisons it (QueueProcessor.cs).
func (l *queueListener) process(ctx context.Context, m *message) {
	if *m.DequeueCount > l.options.maxTries && l.poisonQueue() != "" {
		l.toPoison(ctx, m)
		return
	}
	body, err := l.decode(m)
	if errors.Is(err, errUndecodable) && l.running.host.Profile.Queue != Queue4 {
		l.log.LogAttrs(ctx, slog.LevelError, "message could not be decoded", slog.Any("error", err))
		l.toPoison(ctx, m)
		return
	}
	if err == nil {
		renewal, stop := context.WithCancel(ctx)
		renewed := make(chan struct{})
		go func() {
			defer close(renewed)
			m.renew(renewal)
		}()
		err = l.run(ctx, m, body)
		stop()
		<-renewed
	} else {
		l.log.LogAttrs(ctx, slog.LevelError, "message could not be bound", slog.Any("error", err))
	}
	l.finish(ctx, m, err)
}

// finish leaves storage alone when the host died meanwhile: the message stays
// hidden until its visibility ends.
func (l *queueListener) finish(ctx context.Context, m *message, failure error) {
	if ctx.Err() != nil {
		return
	}
	switch {
	case failure == nil:
		l.settle(ctx, "delete", m.delete(ctx))
	case l.poisonQueue() == "":
		// No poison queue of a poison queue: the message waits out its visibility.
	case *m.DequeueCount >= l.options.maxTries:
		l.toPoison(ctx, m)
	default:
		l.settle(ctx, "release", m.update(ctx, wholeSeconds(l.options.visibility)))
	}
}

// settle logs a failed change; a message that somebody else has by now is no
// failure, it runs twice.
func (l *queueListener) settle(ctx context.Context, what string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	level := slog.LevelError
	if isLost(err) {
		level = slog.LevelDebug
	}
	l.log.LogAttrs(ctx, level, "message could not be settled", slog.String("action", what), slog.Any("error", err))
}

// decode gives the message's bytes.
func (l *queueListener) decode(m *message) ([]byte, error) {
	text := deref(m.MessageText)
	if l.options.plainText {
		return []byte(text), nil
	}
	raw, ok := fromBase64(text)
	if !ok {
		return nil, errUndecodable
	}
	if !l.function.trigger.binary() && !utf8.Valid(raw) {
		return nil, errors.New("message is not UTF-8")
	}
	return raw, nil
}

func (l *queueListener) run(ctx context.Context, m *message, body []byte) error {
	c := call{
		function: l.function, dequeues: *m.DequeueCount,
		reason: "New queue message detected on '" + l.function.trigger.QueueName + "'.",
	}
	c.binding.set("QueueTrigger", string(body))
	c.binding.set("DequeueCount", *m.DequeueCount)
	c.binding.set("ExpirationTime", deref(m.ExpirationTime))
	c.binding.set("Id", deref(m.MessageID))
	c.binding.set("InsertionTime", deref(m.InsertionTime))
	c.binding.set("NextVisibleTime", deref(m.TimeNextVisible))
	c.binding.set("PopReceipt", m.receiptNow())
	c.bindQueueValue(body)
	return l.running.invoke(ctx, l.app, c)
}

// bindQueueValue sets Data and the properties that leak out of a text message.
func (c *call) bindQueueValue(body []byte) {
	if c.function.trigger.binary() {
		c.data = encode(body)
		return
	}
	c.data = encode(string(body))
	c.binding.leak(string(body))
}

// toPoison copies the message to the poison queue and then deletes it; a crash
// in between leaves it in both.
func (l *queueListener) toPoison(ctx context.Context, m *message) {
	name := l.poisonQueue()
	if name == "" {
		return
	}
	l.log.LogAttrs(ctx, slog.LevelWarn, "message has reached MaxDequeueCount; moving it to the poison queue",
		slog.Int64("max_dequeue_count", l.options.maxTries), slog.String("poison", name))
	q, err := l.running.storage.queue(l.function.trigger.Connection, name)
	if err == nil {
		err = put(ctx, q, deref(m.MessageText))
	}
	if err != nil {
		l.settle(ctx, "poison", err)
		return
	}
	l.running.storage.wrote(q)
	l.settle(ctx, "delete", m.delete(ctx))
}

// poisonSuffix marks poison queues, which have none of their own.
const poisonSuffix = "-poison"

func (l *queueListener) poisonQueue() string {
	name := l.function.trigger.QueueName
	if strings.HasSuffix(name, poisonSuffix) || checkQueueName(name+poisonSuffix) != nil {
		return ""
	}
	return name + poisonSuffix
}

// renew keeps the message hidden while it is processed, at half of its time.
func (m *message) renew(ctx context.Context) {
	visibility := m.listener.running.host.Times.ReceiveVisibility
	for sleep(ctx, visibility/2) {
		if err := m.update(ctx, wholeSeconds(visibility)); err != nil {
			m.listener.settle(ctx, "renew", err)
			return
		}
	}
}

func (m *message) update(ctx context.Context, visibility int32) error {
	resp, err := m.listener.queue.UpdateMessage(ctx, deref(m.MessageID), m.receiptNow(), deref(m.MessageText),
		&azqueue.UpdateMessageOptions{VisibilityTimeout: to.Ptr(visibility)})
	if err == nil && resp.PopReceipt != nil {
		m.mu.Lock()
		m.receipt = *resp.PopReceipt
		m.mu.Unlock()
	}
	return err
}

func (m *message) delete(ctx context.Context) error {
	_, err := m.listener.queue.DeleteMessage(ctx, deref(m.MessageID), m.receiptNow(), nil)
	return err
}

func (m *message) receiptNow() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.receipt
}

func deref[T string | time.Time](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
