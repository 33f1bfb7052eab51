package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// TestWorkspacesOfEverybody: own workspaces, all for an administrator, 404 for
// the others.
func TestWorkspacesOfEverybody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tt := range []struct {
		who  string
		list string // the workspaces in the list
		here int    // what asking for the first one answers, and for its scope
	}{
		{"ann", here, 200}, {"bob", here, 200}, {"olga", here, 200}, {"mia", here, 200}, {"rita", here, 200},
		{"adam", here + " " + there, 200}, {"sam", there, 404}, {"guest", "", 404},
	} {
		w := b.call("GET", "/api/workspaces", tt.who, "")
		var all api.Workspaces
		if tt.who != "guest" {
			b.must(json.Unmarshal(w.Body.Bytes(), &all))
		} else if w.Code != http.StatusForbidden {
			t.Errorf("guest lists: %d", w.Code)
		}
		var ids []string
		for _, one := range all.Workspaces {
			ids = append(ids, one.ID)
		}
		if got := strings.Join(ids, " "); got != tt.list {
			t.Errorf("%s sees %q, want %q", tt.who, got, tt.list)
		}
		for _, path := range []string{here, here + "/scopeid", strings.ToUpper(here)} {
			if w := b.call("GET", "/api/workspaces/"+path, tt.who, ""); w.Code != tt.here {
				t.Errorf("%s asks for %s: %d, want %d", tt.who, path, w.Code, tt.here)
			}
		}
	}
}

// TestWorkspaceFields holds the answers against AzureTRE's shape, byte by byte.
func TestWorkspaceFields(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(w *airlock.Workspace) { w.DisplayName, w.Description = "Heart <study>", "Outcomes" })
	b.settings.ScopeID = "api://client"
	b.handler = api.Reused(b.t, b.settings)
	one := b.call("GET", "/api/workspaces/"+here, "ann", "").Body.String()
	var etag api.WorkspaceIn
	b.must(json.Unmarshal([]byte(one), &etag))
	want := `{"workspace":{"id":"` + here + `","resourceType":"workspace","resourcePath":"/workspaces/` + here + `","isEnabled":true,` +
		`"deploymentStatus":"deployed","properties":{"client_id":"client","description":"Outcomes","display_name":"Heart <study>",` +
		`"enable_airlock":true,"overview":"Outcomes","scope_id":"api://client"},"_etag":` + string(must(json.Marshal(etag.Workspace.ETag))) +
		`,"roles":["TREUser","WorkspaceResearcher"]}}` + "\n"
	if diff := cmp.Diff(want, one); diff != "" {
		t.Error(diff)
	}
	if got := b.call("GET", "/api/workspaces/"+here+"/scopeid", "ann", "").Body.String(); got != `{"workspaceAuth":{"scopeId":"api://client"}}`+"\n" {
		t.Errorf("scope: %s", got)
	}
	etagOf := func(who string) string {
		var in api.WorkspaceIn
		b.must(json.Unmarshal(b.call("GET", "/api/workspaces/"+here, who, "").Body.Bytes(), &in))
		return in.Workspace.ETag
	}
	before := etagOf("ann")
	if before != etagOf("adam") {
		t.Error("the etag differs by who asks")
	}
	b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: here, DisplayName: "Heart", EnableAirlock: true}))
	if before == etagOf("ann") {
		t.Error("the etag is the same though the workspace changed")
	}
	if got := b.call("GET", "/api/workspaces/"+here, "ann", "").Body.String(); !strings.Contains(got, `"deploymentStatus":"awaiting_deployment"`) {
		t.Errorf("not deployed: %s", got)
	}
}

func TestAWorkspaceSaysThatItIsFrozen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	look := func() (w api.WorkspaceIn) {
		b.must(json.Unmarshal(b.call("GET", "/api/workspaces/"+here, "ann", "").Body.Bytes(), &w))
		return w
	}
	before := look().Workspace
	if before.Freeze != nil {
		t.Errorf("frozen before: %+v", before.Freeze)
	}
	b.call("POST", ws+"/freeze", "olga", `{"reason":"an incident"}`)
	during := look().Workspace
	if f := during.Freeze; f == nil || f.By.Name != "Olga" || f.When.IsZero() || f.Reason != "an incident" || during.ETag == before.ETag {
		t.Errorf("frozen: %+v, etag %s before %s", f, during.ETag, before.ETag)
	}
	b.call("POST", ws+"/unfreeze", "olga", `{"reason":"it is over"}`)
	if after := look().Workspace; after.Freeze != nil {
		t.Errorf("frozen afterwards: %+v", after.Freeze)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestWorkspacePages follows the links from page to page.
func TestWorkspacePages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 7 {
		id := fmt.Sprintf("44444444-4444-4444-8444-%012d", i)
		b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: id, DisplayName: fmt.Sprintf("Study %d", 9-i)}))
		b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: id, OID: people["ann"].OID, Role: access.WorkspaceOwner}))
	}
	var names []string
	for path := "/api/workspaces?limit=3"; path != ""; {
		w := b.call("GET", path, "ann", "")
		var page api.Workspaces
		b.must(json.Unmarshal(w.Body.Bytes(), &page))
		for _, one := range page.Workspaces {
			names = append(names, one.Properties["display_name"].(string))
		}
		link := w.Header().Get("Link")
		if (link == "") != (page.Next == "") || len(page.Workspaces) > 3 {
			t.Fatalf("%d workspaces, link %q, next %q", len(page.Workspaces), link, page.Next)
		}
		path, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
	}
	want := []string{"", "Study 3", "Study 4", "Study 5", "Study 6", "Study 7", "Study 8", "Study 9"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"?limit=0", "?limit=1001", "?cursor=x", "?cursor=-1"} {
		if w := b.call("GET", "/api/workspaces"+bad, "ann", ""); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

// TestRemovedAtOnce: a membership that was taken away ends at the next call.
func TestRemovedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if w := b.call("GET", "/api/workspaces/"+here, "ann", ""); w.Code != http.StatusOK {
		t.Fatalf("%d", w.Code)
	}
	b.must(b.store.DeleteMember(t.Context(), here, people["ann"].OID, access.WorkspaceResearcher))
	if w := b.call("GET", "/api/workspaces/"+here, "ann", ""); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
	if got := b.call("GET", "/api/workspaces", "ann", "").Body.String(); got != `{"workspaces":[]}`+"\n" {
		t.Errorf("list: %s", got)
	}
}
