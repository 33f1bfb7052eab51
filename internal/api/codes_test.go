package api_test

import (
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
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
