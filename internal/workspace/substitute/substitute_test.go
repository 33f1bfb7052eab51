package substitute_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
)

// object reads JSON written by hand.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// resource is a resource of a kind, with the properties that tests read.
func resource(t testing.TB, kind workspace.Kind, template, properties string) workspace.Resource {
	t.Helper()
	return workspace.Resource{ID: "123", Kind: kind, Template: workspace.TemplateRef{Name: template, Version: "7.0.1"}, Workspace: "w1", Service: "s1",
		Properties: object(t, properties), Enabled: true, Revision: 4, Status: workspace.Deployed, Owner: access.Person{OID: "o1"}}
}

// sources holds one of each kind under what it stands in.
func sources(t testing.TB) map[workspace.Kind]substitute.Source {
	ws := resource(t, workspace.Workspace, "ws template", `{"display_name": "the workspace", "fqdn": ["*.pypi.org", "security.ubuntu.com"], "address_prefix": ["172.1.1.1"]}`)
	svc := resource(t, workspace.Service, "svc template", `{"display_name": "the service", "address_prefix": ["172.2.2.2", "192.168.2.2"]}`)
	mine := `{"display_name": "mine", "fqdn": ["*.pypi.org", "files.pythonhosted.org"], "address_prefix": ["172.0.0.1", "192.168.0.1"],
		"on": true, "count": 3, "share": 0.25, "none": null, "config": {"port": 443, "deep": {"er": "found"}}, "trick": "{{ resource.id }}"}`
	return map[workspace.Kind]substitute.Source{
		workspace.Workspace:     {Resource: resource(t, workspace.Workspace, "my template", mine)},
		workspace.SharedService: {Resource: resource(t, workspace.SharedService, "my template", mine)},
		workspace.Service:       {Resource: resource(t, workspace.Service, "my template", mine), Parents: []workspace.Resource{ws}},
		workspace.UserResource:  {Resource: resource(t, workspace.UserResource, "my template", mine), Parents: []workspace.Resource{svc, ws}},
	}
}

// values holds AzureTRE's rows first: what a text becomes for which kind.
var values = []struct {
	name string
	kind workspace.Kind
	in   string
	want any // nil: refused
}{
	{name: "a list", in: "{{ resource.properties.address_prefix }}", want: []any{"172.0.0.1", "192.168.0.1"}},
	{name: "a list drops the text around it", in: "{{ resource.properties.fqdn }} - gone", want: []any{"*.pypi.org", "files.pythonhosted.org"}},
	{name: "in a text", in: "I think {{ resource.templateName }} is best!", want: "I think my template is best!"},
	{name: "two in a text", in: "{{ resource.templateName }} in {{ resource.templateVersion }}!", want: "my template in 7.0.1!"},
	{name: "no space", in: "{{resource.id}}", want: "123"},
	{name: "much space", in: "{{   resource.id\t}}", want: "123"},
	{name: "nothing to replace", in: "just }} { text", want: "just }} { text"},
	{name: "empty", in: "", want: ""},
	{name: "two levels up", kind: workspace.UserResource, in: "{{ resource.parent.parent.properties.fqdn }} - gone", want: []any{"*.pypi.org", "security.ubuntu.com"}},
	{name: "one level up", kind: workspace.UserResource, in: "{{ resource.parent.properties.address_prefix }}", want: []any{"172.2.2.2", "192.168.2.2"}},
	{name: "all levels in a text", kind: workspace.UserResource, want: "mine, the service, the workspace",
		in: "{{ resource.properties.display_name }}, {{ resource.parent.properties.display_name }}, {{ resource.parent.parent.properties.display_name }}"},
	{name: "template of two levels up", kind: workspace.UserResource, in: "{{ resource.parent.parent.templateName }}", want: "ws template"},
	{name: "name and version of one level up", kind: workspace.UserResource, in: "{{ resource.parent.templateName }} in {{ resource.parent.templateVersion }}", want: "svc template in 7.0.1"},
	{name: "name and version of two levels up", kind: workspace.UserResource, in: "{{ resource.parent.parent.templateName }} in {{ resource.parent.parent.templateVersion }}", want: "ws template in 7.0.1"},
	{name: "a list of one level up drops the text around it", kind: workspace.UserResource, in: "gone {{ resource.parent.properties.address_prefix }} too", want: []any{"172.2.2.2", "192.168.2.2"}},
	{name: "three levels up", kind: workspace.UserResource, in: "{{ resource.parent.parent.parent.properties.display_name }}"},
	{name: "a service's workspace", kind: workspace.Service, in: "in '{{ resource.parent.properties.display_name }}'", want: "in 'the workspace'"},
	{name: "above a service's workspace", kind: workspace.Service, in: "{{ resource.parent.parent.properties.display_name }}"},
	{name: "above a workspace", in: "{{ resource.parent.properties.display_name }}"},
	{name: "far above a workspace", in: "{{ resource.parent.parent.properties.display_name }}"},
	{name: "above a shared service", kind: workspace.SharedService, in: "{{ resource.parent.properties.display_name }}"},

	{name: "missing is empty", in: "{{ resource.properties.absent }}", want: ""},
	{name: "missing in a text", in: "<{{ resource.properties.absent.deeper }}>", want: "<>"},
	{name: "null is empty", in: "{{ resource.properties.none }}", want: ""},
	{name: "a boolean stays one", in: "{{ resource.properties.on }}", want: true},
	{name: "a boolean in a text", in: "on={{ resource.properties.on }}", want: "on=true"},
	{name: "a number stays one", in: "{{ resource.properties.count }}", want: 3.0},
	{name: "numbers in a text", in: "{{ resource.properties.count }}/{{ resource.properties.share }}", want: "3/0.25"},
	{name: "an object", in: "{{ resource.properties.config }}", want: map[string]any{"port": 443.0, "deep": map[string]any{"er": "found"}}},
	{name: "inside an object", in: "{{ resource.properties.config.deep.er }}", want: "found"},
	{name: "what is read is not read again", in: "{{ resource.properties.trick }} {{ resource.properties.trick }}", want: "{{ resource.id }} {{ resource.id }}"},
	{name: "kind and path", kind: workspace.UserResource, in: "{{ resource.resourceType }} {{ resource.resourcePath }}",
		want: "user-resource /workspaces/w1/workspace-services/s1/user-resources/123"},
	{name: "the other attributes", kind: workspace.UserResource, want: "4 true deployed o1 w1 s1",
		in: "{{resource.resourceVersion}} {{resource.isEnabled}} {{resource.deploymentStatus}} {{resource.ownerId}} {{resource.workspaceId}} {{resource.parentWorkspaceServiceId}}"},

	{name: "not closed", in: "{{ resource.id"},
	{name: "opened twice", in: "{{ {{ resource.id }}"},
	{name: "something else", in: "{{ config.SECRET }}"},
	{name: "nothing", in: "{{}}"},
	{name: "the resource itself", in: "{{ resource }}"},
	{name: "a parent itself", kind: workspace.Service, in: "{{ resource.parent }}"},
	{name: "all properties", in: "{{ resource.properties }}"},
	{name: "secrets", in: "{{ resource.secrets.password }}"},
	{name: "an inner name", in: "{{ resource.__class__.__mro__ }}"},
	{name: "a Go name", in: "{{ resource.Template.Digest }}"},
	{name: "below an attribute", in: "{{ resource.id.x }}"},
	{name: "an empty step", in: "{{ resource.properties..x }}"},
	{name: "an index", in: "{{ resource.properties.fqdn[0] }}"},
	{name: "a query", in: "{{ resource.properties.x' OR '1'='1 }}"},
	{name: "a call", in: "{{ resource.properties.x() }}"},
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, tt := range values {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kind := tt.kind
			if kind == "" {
				kind = workspace.Workspace
			}
			step := substitute.Step{Properties: []workspace.Property{{Name: "p", Type: "string", Value: tt.in}}}
			checked := substitute.Check(step, substitute.Rules{Kind: kind})
			got, err := substitute.Apply(step, sources(t)[kind], nil)
			if tt.want == nil {
				if !errors.Is(checked, substitute.ErrInvalid) || !errors.Is(err, substitute.ErrInvalid) {
					t.Errorf("checked %v; applied %v, %v", checked, got, err)
				}
				return
			}
			if diff := cmp.Diff(got["p"], tt.want); diff != "" || checked != nil || err != nil {
				t.Errorf("checked %v, applied %v\n%s", checked, err, diff)
			}
		})
	}
}

// steps is AzureTRE's way with arrays: each property of the target before and
// after.
var steps = []struct {
	name, property, target, want string
}{
	{name: "text among text", property: `{"name": "p", "type": "string", "value": "Updated by {{ resource.id }}"}`, want: `{"p": "Updated by 123"}`},
	{name: "an object, tokens within", want: `{"p": {"name": "nrc_123", "ok": true, "n": 5, "nil": null, "rules": [{"ports": ["*", "123"], "from": ["172.0.0.1", "192.168.0.1"]}]}}`,
		property: `{"name": "p", "type": "string", "value": {"name": "nrc_{{ resource.id }}", "ok": true, "n": 5, "nil": null,
			"rules": [{"ports": ["*", "{{resource.id}}"], "from": "{{ resource.properties.address_prefix }}"}]}}`},
	{name: "lists in lists", property: `{"name": "p", "type": "object", "value": {"a": [["{{ resource.id }}"], [[true]]]}}`, want: `{"p": {"a": [["123"], [[true]]]}}`},
	{name: "a list as it is", property: `{"name": "p", "type": "array", "value": ["{{ resource.id }}"]}`, target: `{"p": [1]}`, want: `{"p": ["123"]}`},
	{name: "a list read", property: `{"name": "p", "type": "array", "value": "{{ resource.properties.fqdn }}"}`, want: `{"p": ["*.pypi.org", "files.pythonhosted.org"]}`},

	{name: "overwrite", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "overwrite", "value": {"name": "b"}}`, target: `{"p": [{"name": "a"}]}`, want: `{"p": [{"name": "b"}]}`},
	{name: "append to nothing", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "append", "value": {"name": "a"}}`, want: `{"p": [{"name": "a"}]}`},
	{name: "append", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "append", "value": {"name": "b"}}`, target: `{"p": [{"name": "a"}]}`, want: `{"p": [{"name": "a"}, {"name": "b"}]}`},
	{name: "remove the middle", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "name", "value": {"name": "b"}}`,
		target: `{"p": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}`, want: `{"p": [{"name": "a"}, {"name": "c"}]}`},
	{name: "remove the last one", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "name", "value": {"name": "a"}}`, target: `{"p": [{"name": "a"}]}`, want: `{"p": []}`},
	{name: "remove from an empty one", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "name", "value": {"name": "a"}}`, target: `{"p": []}`, want: `{"p": []}`},
	{name: "remove from none", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "name", "value": {"name": "a"}}`, want: `{"p": []}`},
	{name: "replace", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "a", "action": "Deny"}}`,
		target: `{"p": [{"name": "a", "action": "Allow"}, {"name": "b"}]}`, want: `{"p": [{"name": "a", "action": "Deny"}, {"name": "b"}]}`},
	{name: "replace what is not there", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "a"}}`, target: `{"p": ["odd", {"x": 1}]}`, want: `{"p": ["odd", {"x": 1}, {"name": "a"}]}`},
	{name: "match on a token", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "{{ resource.id }}", "v": 2}}`,
		target: `{"p": [{"name": "123", "v": 1}]}`, want: `{"p": [{"name": "123", "v": 2}]}`},
	{name: "match on a number", property: `{"name": "p", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "n", "value": {"n": 1}}`, target: `{"p": [{"n": 2}, {"n": 1}]}`, want: `{"p": [{"n": 2}]}`},
}

func TestSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range steps {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var p workspace.Property
			if err := json.Unmarshal([]byte(tt.property), &p); err != nil {
				t.Fatal(err)
			}
			if tt.target == "" {
				tt.target = `{}`
			}
			step, target := substitute.Step{Properties: []workspace.Property{p}}, object(t, tt.target)
			if err := substitute.Check(step, substitute.Rules{Kind: workspace.Workspace}); err != nil {
				t.Errorf("checked: %v", err)
			}
			got, err := substitute.Apply(step, sources(t)[workspace.Workspace], target)
			if diff := cmp.Diff(got, object(t, tt.want)); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
			if diff := cmp.Diff(target, object(t, tt.target)); diff != "" {
				t.Errorf("the target was changed\n%s", diff)
			}
		})
	}
}

func TestTwoOfOneProperty(t *testing.T) {
	t.Parallel()
	item := func(name string) workspace.Property {
		return workspace.Property{Name: "p", Type: "array", Substitution: "append", Value: map[string]any{"name": name}}
	}
	got, err := substitute.Apply(substitute.Step{Properties: []workspace.Property{item("a"), item("b")}}, sources(t)[workspace.Workspace], nil)
	if diff := cmp.Diff(got, object(t, `{"p": [{"name": "a"}, {"name": "b"}]}`)); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestTargetIsNoArray(t *testing.T) {
	t.Parallel()
	step := substitute.Step{Properties: []workspace.Property{{Name: "p", Type: "array", Substitution: "append", Value: map[string]any{}}}}
	if got, err := substitute.Apply(step, sources(t)[workspace.Workspace], map[string]any{"p": "text"}); !errors.Is(err, substitute.ErrInvalid) {
		t.Errorf("%v, %v", got, err)
	}
}
