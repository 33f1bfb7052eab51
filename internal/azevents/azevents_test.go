package azevents_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azevents"
)

// grid is a topic that keeps what it gets.
type grid struct {
	*httptest.Server
	status int // what it answers; 0 means 200

	mu      sync.Mutex
	bodies  []string
	headers []http.Header
}

func newGrid(t *testing.T, status int) *grid {
	t.Helper()
	g := &grid{status: status}
	g.Server = httptest.NewUnstartedServer(g)
	g.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	g.StartTLS()
	t.Cleanup(g.Close)
	return g
}

func (g *grid) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/api/events" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	g.mu.Lock()
	g.bodies, g.headers = append(g.bodies, string(body)), append(g.headers, r.Header)
	g.mu.Unlock()
	if g.status != 0 {
		w.WriteHeader(g.status)
	}
}

// received returns what came, request by request, once nothing is under way any more.
func (g *grid) received() ([]string, []http.Header) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bodies, g.headers
}

func (g *grid) topic(t *testing.T, change func(*azevents.Config)) *azevents.Topic {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(g.Certificate())
	c := azevents.Config{Endpoint: g.URL + "/api/events", Key: "k3y", Roots: roots}
	if change != nil {
		change(&c)
	}
	topic, err := azevents.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return topic
}

// event is a fact with data of about the given number of bytes.
func event(id string, size int) azevents.Event {
	return azevents.Event{
		ID: id, Subject: "/airlock/r1", Type: "statusChanged", DataVersion: "2.0",
		Time: time.Date(2026, 1, 2, 4, 4, 5, 120e6, time.FixedZone("", 3600)),
		Data: map[string]string{"request_id": "r1", "pad": strings.Repeat("x", size)},
	}
}

func TestPublishedInEventGridSchema(t *testing.T) {
	t.Parallel()
	g := newGrid(t, 0)
	if err := g.topic(t, nil).Publish(t.Context(), []azevents.Event{event("e1", 0), event("e2", 1)}); err != nil {
		t.Fatal(err)
	}
	bodies, headers := g.received()
	if len(bodies) != 1 {
		t.Fatalf("%d requests, want 1", len(bodies))
	}
	if headers[0].Get("aeg-sas-key") != "k3y" || !strings.HasPrefix(headers[0].Get("Content-Type"), "application/json") {
		t.Errorf("headers %v", headers[0])
	}
	var got []map[string]any
	if err := json.Unmarshal([]byte(bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{}
	for i, pad := range []string{"", "x"} {
		want = append(want, map[string]any{
			"id": fmt.Sprint("e", i+1), "subject": "/airlock/r1", "eventType": "statusChanged", "dataVersion": "2.0",
			"eventTime": "2026-01-02T03:04:05.12Z", "data": map[string]any{"request_id": "r1", "pad": pad},
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestBatchesStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	g := newGrid(t, 0)
	var events []azevents.Event
	for i := range 7 {
		events = append(events, event(fmt.Sprint("e", i), 400<<10))
	}
	if err := g.topic(t, nil).Publish(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	var ids []string
	bodies, _ := g.received()
	for _, body := range bodies {
		if len(body) > 1<<20 {
			t.Errorf("request of %d bytes", len(body))
		}
		var got []struct{ ID string }
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			ids = append(ids, e.ID)
		}
	}
	if diff := cmp.Diff([]string{"e0", "e1", "e2", "e3", "e4", "e5", "e6"}, ids); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(bodies) != 4 {
		t.Errorf("%d requests, want 4", len(bodies))
	}
}

func TestNothingIsNotPublished(t *testing.T) {
	t.Parallel()
	g := newGrid(t, 0)
	if err := g.topic(t, nil).Publish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if bodies, _ := g.received(); len(bodies) != 0 {
		t.Errorf("published %q", bodies)
	}
}

func TestBadEventsStopEverything(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*azevents.Event){
		"no id":           func(e *azevents.Event) { e.ID = "" },
		"no subject":      func(e *azevents.Event) { e.Subject = "" },
		"no type":         func(e *azevents.Event) { e.Type = "" },
		"no data version": func(e *azevents.Event) { e.DataVersion = "" },
		"no time":         func(e *azevents.Event) { e.Time = time.Time{} },
		"data no JSON":    func(e *azevents.Event) { e.Data = func() {} },
		"too large":       func(e *azevents.Event) { e.Data = strings.Repeat("x", 1<<20) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, 0)
			bad := event("e2", 0)
			spoil(&bad)
			err := g.topic(t, nil).Publish(t.Context(), []azevents.Event{event("e1", 0), bad})
			if err == nil || errors.Is(err, azevents.ErrTooLarge) != (name == "too large") {
				t.Errorf("Publish = %v", err)
			}
			if bodies, _ := g.received(); len(bodies) != 0 {
				t.Errorf("published %d requests", len(bodies))
			}
		})
	}
}

// token is an identity that needs nobody to ask.
type token struct{}

func (token) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: o.Scopes[0], ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestIdentitySignsInWithAToken(t *testing.T) {
	t.Parallel()
	g := newGrid(t, 0)
	topic := g.topic(t, func(c *azevents.Config) { c.Key, c.Credential = "", token{} })
	if err := topic.Publish(t.Context(), []azevents.Event{event("e1", 0)}); err != nil {
		t.Fatal(err)
	}
	_, headers := g.received()
	if got := headers[0].Get("Authorization"); got != "Bearer https://eventgrid.azure.net/.default" {
		t.Errorf("Authorization %q", got)
	}
}

func TestRefusalsKeepTheirCauseAndNoKey(t *testing.T) {
	t.Parallel()
	g := newGrid(t, http.StatusUnauthorized)
	err := g.topic(t, nil).Publish(t.Context(), []azevents.Event{event("e1", 0)})
	if cause, ok := errors.AsType[*azcore.ResponseError](err); !ok || cause.StatusCode != http.StatusUnauthorized {
		t.Errorf("Publish = %v, want the 401 in it", err)
	}
	if strings.Contains(err.Error(), "k3y") {
		t.Errorf("the key is in the error: %v", err)
	}
}

func TestUntrustedCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	g := newGrid(t, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond) // the client tries again for longer
	defer cancel()
	topic := g.topic(t, func(c *azevents.Config) { c.Roots = x509.NewCertPool() })
	if err := topic.Publish(ctx, []azevents.Event{event("e1", 0)}); err == nil {
		t.Error("published to a server nobody vouches for")
	}
	if bodies, _ := g.received(); len(bodies) != 0 {
		t.Errorf("published %d requests", len(bodies))
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := azevents.New(azevents.Config{}); err == nil {
		t.Error("no endpoint was taken")
	}
	if _, err := azevents.New(azevents.Config{Endpoint: "https://t.example/api/events"}); err != nil {
		t.Errorf("identity: %v, want no question asked at start", err)
	}
}
