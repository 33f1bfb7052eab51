package template_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
	"github.com/trefoil-tre/trefoil/internal/local/arm/provider"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// empty is a world in which only the group exists.
type empty struct{}

func (empty) Realise(r template.Resource) map[string]any { return provider.Whole(r, tenant) }

func (empty) Resource(id string) (map[string]any, bool) {
	return map[string]any{"location": "westeurope"}, strings.HasSuffix(id, "/resourceGroups/rg")
}

func (empty) List(_, id string) (any, error) { return provider.Keys("listKeys", id) }

func (empty) Secret(_, name, _ string) (string, error) {
	return "", &template.Error{Code: "KeyVaultParameterReferenceSecretRetrieveFailed", Message: "no secret " + name}
}

// evaluate checks and evaluates a template at group rg, given its sections.
func evaluate(t *testing.T, sections, parameters string) (template.Result, error) {
	t.Helper()
	decode := func(s string) map[string]any {
		var v map[string]any
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatalf("%v in %s", err, s)
		}
		return expr.Normal(v).(map[string]any)
	}
	if !strings.Contains(sections, `"resources"`) {
		sections += `, "resources": []`
	}
	d := template.Deployment{Template: decode(`{"contentVersion": "1.0.0.0", ` + sections + `}`), Parameters: decode(parameters),
		Name: "d", Scope: template.Scope{Subscription: subscription, Group: "rg"}, Tenant: tenant, Now: time.Unix(0, 0)}
	if err := template.Check(d.Template, d.Parameters); err != nil {
		return template.Result{}, err
	}
	return template.Evaluate(d, empty{})
}

func TestWhatIsWrongIsToldAsResourceManagerTellsIt(t *testing.T) {
	t.Parallel()
	output := func(e string) string { return `"outputs": {"o": {"type": "string", "value": "[` + e + `]"}}` }
	parameter := func(d string) string { return `"parameters": {"p": ` + d + `}` }
	group := `{"type": "Microsoft.A/b", "apiVersion": "1", "name": "n", "dependsOn": ["[resourceId('Microsoft.A/b', 'm')]"]}`
	for _, tc := range []struct{ name, sections, parameters, code, message string }{
		{"a function that does not exist", output("shout('a')"), `{}`, "InvalidTemplate", "The template function 'shout' is not valid"},
		{"an expression without an end", output("concat('a'"), `{}`, "InvalidTemplate", "a comma or a closing parenthesis is expected"},
		{"a parameter that nobody declared", parameter(`{"type": "int"}`), `{"p": 1, "q": 2}`, "InvalidTemplate",
			"The template parameters 'q' in the parameters file are not valid"},
		{"a parameter without a value", parameter(`{"type": "int"}`), `{}`, "InvalidTemplate",
			"The value for the template parameter 'p' is not provided"},
		{"a value of another type", parameter(`{"type": "int"}`), `{"P": "one"}`, "InvalidTemplate", "Expected 'Integer'. Actual 'String'"},
		{"a value that is not allowed", parameter(`{"type": "string", "allowedValues": ["a", "b"]}`), `{"p": "c"}`, "InvalidTemplate",
			"The value 'c' is not part of the allowed value(s): 'a,b'"},
		{"a secret that is not allowed is not shown", parameter(`{"type": "secureString", "allowedValues": ["a"]}`), `{"p": "s3cret"}`,
			"InvalidTemplate", "The value '*' is not part"},
		{"a text that is too short", parameter(`{"type": "string", "minLength": 3}`), `{"p": "ab"}`, "InvalidTemplate", "greater than or equal to '3'"},
		{"a number that is too large", parameter(`{"type": "int", "maxValue": 3}`), `{"p": 4}`, "InvalidTemplate", "less than or equal to '3'"},
		{"a default that needs itself", parameter(`{"type": "int", "defaultValue": "[parameters('p')]"}`), `{}`, "InvalidTemplate", "depends on itself"},
		{"a variable that does not exist", output("variables('v')"), `{}`, "InvalidTemplate", "The template variable 'v' is not found"},
		{"an index without a loop", output("string(copyIndex())"), `{}`, "InvalidTemplate", "'copyIndex' is not expected at this location"},
		{"an element that is not there", output("createArray('a')[1]"), `{}`, "DeploymentOutputEvaluationFailed", "index '1' is out of bounds"},
		{"a property that is not there", output("createObject('a', 'b').c"), `{}`, "DeploymentOutputEvaluationFailed",
			"'c' doesn't exist, available properties are 'a'"},
		{"a resource that does not exist", output("reference(resourceId('Microsoft.A/b', 'n'), '1').x"), `{}`, "ResourceNotFound",
			"The Resource 'Microsoft.A/b/n' under resource group 'rg' was not found"},
		{"resources that wait for each other", `"resources": [` + group + `, ` + strings.NewReplacer(`"n"`, `"m"`, `'m'`, `'n'`).Replace(group) + `]`,
			`{}`, "InvalidTemplate", "Circular dependency detected"},
		{"a resource twice", `"resources": [{"type": "Microsoft.A/b", "name": "n"}, {"type": "Microsoft.A/b", "name": "N"}]`, `{}`,
			"InvalidTemplate", "is defined multiple times"},
		{"a name with too few parts", `"resources": [{"type": "Microsoft.A/b/c", "name": "n"}]`, `{}`, "InvalidTemplate", "incorrect segment lengths"},
		{"a loop that turns too often", `"resources": [{"type": "Microsoft.A/b", "name": "n", "copy": {"name": "l", "count": 801}}]`, `{}`,
			"InvalidTemplate", "The copy count '801'"},
		{"a time outside of a default", output("utcNow()"), `{}`, "InvalidTemplate", "'utcNow' is not expected at this location"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := evaluate(t, tc.sections, tc.parameters)
			var e *template.Error
			if !errors.As(err, &e) || e.Code != tc.code || !strings.Contains(e.Message, tc.message) {
				t.Errorf("error = %v, want %s with %q", err, tc.code, tc.message)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestWhatWasMadeBeforeAnErrorIsTold(t *testing.T) {
	t.Parallel()
	got, err := evaluate(t, `"resources": [{"type": "Microsoft.A/b", "apiVersion": "1", "name": "first"},
		{"type": "Microsoft.A/b", "apiVersion": "1", "name": "second", "properties": {"x": "[reference(resourceId('Microsoft.A/b', 'none'), '1').x]"}}]`, `{}`)
	var e *template.Error
	if !errors.As(err, &e) || len(got.Resources) != 1 || got.Resources[0].Name != "first" {
		t.Errorf("error = %v, resources = %v", err, got.Resources)
	}
	if e != nil && !strings.HasSuffix(e.Deployment, "/deployments/d") {
		t.Errorf("the deployment at fault is %q", e.Deployment)
	}
}
