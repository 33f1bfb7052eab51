package api_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

func at(stage airlock.Stage, tail string) func(*bench) string {
	return func(b *bench) string { return b.stage(stage) + tail }
}

func fixed(path string) func(*bench) string { return func(*bench) string { return path } }

func off(w *airlock.Workspace)   { w.EnableAirlock = false }
func young(w *airlock.Workspace) { w.Deployed = false }

const (
	unknown = "/api/workspaces/" + here + "/requests/" + none
	review  = `{"approval":true,"decisionExplanation":"ok"}`
	revoke  = `{"reason":"mistake"}`
)

// azureTRE are the codes of AzureTRE's airlock routes
// (api_app/tests_ma/test_api/test_routes/test_airlock.py, test_requests.py),
// and where ours differ.
var azureTRE = []struct {
	name, method string
	path         func(*bench) string
	who, body    string
	change       func(*airlock.Workspace)
	want         int
}{
	{"create", "POST", fixed(list(here)), "ann", creation, nil, 201},
	{"create of no type", "POST", fixed(list(here)), "ann", `{"businessJustification":"x"}`, nil, 422},
	{"create, airlock off", "POST", fixed(list(here)), "ann", creation, off, 405},
	{"create, not deployed", "POST", fixed(list(here)), "ann", creation, young, 409},
	{"create, no workspace", "POST", fixed(list(none)), "ann", creation, nil, 404},
	{"list", "GET", fixed(list(here)), "mia", "", nil, 200},
	{"list filtered", "GET", fixed(list(here) + "?creator_user_id=x&type=import&status=draft&order_by=createdWhen&order_ascending=false"), "mia", "", nil, 200},
	{"list by nonsense", "GET", fixed(list(here) + "?order_by=c.id%20desc"), "mia", "", nil, 422},
	{"get", "GET", at(airlock.InReview, ""), "bob", "", nil, 200},
	{"get none", "GET", fixed(unknown), "ann", "", nil, 404},
	{"get no id", "GET", fixed(list(here) + "/not-an-id"), "ann", "", nil, 404},
	{"submit", "POST", at(airlock.Draft, "/submit"), "ann", "", nil, 200},
	{"submit twice", "POST", at(airlock.Sealing, "/submit"), "ann", "", nil, 400},
	{"submit none", "POST", fixed(unknown + "/submit"), "ann", "", nil, 404},
	{"cancel a draft", "POST", at(airlock.Draft, "/cancel"), "ann", "", nil, 200},
	{"cancel under review", "POST", at(airlock.InReview, "/cancel"), "ann", "", nil, 200},
	{"cancel when submitted, ours", "POST", at(airlock.Gating, "/cancel"), "ann", "", nil, 200},
	{"cancel when approved", "POST", at(airlock.Approved, "/cancel"), "ann", "", nil, 400},
	{"review", "POST", at(airlock.InReview, "/review"), "mia", review, nil, 200},
	{"review a draft", "POST", at(airlock.Sealing, "/review"), "mia", review, nil, 400},
	{"review without a word", "POST", at(airlock.InReview, "/review"), "mia", "", nil, 422},
	{"reject without a reason", "POST", at(airlock.InReview, "/review"), "mia", `{"approval":false}`, nil, 422},
	{"review none", "POST", fixed(unknown + "/review"), "mia", review, nil, 404},
	{"review machine", "POST", at(airlock.InReview, "/review-user-resource"), "mia", "", nil, 422},
	{"review machine of a draft", "POST", at(airlock.Sealing, "/review-user-resource"), "mia", "", nil, 400},
	{"review machine for nothing", "POST", fixed(unknown + "/review-user-resource"), "mia", "", nil, 404},
	{"revoke", "POST", at(airlock.Approved, "/revoke"), "mia", revoke, nil, 200},
	{"revoke under review", "POST", at(airlock.InReview, "/revoke"), "mia", revoke, nil, 400},
	{"revoke without a reason", "POST", at(airlock.Approved, "/revoke"), "mia", "{}", nil, 422},
	{"revoke with an empty one", "POST", at(airlock.Approved, "/revoke"), "mia", `{"reason":""}`, nil, 422},
	{"revoke none", "POST", fixed(unknown + "/revoke"), "mia", revoke, nil, 404},
	{"link of a draft", "GET", at(airlock.Draft, "/link"), "ann", "", nil, 200},
	{"link when submitted, ours", "GET", at(airlock.Gating, "/link"), "ann", "", nil, 400},
	{"link under review", "GET", at(airlock.InReview, "/link"), "mia", "", nil, 200},
	{"link under review, researcher", "GET", at(airlock.InReview, "/link"), "bob", "", nil, 403},
	{"link while approving", "GET", at(airlock.Approving, "/link"), "olga", "", nil, 400},
	{"link when approved", "GET", at(airlock.Approved, "/link"), "bob", "", nil, 200},
	{"link when approved, manager", "GET", at(airlock.Approved, "/link"), "mia", "", nil, 403},
	{"link while rejecting", "GET", at(airlock.Rejecting, "/link"), "olga", "", nil, 400},
	{"link when rejected", "GET", at(airlock.Rejected, "/link"), "olga", "", nil, 400},
	{"link while blocking", "GET", at(airlock.Blocking, "/link"), "olga", "", nil, 400},
	{"link when blocked", "GET", at(airlock.Blocked, "/link"), "olga", "", nil, 400},
	{"link when cancelled", "GET", at(airlock.Cancelled, "/link"), "ann", "", nil, 400},
	{"link when revoked", "GET", at(airlock.Revoked, "/link"), "ann", "", nil, 400},
	{"link when failed", "GET", at(airlock.Failed, "/link"), "ann", "", nil, 400},
	{"link of none", "GET", fixed(unknown + "/link"), "ann", "", nil, 404},
	{"mine", "GET", fixed("/api/requests"), "ann", "", nil, 200},
	{"managed", "GET", fixed("/api/requests?airlock_manager=true&type=export&status=in_review"), "mia", "", nil, 200},
	{"mine of no status", "GET", fixed("/api/requests?status=nonsense"), "ann", "", nil, 422},
	{"mine, no truth", "GET", fixed("/api/requests?airlock_manager=perhaps"), "ann", "", nil, 422},
}

func TestAzureTRECodes(t *testing.T) {
	t.Parallel()
	for _, tt := range azureTRE {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(w *airlock.Workspace) {
				if tt.change != nil {
					tt.change(w)
				}
			})
			if w := b.call(tt.method, tt.path(b), tt.who, tt.body); w.Code != tt.want {
				t.Errorf("%d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}

// TestShapes holds what is outside the table of routes, and what a client
// cannot take or send wrongly, against HTTP and AzureTRE's form of errors.
func TestShapes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tt := range []struct {
		name, method, path, who, body string
		headers                       []string
		want                          int
		header, value                 string
	}{
		{"an unknown address", "GET", "/api/nothing", "ann", "", nil, 404, "Content-Type", "text/plain; charset=utf-8"},
		{"an unknown address, as a problem", "GET", "/api/nothing", "ann", "", []string{"Accept", "application/problem+json"}, 404, "Content-Type", "application/problem+json"},
		{"an unknown method", "PUT", list(here), "ann", creation, nil, 405, "Allow", "GET, HEAD, POST, OPTIONS"},
		{"an unknown method, signed out", "DELETE", "/api/ping", "", "", nil, 405, "Allow", "GET, HEAD, OPTIONS"},
		{"what is possible", "OPTIONS", list(here), "", "", nil, 204, "Allow", "GET, HEAD, POST, OPTIONS"},
		{"the head of a list", "HEAD", list(here), "ann", "", nil, 200, "Content-Type", "application/json"},
		{"a form", "POST", list(here), "ann", "type=import", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "", ""},
		{"JSON with a parameter", "POST", list(here), "ann", creation, []string{"Content-Type", "application/json; charset=UTF-8"}, 201, "", ""},
		{"JSON in another charset", "POST", list(here), "ann", creation, []string{"Content-Type", "application/json; charset=utf-16"}, 415, "", ""},
		{"packed JSON", "POST", list(here), "ann", creation, []string{"Content-Encoding", "gzip"}, 415, "", ""},
		{"a client that wants XML", "GET", list(here), "ann", "", []string{"Accept", "application/xml"}, 406, "Content-Type", "text/plain; charset=utf-8"},
		{"a client that wants anything but JSON", "GET", list(here), "ann", "", []string{"Accept", "application/json;q=0, image/png"}, 406, "", ""},
		{"a browser", "GET", list(here), "ann", "", []string{"Accept", "text/html,application/xml;q=0.9,*/*;q=0.8"}, 200, "Content-Type", "application/json"},
		{"headers without end", "GET", list(here), "ann", "", []string{"X-Padding", strings.Repeat("x", 33<<10)}, 431, "", ""},
		{"a name twice", "POST", list(here), "ann", `{"type":"import","businessJustification":"x","type":"export"}`, nil, 422, "", ""},
		{"a name twice, once in capitals", "POST", list(here), "ann", `{"type":"import","businessJustification":"x","TYPE":"export"}`, nil, 422, "", ""},
		{"a name twice, once with a letter that reads as another", "POST", list(here), "ann", `{"type":"import","businessJustification":"x","bu\u017finessJustification":"y"}`, nil, 422, "", ""},
		{"half a character", "POST", list(here), "ann", `{"type":"import","businessJustification":"\ude00"}`, nil, 422, "", ""},
		{"a character in two halves", "POST", list(here), "ann", `{"type":"import","businessJustification":"\ud83d\ude00 \\ud800 \u00fc"}`, nil, 201, "", ""},
		{"bytes that are no text", "POST", list(here), "ann", "{\"type\":\"import\",\"businessJustification\":\"\xff\"}", nil, 422, "", ""},
	} {
		w := b.call(tt.method, tt.path, tt.who, tt.body, tt.headers...)
		if w.Code != tt.want || tt.header != "" && w.Header().Get(tt.header) != tt.value {
			t.Errorf("%s: %d %s, want %d %s: %.200s", tt.name, w.Code, w.Header().Get(tt.header), tt.want, tt.value, w.Body)
		}
		if w.Header().Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", tt.name)
		}
	}
	w := b.call("GET", b.stage(airlock.InReview), "ann", "")
	a := b.read(w, 200)
	if tag := w.Header().Get("ETag"); tag != `"`+a.Request.ETag+`"` {
		t.Errorf("ETag %s, _etag %s", tag, a.Request.ETag)
	}
}

// TestCross asks as pages of allowed and of other origins do.
func TestCross(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	closed := b.call("OPTIONS", list(here), "", "", "Origin", "https://ui.example", "Access-Control-Request-Method", "POST")
	if closed.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("open to other origins unasked")
	}
	b.settings.Origins = []string{"https://ui.example"}
	b.handler = api.Reused(b.t, b.settings)
	preflight := b.call("OPTIONS", list(here), "", "", "Origin", "https://ui.example", "Access-Control-Request-Method", "POST")
	h := preflight.Header()
	if preflight.Code != 204 || h.Get("Access-Control-Allow-Origin") != "https://ui.example" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") || h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Vary") != "Origin" {
		t.Errorf("preflight: %d %v", preflight.Code, h)
	}
	for origin, want := range map[string]string{"https://ui.example": "https://ui.example", "https://evil.example": "", "https://ui.example.evil": "", "null": "", "": ""} {
		w := b.call("GET", list(here), "ann", "", "Origin", origin)
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != want || w.Code != 200 {
			t.Errorf("origin %q: allowed %q, %d", origin, got, w.Code)
		}
	}
	if w := b.call("GET", list(here), "", "", "Origin", "https://ui.example"); w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("a refusal must be readable: %d %v", w.Code, w.Header())
	}
}
