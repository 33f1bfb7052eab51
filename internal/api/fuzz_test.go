package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// FuzzBody sends anything to every route that takes a body: whatever is wrong
// with it is the client's fault.
func FuzzBody(f *testing.F) {
	for _, body := range []string{creation, `{"approval":true}`, `{"approval":null,"decisionExplanation":{}}`, `{"name":"\ud800"}`,
		`{"reason":"` + "\xff" + `"}`, `[[[[`, `{"properties":{"":{"":[1e308,-0,null]}}}`, "", "\x00", `{"type":"import","type":"export"}`} {
		f.Add(body)
	}
	for _, body := range []string{making("base"), patch, `{"templateName":"base","properties":{"display_name":{"a":[]},"quota":1e99}}`, `{"isEnabled":null,"properties":{"":null}}`} {
		f.Add(body)
	}
	b := newBench(f).estate()
	draft, review := b.stage(airlock.Draft), b.stage(airlock.InReview)
	f.Fuzz(func(t *testing.T, body string) {
		b := b.in(t)
		for path, who := range map[string]string{list(here): "ann", draft + "/files/remove": "ann", review + "/stop": "mia",
			review + "/revoke": "mia", draft + "/submit/": "ann",
			"/api/workspaces": "adam", "/api/workspace-requests": "ann", "/api/workspace-templates": "adam", "/api/standing-approvals": "adam",
			placed(ofUserResource, here, ""): "ann"} {
			method := "POST"
			if strings.Contains(path, "user-resources") {
				method = "PATCH"
			}
			if w := b.call(method, path, who, body, "etag", "*"); w.Code >= http.StatusInternalServerError {
				t.Errorf("%s %q: %d %s", path, body, w.Code, w.Body)
			}
		}
	})
}

// FuzzAddress sends anything in the address and in the token.
func FuzzAddress(f *testing.F) {
	f.Add("x", "limit=1&cursor=x", "ann")
	f.Add("..", "order_by=%00&order_ascending=maybe", "")
	f.Add("%2f", "limit=99999999999999999999", "mia\n")
	b := newBench(f)
	b.handler = api.Reused(f, b.settings)
	f.Fuzz(func(t *testing.T, id, query, token string) {
		b := b.in(t)
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, path := range []string{list(url.PathEscape(id)), list(here), list(here) + "/" + url.PathEscape(id) + "/files", "/api/requests"} {
			if w := b.call("GET", path+"?"+values.Encode(), token, ""); w.Code >= http.StatusInternalServerError {
				t.Errorf("%s?%s as %q: %d %s", path, query, token, w.Code, w.Body)
			}
			if w := b.call("GET", path+"?"+values.Encode(), "ann", ""); w.Code >= http.StatusInternalServerError {
				t.Errorf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}
