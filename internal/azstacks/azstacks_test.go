package azstacks_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/cloudtest"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	cloudtest.RunStacks(t, func(t *testing.T) cloudtest.Stacks {
		s := start()
		return cloudtest.Stacks{Port: open(t, s, nil), At: at, Group: group, Template: []byte(`{}`), Output: "key_vault_id", Type: "Microsoft.Storage/storageAccounts", Name: "stgws", Pass: s.pass,
			Break: func(at workspace.Stack) {
				s.cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: at.Name, Times: 1, End: memcloud.Quota()})
			}}
	})
}

// TestSent: what goes over the wire.
func TestSent(t *testing.T) {
	t.Parallel()
	s := start()
	stacks := open(t, s, nil)
	_, err := stacks.Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(`{"n": 12345678901234567890, "x": "<é>"}`),
		Parameters: map[string]workspace.Parameter{
			"size":     {Value: 3},
			"nothing":  {},
			"password": {Secret: "https://kv-tre.vault.azure.net/secrets/ws-1-password/0123456789abcdef0123456789abcdef"},
			"newest":   {Secret: "https://kv-tre.vault.azure.net/secrets/ws-1-newest"},
		},
		Tags: map[string]string{"tre_id": "mytre", azstacks.RunTag: "forged"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"location": "westeurope", "tags": {"tre_id": "mytre", "tre_run": "op.1"}, "properties": {
		"actionOnUnmanage": {"managementGroups": "delete", "resourcesWithoutDeleteSupport": "detach", "resourceGroups": "delete", "resources": "delete"},
		"bypassStackOutOfSyncError": false,
		"denySettings": {"mode": "denyDelete", "applyToChildScopes": true, "excludedPrincipals": ["e0000000-0000-4000-8000-000000000001"]},
		"template": {"n": 12345678901234567890, "x": "<é>"},
		"parameters": {"size": {"value": 3}, "nothing": {"value": null},
			"password": {"reference": {"keyVault": {"id": "` + vaultID + `"}, "secretName": "ws-1-password", "secretVersion": "0123456789abcdef0123456789abcdef"}},
			"newest": {"reference": {"keyVault": {"id": "` + vaultID + `"}, "secretName": "ws-1-newest"}}}}}`
	if diff := cmp.Diff(shape(t, want), shape(t, s.sent[0])); diff != "" {
		t.Error(diff)
	}
}

func shape(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // no digit may be lost
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*azstacks.Config){
		"six principals":        func(c *azstacks.Config) { c.Excluded = make([]string, 6) },
		"no vault":              func(c *azstacks.Config) { c.VaultID = "kv-tre" },
		"http":                  func(c *azstacks.Config) { c.Endpoint = "http://127.0.0.1:1" },
		"an endpoint's path":    func(c *azstacks.Config) { c.Endpoint = "https://management.azure.com/x" },
		"an endpoint's queries": func(c *azstacks.Config) { c.Endpoint = "https://management.azure.com?x" },
		"no endpoint at all":    func(c *azstacks.Config) { c.Endpoint = "management.azure.com" },
	} {
		c := azstacks.Config{Config: azarm.Config{Credential: identity{}}}
		change(&c)
		if _, err := azstacks.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	good := workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(`{}`)}
	for name, change := range map[string]func(*workspace.Deployment){
		"a template that is no JSON":  func(d *workspace.Deployment) { d.Template = []byte(`{`) },
		"no location":                 func(d *workspace.Deployment) { d.Stack.Location = "" },
		"no subscription":             func(d *workspace.Deployment) { d.Stack.Subscription = "x/y" },
		"a name with a path":          func(d *workspace.Deployment) { d.Stack.Name = "a/../b" },
		"a group with a query":        func(d *workspace.Deployment) { d.Stack.Group = "a?b" },
		"a secret that is no address": func(d *workspace.Deployment) { d.Parameters = map[string]workspace.Parameter{"p": {Secret: "hunter2"}} },
		"a key instead of a secret": func(d *workspace.Deployment) {
			d.Parameters = map[string]workspace.Parameter{"p": {Secret: "https://kv/keys/x"}}
		},
	} {
		s := start()
		d := good
		change(&d)
		_, err := open(t, s, nil).Deploy(t.Context(), d)
		told, ok := errors.AsType[*workspace.CloudError](err)
		if !ok || told.Class != workspace.Final || strings.Contains(told.Message, "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
		if len(s.asked) != 0 {
			t.Errorf("%s: asked %v", name, s.asked)
		}
	}
}

const refused = `{"error":{"code":"%","message":"in words"}}`

// TestErrors: every form of an answer, for every call.
func TestErrors(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*testing.T, *azstacks.Stacks) error{
		"PUT": func(t *testing.T, s *azstacks.Stacks) error {
			_, err := s.Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(`{}`)})
			return err
		},
		"DELETE": func(t *testing.T, s *azstacks.Stacks) error { _, err := s.Remove(t.Context(), at); return err },
		"GET":    func(t *testing.T, s *azstacks.Stacks) error { _, err := s.Look(t.Context(), at, ""); return err },
	}
	for _, tt := range []struct {
		name   string
		answer answer
		tries  int
		want   workspace.CloudError
	}{
		{name: "throttled for seconds", answer: answer{status: 429, header: http.Header{"Retry-After": {"17"}}, body: strings.Replace(refused, "%", "TooManyRequests", 1)}, tries: 1,
			want: workspace.CloudError{Class: workspace.Throttled, Status: 429, Code: "TooManyRequests", Message: "in words", After: 17 * time.Second}},
		{name: "throttled for milliseconds", answer: answer{status: 429, header: http.Header{"X-Ms-Retry-After-Ms": {"1500"}}}, tries: 1,
			want: workspace.CloudError{Class: workspace.Throttled, Status: 429, Message: "Azure answered 429 Too Many Requests", After: 1500 * time.Millisecond}},
		{name: "throttled until a time", answer: answer{status: 429, header: http.Header{"Date": {"Sun, 22 Nov 2026 09:00:00 GMT"}, "Retry-After": {"Sun, 22 Nov 2026 09:01:00 GMT"}}}, tries: 1,
			want: workspace.CloudError{Class: workspace.Throttled, Status: 429, Message: "Azure answered 429 Too Many Requests", After: time.Minute}},
		{name: "throttled for ever", answer: answer{status: 429, header: http.Header{"Retry-After": {"99999999999"}}}, tries: 1,
			want: workspace.CloudError{Class: workspace.Throttled, Status: 429, Message: "Azure answered 429 Too Many Requests", After: time.Hour}},
		{name: "not allowed", answer: answer{status: 403, body: strings.Replace(refused, "%", "AuthorizationFailed", 1)}, tries: 1,
			want: workspace.CloudError{Class: workspace.Final, Status: 403, Code: "AuthorizationFailed", Message: "in words"}},
		{name: "a wrong template", answer: answer{status: 400, body: strings.Replace(refused, "%", "InvalidTemplate", 1)}, tries: 1,
			want: workspace.CloudError{Class: workspace.Final, Status: 400, Code: "InvalidTemplate", Message: "in words"}},
		{name: "no such subscription", answer: answer{status: 404, body: strings.Replace(refused, "%", "SubscriptionNotFound", 1)}, tries: 1,
			want: workspace.CloudError{Class: workspace.Final, Status: 404, Code: "SubscriptionNotFound", Message: "in words"}},
		{name: "out of order for long", answer: answer{status: 503, body: "<html>"}, tries: 4,
			want: workspace.CloudError{Class: workspace.Passing, Status: 503, Message: "Azure answered 503 Service Unavailable"}},
		{name: "a gateway", answer: answer{status: 504}, tries: 4,
			want: workspace.CloudError{Class: workspace.Passing, Status: 504, Message: "Azure answered 504 Gateway Timeout"}},
	} {
		for method, call := range calls {
			t.Run(tt.name+" "+method, func(t *testing.T) {
				t.Parallel()
				s := start()
				for range 10 {
					s.say(method+" /deploymentStacks/ws-1", tt.answer)
				}
				told, ok := errors.AsType[*workspace.CloudError](call(t, open(t, s, nil)))
				if !ok {
					t.Fatal("no error of the cloud")
				}
				if diff := cmp.Diff(tt.want, *told); diff != "" {
					t.Error(diff)
				}
				if len(s.asked) != tt.tries {
					t.Errorf("asked %d times, want %d", len(s.asked), tt.tries)
				}
			})
		}
	}
}

// TestUnreachable: no address gets into the error, nor a token's trouble.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*azstacks.Config)
		want   string
	}{
		"nobody listens": {func(c *azstacks.Config) { c.Transport, c.Endpoint, c.Plain = nil, "http://127.0.0.1:1", true }, "Azure could not be asked: unreachable"},
		"no token":       {func(c *azstacks.Config) { c.Credential = identity{errors.New("secret story")} }, "Azure could not be asked: error"},
		"no time":        {func(c *azstacks.Config) { c.Timeout = time.Nanosecond }, "Azure could not be asked: timeout"},
	} {
		_, err := open(t, start(), tt.change).Look(t.Context(), at, "")
		told, ok := errors.AsType[*workspace.CloudError](err)
		if !ok || told.Class != workspace.Passing || told.Message != tt.want {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}
