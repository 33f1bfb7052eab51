package azstacks_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// poll is where a long-running operation is asked for.
const poll = "https://management.azure.com/subscriptions/" + subscription + "/providers/Microsoft.Resources/locations/westeurope/deploymentStackOperationStatus/1?api-version=2024-03-01&t=639&c=MIIH&s=signature"

func accepted(status int) answer {
	return answer{status: status, header: http.Header{"Azure-Asyncoperation": {poll}, "Retry-After": {"15"}}, body: `{"properties":{"provisioningState":"creating"}}`}
}

// TestToken: an end that left no stack is told by the operation.
func TestToken(t *testing.T) {
	t.Parallel()
	const status = "GET /deploymentStackOperationStatus/1"
	for _, tt := range []struct {
		name    string
		remove  bool
		answers []answer // of the operation
		want    workspace.Seen
		fails   int // status of the error of the look
	}{
		{name: "it goes on", answers: []answer{{status: 200, header: http.Header{"Retry-After": {"15"}}, body: `{"status":"Running"}`}},
			want: workspace.Seen{Progress: workspace.InProgress, Run: "op.1", After: 15 * time.Second}},
		{name: "it failed", answers: []answer{{status: 200, body: `{"status":"Failed","error":{"code":"InvalidTemplateDeployment","message":"see inside","details":[{"code":"RequestDisallowedByPolicy","message":"by policy"}]}}`}},
			want: workspace.Seen{Progress: workspace.Broken, Run: "op.1", Err: &workspace.CloudError{Class: workspace.Final, Status: 400, Code: "RequestDisallowedByPolicy", Message: "by policy"}}},
		{name: "it was cancelled", answers: []answer{{status: 200, body: `{"status":"Canceled"}`}}, want: workspace.Seen{Progress: workspace.Stopped, Run: "op.1"}},
		{name: "it ended well, and the stack was taken away", answers: []answer{{status: 200, body: `{"status":"Succeeded"}`}}, want: workspace.Seen{Progress: workspace.Absent, Run: "op.1"}},
		{name: "nobody remembers it", answers: []answer{{status: 404}}, want: workspace.Seen{Progress: workspace.Absent, Run: "op.1"}},
		{name: "its address has run out", answers: []answer{{status: 401}}, want: workspace.Seen{Progress: workspace.Absent, Run: "op.1"}},
		{name: "asked too often", answers: []answer{{status: 429, header: http.Header{"Retry-After": {"5"}}}}, fails: 429},
		{name: "out of order for a moment", answers: []answer{{status: 503}, {status: 200, body: `{"status":"Running"}`}}, want: workspace.Seen{Progress: workspace.InProgress, Run: "op.1"}},
		{name: "a deletion that went well", remove: true, answers: []answer{{status: 200, body: `{"status":"Succeeded"}`}}, want: workspace.Seen{Progress: workspace.Absent}},
		{name: "a deletion that goes on", remove: true, answers: []answer{{status: 200, body: `{"status":"Deleting"}`}}, want: workspace.Seen{Progress: workspace.InProgress}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start()
			stacks := open(t, s, nil)
			token := begin(t, s, stacks, tt.remove)
			for _, a := range tt.answers {
				s.say(status, a)
			}
			seen, err := stacks.Look(t.Context(), at, token)
			if tt.fails != 0 {
				if told, ok := err.(*workspace.CloudError); !ok || told.Status != tt.fails { //nolint:errorlint // exactly this type
					t.Errorf("error %v, want status %d", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			same(t, seen, tt.want)
			last := s.asked[len(s.asked)-1]
			if !strings.HasSuffix(last, "c=MIIH&s=signature") {
				t.Errorf("asked last %s", last)
			}
		})
	}
}

func same(t *testing.T, got, want workspace.Seen) {
	t.Helper()
	if got.Progress != want.Progress || got.Run != want.Run || got.After != want.After || want.Err != nil && (got.Err == nil || *got.Err != *want.Err) {
		t.Errorf("%+v, error %+v\nwant %+v, error %+v", got, got.Err, want, want.Err)
	}
}

// begin starts an operation whose token is kept, and of which no stack is left.
func begin(t *testing.T, s *standin, stacks *azstacks.Stacks, remove bool) string {
	t.Helper()
	var token string
	var err error
	if remove {
		s.say("DELETE /deploymentStacks/ws-1", accepted(http.StatusAccepted))
		token, err = stacks.Remove(t.Context(), at)
	} else {
		s.say("PUT /deploymentStacks/ws-1", accepted(http.StatusCreated))
		token, err = stacks.Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(`{}`)})
	}
	if err != nil || token == "" {
		t.Fatalf("token %q, error %v", token, err)
	}
	return token
}

// TestTokenOfNoUse: whatever is wrong with a token, the stack itself is told.
func TestTokenOfNoUse(t *testing.T) {
	t.Parallel()
	s := start()
	stacks := open(t, s, nil)
	good := begin(t, s, stacks, false)
	asked := len(s.asked)
	elsewhere := strings.ReplaceAll(good, "management.azure.com", "elsewhere.example")
	for name, token := range map[string]string{
		"not sealed here":        "x" + good,
		"sealed, and no JSON":    "sealed {",
		"about another stack":    strings.Replace(good, "ws-1", "ws-2", 1),
		"of another kind":        strings.Replace(good, `"kind":"deploy"`, `"kind":"remove"`, 1),
		"with no resume in it":   `sealed {"kind":"deploy","about":"` + subscription + `//ws-1"}`,
		"for the other operator": good[:len(good)-9],
	} {
		seen, err := stacks.Look(t.Context(), at, token)
		if err != nil || seen.Progress != workspace.Absent {
			t.Errorf("%s: %s, error %v", name, seen.Progress, err)
		}
	}
	for _, address := range s.asked[asked:] {
		if strings.Contains(address, "OperationStatus") {
			t.Errorf("asked %s", address)
		}
	}
	// Our token would go to wherever the address leads.
	if seen, err := stacks.Look(t.Context(), at, elsewhere); err != nil || seen.Progress != workspace.Absent {
		t.Errorf("%s, error %v", seen.Progress, err)
	}
	for _, address := range s.asked {
		if strings.Contains(address, "elsewhere") {
			t.Errorf("asked %s", address)
		}
	}
	if token := begin0(t, s); token != "" {
		t.Errorf("token %q without a sealer", token)
	}
}

// begin0 starts a deployment with no sealer.
func begin0(t *testing.T, s *standin) string {
	t.Helper()
	s.say("PUT /deploymentStacks/ws-1", accepted(http.StatusCreated))
	token, err := open(t, s, func(c *azstacks.Config) { c.Sealer = nil }).Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}
