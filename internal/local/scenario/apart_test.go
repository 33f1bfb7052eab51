package scenario_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestResourcesOfAnotherWorkspace: on every route a service, a machine or an
// operation of another workspace does not exist, through one's own workspace and
// through theirs; nor does an operation of another resource (W42, W43).
func TestResourcesOfAnotherWorkspace(t *testing.T) {
	t.Parallel()
	x := tester{T: t}
	id := x.asked()
	if o := x.granted(id); o.Status != workspace.Deployed {
		t.Fatalf("the operation is %s, %q", o.Status, o.Message)
	}
	const name = "Not for strangers 1c9e"
	service := x.done(visitor, http.MethodPost, "/workspaces/"+id+"/workspace-services", stacktest.New("tre-service-guacamole", map[string]any{"display_name": name}))
	machine := x.done(visitor, http.MethodPost, service+"/user-resources", stacktest.New("tre-service-guacamole-linuxvm", map[string]any{"display_name": name}))
	ids := map[string]string{"{service_id}": last(service), "{resource_id}": last(machine)}
	for path, of := range map[string]string{"": "/workspaces/" + id, "/service": service, "/machine": machine} {
		o, err := rig.Last(t.Context(), admin, of)
		x.must(err)
		ids["operation"+path] = o.ID
	}
	own := stack.Seed[1].ID
	asked := 0
	for _, r := range api.Routes() {
		if !strings.HasPrefix(r.Path, "/api/workspaces/{workspace_id}/workspace-services/") && !strings.Contains(r.Path, "{workspace_id}/operations/{operation_id}") {
			continue
		}
		operation := ids["operation/machine"]
		switch {
		case strings.Contains(r.Path, "{resource_id}"):
		case strings.Contains(r.Path, "{service_id}"):
			operation = ids["operation/service"]
		default:
			operation = ids["operation"]
		}
		for _, in := range []string{own, id} {
			path := strings.NewReplacer("/api", "", "{workspace_id}", in, "{service_id}", ids["{service_id}"], "{resource_id}", ids["{resource_id}"], "{operation_id}", operation).Replace(r.Path)
			for _, who := range []string{"lung-owner", stranger} {
				x.unseen(stacktest.Call{By: who, Method: r.Method, Path: path, Body: bodyOf(r.Method), Match: "*"}, in == own, name)
				asked++
			}
		}
	}
	if asked < 60 {
		t.Errorf("only %d questions asked", asked)
	}
	for _, path := range []string{"/workspaces/" + id + "/operations/" + ids["operation/machine"], service + "/operations/" + ids["operation"], machine + "/operations/" + ids["operation/service"]} {
		if answer, err := rig.Call(t.Context(), visitor, http.MethodGet, path, nil); err != nil || answer.Status != http.StatusNotFound {
			t.Errorf("an operation of another resource, %s: %v, %v", path, answer, err)
		}
	}
	if answer, err := rig.Call(t.Context(), visitor, http.MethodGet, machine, nil); err != nil || answer.Status != http.StatusOK {
		t.Errorf("its owner, afterwards: %v, %v", answer, err)
	}
}

// unseen sends a call whose object does not exist for the caller. Under one's own
// workspace a missing role, or a query that misses, may be said first.
func (x tester) unseen(c stacktest.Call, inOwn bool, name string) {
	x.Helper()
	answer, err := rig.Send(x.Context(), c)
	x.must(err)
	before := inOwn && (answer.Status == http.StatusForbidden || answer.Status == http.StatusUnprocessableEntity)
	if answer.Status != http.StatusNotFound && !before {
		x.Errorf("%s %s by %s: %v", c.Method, c.Path, c.By, answer)
	}
	if strings.Contains(string(answer.Body), name) {
		x.Errorf("%s %s tells %s a name", c.Method, c.Path, c.By)
	}
}

// bodyOf is a body that any call takes.
func bodyOf(method string) any {
	switch method {
	case http.MethodPost:
		return map[string]any{}
	case http.MethodPatch:
		return map[string]any{"isEnabled": false}
	}
	return nil
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
