package funchost_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

const webhook = "/runtime/webhooks/eventgrid?functionName=OnEvent"

func TestSubscriptionValidation(t *testing.T) {
	f := newFixture(t)
	f.function("OnEvent", eventIn()).start()
	f.eventually("app loaded", func() bool { return len(f.pings()) > 0 })
	for name, body := range map[string]string{
		"event grid schema": `[{"id":"1","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent",` +
			`"data":{"validationCode":"C0DE","validationUrl":"https://example.org"}}]`,
		"cloud event": `{"specversion":"1.0","id":"1","data":"{\"validationCode\":\"C0DE\"}"}`,
	} {
		status, answer, header := f.do(http.MethodPost, webhook, body, "aeg-event-type", "SubscriptionValidation")
		if status != http.StatusOK || answer != `{"validationResponse":"C0DE"}` ||
			!strings.HasPrefix(header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %s %s", name, status, answer, header.Get("Content-Type"))
		}
	}
	for _, body := range []string{"", "[]", "{", `[{"data":{}}]`, `{"data":"plain"}`} {
		if status, _, _ := f.do(http.MethodPost, webhook, body, "aeg-event-type", "SubscriptionValidation"); status != http.StatusInternalServerError {
			t.Errorf("validation by %q: %d, want 500", body, status)
		}
	}
}

func TestEventDatesAreLeftAlone(t *testing.T) {
	f := newFixture(t)
	f.function("OnEvent", eventIn()).start()
	f.eventually("app loaded", func() bool { return len(f.pings()) > 0 })
	event := `{"id":"1","eventTime":"2026-01-02T03:04:05.120Z","data":{"a":"2026-01-02T03:04:05+02:00"}}`
	if status, _, _ := f.do(http.MethodPost, webhook, event, "aeg-event-type", "Notification"); status != http.StatusAccepted {
		t.Fatalf("webhook: %d", status)
	}
	body := f.requests()[0].Body
	if !strings.Contains(body, `"evt":`+event) || !strings.Contains(body, `"Metadata":{"data":{"a":"2026-01-02T03:04:05+02:00"}`) {
		t.Errorf("request %s", body)
	}
}

func TestEventsOfOnePostRunInParallel(t *testing.T) {
	f := newFixture(t)
	slow := ok("{}")
	slow.Delay = 0.3
	f.script.Responses = []response{slow}
	f.function("OnEvent", eventIn()).start()
	f.eventually("app loaded", func() bool { return len(f.pings()) > 0 })
	if status, _, _ := f.do(http.MethodPost, webhook, `[{"id":"1"},{"id":"2"},{"id":"3"}]`,
		"aeg-event-type", "Notification"); status != http.StatusAccepted {
		t.Fatalf("webhook: %d", status)
	}
	if peak := f.peak(); peak != 3 {
		t.Errorf("at once = %d, want 3", peak)
	}
}

func TestMalformedEventsAre500(t *testing.T) {
	f := newFixture(t)
	f.function("OnEvent", eventIn()).start()
	f.eventually("app loaded", func() bool { return len(f.pings()) > 0 })
	for _, body := range []string{"", "{", "5", `["text"]`, `[{}] more`} {
		if status, _, _ := f.do(http.MethodPost, webhook, body, "aeg-event-type", "Notification"); status != http.StatusInternalServerError {
			t.Errorf("%q: %d, want 500", body, status)
		}
	}
	if len(f.requests()) != 0 {
		t.Error("the handler was called")
	}
}

func TestDisabledEventFunctionIs404(t *testing.T) {
	f := newFixture(t)
	f.function("OnEvent", eventIn()).function("Some", queueIn("some"))
	f.host.Settings["AzureWebJobs.OnEvent.Disabled"] = "true"
	f.start()
	f.eventually("app loaded", func() bool { return len(f.pings()) > 0 })
	if status, body, _ := f.do(http.MethodPost, webhook, "[]", "aeg-event-type", "Notification"); status != http.StatusNotFound {
		t.Errorf("%d %s", status, body)
	}
}

func TestKeysGuardTheirDoors(t *testing.T) {
	f := newFixture(t)
	f.host.Keys = funchost.Keys{Master: "m", EventGrid: "e", Function: "f"}
	guarded := httpIn("guarded")
	delete(guarded, "authLevel")
	admin := httpIn("admin-only")
	admin["authLevel"] = "admin"
	f.function("OnEvent", eventIn()).function("Open", httpIn("open"), httpOut()).
		function("Guarded", guarded, httpOut()).function("AdminOnly", admin, httpOut())
	f.start()
	f.eventually("app loaded", func() bool { return len(f.pings()) > 0 })
	for _, test := range []struct {
		path string
		want map[string]int // by key
	}{
		{"/api/open", map[string]int{"": 204, "x": 204}},
		{"/api/guarded", map[string]int{"": 401, "x": 401, "f": 204, "m": 204, "e": 401}},
		{"/api/admin-only", map[string]int{"": 401, "f": 401, "m": 204}},
		{"/admin/host/ping", map[string]int{"": 200}},
		{"/admin/host/status", map[string]int{"": 401, "f": 401, "e": 401, "m": 200}},
		{"/admin/functions", map[string]int{"": 401, "m": 200}},
		{"/admin/nothing", map[string]int{"": 401, "m": 404}},
	} {
		for key, want := range test.want {
			if status, _, _ := f.do(http.MethodGet, test.path+"?code="+key, ""); status != want {
				t.Errorf("%s with key %q: %d, want %d", test.path, key, status, want)
			}
			if status, _, _ := f.do(http.MethodGet, test.path, "", "x-functions-key", key); status != want {
				t.Errorf("%s with key %q in the header: %d, want %d", test.path, key, status, want)
			}
		}
	}
}
