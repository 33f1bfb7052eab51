package azstacks_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var conflict = answer{status: http.StatusConflict, body: `{"error":{"code":"DeploymentStackInNonTerminalState","message":"wait"}}`}

// shown is a stack as Resource Manager shows it.
func shown(state, run string) answer {
	return answer{status: http.StatusOK, body: `{"tags":{"tre_run":"` + run + `"},"properties":{"provisioningState":"` + state +
		`","deploymentId":"/subscriptions/` + subscription + `/resourceGroups/rg/providers/Microsoft.Resources/deployments/d-1"}}`}
}

// TestConflict: a conflict with what was asked for is none.
func TestConflict(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, state, run string
		fine             bool
		remove           bool
	}{
		{name: "our own deployment is under way", state: "deploying", run: "op.1", fine: true},
		{name: "it deletes what is no longer in the template", state: "deletingResources", run: "op.1", fine: true},
		{name: "somebody else's is", state: "deploying", run: "op.0"},
		{name: "our own has ended", state: "succeeded", run: "op.1"},
		{name: "the stack is being deleted", state: "deleting", run: "op.1"},
		{name: "a deletion while it is being deleted", state: "Deleting", run: "op.1", remove: true, fine: true},
		{name: "a deletion while what it holds is being deleted", state: "deletingResources", run: "op.1", remove: true, fine: true},
		{name: "a deletion while it is in a state that is new", state: "somethingNew", run: "op.1", remove: true},
		{name: "a deletion while it is being deployed", state: "deploying", run: "op.1", remove: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start()
			s.say("PUT /ws-1", conflict)
			s.say("DELETE /ws-1", conflict)
			s.say("GET /ws-1", shown(tt.state, tt.run))
			var err error
			if stacks := open(t, s, nil); tt.remove {
				_, err = stacks.Remove(t.Context(), at)
			} else {
				_, err = stacks.Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(`{}`)})
			}
			told, refused := errors.AsType[*workspace.CloudError](err)
			if refused == tt.fine || refused && (told.Class != workspace.Busy || told.Message != "wait") {
				t.Errorf("error %v, want fine %v", err, tt.fine)
			}
		})
	}
}

// TestLookStates: every state that a stack has.
// https://learn.microsoft.com/rest/api/resources/deployment-stacks/get-at-subscription#deploymentstackprovisioningstate
func TestLookStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]workspace.Progress{
		"creating": workspace.InProgress, "validating": workspace.InProgress, "waiting": workspace.InProgress, "deploying": workspace.InProgress,
		"canceling": workspace.InProgress, "updatingDenyAssignments": workspace.InProgress, "deletingResources": workspace.InProgress,
		"deleting": workspace.InProgress, "succeeded": workspace.Complete, "Succeeded": workspace.Complete, "failed": workspace.Broken,
		"canceled": workspace.Stopped, "somethingNew": workspace.InProgress,
	} {
		s := start()
		s.say("GET /ws-1", shown(state, "op.1"))
		seen, err := open(t, s, nil).Look(t.Context(), at, "")
		if err != nil || seen.Progress != want || seen.Run != "op.1" {
			t.Errorf("%s: %s by %q, error %v, want %s", state, seen.Progress, seen.Run, err, want)
		}
	}
}

// TestFailedResources: what a stack says of the resources that failed is told.
func TestFailedResources(t *testing.T) {
	t.Parallel()
	s := start()
	s.say("GET /ws-1", answer{status: http.StatusOK, body: `{"properties":{"provisioningState":"failed",
		"error":{"code":"DeploymentStackDeleteResourcesFailed","message":"One or more resources could not be deleted."},
		"failedResources":[{"id":"/x","error":{"code":"ServiceResourceNotEmptyNotAllowed","message":"Recovery Services vault rsv cannot be deleted as there are backup items in soft deleted state."}}]}}`})
	seen, err := open(t, s, nil).Look(t.Context(), at, "")
	want := workspace.CloudError{Class: workspace.Final, Status: 400, Code: "DeploymentStackDeleteResourcesFailed",
		Message: "Recovery Services vault rsv cannot be deleted as there are backup items in soft deleted state."}
	if err != nil || seen.Err == nil || *seen.Err != want {
		t.Errorf("%+v, error %v", seen.Err, err)
	}
}

// TestCancel: the deployment that the stack names is cancelled, and no other.
func TestCancel(t *testing.T) {
	t.Parallel()
	const call = "POST /subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.Resources/deployments/d-1/cancel"
	elsewhere := shown("deploying", "op.1")
	elsewhere.body = strings.Replace(elsewhere.body, subscription, "b3c1f0de-0000-4000-8000-000000000001", 1)
	for _, tt := range []struct {
		name        string
		stack, said answer
		asked       int
		fails       workspace.Class
		fine        bool
	}{
		{name: "under way", stack: shown("deploying", "op.1"), said: answer{status: 204}, asked: 2, fine: true},
		{name: "it ended meanwhile", stack: shown("deploying", "op.1"), said: answer{status: 409}, asked: 2, fine: true},
		{name: "it was deleted meanwhile", stack: shown("deploying", "op.1"), said: answer{status: 404}, asked: 2, fine: true},
		{name: "throttled", stack: shown("deploying", "op.1"), said: answer{status: 429}, asked: 2, fails: workspace.Throttled},
		{name: "not allowed", stack: shown("deploying", "op.1"), said: answer{status: 403}, asked: 2, fails: workspace.Final},
		{name: "it had ended", stack: shown("succeeded", "op.1"), asked: 1, fine: true},
		{name: "it is being deleted", stack: shown("deleting", "op.1"), asked: 1, fine: true},
		{name: "the look is refused", stack: answer{status: 429}, asked: 1, fails: workspace.Throttled},
		{name: "another subscription's", stack: elsewhere, asked: 1, fails: workspace.Final},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start()
			s.say("GET /ws-1", tt.stack)
			s.say(call, tt.said)
			err := open(t, s, nil).Cancel(t.Context(), at)
			told, refused := errors.AsType[*workspace.CloudError](err)
			if refused == tt.fine || refused && told.Class != tt.fails {
				t.Errorf("error %v, want class %d, fine %v", err, tt.fails, tt.fine)
			}
			if len(s.asked) != tt.asked {
				t.Errorf("asked %q, want %d", s.asked, tt.asked)
			}
		})
	}
}

// TestNoIdentityNeeded: nothing is asked before the first call.
func TestNoIdentityNeeded(t *testing.T) {
	t.Parallel()
	s := start()
	_ = open(t, s, func(c *azstacks.Config) { c.Credential = nil })
	if len(s.asked) != 0 {
		t.Errorf("asked %q", s.asked)
	}
}
