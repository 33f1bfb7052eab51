package eventgrid_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

func TestUnkindDeliveries(t *testing.T) {
	t.Parallel()
	const n = 20
	for _, tc := range []struct {
		name   string
		unkind eventgrid.Unkind
		check  func(t *testing.T, order []string)
	}{
		{"twice", eventgrid.Unkind{Duplicate: 1}, func(t *testing.T, order []string) {
			if len(order) != 2*n {
				t.Errorf("%d deliveries, want %d", len(order), 2*n)
			}
		}},
		{"shuffled", eventgrid.Unkind{Seed: 3, MaxDelay: 100 * time.Millisecond}, func(t *testing.T, order []string) {
			if len(order) != n || slices.IsSorted(order) {
				t.Errorf("order = %v", order)
			}
		}},
		{"some lost", eventgrid.Unkind{Seed: 3, Lose: 0.5}, func(t *testing.T, order []string) {
			if len(order) == 0 || len(order) == n {
				t.Errorf("%d of %d came", len(order), n)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, eventgrid.Config{Unkind: tc.unkind})
			s.AddTopic("airlock", topicID)
			hook := newWebhook(t, always(200))
			subscribe(t, s, eventgrid.Subscription{Endpoint: hook.URL})
			for i := range n {
				if err := s.Publish("airlock", event(string(rune('a'+i)))); err != nil {
					t.Fatal(err)
				}
			}
			awaitIdle(t, s)
			var order []string
			for _, d := range hook.await(t, 0) {
				order = append(order, d.events[0].ID)
			}
			tc.check(t, order)
		})
	}
}

func TestFirstDeliveryAfterIdleIsUnauthorized(t *testing.T) {
	t.Parallel()
	times := fast()
	s := start(t, eventgrid.Config{Times: times, Unkind: eventgrid.Unkind{ColdAfter: time.Hour}})
	s.AddTopic("airlock", topicID)
	hook := newWebhook(t, always(200))
	subscribe(t, s, eventgrid.Subscription{Endpoint: hook.URL})
	for i, attemptsBefore := range []string{"1", "0"} { // cold, then warm
		before := time.Now()
		if err := s.Publish("airlock", event("1")); err != nil {
			t.Fatal(err)
		}
		got := hook.await(t, i+1)[i]
		if n := got.headers.Get("aeg-delivery-count"); n != attemptsBefore {
			t.Errorf("event %d came after %s attempts, want %s", i, n, attemptsBefore)
		}
		if late := got.at.Sub(before); i == 0 && late < times.Unauthorized {
			t.Errorf("retry after %v, want at least %v", late, times.Unauthorized)
		}
	}
}

func TestCloseEndsDeliveries(t *testing.T) {
	t.Parallel()
	s := start(t, eventgrid.Config{})
	s.AddTopic("airlock", topicID)
	hook := newWebhook(t, always(500))
	subscribe(t, s, eventgrid.Subscription{Endpoint: hook.URL, DeadLetter: func(context.Context, string, []byte) error {
		t.Error("a dead letter after Close")
		return nil
	}})
	if err := s.Publish("airlock", event("1")); err != nil {
		t.Fatal(err)
	}
	hook.await(t, 1) // the next attempt is 10 s away
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := s.Pending(); n != 0 {
		t.Errorf("%d deliveries pending after Close", n)
	}
}
