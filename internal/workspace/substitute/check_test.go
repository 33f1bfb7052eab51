package substitute_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
)

var checks = []struct {
	name, property, says string // "": accepted
}{
	{name: "a text", property: `{"name": "p", "type": "string", "value": "x"}`},
	{name: "no name", property: `{"type": "string", "value": "x"}`, says: "name"},
	{name: "a strange name", property: `{"name": "a/b", "type": "string", "value": "x"}`, says: "name"},
	{name: "an unknown action", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "prepend", "value": {}}`, says: "overwrite, append, remove or replace"},
	{name: "an action without an array", property: `{"name": "p", "type": "string", "arraySubstitutionAction": "append", "value": {}}`, says: "not array"},
	{name: "an object for an array without an action", property: `{"name": "p", "type": "array", "value": {"name": "a"}}`, says: "missing"},
	{name: "a list appended", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "append", "value": ["a"]}`, says: "no object"},
	{name: "replace by what", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "replace", "value": {"name": "a"}}`, says: "arrayMatchField is missing"},
	{name: "remove by what it has not", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "id", "value": {"name": "a"}}`, says: "no such field"},
	{name: "a bad token deep within", property: `{"name": "p", "type": "object", "value": {"a": [{"b": "{{ nobody }}"}]}}`, says: "begins with resource"},

	{name: "a secret into a secret", property: `{"name": "hidden", "type": "string", "value": "{{ resource.properties.password }}"}`},
	{name: "a secret into the open", property: `{"name": "p", "type": "string", "value": "{{ resource.properties.password }}"}`, says: "sensitive /password"},
	{name: "a secret in a text", property: `{"name": "hidden", "type": "string", "value": "is {{ resource.properties.password }}"}`, says: "as a whole"},
	{name: "a secret in an object", property: `{"name": "hidden", "type": "object", "value": {"a": "{{ resource.properties.password }}"}}`, says: "as a whole"},
	{name: "a parent's secret", property: `{"name": "p", "type": "string", "value": "{{ resource.parent.properties.key }}"}`, says: "sensitive /key"},
	{name: "one's own of that name", property: `{"name": "p", "type": "string", "value": "{{ resource.properties.key }}"}`},
}

func TestCheck(t *testing.T) {
	t.Parallel()
	rules := substitute.Rules{Kind: workspace.Service,
		Secret: func(depth int, path []string) bool {
			return slices.Equal(path, [][]string{{"password"}, {"key"}}[depth])
		},
		Hides: func(property string) bool { return property == "hidden" }}
	for _, tt := range checks {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var p workspace.Property
			if err := json.Unmarshal([]byte(tt.property), &p); err != nil {
				t.Fatal(err)
			}
			err := substitute.Check(substitute.Step{Properties: []workspace.Property{p}}, rules)
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, substitute.ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %q", err, tt.says)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	source := sources(t)[workspace.Service]
	source.Resource.Properties["password"], source.Parents[0].Properties["key"] = workspace.Redacted, workspace.Redacted
	source.Resource.Secrets = map[string]string{"/password": "vault/mine", "/config/key": "vault/deep"}
	source.Parents[0].Secrets = map[string]string{"/key": "vault/theirs"}
	step := substitute.Step{Properties: []workspace.Property{
		{Name: "a", Type: "string", Value: "{{ resource.properties.password }}"},
		{Name: "b", Type: "string", Value: "{{ resource.parent.properties.key }}"},
		{Name: "c", Type: "string", Value: "{{ resource.properties.config.key }}"},
		{Name: "d", Type: "string", Value: "{{ resource.properties.display_name }}"},
		{Name: "e", Type: "object", Value: map[string]any{}},
		{Name: "f", Type: "string", Value: "{{ resource.id }}"},
	}}
	got, err := substitute.Secrets(step, source)
	if diff := cmp.Diff(got, map[string]string{"a": "vault/mine", "b": "vault/theirs", "c": "vault/deep"}); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	applied, err := substitute.Apply(step, source, nil)
	if applied["a"] != workspace.Redacted || err != nil {
		t.Errorf("%v, %v", applied, err)
	}
	source.Parents = nil
	if _, err := substitute.Secrets(step, source); !errors.Is(err, substitute.ErrInvalid) {
		t.Errorf("without a parent: %v", err)
	}
}

// FuzzText: any text that passes the check is applied without an error, and one
// that does not changes nothing.
func FuzzText(f *testing.F) {
	for _, tt := range values {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for kind, source := range sources(t) {
			step := substitute.Step{Properties: []workspace.Property{{Name: "p", Type: "string", Value: text}}}
			checked := substitute.Check(step, substitute.Rules{Kind: kind})
			got, err := substitute.Apply(step, source, nil)
			if (checked == nil) != (err == nil) {
				t.Errorf("%s %q: checked %v; applied %v, %v", kind, text, checked, got, err)
			}
			if !strings.Contains(text, "{{") && got["p"] != text {
				t.Errorf("%q became %v", text, got["p"])
			}
		}
	})
}
