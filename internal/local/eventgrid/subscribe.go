package eventgrid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// defaultMaxAttempts is also the most that Azure allows.
const defaultMaxAttempts = 30

// Subscription is who wants which events, and what becomes of those it does not take.
type Subscription struct {
	// Name appears in headers and in the paths of dead letters, in upper case.
	Name string
	// Topic is a topic's short name.
	Topic string
	// Endpoint is the webhook's URL with its key. It is never logged.
	Endpoint string
	// Filter chooses events.
	Filter Filter
	// TTL is how long an event is tried again. Default Times.TTL.
	TTL time.Duration
	// MaxAttempts is how often an event is tried. Default 30.
	MaxAttempts int
	// DeadLetter takes the events that were given up. Nil: they are dropped, as is Azure's default.
	DeadLetter DeadLetterSink
}

// subscriber is a subscription at work.
type subscriber struct {
	Subscription
	mu   sync.Mutex
	last time.Time // of the last attempt; zero: none yet
}

// Subscribe shakes hands with the endpoint and then delivers to it. It fails, and the subscription does not exist,
// when the endpoint does not echo the validation code; then call again later, as a deployment does.
func (s *Server) Subscribe(ctx context.Context, sub Subscription) error {
	if err := sub.Filter.check(); err != nil {
		return fmt.Errorf("subscription %s: %w", sub.Name, err)
	}
	if sub.TTL == 0 {
		sub.TTL = s.cfg.Times.TTL
	}
	if sub.MaxAttempts == 0 {
		sub.MaxAttempts = defaultMaxAttempts
	}
	s.mu.Lock()
	t, ok := s.topics[sub.Topic]
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("subscription %s: %w: %s", sub.Name, ErrNoTopic, sub.Topic)
	}
	if err := s.shakeHands(ctx, sub, t); err != nil {
		return fmt.Errorf("subscription %s: webhook validation handshake: %w", sub.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.subscriptions = append(t.subscriptions[:len(t.subscriptions):len(t.subscriptions)], &subscriber{Subscription: sub})
	return nil
}

// shakeHands proves that the endpoint wants events.
// Source: https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
func (s *Server) shakeHands(ctx context.Context, sub Subscription, t *topic) error {
	code := uuid.NewString()
	data, err := json.Marshal(map[string]string{
		"validationCode": code,
		"validationUrl":  s.url + "/" + sub.Topic + "/validate?id=" + code,
	})
	if err != nil {
		return err
	}
	event := Event{
		ID: uuid.NewString(), Topic: t.id, EventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
		EventTime: FormatTime(s.cfg.Now()), Data: data, DataVersion: "2", MetadataVersion: "1",
	}
	res, err := s.post(ctx, sub, event, http.Header{"Aeg-Event-Type": {"SubscriptionValidation"}})
	if err != nil {
		return err
	}
	if res.status != http.StatusOK {
		return fmt.Errorf("endpoint answers %d", res.status)
	}
	var answer struct {
		ValidationResponse string `json:"validationResponse"`
	}
	if json.Unmarshal(res.body, &answer) != nil || answer.ValidationResponse != code {
		return errors.New("endpoint does not echo the validation code")
	}
	return nil
}
