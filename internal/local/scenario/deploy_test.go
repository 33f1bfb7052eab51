package scenario_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const visitor = "visitor" // has no workspace until one is made

// of is a fault of one stack alone, for tests share Resource Manager.
func of(name string, f arm.Fault) arm.Fault {
	f.Match = func(c arm.Call) bool { return strings.HasSuffix(c.Stack, "/"+name) }
	return f
}

// asked is a workspace that waits for an administrator.
func (x tester) asked() string {
	x.Helper()
	id, err := rig.Asked(x.Context(), visitor)
	x.must(err)
	return id
}

// ended is an operation after its end.
func (x tester) ended(by string, o api.Operation) api.Operation {
	x.Helper()
	o, err := rig.Ended(x.Context(), by, o)
	x.must(err)
	return o
}

// granted is an operation that makes a workspace, after its end.
func (x tester) granted(id string) api.Operation {
	x.Helper()
	o, err := rig.Granted(x.Context(), id)
	x.must(err)
	return x.ended(admin, o)
}

// done orders something that ends well, and returns its address.
func (x tester) done(by, method, path string, body any) string {
	x.Helper()
	at, err := rig.Done(x.Context(), stacktest.Call{By: by, Method: method, Path: path, Body: body})
	x.must(err)
	return at
}

// retried is what a failed operation is tried again by, after its end.
func (x tester) retried(o api.Operation) api.Operation {
	x.Helper()
	again, err := rig.Order(x.Context(), stacktest.Call{By: admin, Method: http.MethodPost, Path: o.ResourcePath + "/operations/" + o.ID + "/retry", Body: map[string]any{}})
	x.must(err)
	return x.ended(admin, again)
}

// workspaceNow reads a workspace.
func (x tester) workspaceNow(by, id string) api.Workspace {
	x.Helper()
	var out api.WorkspaceIn
	answer, err := rig.Call(x.Context(), by, http.MethodGet, "/workspaces/"+id, nil)
	x.must(err)
	x.must(answer.Into(&out))
	return out.Workspace
}

// told waits for a mail about an id whose subject says something.
func (x tester) mailed(to, id, subject string) string {
	x.Helper()
	var text string
	x.must(stacktest.Until(x.Context(), func(ctx context.Context) error {
		var subjects []string
		for _, m := range rig.MailsAbout(to, id) {
			if strings.Contains(m.Subject, subject) {
				text = m.Text
				return nil
			}
			subjects = append(subjects, m.Subject)
		}
		return fmt.Errorf("%s has no mail %q, only %q", to, subject, subjects)
	}))
	return text
}

// TestAFailureInAzureIsToldAndTriedAgain: a quota that is used up fails the
// workspace, in Azure's own words, to who reads it and by mail; tried again it
// is made, and its airlock works.
func TestAFailureInAzureIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	x := tester{T: t}
	id := x.asked()
	rig.ARM.Script(of(rig.StackOf(id, 1), arm.Fault{Kind: arm.Quota, At: arm.Write, Name: "st*", Times: 1}))
	o := x.granted(id)
	if o.Status != workspace.DeploymentFailed || !strings.Contains(o.Message, "Quota") || o.Steps[0].Status != workspace.DeploymentFailed {
		t.Fatalf("the operation is %s, %q, its step %s", o.Status, o.Message, o.Steps[0].Status)
	}
	if w := x.workspaceNow(visitor, id); w.Status != string(workspace.DeploymentFailed) || !strings.Contains(w.StatusMessage, "Quota") {
		t.Errorf("the workspace is %s, %q", w.Status, w.StatusMessage)
	}
	for _, who := range []string{visitor, admin} {
		if text := x.mailed(rig.Person(who).Email, id, "ailed"); !strings.Contains(text, "Quota") {
			t.Errorf("%s is told %q", who, text)
		}
	}
	if answer, err := rig.Call(t.Context(), visitor, http.MethodPost, "/workspaces/"+id+"/requests", map[string]any{"type": "import", "title": "x", "businessJustification": "x"}); err != nil || answer.Status < 400 {
		t.Errorf("an airlock request in a workspace that failed: %v, %v", answer, err)
	}
	if o = x.retried(o); o.Status != workspace.Deployed {
		t.Fatalf("tried again the operation is %s, %q", o.Status, o.Message)
	}
	x.workspace = id
	q := x.dropped(visitor, airlock.Import, some())
	x.must(q.Submit(t.Context()))
	x.await(q, airlock.InReview)
}

// TestAWorkspaceThatTakesTooLongIsCancelled once Azure ended what was under way, and made after all when it is tried
// again.
func TestAWorkspaceThatTakesTooLongIsCancelled(t *testing.T) {
	t.Parallel()
	x := tester{T: t}
	id := x.asked()
	rig.ARM.Script(of(rig.StackOf(id, 1), arm.Fault{Kind: arm.Slow, At: arm.Write, Name: "st*", Delay: 15 * time.Second, Times: 1}))
	o, err := rig.Granted(t.Context(), id)
	x.must(err)
	x.must(stacktest.Until(t.Context(), func(ctx context.Context) error {
		now, err := rig.Operation(ctx, admin, o)
		if err == nil && now.Status != workspace.Deploying {
			err = fmt.Errorf("the operation is %s", now.Status)
		}
		return err
	}))
	answer, err := rig.Call(t.Context(), admin, http.MethodPost, o.ResourcePath+"/operations/"+o.ID+"/cancel", map[string]any{"reason": "not this week"})
	x.must(err)
	x.must(answer.Into(nil))
	if o = x.ended(admin, o); o.Status != workspace.DeploymentFailed || !strings.Contains(o.Message, "cancelled") {
		t.Fatalf("the operation is %s, %q", o.Status, o.Message)
	}
	if o = x.retried(o); o.Status != workspace.Deployed {
		t.Fatalf("tried again the operation is %s, %q", o.Status, o.Message)
	}
}

// TestAWorkspaceIsDeletedWithEverything: a service and a machine in it, its
// address range, its account, its secrets. A deletion that Azure refuses at
// first fails as such, and works when it is tried again.
func TestAWorkspaceIsDeletedWithEverything(t *testing.T) {
	t.Parallel()
	x := tester{T: t}
	id := x.asked()
	if o := x.granted(id); o.Status != workspace.Deployed {
		t.Fatalf("the operation is %s, %q", o.Status, o.Message)
	}
	home := "/workspaces/" + id
	service := x.done(visitor, http.MethodPost, home+"/workspace-services", stacktest.New("tre-service-guacamole", nil))
	machine := x.done(visitor, http.MethodPost, service+"/user-resources", stacktest.New("tre-service-guacamole-linuxvm", nil))
	machineID := machine[strings.LastIndexByte(machine, '/')+1:]
	if len(rig.ARM.Resources(stack.Subscription, rig.Group(id, 1))) < 10 || !strings.Contains(strings.Join(rig.Vault.Names(), " "), machineID) {
		t.Fatalf("there are %d resources, secrets %v", len(rig.ARM.Resources(stack.Subscription, rig.Group(id, 1))), rig.Vault.Names())
	}
	if answer, err := rig.Send(t.Context(), stacktest.Call{By: admin, Method: http.MethodDelete, Path: home, Match: "*"}); err != nil || answer.Status < 400 {
		t.Errorf("what is not disabled is deleted: %v, %v", answer, err)
	}
	x.done(admin, http.MethodPatch, home, map[string]any{"isEnabled": false})
	rig.ARM.Script(of(rig.StackOf(machineID, 1), arm.Fault{Kind: arm.VaultNotEmpty, At: arm.Delete, Times: 1}))
	o, err := rig.Order(t.Context(), stacktest.Call{By: admin, Method: http.MethodDelete, Path: home})
	x.must(err)
	if o = x.ended(admin, o); !o.Status.Failed() || o.Message == "" || o.Steps[0].Status != workspace.DeletingFailed {
		t.Fatalf("the operation is %s, %q, its steps %+v", o.Status, o.Message, o.Steps)
	}
	if o = x.retried(o); o.Status != workspace.Deleted {
		t.Fatalf("tried again the operation is %s, %q", o.Status, o.Message)
	}
	x.nothingLeft(id, machineID)
	if answer, err := rig.Call(t.Context(), visitor, http.MethodGet, home, nil); err != nil || answer.Status != http.StatusNotFound {
		t.Errorf("its owner reads %v, %v", answer, err)
	}
	if _, err := rig.Operation(t.Context(), admin, o); err != nil {
		t.Errorf("an administrator reads what became of it: %v", err)
	}
}

// nothingLeft checks that a workspace left nothing in Azure, in the vault and in
// the address space.
func (x tester) nothingLeft(id string, inner ...string) {
	x.Helper()
	if left := rig.ARM.Resources(stack.Subscription, rig.Group(id, 1)); len(left) > 0 {
		x.Errorf("%d resources are left, such as %s", len(left), left[0].ID)
	}
	x.must(stacktest.Until(x.Context(), func(context.Context) error { // a secret goes after what it belongs to
		for _, name := range rig.Vault.Names() {
			for _, owner := range append(inner, id) {
				if strings.Contains(name, owner) {
					return fmt.Errorf("secret %s is left", name)
				}
			}
		}
		return nil
	}))
	for _, name := range rig.ARM.Stacks() {
		for _, owner := range append(inner, id) {
			if strings.HasSuffix(name, rig.StackOf(owner, 1)) {
				x.Errorf("stack %s is left", name)
			}
		}
	}
	blocks, err := rig.State.Blocks(x.Context())
	x.must(err)
	for _, b := range blocks {
		for _, a := range b.Taken {
			if a.Holder == id {
				x.Errorf("range %s is left", a.Range)
			}
		}
	}
}
