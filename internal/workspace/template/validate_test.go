package template_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// told writes faults as pointer:rule, for comparison.
func told(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	invalid, ok := errors.AsType[*template.Invalid](err)
	if !ok {
		t.Fatalf("%v is no *Invalid", err)
	}
	var all []string
	for _, f := range invalid.Faults {
		if f.Message == "" {
			t.Errorf("%s:%s says nothing", f.Pointer, f.Rule)
		}
		all = append(all, f.Pointer+":"+f.Rule)
	}
	return strings.Join(all, " ")
}

var creates = []struct{ name, in, want string }{
	{"as little as can be", `{"auth_type": "Automatic", "address_space_size": "small"}`, ""},
	{"all", `{"quota": 5, "enable_airlock": true, "review": true, "review_config": {"vm": "x"}, "address_space_size": "custom", "address_space": "10.0.0.0/24",
		"auth_type": "Manual", "client_id": "i", "client_secret": "s", "redirect_uris": [{"name": "a"}], "nested": {"hidden": "abc"}, "label": "abc", "overview": "o"}`, ""},
	{"required by the template", `{}`, "/address_space_size:required /auth_type:required"},
	{"unknown", `{"auth_type": "Automatic", "address_space_size": "small", "unknown": 1}`, "/unknown:unevaluatedProperties"},
	{"of a condition that does not hold", `{"auth_type": "Automatic", "address_space_size": "small", "client_id": "i"}`, "/client_id:unevaluatedProperties"},
	{"of a condition upon a condition", `{"auth_type": "Automatic", "address_space_size": "small", "enable_airlock": true, "review_config": {}}`, "/review_config:unevaluatedProperties"},
	{"required by a condition", `{"auth_type": "Manual", "address_space_size": "custom"}`, "/address_space:required /client_id:required"},
	{"not of the list", `{"auth_type": "None", "address_space_size": "small"}`, "/auth_type:enum"},
	{"of another type", `{"auth_type": "Automatic", "address_space_size": "small", "quota": "5"}`, "/quota:type"},
	{"too small", `{"auth_type": "Automatic", "address_space_size": "small", "quota": 0}`, "/quota:minimum"},
	{"too large", `{"auth_type": "Automatic", "address_space_size": "small", "quota": 1000}`, "/quota:maximum"},
	{"by reference", `{"auth_type": "Automatic", "address_space_size": "small", "label": "x"}`, "/label:minLength"},
	{"deep", `{"auth_type": "Automatic", "address_space_size": "small", "redirect_uris": [{"name": "a"}, {}, {"name": 1}]}`, "/redirect_uris/1/name:required /redirect_uris/2/name:type"},
	{"a constant null", `{"auth_type": "Automatic", "address_space_size": "small", "maybe": null}`, ""},
	{"no constant null", `{"auth_type": "Automatic", "address_space_size": "small", "maybe": 1}`, "/maybe:const"},
	{"the mark for a secret", `{"auth_type": "Manual", "address_space_size": "small", "client_id": "i", "client_secret": "REDACTED"}`, "/client_secret:sensitive"},
	{"slashes in a name", `{"auth_type": "Automatic", "address_space_size": "small", "a/b~c": 1}`, "/a~1b~0c:unevaluatedProperties"},
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	for _, tt := range creates {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := map[string]any{"display_name": "D", "description": "d"}
			maps.Copy(in, object(t, tt.in))
			if got := told(t, tpl.Validate(in)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if got := told(t, tpl.Validate(object(t, `{"auth_type": "Automatic", "address_space_size": "small"}`))); got != "/description:required /display_name:required" {
		t.Errorf("without a name: %q", got)
	}
}

func TestOddInstances(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	deep := any("x")
	for range 200 {
		deep = []any{deep}
	}
	for name, v := range map[string]any{
		"not a number": math.NaN(), "infinite": math.Inf(1), "no JSON": struct{}{}, "a channel": make(chan int), "deep": deep,
		"long": json.Number(strings.Repeat("9", 100)), "huge": json.Number("1e999999999"), "not even one": json.Number("x"), "wide": make([]any, 60000), "a long name": map[string]any{strings.Repeat("n", 2000): 1},
	} {
		err := tpl.Validate(map[string]any{"display_name": "D", "description": "d", "auth_type": "Automatic", "address_space_size": "small", "quota": v})
		if got := told(t, err); !strings.HasSuffix(got, ":type") {
			t.Errorf("%s: %v", name, err)
		}
		if got := told(t, tpl.ValidatePatch(nil, map[string]any{"quota": v})); !strings.HasSuffix(got, ":type") {
			t.Errorf("%s as a patch: %v", name, got)
		}
	}
	for _, v := range []any{5, int64(5), json.Number("5"), 5.0} {
		if err := tpl.ValidatePatch(nil, map[string]any{"quota": v}); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	in := map[string]any{"display_name": "D", "description": "d", "auth_type": "Automatic", "address_space_size": "small", strings.Repeat("n", 1000): 1}
	for i := range 30 {
		in[fmt.Sprintf("more%d", i)] = i
	}
	err := parsed(t).Validate(in)
	invalid, ok := errors.AsType[*template.Invalid](err)
	if !ok || len(invalid.Faults) != 10 || invalid.More != 21 || len(err.Error()) > 2000 || !strings.HasSuffix(err.Error(), "and 21 more") {
		t.Errorf("%v", err)
	}
}

// TestNoValueInFaults breaks every rule with one word, which must not come out.
func TestNoValueInFaults(t *testing.T) {
	t.Parallel()
	const word = "correct-horse"
	for rule, schema := range map[string]string{
		"type": `{"type": "integer"}`, "enum": `{"enum": ["a"]}`, "const": `{"const": "a"}`, "format": `{"format": "uuid"}`, "pattern": `{"pattern": "^a"}`,
		"minLength": `{"minLength": 99}`, "maxLength": `{"maxLength": 1}`, "not": `{"not": {"type": "string"}}`, "anyOf": `{"anyOf": [{"const": "a"}, {"const": "b"}]}`,
		"oneOf": `{"oneOf": [{"const": "a"}, {"const": "b"}]}`, "allOf": `{"allOf": [{"maxLength": 2}]}`, "if": `{"if": {"type": "string"}, "then": {"maxLength": 2}}`,
	} {
		for _, sensitive := range []string{"true", "false"} {
			property := strings.Replace(schema, "{", `{"updateable": true, "sensitive": `+sensitive+`, `, 1)
			tpl := parsed(t, s, "/properties/x", property)
			for _, err := range []error{tpl.Validate(map[string]any{"x": word}), tpl.ValidatePatch(map[string]any{}, map[string]any{"x": word})} {
				if got := told(t, err); !strings.Contains(got, "/x:") || strings.Contains(err.Error(), word) {
					t.Errorf("%s: %v", rule, err)
				}
			}
		}
	}
}

var patches = []struct{ name, old, patch, want string }{
	{"updateable", `{}`, `{"quota": 7}`, ""},
	{"nothing", `{"quota": "odd"}`, `{}`, ""},
	{"nothing is required", `{}`, `{"overview": "o"}`, ""},
	{"not updateable", `{}`, `{"address_space_size": "large"}`, "/address_space_size:updateable"},
	{"the same value is a change too", `{"address_space_size": "small"}`, `{"address_space_size": "small"}`, "/address_space_size:updateable"},
	{"not updateable, of a condition", `{"auth_type": "Automatic"}`, `{"create_groups": false}`, "/create_groups:updateable"},
	{"unknown", `{"connection_uri": "https://x"}`, `{"connection_uri": "https://y"}`, "/connection_uri:unevaluatedProperties"},
	{"unknown, with a long name", `{}`, `{"` + strings.Repeat("n", 300) + `": 1}`, "/" + strings.Repeat("n", 199) + "…:unevaluatedProperties"},
	{"wrong", `{}`, `{"quota": 1000}`, "/quota:maximum"},
	{"of a condition that holds since", `{"enable_airlock": true}`, `{"review": true}`, ""},
	{"of a condition that does not hold", `{"enable_airlock": false}`, `{"review": true}`, "/review:unevaluatedProperties"},
	{"of a condition that holds from now on", `{"enable_airlock": false}`, `{"enable_airlock": true, "review": true}`, ""},
	{"what a condition takes along stays", `{"enable_airlock": true, "review": true}`, `{"enable_airlock": false}`, ""},
	{"required by a condition from now on", `{"auth_type": "Automatic"}`, `{"auth_type": "Manual"}`, "/client_id:required"},
	{"required by a condition, given", `{"auth_type": "Automatic"}`, `{"auth_type": "Manual", "client_id": "i"}`, ""},
	{"required by a condition all the time", `{"auth_type": "Manual"}`, `{"quota": 7}`, ""},
	{"wrong all the time", `{"quota": 1000, "label": "x"}`, `{"enable_airlock": true}`, ""},
	{"outputs do not matter", `{"connection_uri": "https://x", "odd": [1]}`, `{"quota": 7}`, ""},
	{"a masked secret does not matter", `{"nested": {"hidden": "REDACTED"}}`, `{"quota": 7}`, ""},
	{"a masked secret sent back", `{"auth_type": "Manual", "client_id": "i", "client_secret": "REDACTED"}`, `{"client_secret": "REDACTED"}`, ""},
	{"deep", `{}`, `{"redirect_uris": [{}]}`, "/redirect_uris/0/name:required"},
}

func TestValidatePatch(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	for _, tt := range patches {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			old := object(t, tt.old)
			if got := told(t, tpl.ValidatePatch(old, object(t, tt.patch))); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if diff := cmp.Diff(old, object(t, tt.old)); diff != "" {
				t.Errorf("old was changed\n%s", diff)
			}
		})
	}
}

func TestNamesOfProperties(t *testing.T) {
	t.Parallel()
	tpl := parsed(t, s, "/properties/tags", `{"type": "object", "updateable": true, "propertyNames": {"pattern": "^[a-z]+$"}}`)
	bad, good := map[string]any{"tags": map[string]any{"A1": "x"}}, map[string]any{"tags": map[string]any{"a": "x"}}
	for _, tt := range []struct {
		name       string
		old, patch map[string]any
		want       string
	}{
		{"good", nil, good, ""}, {"bad", nil, bad, ":propertyNames"}, {"bad in place of good", good, bad, ":propertyNames"},
		{"bad in place of bad", bad, bad, ":propertyNames"}, {"good in place of bad", bad, good, ""}, {"bad all the time", bad, map[string]any{"quota": 7.0}, ""},
	} {
		if got := told(t, tpl.ValidatePatch(tt.old, tt.patch)); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
	if got := told(t, tpl.Validate(tpl.Defaults(map[string]any{"display_name": "D", "description": "d", "tags": bad["tags"]}))); got != ":propertyNames" {
		t.Errorf("a new resource: %q", got)
	}
}

// TestPatchOfAVersion: a property that is new in a version can be given in the
// call that brings the resource there (W57: AzureTRE checks it against the
// version before).
func TestPatchOfAVersion(t *testing.T) {
	t.Parallel()
	patch := map[string]any{"brand_new": "x"}
	if got := told(t, parsed(t).ValidatePatch(nil, patch)); got != "/brand_new:unevaluatedProperties" {
		t.Errorf("before: %q", got)
	}
	next := parsed(t, s, "/properties/brand_new", `{"type": "string", "updateable": true}`, s, "/properties/label", ``)
	if got := told(t, next.ValidatePatch(map[string]any{"label": "gone since"}, patch)); got != "" {
		t.Errorf("after: %q", got)
	}
}
