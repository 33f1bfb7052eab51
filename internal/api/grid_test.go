package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// columns of the grids: researcher and creator, researcher, owner, manager,
// researcher and manager, administrator, and who has roles elsewhere only.
var columns = []string{"ann", "bob", "olga", "mia", "rita", "adam", "sam"}

// grids say what every route answers to everybody, on a request of Ann's in a
// stage. The address is what follows the workspace's.
var grids = map[airlock.Stage]string{
	airlock.Draft: `
		POST /requests                  201 201 201 403 201 403 404
		GET  /requests                  200 200 200 200 200 403 404
		GET  /requests/{}               200 404 200 404 404 403 404
		POST /requests/{}/submit        200 404 403 403 404 403 404
		POST /requests/{}/cancel        200 404 200 403 404 403 404
		POST /requests/{}/review        403 403 403 404 404 403 404
		POST /requests/{}/return        403 403 403 404 404 403 404
		POST /requests/{}/review-user-resource 403 403 403 404 404 403 404
		POST /requests/{}/revoke        403 403 403 404 404 403 404
		POST /requests/{}/stop          403 403 403 404 404 403 404
		POST /requests/{}/retry         403 403 400 404 404 400 404
		GET  /requests/{}/link          200 404 403 404 404 403 404
		GET  /requests/{}/sealed-link   403 403 400 404 404 403 404
		GET  /requests/{}/files         200 404 200 404 404 403 404
		POST /requests/{}/files/remove  204 404 403 403 404 403 404
		GET  /requests/{}/audit         403 403 200 404 404 200 404`,
	airlock.InReview: `
		POST /requests                  201 201 201 403 201 403 404
		GET  /requests                  200 200 200 200 200 403 404
		GET  /requests/{}               200 200 200 200 200 403 404
		POST /requests/{}/submit        400 400 400 403 400 403 404
		POST /requests/{}/cancel        200 403 200 403 403 403 404
		POST /requests/{}/review        403 403 403 200 200 403 404
		POST /requests/{}/return        403 403 403 200 200 403 404
		POST /requests/{}/review-user-resource 403 403 403 422 422 403 404
		POST /requests/{}/revoke        403 403 403 400 400 403 404
		POST /requests/{}/stop          403 403 403 400 400 403 404
		POST /requests/{}/retry         403 403 400 400 400 400 404
		GET  /requests/{}/link          403 403 200 200 200 403 404
		GET  /requests/{}/sealed-link   403 403 200 200 200 403 404
		GET  /requests/{}/files         200 200 200 200 200 403 404
		POST /requests/{}/files/remove  400 403 403 403 403 403 404
		GET  /requests/{}/audit         403 403 200 200 200 200 404`,
	airlock.Approving: `
		POST /requests                  201 201 201 403 201 403 404
		GET  /requests                  200 200 200 200 200 403 404
		GET  /requests/{}               200 200 200 200 200 403 404
		POST /requests/{}/submit        400 400 400 403 400 403 404
		POST /requests/{}/cancel        400 400 400 403 400 403 404
		POST /requests/{}/review        403 403 403 400 400 403 404
		POST /requests/{}/return        403 403 403 400 400 403 404
		POST /requests/{}/review-user-resource 403 403 403 400 400 403 404
		POST /requests/{}/revoke        403 403 403 400 400 403 404
		POST /requests/{}/stop          403 403 403 200 200 403 404
		POST /requests/{}/retry         403 403 400 400 400 400 404
		GET  /requests/{}/link          400 400 400 400 400 403 404
		GET  /requests/{}/sealed-link   403 403 400 400 400 403 404
		GET  /requests/{}/files         200 200 200 200 200 403 404
		POST /requests/{}/files/remove  400 403 403 403 403 403 404
		GET  /requests/{}/audit         403 403 200 200 200 200 404`,
	airlock.Approved: `
		POST /requests                  201 201 201 403 201 403 404
		GET  /requests                  200 200 200 200 200 403 404
		GET  /requests/{}               200 200 200 200 200 403 404
		POST /requests/{}/submit        400 400 400 403 400 403 404
		POST /requests/{}/cancel        400 400 400 403 400 403 404
		POST /requests/{}/review        403 403 403 400 400 403 404
		POST /requests/{}/return        403 403 403 400 400 403 404
		POST /requests/{}/review-user-resource 403 403 403 400 400 403 404
		POST /requests/{}/revoke        403 403 403 200 200 403 404
		POST /requests/{}/stop          403 403 403 400 400 403 404
		POST /requests/{}/retry         403 403 400 400 400 400 404
		GET  /requests/{}/link          200 200 200 403 200 403 404
		GET  /requests/{}/sealed-link   403 403 400 400 400 403 404
		GET  /requests/{}/files         200 200 200 200 200 403 404
		POST /requests/{}/files/remove  400 403 403 403 403 403 404
		GET  /requests/{}/audit         403 403 200 200 200 200 404`,
	airlock.Failed: `
		POST /requests                  201 201 201 403 201 403 404
		GET  /requests                  200 200 200 200 200 403 404
		GET  /requests/{}               200 200 200 200 200 403 404
		POST /requests/{}/submit        400 400 400 403 400 403 404
		POST /requests/{}/cancel        400 400 400 403 400 403 404
		POST /requests/{}/review        403 403 403 400 400 403 404
		POST /requests/{}/return        403 403 403 400 400 403 404
		POST /requests/{}/review-user-resource 403 403 403 400 400 403 404
		POST /requests/{}/revoke        403 403 403 400 400 403 404
		POST /requests/{}/stop          403 403 403 400 400 403 404
		POST /requests/{}/retry         403 403 200 200 200 200 404
		GET  /requests/{}/link          400 400 400 400 400 403 404
		GET  /requests/{}/sealed-link   403 403 400 400 400 403 404
		GET  /requests/{}/files         200 200 200 200 200 403 404
		POST /requests/{}/files/remove  400 403 403 403 403 403 404
		GET  /requests/{}/audit         403 403 200 200 200 200 404`,
}

// bodies are well-formed ones, by the end of the path.
var bodies = map[string]string{
	"requests": creation,
	"review":   `{"approval":true,"decisionExplanation":"fine"}`,
	"return":   `{"reason":"mend it"}`,
	"revoke":   `{"reason":"mistake"}`,
	"stop":     `{"reason":"wrong one"}`,
	"remove":   `{"name":"a.txt"}`,

	"assign": `{"role_id":"WorkspaceResearcher","user_ids":["b0000000-0000-4000-8000-000000000001"]}`, "{user_id}": `{"role_id":"WorkspaceResearcher"}`,
	"workspaces": making("base"), "workspace-requests": making("base"), "workspace-services": making("desktop"), "user-resources": making("machine"), "shared-services": making("other"),
	"{workspace_id}": patch, "{service_id}": patch, "{resource_id}": patch, "{shared_service_id}": patch, "standing-approvals": approving,
	"extend": `{"hours":4}`, "drift": `{}`,
	"freeze": because, "unfreeze": because, "suspend": because, "reinstate": because, "expiries": `{}`,
}

func making(template string) string {
	return `{"templateName":"` + template + `","properties":{"display_name":"New","description":"For tests"}}`
}

const (
	patch     = `{"properties":{"quota":4}}`
	approving = `{"templateName":"base","most":2,"until":"2026-12-31","reason":"trials"}`
)

func bodyOf(r api.Route) string {
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		return ""
	}
	if strings.HasSuffix(r.Path, "-templates") {
		return registration(r.Path)
	}
	return bodies[r.Path[strings.LastIndex(r.Path, "/")+1:]]
}

// ofWorkspace are the routes of a workspace's requests, by their name in the
// grids.
func ofWorkspace() map[string]api.Route {
	all := map[string]api.Route{}
	for _, r := range api.Routes() {
		if tail, ok := strings.CutPrefix(r.Path, "/api/workspaces/{workspace_id}"); ok && strings.HasPrefix(tail, "/requests") {
			all[r.Method+" "+strings.Replace(tail, "{airlock_request_id}", "{}", 1)] = r
		}
	}
	return all
}

// TestGrid asks every route as everybody.
func TestGrid(t *testing.T) {
	t.Parallel()
	routes := ofWorkspace()
	for stage, text := range grids {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			rows := 0
			for line := range strings.Lines(text) {
				words := strings.Fields(line)
				if len(words) != len(columns)+2 {
					continue
				}
				name := words[0] + " " + words[1]
				route, ok := routes[name]
				if !ok {
					t.Fatalf("no route %s", name)
				}
				rows++
				var b *bench
				var path string
				var before []string
				for i, who := range columns {
					if b == nil {
						b, path = newBench(t), list(here)
						if ofRequest, ok := strings.CutPrefix(words[1], "/requests/{}"); ok {
							path = b.stage(stage) + ofRequest
						}
						before = b.everything()
					}
					got := b.call(route.Method, path, who, bodyOf(route)).Code
					if strconv.Itoa(got) != words[2+i] {
						t.Errorf("%s as %s: %d, want %s", name, who, got, words[2+i])
					}
					if got < 400 && route.Method != http.MethodGet {
						b = nil
					} else { // what is refused, and a read, leaves everything as it was
						b.unchanged(before, name+" as "+who)
					}
				}
			}
			if rows != len(routes) {
				t.Errorf("%d rows for %d routes", rows, len(routes))
			}
		})
	}
}

// TestGates asks every route without a good token, in workspaces that are not
// the caller's, and about requests of another workspace.
func TestGates(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	id := b.stage(airlock.InReview)[len(list(here))+1:]
	for _, r := range api.Routes() {
		at := func(workspace string) string {
			return placed(r.Path, workspace, id)
		}
		check := func(what, workspace, who string, want int) {
			t.Helper()
			w := b.call(r.Method, at(workspace), who, bodyOf(r))
			if w.Code != want {
				t.Errorf("%s %s %s: %d, want %d: %s", r.Method, r.Path, what, w.Code, want, w.Body)
			}
			if (w.Header().Get("WWW-Authenticate") == "Bearer") != (want == http.StatusUnauthorized) {
				t.Errorf("%s %s %s: WWW-Authenticate is %q", r.Method, r.Path, what, w.Header().Get("WWW-Authenticate"))
			}
			if w.Header().Get("X-Request-Id") == "" {
				t.Errorf("%s %s %s: no request id", r.Method, r.Path, what)
			}
		}
		if r.Action == "" {
			check("with nothing", here, "", http.StatusOK)
			continue
		}
		check("without a token", here, "", http.StatusUnauthorized)
		check("with a bad token", here, "forged", http.StatusUnauthorized)
		check("while the issuer is away", here, "down", http.StatusServiceUnavailable)
		if !strings.Contains(r.Path, "{workspace_id}") {
			check("by a guest", here, "guest", http.StatusForbidden)
			continue
		}
		check("by a guest", here, "guest", http.StatusNotFound)
		check("in no workspace", none, "ann", http.StatusNotFound)
		check("in what is no id", "..%2f", "ann", http.StatusNotFound)
		check("by who is everything elsewhere", here, "sam", http.StatusNotFound)
		if strings.Contains(r.Path, "{airlock_request_id}") {
			check("about another workspace's request", there, "sam", http.StatusNotFound)
		}
	}
}

// TestActions holds every route's action against the permission table.
func TestActions(t *testing.T) {
	t.Parallel()
	used := map[access.Action]bool{}
	for _, r := range api.Routes() {
		used[r.Action] = true
		if r.Action != "" && len(access.Roles(r.Action)) == 0 {
			t.Errorf("%s %s: nobody may %q", r.Method, r.Path, r.Action)
		}
		if public := strings.HasPrefix(r.Path, "/api/workspaces") && r.Action == ""; public {
			t.Errorf("%s %s: open to everybody", r.Method, r.Path)
		}
	}
	for _, action := range []access.Action{access.Create, access.Read, access.Submit, access.Cancel, access.Review, access.Revoke} {
		if !used[action] {
			t.Errorf("no route for %s", action)
		}
	}
}
