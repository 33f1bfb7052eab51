package scenario_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// logs are the lines of the hosts and of both apps.
var logs journal

// journal keeps lines for whoever looks for something in them.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) has(text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Contains(j.text.Bytes(), []byte(text))
}

// vaulted is a template of a service with a secret.
func vaulted() map[string]any {
	return map[string]any{"name": "test-vaulted", "version": "1.0.0", "current": true,
		"json_schema": map[string]any{"$schema": "http://json-schema.org/draft-07/schema", "$id": "https://tre.example/test-vaulted", "type": "object", "title": "Vaulted",
			"description": "A service with a key", "required": []string{"api_key"}, "properties": map[string]any{
				"api_key": map[string]any{"type": "string", "title": "Key", "description": "Key", "sensitive": true, "updateable": true}}},
		"template": map[string]any{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
			"parameters": map[string]any{"api_key": map[string]any{"type": "securestring"}, "suffix": map[string]any{"type": "string"}},
			"resources": []any{map[string]any{"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "[concat('nsg-', parameters('suffix'))]",
				"location": "westeurope"}}}}
}

// TestASecretIsInTheVaultAndNowhereElse: values of sensitive properties, and
// passwords that are made for machines, are found by nobody who looks through
// all that is stored, sent, logged and answered, through a failure, a change and
// a deletion (I10).
func TestASecretIsInTheVaultAndNowhereElse(t *testing.T) {
	t.Parallel()
	const first, second, visible = "canary-one-4be1f0", "canary-two-77ac93", "Seen by everybody 5d20"
	x := tester{T: t}
	answer, err := rig.Call(t.Context(), admin, http.MethodPost, "/workspace-service-templates", vaulted())
	x.must(err)
	x.must(answer.Into(nil))
	id := x.asked()
	if o := x.granted(id); o.Status != workspace.Deployed {
		t.Fatalf("the operation is %s, %q", o.Status, o.Message)
	}
	services := "/workspaces/" + id + "/workspace-services"
	rig.ARM.Script(arm.Fault{Kind: arm.Quota, At: arm.Write, Times: 1, Match: func(c arm.Call) bool {
		return strings.Contains(c.Stack, "/"+rig.Group(id, 1)+"/") && strings.Contains(c.Type, "networkSecurityGroups")
	}})
	o, err := rig.Order(t.Context(), stacktest.Call{By: visitor, Method: http.MethodPost, Path: services,
		Body: stacktest.New("test-vaulted", map[string]any{"api_key": first, "display_name": visible})})
	x.must(err)
	if o = x.ended(visitor, o); !o.Status.Failed() {
		t.Fatalf("the operation is %s", o.Status)
	}
	if o = x.retried(o); o.Status != workspace.Deployed {
		t.Fatalf("tried again the operation is %s, %q", o.Status, o.Message)
	}
	service := o.ResourcePath
	x.done(visitor, http.MethodPatch, service, map[string]any{"properties": map[string]any{"api_key": second}})
	desktops := x.done(visitor, http.MethodPost, services, stacktest.New("tre-service-guacamole", nil))
	machine := x.done(visitor, http.MethodPost, desktops+"/user-resources", stacktest.New("tre-service-guacamole-linuxvm", nil))
	values := append([]string{first, second}, x.secretsOf(machine)...)
	if len(values) < 3 {
		t.Fatal("no password was made for the machine")
	}
	x.nowhere(values, visible, id, service, machine)
	x.done(visitor, http.MethodPatch, service, map[string]any{"isEnabled": false})
	x.done(visitor, http.MethodDelete, service, nil)
	x.nowhere(values, visible, id, machine)
}

// secretsOf are the values that the vault keeps for a resource.
func (x tester) secretsOf(path string) []string {
	x.Helper()
	var values []string
	for _, name := range rig.Vault.Names() {
		if strings.Contains(name, path[strings.LastIndexByte(path, '/')+1:]) {
			value, err := rig.Vault.Secret(rig.Vault.ID(), name, "")
			x.must(err)
			values = append(values, value)
		}
	}
	return values
}

// nowhere looks for values in all that is stored, sent and logged, and in what
// the API says of some resources; it has to find what is visible.
func (x tester) nowhere(values []string, visible, id string, paths ...string) {
	x.Helper()
	all, err := rig.Everything(x.Context())
	x.must(err)
	for _, path := range append(paths, "/workspaces/"+id) {
		for _, more := range []string{"", "/operations", "/history", "/audit"} {
			answer, err := rig.Call(x.Context(), visitor, http.MethodGet, path+more, nil)
			x.must(err)
			all["answer "+path+more] = answer.Body
		}
	}
	seen := 0
	for where, what := range all {
		if bytes.Contains(what, []byte(visible)) {
			seen++
		}
		for i, value := range values {
			if bytes.Contains(what, []byte(value)) || bytes.Contains(what, quoted(value)) {
				x.Errorf("secret %d is in %s", i+1, where)
			}
		}
	}
	for i, value := range values {
		if logs.has(value) || logs.has(string(quoted(value))) {
			x.Errorf("secret %d is in the log", i+1)
		}
	}
	if seen < 3 || !logs.has("resourcestep") {
		x.Errorf("what is visible was found in %d places of %d", seen, len(all))
	}
}

// quoted is a value as JSON writes it, without its quotes.
func quoted(value string) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts always marshal
	}
	return text[1 : len(text)-1]
}
