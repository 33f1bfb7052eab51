package azfunc_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
)

// doors is an App with one function that must not be reached from outside, and one HTTP function.
func doors(t *testing.T) (s served, invoked func() int) {
	t.Helper()
	calls := make(chan struct{}, 100)
	var a azfunc.App
	azfunc.Add(&a, "airlockadvance", "order", func(context.Context, job) (none, error) {
		calls <- struct{}{}
		return none{}, nil
	})
	a.HTTP("portal", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(r.Method + " " + r.URL.Path))
	}))
	return serve(t, &a), func() int { return len(calls) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func TestOnlyTheHostInvokes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		path   string
		change []func(*http.Request)
	}{
		{"proxied", "/airlockadvance", []func(*http.Request){header("X-Forwarded-Host", "tre.example"), header("X-Ms-Invocation-Id", invocation)}},
		{"proxied, one mark is enough", "/airlockadvance", []func(*http.Request){header("X-Forwarded-Proto", "https")}},
		{"through Azure's front end", "/airlockadvance", []func(*http.Request){header("X-Forwarded-For", "203.0.113.9:1")}},
		{"from a browser", "/airlockadvance", []func(*http.Request){header("Origin", "https://evil.example")}},
		{"forwarded", "/airlockadvance", []func(*http.Request){func(r *http.Request) { r.Host = "tre.example" }}},
		{"forwarded, local name", "/airlockadvance", []func(*http.Request){func(r *http.Request) { r.Host = "localhost:7071" }}},
		{"client's own id before the host's", "/airlockadvance", []func(*http.Request){func(r *http.Request) {
			r.Header.Set("X-Azure-Functions-InvocationId", "x, "+invocation)
		}}},
		{"two ids", "/airlockadvance", []func(*http.Request){header("X-Azure-Functions-InvocationId", invocation)}},
		{"no id", "/airlockadvance", []func(*http.Request){func(r *http.Request) { r.Header.Del("X-Azure-Functions-InvocationId") }}},
		{"no version", "/airlockadvance", []func(*http.Request){func(r *http.Request) { r.Header.Del("X-Azure-Functions-HostVersion") }}},
		{"a form", "/airlockadvance", []func(*http.Request){func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}}},
		{"no type", "/airlockadvance", []func(*http.Request){func(r *http.Request) { r.Header.Del("Content-Type") }}},
		{"GET", "/airlockadvance", []func(*http.Request){func(r *http.Request) { r.Method = http.MethodGet }}},
		{"query", "/airlockadvance?x=1", nil},
		{"lone question mark", "/airlockadvance?", nil},
		{"escaped letter", "/%61irlockadvance", nil},
		{"below", "/airlockadvance/", nil},
		{"other case", "/AirlockAdvance", nil},
		{"unknown", "/airlockretreat", nil},
		{"two slashes", "//airlockadvance", nil},
		{"dots", "/x/../airlockadvance", nil},
		{"host's own root", "/", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, invoked := doors(t)
			status, _ := s.post(t, test.path, message(`{"request":"r1"}`), test.change...)
			if status != http.StatusNotFound {
				t.Errorf("status %d, want 404", status)
			}
			if invoked() != 0 {
				t.Error("the function was invoked")
			}
		})
	}
}

func TestTheHostInvokes(t *testing.T) {
	t.Parallel()
	s, invoked := doors(t)
	for _, change := range [][]func(*http.Request){nil, {header("Traceparent", "00-1-2-01")}, {header("Request-Id", "x")}} {
		if status, _ := s.post(t, "/airlockadvance", message(`{"request":"r1"}`), change...); status != http.StatusOK {
			t.Errorf("status %d, want 200", status)
		}
	}
	if invoked() != 3 {
		t.Errorf("invoked %d times, want 3", invoked())
	}
}

func TestOutsideRequestsStayBelowTheirPrefix(t *testing.T) {
	t.Parallel()
	s, invoked := doors(t)
	for path, want := range map[string]string{
		"/portal":                          "POST /portal",
		"/portal/":                         "POST /portal/",
		"/portal/requests/1":               "POST /portal/requests/1",
		"/portal/airlockadvance":           "POST /portal/airlockadvance",
		"/portal/../airlockadvance":        "POST /portal/../airlockadvance",
		"/portal/..%2fairlockadvance":      "POST /portal/../airlockadvance",
		"/portal/%2e%2e%5cairlockadvance":  `POST /portal/..\airlockadvance`,
		"/portal%2f..%2fairlockadvance":    "POST /portal/../airlockadvance",
		"/portal//airlockadvance?portal=1": "POST /portal//airlockadvance",
	} {
		if status, body := s.post(t, path, message(`{"request":"r1"}`), header("X-Forwarded-Host", "tre.example")); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q, want %q", path, status, body, want)
		}
	}
	for _, path := range []string{"/portals", "/Portal/x", "/"} {
		if status, _ := s.post(t, path, "{}"); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, status)
		}
	}
	if invoked() != 0 {
		t.Error("a function was invoked")
	}
}
