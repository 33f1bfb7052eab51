package azmachines_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azmachines"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// poll is where a long-running operation is asked for.
const poll = "https://management.azure.com/subscriptions/" + subscription + "/providers/Microsoft.Compute/locations/westeurope/operations/1?api-version=2024-03-01&s=signature"

// TestToken: while an operation is remembered it is what counts; after that the
// machine.
func TestToken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		action workspace.MachineAction
		answer answer // of the operation
		want   workspace.Seen
		fails  int // status of the error of the look
	}{
		{name: "it goes on", answer: answer{status: 200, header: http.Header{"Retry-After": {"7"}}, body: `{"status":"InProgress"}`},
			want: workspace.Seen{Progress: workspace.InProgress, Run: "op.1", After: 7 * time.Second}},
		{name: "it ended well", answer: answer{status: 200, body: `{"status":"Succeeded"}`}, want: workspace.Seen{Progress: workspace.Complete, Run: "op.1"}},
		{name: "no room for the machine", answer: answer{status: 200, body: `{"status":"Failed","error":{"code":"AllocationFailed","message":"no capacity"}}`},
			want: workspace.Seen{Progress: workspace.Broken, Run: "op.1", Err: &workspace.CloudError{Class: workspace.Passing, Status: 400, Code: "AllocationFailed", Message: "no capacity"}}},
		{name: "nobody remembers it, and the machine runs", answer: answer{status: 404}, want: workspace.Seen{Progress: workspace.Complete}},
		{name: "nobody remembers it, and the machine is as before", action: workspace.MachineAction{Name: "stop", Run: "op.1"}, answer: answer{status: 404}, want: workspace.Seen{Progress: workspace.Absent}},
		{name: "asked too often", answer: answer{status: 429}, fails: 429},
		{name: "a password's command that was never made", action: workspace.MachineAction{Name: "reset_password", User: "u", Run: "op.1"}, answer: answer{status: 200, body: `{"status":"Failed","error":{"code":"VMAgentStatusCommunicationError","message":"no agent"}}`},
			want: workspace.Seen{Progress: workspace.Broken, Run: "op.1", Err: &workspace.CloudError{Class: workspace.Final, Status: 400, Code: "VMAgentStatusCommunicationError", Message: "no agent"}}},
		{name: "a password's command that is gone", action: workspace.MachineAction{Name: "reset_password", User: "u", Run: "op.1"}, answer: answer{status: 404}, want: workspace.Seen{Progress: workspace.Absent, Run: "op.1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start()
			m, a := open(t, s), tt.action
			if a.Name == "" {
				a = workspace.MachineAction{Name: "start", Run: "op.1"}
			}
			token := begin(t, s, m, &a)
			s.say("GET /operations/1", tt.answer)
			seen, err := m.Look(t.Context(), vm, a, token)
			if tt.fails != 0 {
				if told, ok := errors.AsType[*workspace.CloudError](err); !ok || told.Status != tt.fails {
					t.Errorf("error %v, want status %d", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, seen); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// begin starts an action whose operation goes on.
func begin(t *testing.T, s *standin, m *azmachines.Machines, a *workspace.MachineAction) string {
	t.Helper()
	taken := answer{status: http.StatusAccepted, header: http.Header{"Azure-Asyncoperation": {poll}, "Location": {poll}}}
	if a.Name == "reset_password" {
		taken.status, taken.body, a.Secret = http.StatusCreated, `{"properties":{"provisioningState":"Creating"}}`, put(t, s)
	}
	for _, call := range []string{"POST /start", "POST /deallocate", "PUT "} {
		s.say(call, taken)
	}
	token, err := m.Begin(t.Context(), vm, *a)
	if err != nil || token == "" {
		t.Fatalf("token %q, error %v", token, err)
	}
	return token
}

// TestIDs: an id that leads elsewhere is refused, and nothing is asked.
func TestIDs(t *testing.T) {
	t.Parallel()
	s := start()
	m := open(t, s)
	for _, id := range []workspace.Machine{"", "VM-1", "/subscriptions/" + subscription, "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/x",
		vm + "/extensions/x", "https://elsewhere.example" + vm} {
		_, err := m.Begin(t.Context(), id, workspace.MachineAction{Name: "start"})
		if told, ok := errors.AsType[*workspace.CloudError](err); !ok || told.Class != workspace.Final {
			t.Errorf("%q: error %v", id, err)
		}
	}
	if len(s.asked) != 0 {
		t.Errorf("asked %q", s.asked)
	}
}

// TestCommandIsDeleted: an end is told when the command is deleted, or may not
// be; until then the next look finds it ended too.
func TestCommandIsDeleted(t *testing.T) {
	t.Parallel()
	s := start()
	m, a := open(t, s), workspace.MachineAction{Name: "reset_password", User: "researcher", Secret: put(t, s), Run: "op.1"}
	if _, err := m.Begin(t.Context(), vm, a); err != nil {
		t.Fatal(err)
	}
	s.pass()
	s.pass()
	for _, tt := range []struct {
		status int
		class  workspace.Class
		fine   bool
	}{{status: http.StatusTooManyRequests, class: workspace.Throttled}, {status: http.StatusConflict, class: workspace.Busy}, {status: http.StatusForbidden, fine: true}, {status: http.StatusNotFound, fine: true}} {
		s.say("DELETE ", answer{status: tt.status})
		seen, err := m.Look(t.Context(), vm, a, "")
		told, refused := errors.AsType[*workspace.CloudError](err)
		if refused == tt.fine || refused && told.Class != tt.class || tt.fine && seen.Progress != workspace.Complete {
			t.Errorf("%d: %s, error %v", tt.status, seen.Progress, err)
		}
	}
}

// TestCommandAppears: a command that is made between the two questions of a
// look is seen.
func TestCommandAppears(t *testing.T) {
	t.Parallel()
	s := start()
	m, a := open(t, s), workspace.MachineAction{Name: "reset_password", User: "researcher", Run: "op.1"}
	token := begin(t, s, m, &a)
	const at = "GET /runCommands/tre-"
	for _, said := range []answer{{status: http.StatusNotFound}, {status: http.StatusOK, body: `{"properties":{"instanceView":{"executionState":"Succeeded"}}}`}} {
		s.say(at, said)
	}
	s.say("GET /operations/1", answer{status: http.StatusOK, body: `{"status":"Succeeded"}`})
	if seen, err := m.Look(t.Context(), vm, a, token); err != nil || seen.Progress != workspace.Complete {
		t.Errorf("%s, error %v", seen.Progress, err)
	}
}
