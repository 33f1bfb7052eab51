package scenario_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

func eicar() []byte { return []byte(defender.EICAR) }

// TestObjectsOfAnotherWorkspace: on every route an object of another workspace
// is 404 when asked for through one's own; through its own workspace a caller
// without a role there learns nothing of it either.
func TestObjectsOfAnotherWorkspace(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.reviewed(researcher, airlock.Export, some())
	lung := stack.Seed[1].ID
	bodies := map[string]any{"POST/review": map[string]any{"approval": true}, "POST/remove": map[string]any{"name": "notes.txt"},
		"POST/return": map[string]any{"reason": "x"}, "POST/revoke": map[string]any{"reason": "x"}, "POST/stop": map[string]any{"reason": "x"}}
	asked := 0
	for _, r := range api.Routes() {
		if !strings.Contains(r.Path, "{airlock_request_id}") {
			continue
		}
		for name, workspace := range map[string]string{"its own": q.Key.Workspace, "the caller's": lung} {
			path := strings.NewReplacer("/api", "", "{workspace_id}", workspace, "{airlock_request_id}", q.Key.Request).Replace(r.Path)
			for _, who := range []string{stranger, "lung-owner", "visitor"} {
				answer, err := rig.Call(t.Context(), who, r.Method, path, bodies[r.Method+path[strings.LastIndexByte(path, '/'):]])
				x.must(err)
				// Under one's own workspace a missing role may be said first.
				if answer.Status != http.StatusNotFound && (workspace != lung || answer.Status != http.StatusForbidden) {
					t.Errorf("%s %s by %s under %s workspace: %v", r.Method, r.Path, who, name, answer)
				}
				if strings.Contains(string(answer.Body), "notes.txt") {
					t.Errorf("%s %s tells a file's name", r.Method, r.Path)
				}
				asked++
			}
		}
	}
	if asked < 40 {
		t.Errorf("only %d questions asked", asked)
	}
	for _, path := range []string{"/workspaces/" + q.Key.Workspace + "/requests", q.Path()} {
		if answer, err := rig.Call(t.Context(), "", http.MethodGet, path, nil); err != nil || answer.Status != http.StatusUnauthorized {
			t.Errorf("%s by nobody: %v %v", path, answer, err)
		}
	}
	x.await(q, airlock.InReview)
}
