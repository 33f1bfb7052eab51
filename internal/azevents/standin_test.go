package azevents_test

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azevents"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

// TestDeliveredByTheStandIn goes the whole way: the SDK's client, TLS with an authority of the stand-in's own, the topic's
// key, the schema that the service insists on, and delivery to a subscriber.
func TestDeliveredByTheStandIn(t *testing.T) {
	t.Parallel()
	server, err := eventgrid.Start(eventgrid.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() }) // nothing is under way any more
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.CA())
	endpoint, key := server.AddTopic("tre", "/topics/tre")

	delivered := make(chan string, 10)
	subscriber := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Header.Get("aeg-event-type") == "SubscriptionValidation" {
			_, code, _ := strings.Cut(string(body), `"validationCode":"`)
			code, _, _ = strings.Cut(code, `"`)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"validationResponse":"`+code+`"}`)
			return
		}
		delivered <- string(body)
	}))
	t.Cleanup(subscriber.Close)
	if err := server.Subscribe(t.Context(), eventgrid.Subscription{Name: "all", Topic: "tre", Endpoint: subscriber.URL}); err != nil {
		t.Fatal(err)
	}

	topic, err := azevents.New(azevents.Config{Endpoint: endpoint, Key: key, Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	if err := topic.Publish(t.Context(), []azevents.Event{event("e1", 3)}); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-delivered:
		for _, want := range []string{`"id":"e1"`, `"topic":"/topics/tre"`, `"eventType":"statusChanged"`, `"dataVersion":"2.0"`, `"pad":"xxx"`} {
			if !strings.Contains(got, want) {
				t.Errorf("event %s lacks %s", got, want)
			}
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was delivered")
	}
	stranger, err := azevents.New(azevents.Config{Endpoint: endpoint, Key: "wr0ng", Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Publish(t.Context(), []azevents.Event{event("e2", 0)}); err == nil {
		t.Error("a wrong key published")
	}
}
