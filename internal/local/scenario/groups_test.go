package scenario_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/directory"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// TestARoleThroughAGroup: whose group has a role has it, when the token names
// the group and when only the directory knows; while that cannot tell, nobody
// is told that they have no role for good.
func TestARoleThroughAGroup(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	heart, lung := stack.Seed[0].ID, stack.Seed[1].ID
	call := func(who, path string) stacktest.Answer {
		answer, err := rig.Call(t.Context(), who, http.MethodGet, path, nil)
		x.must(err)
		return answer
	}
	rig.Directory.Fail(directory.Status(http.StatusServiceUnavailable, "ServiceNotAvailable"))
	want := func(who, path string, status int) {
		t.Helper()
		if got := call(who, path); got.Status != status {
			t.Errorf("%s asks for %s: %v, want %d", who, path, got, status)
		}
	}
	want("heart-statistician", "/workspaces/"+heart+"/requests", http.StatusOK)
	want("heart-statistician", "/workspaces/"+lung+"/requests", http.StatusNotFound)
	want("heart-professor", "/workspaces/"+heart+"/requests", http.StatusServiceUnavailable)
	want("heart-professor", "/workspaces/"+lung+"/requests", http.StatusNotFound) // no group has a role in it
	rig.Directory.Fail(nil)
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		if got := call("heart-professor", "/workspaces/"+heart+"/requests"); got.Status != http.StatusOK {
			return fmt.Errorf("the directory is back, and the role is not: answered %d", got.Status)
		}
		return nil
	}))
	want("heart-professor", "/workspaces/"+lung+"/requests", http.StatusNotFound)
	var found api.AssignableUsers
	x.must(json.Unmarshal(call("heart-owner", "/workspaces/"+heart+"/assignable-users?filter=HEART%20st").Body, &found))
	if len(found.Users) != 1 || found.Users[0].DisplayName != "Heart Statistician by a Group" {
		t.Errorf("found in the directory: %+v", found)
	}
	var mine api.Workspaces
	x.must(json.Unmarshal(call("heart-professor", "/workspaces").Body, &mine))
	if len(mine.Workspaces) != 1 || mine.Workspaces[0].ID != heart || mine.Workspaces[0].Properties["scope_id"] != "api://"+stack.Audience {
		t.Errorf("workspaces %+v", mine)
	}
}
