package eventgrid_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

const topicID = "/subscriptions/local/resourceGroups/local/providers/Microsoft.EventGrid/topics/airlock"

func start(t *testing.T, cfg eventgrid.Config) *eventgrid.Server {
	t.Helper()
	s, err := eventgrid.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fast is a schedule in milliseconds.
func fast() eventgrid.Times { return eventgrid.RealTimes().Scale(0.0005) }

// delivery is one request that the webhook got.
type delivery struct {
	at      time.Time
	headers http.Header
	events  []eventgrid.Event
}

// webhook answers the handshake and then what the test says.
type webhook struct {
	*httptest.Server
	mu      sync.Mutex
	got     []delivery
	changed chan struct{}
}

func newWebhook(t *testing.T, answer func(n int, e eventgrid.Event) int) *webhook {
	t.Helper()
	h := &webhook{changed: make(chan struct{}, 1)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var events []eventgrid.Event
		if err := json.NewDecoder(r.Body).Decode(&events); err != nil || len(events) != 1 {
			t.Errorf("body is not an array of one event: %v", err)
			return
		}
		if r.Header.Get("aeg-event-type") == "SubscriptionValidation" {
			var data map[string]string
			_ = json.Unmarshal(events[0].Data, &data)
			_ = json.NewEncoder(w).Encode(map[string]string{"validationResponse": data["validationCode"]})
			return
		}
		w.WriteHeader(answer(h.add(delivery{time.Now(), r.Header, events}), events[0]))
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *webhook) add(d delivery) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, d)
	select {
	case h.changed <- struct{}{}:
	default:
	}
	return len(h.got)
}

func (h *webhook) await(t *testing.T, n int) []delivery {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		h.mu.Lock()
		got := slices.Clone(h.got)
		h.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-h.changed:
		case <-deadline:
			t.Fatalf("%d deliveries, want %d", len(got), n)
		}
	}
}

func always(status int) func(int, eventgrid.Event) int {
	return func(int, eventgrid.Event) int { return status }
}

func subscribe(t *testing.T, s *eventgrid.Server, sub eventgrid.Subscription) {
	t.Helper()
	if sub.Name == "" {
		sub.Name = "subscription"
	}
	sub.Topic = "airlock"
	if err := s.Subscribe(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
}

func event(id string) eventgrid.Event {
	return eventgrid.Event{
		ID: id, Subject: "airlock/1", EventType: "airlockChanged", EventTime: "2026-01-02T03:04:05Z",
		Data: json.RawMessage(`{"status":"draft","size":5,"deep":{"flag":true}}`), DataVersion: "4.0",
	}
}
