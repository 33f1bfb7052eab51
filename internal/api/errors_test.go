package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	long := `{"type":"import","businessJustification":"x","title":"` + strings.Repeat("x", 201) + `"}`
	for _, tt := range []struct {
		name, who, body, accept string
		status                  int
		content, says           string
	}{
		{"text, as AzureTRE", "mia", creation, "", 403, "text/plain; charset=utf-8", "the user is missing a required role"},
		{"text for a browser", "", creation, "text/html,*/*", 401, "text/plain; charset=utf-8", "bearer token"},
		{"a problem", "mia", creation, "application/problem+json, application/json", 403, "application/problem+json", `"status":403`},
		{"fields", "ann", long, "*/*", 422, "application/json", "title: expected length <= 200"},
		{"fields as a problem", "ann", long, "application/problem+json", 422, "application/problem+json", `"location":"body.title"`},
		{"missing fields", "ann", `{"type":"import"}`, "", 422, "application/json", "businessJustification"},
		{"no body", "ann", "", "", 422, "application/json", "businessJustification"},
		{"an unknown field", "ann", `{"type":"import","businessJustification":"x","status":"approved"}`, "", 422, "application/json", "status: unexpected property"},
		{"a wrong type", "ann", `{"type":"import","businessJustification":7}`, "", 422, "application/json", "businessJustification: expected string"},
		{"a wrong choice", "ann", `{"type":"both","businessJustification":"x"}`, "", 422, "application/json", "import, export"},
		{"not JSON", "ann", `{"type":`, "", 422, "application/json", "not valid JSON"},
		{"two values", "ann", creation + creation, "", 422, "application/json", "not valid JSON"},
		{"no object", "ann", `[]`, "", 422, "application/json", "expected object"},
		{"a number too large", "ann", `{"type":"import","businessJustification":"x","properties":{"n":1e999}}`, "", 422, "application/json", "not valid JSON"},
		{"nested deep", "ann", `{"properties":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "", 422, "application/json", "nested deeper than 32"},
		{"too large", "ann", `{"title":"` + strings.Repeat("x", 1<<20) + `"}`, "", 413, "text/plain; charset=utf-8", "at most 1048576 bytes"},
		{"a control character", "ann", `{"type":"import","businessJustification":"\u0007"}`, "", 422, "application/json", "control"},
	} {
		w := b.call("POST", list(here), tt.who, tt.body, "Accept", tt.accept)
		if w.Code != tt.status || w.Header().Get("Content-Type") != tt.content || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: %d %s %.300s", tt.name, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
		if len(tt.body) > 100 && strings.Contains(w.Body.String(), tt.body[60:100]) {
			t.Errorf("%s: the answer repeats what was sent", tt.name)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", list(here), strings.NewReader("type=import"))
	r.Header.Set("Authorization", "Bearer ann")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	if b.handler.ServeHTTP(w, r); w.Code/100 != 4 {
		t.Errorf("a form: %d %s", w.Code, w.Body)
	}
	r = httptest.NewRequestWithContext(t.Context(), "GET", list(here), nil)
	r.Header["Authorization"] = []string{"Bearer ann", "Bearer mia"}
	w = httptest.NewRecorder()
	if b.handler.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("two tokens: %d", w.Code)
	}
	if w := b.call("PUT", list(here), "ann", creation); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
}

func TestOpenToEverybody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for path, want := range map[string]string{
		"/api/ping":         `"pong"`,
		"/api/.metadata":    `{"api_version":"1.2.3","api_client_id":"client","api_root_scope":"api://client","aad_tenant_id":"tenant"}`,
		"/.metadata":        `{"api_version":"1.2.3","api_client_id":"client","api_root_scope":"api://client","aad_tenant_id":"tenant"}`,
		"/api/health":       `{"services":[]}`,
		"/api/openapi.json": `"openapi":"3.1.0"`,
	} {
		w := b.call("GET", path, "", "")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.200s", path, w.Code, w.Body)
		}
	}
	var document struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
		}
	}
	b.must(json.Unmarshal(b.call("GET", "/api/openapi.json", "", "").Body.Bytes(), &document))
	for _, r := range api.Routes() {
		op, ok := document.Paths[r.Path][strings.ToLower(r.Method)]
		if !ok || (len(op.Security) == 0) != (r.Action == "") {
			t.Errorf("%s %s: in the document %v, security %v", r.Method, r.Path, ok, op.Security)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	now, asked, broken := time.Unix(1000, 0), 0, errors.New("secret address")
	handler := api.New(api.Settings{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Checks: []api.Check{
		{Service: "State", Probe: func(context.Context) error { return nil }},
		{Service: "Storage", Probe: func(context.Context) error { asked++; return broken }},
	}})
	ask := func() (int, string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/api/health", nil))
		return w.Code, w.Body.String()
	}
	code, body := ask()
	if code != http.StatusServiceUnavailable || !strings.Contains(body, `{"service":"State","status":"OK","message":""}`) ||
		!strings.Contains(body, `"status":"Not OK"`) || strings.Contains(body, "secret") {
		t.Errorf("%d %s", code, body)
	}
	broken = nil
	if code, _ = ask(); code != http.StatusServiceUnavailable || asked != 1 {
		t.Errorf("asked %d times, %d", asked, code)
	}
	now = now.Add(time.Minute)
	if code, _ = ask(); code != http.StatusOK {
		t.Errorf("after it got well: %d", code)
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()
	const id = "1a0264c9-b586-4c22-807f-1e96e5753d34"
	for _, tt := range []struct {
		values []string
		want   string
	}{
		{nil, ""}, {[]string{id}, id}, {[]string{"mine, " + id}, id}, {[]string{"mine", id}, id}, {[]string{id + ",mine"}, ""},
		{[]string{strings.ToUpper(id)}, id}, {[]string{"x\n" + id}, ""},
	} {
		if got := api.Invocation(http.Header{"X-Azure-Functions-Invocationid": tt.values}); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.values, got, tt.want)
		}
	}
}
