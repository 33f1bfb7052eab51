package eventgrid_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/eventgrid/azeventgrid"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

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
