package eventgrid_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/eventgrid/azeventgrid"
	"github.com/google/go-cmp/cmp"

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

// publisher is the product's client, trusting the CA file.
func publisher(t *testing.T, caFile, endpoint, key string) *azeventgrid.Client {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("CA file holds no certificate")
	}
	options := &azeventgrid.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}}
	client, err := azeventgrid.NewClientWithSharedKeyCredential(endpoint, azcore.NewKeyCredential(key), options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestTheRealClientPublishes(t *testing.T) {
	t.Parallel()
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	s := start(t, eventgrid.Config{CAFile: caFile})
	endpoint, key := s.AddTopic("airlock", topicID)
	hook := newWebhook(t, always(http.StatusAccepted))
	subscribe(t, s, eventgrid.Subscription{Endpoint: hook.URL, Name: "Door"})
	client := publisher(t, caFile, endpoint, key)
	sent := azeventgrid.Event{
		ID: to.Ptr("1"), Subject: to.Ptr("airlock/1"), EventType: to.Ptr("airlockChanged"), DataVersion: to.Ptr("4.0"),
		EventTime: to.Ptr(time.Unix(0, 0).UTC()), Data: map[string]string{"status": "draft"},
	}
	if _, err := client.PublishEvents(t.Context(), []azeventgrid.Event{sent}, nil); err != nil {
		t.Fatal(err)
	}
	got := hook.await(t, 1)[0]
	want := eventgrid.Event{
		ID: "1", Topic: topicID, Subject: "airlock/1", EventType: "airlockChanged", EventTime: "1970-01-01T00:00:00Z",
		Data: json.RawMessage(`{"status":"draft"}`), DataVersion: "4.0", MetadataVersion: "1",
	}
	if diff := cmp.Diff(want, got.events[0]); diff != "" {
		t.Error(diff)
	}
	for name, value := range map[string]string{
		"aeg-event-type": "Notification", "aeg-subscription-name": "DOOR", "aeg-delivery-count": "0", "aeg-data-version": "4.0",
		"aeg-metadata-version": "1", "Content-Type": "application/json; charset=utf-8",
	} {
		if got.headers.Get(name) != value {
			t.Errorf("%s = %q, want %q", name, got.headers.Get(name), value)
		}
	}
	var refused *azcore.ResponseError
	_, err := publisher(t, caFile, endpoint, "wrong").PublishEvents(t.Context(), []azeventgrid.Event{sent}, nil)
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("wrong key: %v, want 401", err)
	}
}

func TestPublishersAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, eventgrid.Config{AuthorizeToken: func(topic, token string) bool { return topic == "airlock" && token == "good" }})
	endpoint, key := s.AddTopic("airlock", topicID)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	t.Cleanup(client.CloseIdleConnections)
	good := `[{"id":"1","subject":"s","eventType":"t","eventTime":"2026-01-02T03:04:05Z","data":{},"dataVersion":"1"}]`
	for _, tc := range []struct {
		name, url, header, value, body string
		status                         int
	}{
		{"key", endpoint, "aeg-sas-key", key, good, 200},
		{"token", endpoint, "Authorization", "Bearer good", good, 200},
		{"wrong token", endpoint, "Authorization", "Bearer bad", good, 401},
		{"nothing", endpoint, "x", "y", good, 401},
		{"no such topic", s.URL() + "/none/api/events", "aeg-sas-key", key, good, 404},
		{"no array", endpoint, "aeg-sas-key", key, `{"id":"1"}`, 400},
		{"no subject", endpoint, "aeg-sas-key", key, strings.Replace(good, `"subject":"s",`, "", 1), 400},
		{"no time", endpoint, "aeg-sas-key", key, strings.Replace(good, "2026-01-02", "yesterday", 1), 400},
		{"foreign topic", endpoint, "aeg-sas-key", key, strings.Replace(good, "{", `{"topic":"/other",`, 1), 400},
		{"too large", endpoint, "aeg-sas-key", key, good + strings.Repeat(" ", 1<<20), 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tc.url, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(tc.header, tc.value)
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tc.status {
				body, _ := io.ReadAll(res.Body)
				t.Errorf("status = %d, want %d: %s", res.StatusCode, tc.status, body)
			}
		})
	}
	if err := s.Publish("none", event("1")); !errors.Is(err, eventgrid.ErrNoTopic) {
		t.Errorf("Publish to no topic: %v", err)
	}
}

func TestHandshakeMustEchoTheCode(t *testing.T) {
	t.Parallel()
	s := start(t, eventgrid.Config{})
	s.AddTopic("airlock", topicID)
	for name, answer := range map[string]http.HandlerFunc{
		"wrong code":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"validationResponse":"x"}`) },
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") },
		"unauthorised": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	} {
		hook := httptest.NewServer(answer)
		t.Cleanup(hook.Close)
		if err := s.Subscribe(t.Context(), eventgrid.Subscription{Name: "n", Topic: "airlock", Endpoint: hook.URL}); err == nil {
			t.Errorf("%s: subscribed", name)
		}
	}
	err := s.Subscribe(t.Context(), eventgrid.Subscription{Name: "n", Topic: "airlock", Endpoint: "http://127.0.0.1:1/?code=secret"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v, want one without the endpoint's key", err)
	}
}

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
	slow.Answer = 10 * time.Millisecond
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
	for _, tc := range []struct{ cold bool }{{true}, {false}} {
		before, seen := time.Now(), len(hook.await(t, 0))
		if err := s.Publish("airlock", event("1")); err != nil {
			t.Fatal(err)
		}
		late := hook.await(t, seen + 1)[seen].at.Sub(before)
		if cold := late >= times.Unauthorized; cold != tc.cold {
			t.Errorf("delivered after %v, cold = %v", late, tc.cold)
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
