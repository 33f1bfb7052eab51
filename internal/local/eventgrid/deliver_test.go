package eventgrid_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

func TestRetriesFollowTheSchedule(t *testing.T) {
	t.Parallel()
	times := fast() // 5 ms, 15 ms, 30 ms, 150 ms …; 150 ms after 401; 15 ms after 503
	for _, tc := range []struct {
		name    string
		answers []int
		waits   []time.Duration
	}{
		{"server errors", []int{500, 500, 500, 200}, []time.Duration{times.Retry[0], times.Retry[1], times.Retry[2]}},
		{"unauthorised waits longer", []int{401, 200}, []time.Duration{times.Unauthorized}},
		{"not found too", []int{404, 202}, []time.Duration{times.Unauthorized}},
		{"busy", []int{503, 204}, []time.Duration{times.Unavailable}},
		{"other successes do not count", []int{206, 203}, []time.Duration{times.Retry[0]}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, eventgrid.Config{Times: times})
			s.AddTopic("airlock", topicID)
			hook := newWebhook(t, func(n int, _ eventgrid.Event) int { return tc.answers[n-1] })
			subscribe(t, s, eventgrid.Subscription{Endpoint: hook.URL})
			if err := s.Publish("airlock", event("1")); err != nil {
				t.Fatal(err)
			}
			got := hook.await(t, len(tc.answers))
			for i, least := range tc.waits {
				if waited := got[i+1].at.Sub(got[i].at); waited < least {
					t.Errorf("attempt %d after %v, want at least %v", i+2, waited, least)
				}
				if count := got[i+1].headers.Get("aeg-delivery-count"); count != string(rune('1'+i)) {
					t.Errorf("aeg-delivery-count = %s", count)
				}
			}
			awaitIdle(t, s)
		})
	}
}

func awaitIdle(t *testing.T, s *eventgrid.Server) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.Pending() > 0; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d deliveries still pending", s.Pending())
		}
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	slow := fast()
	slow.Answer = 300 * time.Millisecond
	for _, tc := range []struct {
		name   string
		times  eventgrid.Times
		answer int // 0: no answer in time
		sub    eventgrid.Subscription
		want   map[string]any
	}{
		{"bad request", fast(), 400, eventgrid.Subscription{}, map[string]any{
			"deadLetterReason": "UndeliverableDueToHttpBadRequest", "deliveryAttempts": 1.0, "lastDeliveryOutcome": "BadRequest", "lastHttpStatusCode": 400.0}},
		{"too large", fast(), 413, eventgrid.Subscription{}, map[string]any{
			"deadLetterReason": "UndeliverableDueToHttpRequestEntityTooLarge", "deliveryAttempts": 1.0, "lastDeliveryOutcome": "RequestEntityTooLarge", "lastHttpStatusCode": 413.0}},
		{"attempts", fast(), 500, eventgrid.Subscription{MaxAttempts: 3}, map[string]any{
			"deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 3.0, "lastDeliveryOutcome": "InternalServerError", "lastHttpStatusCode": 500.0}},
		{"time to live", fast(), 500, eventgrid.Subscription{TTL: time.Millisecond}, map[string]any{
			"deadLetterReason": "TimeToLiveExceeded", "deliveryAttempts": 1.0, "lastDeliveryOutcome": "InternalServerError", "lastHttpStatusCode": 500.0}},
		{"no answer", slow, 0, eventgrid.Subscription{MaxAttempts: 2}, map[string]any{
			"deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 2.0, "lastDeliveryOutcome": "TimedOut"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir, release := t.TempDir(), make(chan struct{})
			s := start(t, eventgrid.Config{Times: tc.times})
			s.AddTopic("airlock", topicID)
			hook := newWebhook(t, func(int, eventgrid.Event) int {
				if tc.answer == 0 {
					<-release
				}
				return max(tc.answer, 200)
			})
			t.Cleanup(func() { close(release) })
			tc.sub.Endpoint, tc.sub.Name, tc.sub.DeadLetter = hook.URL, "door", eventgrid.Folder(dir)
			subscribe(t, s, tc.sub)
			if err := s.Publish("airlock", event("1")); err != nil {
				t.Fatal(err)
			}
			awaitIdle(t, s)
			checkLetter(t, dir, tc.want)
		})
	}
}

// checkLetter reads the only dead letter below dir.
func checkLetter(t *testing.T, dir string, want map[string]any) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*", "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("dead letters: %v %v, want one", files, err)
	}
	name, err := filepath.Rel(dir, files[0])
	if err != nil || !regexp.MustCompile(`^DOOR/\d{4}/[1-9]\d?/[1-9]\d?/(0|[1-9]\d?)/[0-9a-f-]{36}\.json$`).MatchString(filepath.ToSlash(name)) {
		t.Errorf("path = %s", name)
	}
	body, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var letters []map[string]any
	if err := json.Unmarshal(body, &letters); err != nil || len(letters) != 1 {
		t.Fatalf("%s: %v, want an array of one", body, err)
	}
	got := letters[0]
	for _, key := range []string{"publishTime", "lastDeliveryAttemptTime"} {
		if _, err := time.Parse(time.RFC3339Nano, got[key].(string)); err != nil {
			t.Error(err)
		}
		delete(got, key)
	}
	for key, value := range map[string]any{
		"id": "1", "topic": topicID, "subject": "airlock/1", "eventType": "airlockChanged", "eventTime": "2026-01-02T03:04:05Z",
		"data": map[string]any{"status": "draft", "size": 5.0, "deep": map[string]any{"flag": true}}, "dataVersion": "4.0", "metadataVersion": "1",
	} {
		want[key] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
