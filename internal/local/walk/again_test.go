package walk_test

import (
	"net/http"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// TestAFolderOfDataIsRunAgain: what was in Azure is there again, works and can
// be deleted.
func TestAFolderOfDataIsRunAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() *stacktest.Rig {
		rig, err := stacktest.Start(t.Context(), func(c *stack.Config) { c.Dir = dir })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = rig.Close() }) // closed before, where all goes well
		return rig
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	done := func(rig *stacktest.Rig, by, method, path string, body any) string {
		t.Helper()
		at, err := rig.Done(t.Context(), stacktest.Call{By: by, Method: method, Path: path, Body: body})
		must(err)
		return at
	}
	first := start()
	id, err := first.Asked(t.Context(), "visitor")
	must(err)
	o, err := first.Granted(t.Context(), id)
	must(err)
	_, err = first.Ended(t.Context(), "admin", o)
	must(err)
	service := done(first, "visitor", http.MethodPost, "/workspaces/"+id+"/workspace-services", stacktest.New("tre-service-guacamole", nil))
	machine := done(first, "visitor", http.MethodPost, service+"/user-resources", stacktest.New("tre-service-guacamole-linuxvm", nil))
	before := len(first.ARM.Resources(stack.Subscription, first.Group(id, 1)))
	must(first.Close())

	second := start()
	if after := len(second.ARM.Resources(stack.Subscription, second.Group(id, 1))); after != before || before == 0 {
		t.Errorf("%d resources, before there were %d", after, before)
	}
	q, err := second.Create(t.Context(), "visitor", id, airlock.Export)
	must(err)
	must(q.Drop(t.Context(), "table.csv", []byte("a,b\n1,2\n")))
	must(q.Submit(t.Context()))
	_, err = q.Await(t.Context(), airlock.InReview)
	must(err)
	must(q.Do(t.Context(), "visitor", "cancel", nil))
	done(second, "visitor", http.MethodPost, machine+"/invoke-action?action=restart", map[string]any{})
	done(second, "admin", http.MethodPatch, "/workspaces/"+id, map[string]any{"isEnabled": false})
	done(second, "admin", http.MethodDelete, "/workspaces/"+id, nil)
	if left := second.ARM.Resources(stack.Subscription, second.Group(id, 1)); len(left) > 0 {
		t.Errorf("%d resources are left", len(left))
	}
	must(second.Close())
}
