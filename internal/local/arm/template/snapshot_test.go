package template_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
	"github.com/trefoil-tre/trefoil/internal/local/arm/provider"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// The subscription, tenant and names that the kept snapshots were made with.
const (
	subscription = "11111111-1111-4111-8111-111111111111"
	tenant       = "22222222-2222-4222-8222-222222222222"
)

// snapshot is what the compiler says that a deployment would make.
type snapshot struct {
	Resources []map[string]any `json:"predictedResources"`
	Outputs   map[string]any   `json:"outputs"`
}

// world is one where everything exists that anybody asks for.
type world struct{ location string }

func (w world) Realise(r template.Resource) map[string]any { return provider.Whole(r, tenant) }

func (w world) Resource(id string) (map[string]any, bool) {
	_, named, isResource := strings.Cut(id, "/providers/")
	if !isResource {
		return map[string]any{"id": id, "name": filepath.Base(id), "location": w.location, "properties": map[string]any{}}, true
	}
	var typ, name []string
	for i, part := range strings.Split(named, "/") {
		if i > 0 && i%2 == 0 {
			name = append(name, part)
		} else {
			typ = append(typ, part)
		}
	}
	r := template.Resource{ID: id, Type: strings.Join(typ, "/"), Name: strings.Join(name, "/"),
		Body: map[string]any{"location": w.location, "identity": map[string]any{"type": "SystemAssigned"}}}
	return provider.Whole(r, tenant), true
}

func (w world) List(function, id string) (any, error) { return provider.Keys(function, id) }

func (w world) Secret(_, name, _ string) (string, error) { return "secret " + name, nil }

// read decodes a file as the stand-in decodes templates.
func read(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return expr.Normal(v).(map[string]any)
}

// deployment is a case's, as the compiler was told when it made the snapshot, whose first resource names the group.
func deployment(t *testing.T, main, parameters string, s snapshot) template.Deployment {
	t.Helper()
	d := template.Deployment{Template: read(t, main), Parameters: map[string]any{}, Name: "local", Location: "westeurope",
		Tenant: tenant, Scope: template.Scope{Subscription: subscription}, Now: time.Unix(0, 0)}
	if !strings.Contains(d.Template["$schema"].(string), "subscriptionDeploymentTemplate") {
		d.Scope.Group = "rg-local"
		if len(s.Resources) > 0 {
			d.Scope.Group = strings.Split(s.Resources[0]["id"].(string), "/")[4]
		}
	}
	for name, p := range read(t, parameters)["parameters"].(map[string]any) {
		d.Parameters[name] = p.(map[string]any)["value"]
	}
	return d
}

// TestTemplatesEqualTheSnapshots is the conformance of the evaluator: resources and outputs are those that the
// compiler predicts. Where the prediction itself is an expression, what only the running world knows, any value but
// an expression will do.
func TestTemplatesEqualTheSnapshots(t *testing.T) {
	t.Parallel()
	own, err1 := filepath.Glob("testdata/*/*.snapshot.json")
	first, err2 := filepath.Glob("../../../../infra/*/*/snapshots/*.snapshot.json")
	if err := errors.Join(err1, err2); err != nil || len(own) < 2 || len(first) < 14 {
		t.Fatalf("%d and %d snapshots: %v", len(own), len(first), err)
	}
	for _, path := range append(own, first...) {
		main := filepath.Join(filepath.Dir(path), "main.json")
		if filepath.Base(filepath.Dir(path)) == "snapshots" {
			main = filepath.Join(filepath.Dir(filepath.Dir(path)), "main.json")
		}
		t.Run(strings.TrimSuffix(path, ".snapshot.json"), func(t *testing.T) {
			t.Parallel()
			compare(t, path, main)
		})
	}
}

// compare evaluates a template and compares it with its snapshot.
func compare(t *testing.T, path, main string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want snapshot
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	d := deployment(t, main, strings.Replace(path, ".snapshot.json", ".parameters.json", 1), want)
	if err := template.Check(d.Template, d.Parameters); err != nil {
		t.Fatal(err)
	}
	got, err := template.Evaluate(d, world{"westeurope"})
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]template.Resource{}
	for _, r := range got.Resources {
		made[r.ID] = r
	}
	if len(got.Resources) != len(want.Resources) || len(made) != len(got.Resources) {
		t.Errorf("%d resources with %d ids, the compiler says %d", len(got.Resources), len(made), len(want.Resources))
	}
	for _, w := range want.Resources {
		id := w["id"].(string)
		r, ok := made[id]
		if !ok {
			t.Errorf("%s is missing", id)
			continue
		}
		body := map[string]any{"id": r.ID, "type": r.Type, "name": r.Name, "apiVersion": r.APIVersion}
		for k, v := range r.Body {
			body[k] = v
		}
		for _, difference := range differences(id, expr.Normal(w), body) {
			t.Error(difference)
		}
	}
	outputs := map[string]any{}
	for name, o := range got.Outputs {
		outputs[name] = o.Value
	}
	for _, difference := range differences("outputs", expr.Normal(want.Outputs), outputs) {
		t.Error(difference)
	}
}

// differences compares a prediction with what was made of it.
func differences(path string, want, got any) []string {
	if s, ok := want.(string); ok {
		if _, open := expr.Is(s); open {
			if got == nil {
				return []string{fmt.Sprintf("%s: nothing, for %s", path, s)}
			}
			return nil
		}
		want = expr.Unescape(s)
	}
	var out []string
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %v, want an object", path, got)}
		}
		for k := range object {
			if _, ok := want[k]; !ok {
				out = append(out, fmt.Sprintf("%s.%s: %v, which the compiler does not have", path, k, object[k]))
			}
		}
		for k, v := range want {
			value, ok := object[k]
			if !ok {
				out = append(out, fmt.Sprintf("%s.%s is missing: %v", path, k, v))
				continue
			}
			out = append(out, differences(path+"."+k, v, value)...)
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return []string{fmt.Sprintf("%s: %v, want %v", path, got, want)}
		}
		for i := range want {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), want[i], list[i])...)
		}
	default:
		if want != got {
			out = append(out, fmt.Sprintf("%s: %v, want %v", path, got, want))
		}
	}
	return out
}
