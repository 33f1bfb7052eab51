package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestMyOperations: those that the caller ordered and that have not ended, of
// whichever workspace.
func TestMyOperations(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	b.stage(airlock.InReview) // open work of another kind
	for path, who := range map[string]string{ofUserResource: "ann", ofService: "olga", ofWorkspaces: "adam"} {
		if w := b.call("PATCH", placed(path, here, ""), who, patch, "etag", "*"); w.Code != http.StatusAccepted {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for who, want := range map[string]string{"ann": machineID, "olga": serviceID, "adam": here, "bob": ""} {
		var got []string
		for _, o := range decoded[api.Operations](b, "GET", "/api/operations", who).Operations {
			got = append(got, o.ResourceID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", who, got, want)
		}
	}
	if w := b.call("DELETE", ws+"/users/assign?user_id="+people["ann"].OID+"&role_id=WorkspaceResearcher", "adam", ""); w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if list := decoded[api.Operations](b, "GET", "/api/operations", "ann"); len(list.Operations) != 0 {
		t.Errorf("after Ann was removed: %+v", list)
	}
}

// TestResourceCallsRepeated: a call that is sent again makes nothing twice and
// is answered the same.
func TestResourceCallsRepeated(t *testing.T) {
	t.Parallel()
	const id = "1a0264c9-b586-4c22-807f-1e96e5753d34"
	for _, tt := range []struct{ method, path, who, body string }{
		{"POST", "/api/workspaces", "adam", making("base")},
		{"POST", "/api/workspaces", "ann", making("base")},
		{"POST", ofWorkspaces + "/workspace-services", "olga", making("desktop")},
		{"POST", ofService + "/user-resources", "ann", making("machine")},
		{"POST", "/api/shared-services", "adam", making("other")},
		{"PATCH", ofService, "olga", patch},
		{"POST", ofUserResource + "/invoke-action", "ann", ""},
		{"POST", ofService + "/operations/{operation_id}/retry", "olga", ""},
		{"POST", ofWantedOne + "/review", "adam", `{"approval":true}`},
		{"POST", "/api/standing-approvals", "adam", approving},
		{"DELETE", "/api/standing-approvals/{standing_approval_id}", "adam", ""},
		{"POST", "/api/workspace-templates", "adam", registration("")},
	} {
		b := newBench(t).estate()
		etag := "*"
		if tt.method == "PATCH" { // which is another one after the first call
			etag = decoded[api.WorkspaceServiceIn](b, "GET", placed(ofService, here, ""), "olga").Service.ETag
		}
		first := b.call(tt.method, placed(tt.path, here, ""), tt.who, tt.body, "X-Azure-Functions-InvocationId", id, "etag", etag)
		stored := b.kept()
		again := b.call(tt.method, placed(tt.path, here, ""), tt.who, tt.body, "X-Azure-Functions-InvocationId", id, "etag", etag)
		if first.Code/100 != 2 || again.Code != first.Code || again.Body.String() != first.Body.String() {
			t.Errorf("%s %s: %d %s, again %d %s", tt.method, tt.path, first.Code, first.Body, again.Code, again.Body)
		}
		if !slices.Equal(stored, b.kept()) {
			t.Errorf("%s %s: the repeat changed something", tt.method, tt.path)
		}
	}
}

// TestSecretsOfCalls: a sensitive value that was sent is in the vault, and
// nowhere else: not in rows, not in the audit trail, not in any answer.
func TestSecretsOfCalls(t *testing.T) {
	t.Parallel()
	const canary = "canary-7Kq2"
	b := newBench(t).estate()
	secret := `"password":"` + canary + `"`
	said := ""
	for _, tt := range []struct{ method, path, who, body string }{
		{"POST", "/api/workspaces", "adam", with(secret)},
		{"POST", "/api/workspaces", "ann", with(secret)},
		{"POST", "/api/workspaces", "ann", with(secret + `,"quota":77`)},
		{"PATCH", ofService, "olga", `{"properties":{` + secret + `}}`},
		{"PATCH", ofUserResource, "ann", `{"properties":{"password":["` + canary + `"]}}`},
		{"GET", "/api/workspaces", "adam", ""}, {"GET", ofService, "olga", ""}, {"GET", ofService + "/history", "olga", ""},
		{"GET", "/api/workspace-requests", "adam", ""}, {"GET", "/api/operations", "adam", ""}, {"GET", "/api/audit", "adam", ""},
	} {
		w := b.call(tt.method, placed(tt.path, here, ""), tt.who, tt.body, "etag", "*")
		said += fmt.Sprintln(w.Code, w.Header(), w.Body)
	}
	if strings.Contains(said, canary) || strings.Contains(strings.Join(append(b.kept(), b.everything()...), ""), canary) {
		t.Errorf("a secret was told or kept: %s", said)
	}
	if n := len(b.safe.values); n != 3 {
		t.Errorf("%d secrets in the vault, want 3", n)
	}
}

// TestAuditOfAWorkspace: the search in a workspace finds the lines about itself
// and the operations on it, which are kept beside those of all workspaces, and
// none of another one.
func TestAuditOfAWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	b.call("PATCH", placed(ofService, here, ""), "olga", patch, "etag", "*")
	want := map[string]int{"install": 2, "upgrade": 4} // of the workspace and the service, and of the operations on them and the machine
	got := map[string]int{}
	about := map[string]bool{}
	for _, line := range decoded[api.AuditLines](b, "GET", ws+"/audit", "olga").Lines {
		got[line.Action]++
		about[line.Request] = true
	}
	if !about[here] || !about[failedOn(here)] || !about[serviceID] || !about[failedOn(machineID)] || about[there] || about[sharedID] {
		t.Errorf("lines about %v", about)
	}
	if got["install"] < want["install"] || got["upgrade"] < want["upgrade"] {
		t.Errorf("%v", got)
	}
	one := decoded[api.AuditLines](b, "GET", ws+"/audit?request="+failedOn(here), "olga").Lines
	if len(one) != 1 || one[0].Request != failedOn(here) {
		t.Errorf("about one operation: %+v", one)
	}
	if other := decoded[api.AuditLines](b, "GET", ws+"/audit?request="+sharedID, "olga").Lines; len(other) != 0 {
		t.Errorf("about a shared service: %+v", other)
	}
	trail := decoded[api.Trail](b, "GET", placed(ofService+"/audit", here, ""), "olga")
	if !trail.Verified || len(trail.Lines) != 2 {
		t.Errorf("trail of the service: %+v", trail)
	}
}

// TestNotSetUp: without a subscription what there is can be read, and nothing is
// made.
func TestNotSetUp(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	b.settings.Resources.Ports.Builder, b.settings.Resources.Ports.Machines = nil, nil
	for _, r := range api.Routes() {
		if !strings.HasPrefix(r.Path, "/api/workspace") && !strings.HasPrefix(r.Path, "/api/shared") || strings.Contains(r.Path, "/requests") {
			continue
		}
		for _, who := range []string{"adam", "olga"} {
			w := b.call(r.Method, placed(r.Path, here, ""), who, bodyOf(r), "etag", "*")
			if w.Code >= 500 || w.Code == http.StatusConflict && !strings.Contains(w.Body.String(), "TRE_SUBSCRIPTION") && !strings.Contains(w.Body.String(), "frozen") {
				t.Errorf("%s %s as %s: %d %s", r.Method, r.Path, who, w.Code, w.Body)
			}
		}
	}
	if w := b.call("POST", "/api/workspaces", "adam", making("base")); w.Code != http.StatusConflict {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestWorkspacesKnownByTheirCard stand in the list beside those that this system
// made, and cannot be changed by it.
func TestWorkspacesKnownByTheirCard(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: none, DisplayName: "Old study", Deployed: true}))
	var names []string
	for _, w := range decoded[api.Workspaces](b, "GET", "/api/workspaces", "adam").Workspaces {
		names = append(names, fmt.Sprint(w.ID, " ", w.TemplateName, " ", len(w.Upgrades)))
	}
	if diff := cmp.Diff([]string{here + " base 2", there + " base 2", none + "  0"}, names); diff != "" {
		t.Error(diff)
	}
	path := "/api/workspaces/" + none
	for _, tt := range []struct {
		method, path string
		want         int
	}{{"GET", path, 200}, {"GET", path + "/operations", 200}, {"GET", path + "/operations/" + failedOn(here), 404}, {"GET", path + "/history", 200},
		{"PATCH", path, 409}, {"DELETE", path, 409}, {"POST", path + "/invoke-action?action=rotate", 409}} {
		if w := b.call(tt.method, tt.path, "adam", map[bool]string{true: patch}[tt.method == "PATCH"], "etag", "*"); w.Code != tt.want {
			t.Errorf("%s %s: %d, want %d: %s", tt.method, tt.path, w.Code, tt.want, w.Body)
		}
	}
	if _, err := b.store.Resource(t.Context(), workspace.Key{Partition: workspace.System, ID: none}); err == nil {
		t.Error("a resource was made of it")
	}
}

// TestKeyOfAnotherAction: what stands in the address after the question mark is
// a part of the call, so that a key that named one action names no other.
func TestKeyOfAnotherAction(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	path, _, _ := strings.Cut(placed(ofUserResource+"/invoke-action", here, ""), "?")
	first := b.call("POST", path+"?action=start", "ann", "{}", keyHeader, "one")
	stored := b.kept()
	other := b.call("POST", path+"?action=resize", "ann", "{}", keyHeader, "one")
	again := b.call("POST", path+"?action=start", "ann", "{}", keyHeader, "one")
	if first.Code != 202 || other.Code != 422 || again.Code != 202 || again.Body.String() != first.Body.String() {
		t.Errorf("%d, the other action %d %s, again %d", first.Code, other.Code, other.Body, again.Code)
	}
	if !slices.Equal(stored, b.kept()) {
		t.Error("the others changed something")
	}
}
