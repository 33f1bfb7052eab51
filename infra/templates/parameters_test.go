package templates_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// system are the parameters that the engine passes to whoever declares them, with their types.
var system = map[string]string{
	"tre_id": "string", "workspace_id": "string", "resource_id": "string", "parent_service_id": "string",
	"azure_location": "string", "suffix": "string", "resource_group_name": "string", "address_space": "string",
	"address_spaces": "array", "owner_id": "string", "action": "string", "tags": "object", "platform": "object",
	"workspace": "object", "service": "object",
}

// properties lists the properties of a schema, those of its conditions too.
func properties(schema map[string]any) map[string]any {
	found := map[string]any{}
	if own, ok := schema["properties"].(map[string]any); ok {
		maps.Copy(found, own)
	}
	all, _ := schema["allOf"].([]any)
	for _, one := range all {
		for _, branch := range []string{"then", "else"} {
			condition, _ := one.(map[string]any)
			if part, ok := condition[branch].(map[string]any); ok {
				maps.Copy(found, properties(part))
			}
		}
	}
	return found
}

func TestEveryParameterHasAGiver(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		a := load[about](t, name, "template.json")
		given := properties(load[map[string]any](t, name, "template_schema.json"))
		for parameter, p := range load[arm](t, name, "main.json").Parameters {
			isSystem := system[parameter] != ""
			isSecret := slices.Contains(a.GeneratedSecrets, parameter)
			property, isProperty := given[parameter].(map[string]any)
			switch {
			case !isSystem && !isSecret && !isProperty:
				t.Errorf("parameter %s: nobody gives it", parameter)
			case isSystem && p.Type != system[parameter]:
				t.Errorf("parameter %s is a %s, the engine passes a %s", parameter, p.Type, system[parameter])
			case isSecret != (p.Type == "securestring"):
				t.Errorf("parameter %s is a %s", parameter, p.Type)
			case isProperty && !isSystem && p.DefaultValue == nil:
				t.Errorf("parameter %s has no default: what if the property is not given?", parameter)
			case isProperty && !isSystem:
				sameDefault(t, parameter, p.DefaultValue, property["default"])
			}
		}
	})
}

// sameDefault holds the default of a parameter against that of its property.
func sameDefault(t *testing.T, name string, parameter json.RawMessage, property any) {
	t.Helper()
	want, err := json.Marshal(property)
	if err != nil {
		t.Fatal(err)
	}
	if string(parameter) != string(want) {
		t.Errorf("parameter %s is %s by default, the property %s", name, parameter, want)
	}
}

func TestTheSampleIsWhatSnapshotsAreMadeWith(t *testing.T) {
	t.Parallel()
	var sample map[string]any
	if err := json.Unmarshal(templates.Sample, &sample); err != nil {
		t.Fatal(err)
	}
	made := load[struct {
		Parameters struct {
			Platform struct{ Value map[string]any }
		}
	}](t, "tre-workspace-base", "snapshots", "small.parameters.json").Parameters.Platform.Value
	if !reflect.DeepEqual(sample, made) {
		t.Errorf("platform.sample.json is %v, typical.bicep says %v", sample, made)
	}
}

func TestEveryPackageCanBePushed(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		files, err := templates.Files(name)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := template.Parse(files, template.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Name != name {
			t.Errorf("the package calls itself %s", parsed.Name)
		}
		least := parsed.Defaults(map[string]any{"display_name": "one", "description": "of them", "address_space_size": "small"})
		if name != "tre-workspace-base" {
			delete(least, "address_space_size")
		}
		if err := parsed.Validate(least); err != nil {
			t.Errorf("what nobody has to change is refused: %v", err)
		}
	})
}
