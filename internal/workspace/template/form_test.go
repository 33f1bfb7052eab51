package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	for _, tt := range []struct{ name, in, want string }{
		{"all, and those of conditions", `{}`, `{"quota": 50, "enable_airlock": true, "review": false, "address_space_size": "small", "auth_type": "Automatic", "create_groups": true}`},
		{"what is given stays", `{"quota": 1, "enable_airlock": false, "auth_type": "Manual", "x": {"y": 1}}`,
			`{"quota": 1, "enable_airlock": false, "address_space_size": "small", "auth_type": "Manual", "x": {"y": 1}}`},
		{"null is given", `{"quota": null, "enable_airlock": null, "address_space_size": "large", "auth_type": "Manual"}`,
			`{"quota": null, "enable_airlock": null, "address_space_size": "large", "auth_type": "Manual"}`},
		{"a default of null is none", `{"review": true, "auth_type": "Manual"}`,
			`{"quota": 50, "enable_airlock": true, "review": true, "address_space_size": "small", "auth_type": "Manual"}`},
	} {
		in := object(t, tt.in)
		got, err := json.Marshal(tpl.Defaults(in))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(object(t, string(got)), object(t, tt.want)); diff != "" {
			t.Errorf("%s\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(in, object(t, tt.in)); diff != "" {
			t.Errorf("%s: the instance was changed\n%s", tt.name, diff)
		}
	}
}

// TestDefaultsAreValid: what a person may leave out, the defaults fill in.
func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	if err := tpl.Validate(tpl.Defaults(map[string]any{"display_name": "D", "description": "d"})); err != nil {
		t.Error(err)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	tpl := parsed(t, s, "/properties/vault", `{"type": "object", "sensitive": true}`, s, "/patternProperties", `{"^key_": {"sensitive": true}}`,
		s, "/definitions/hush", `{"type": "string", "sensitive": true}`, s, "/properties/by_ref", `{"$ref": "#/definitions/hush", "sensitive": false}`)
	in := `{"display_name": "D", "client_secret": "s1", "auth_type": "Automatic", "nested": {"hidden": "s2", "open": "o", "more": "m"},
		"redirect_uris": [{"name": "a"}, {"name": "b", "key": "s3"}], "vault": {"a/b": ["s4"]}, "key_x": "s5", "by_ref": "s6", "quota": 3}`
	masked, secrets := tpl.Mask(object(t, in))
	want := `{"display_name": "D", "client_secret": "REDACTED", "auth_type": "Automatic", "nested": {"hidden": "REDACTED", "open": "o", "more": "m"},
		"redirect_uris": [{"name": "a"}, {"name": "b", "key": "REDACTED"}], "vault": "REDACTED", "key_x": "REDACTED", "by_ref": "REDACTED", "quota": 3}`
	if diff := cmp.Diff(masked, object(t, want)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(secrets, map[string]string{"/client_secret": "s1", "/nested/hidden": "s2", "/redirect_uris/1/key": "s3", "/vault": `{"a/b":["s4"]}`, "/key_x": "s5", "/by_ref": "s6"}); diff != "" {
		t.Error(diff)
	}
	again, none := tpl.Mask(masked)
	if diff := cmp.Diff(again, masked); diff != "" || len(none) != 0 {
		t.Errorf("%v\n%s", none, diff)
	}
	masked, secrets = tpl.Mask(object(t, `{"client_secret": "", "vault": null}`))
	if diff := cmp.Diff(masked, object(t, `{"client_secret": "", "vault": null}`)); diff != "" || len(secrets) != 0 {
		t.Errorf("%v\n%s", secrets, diff)
	}
}

// TestMaskLosesNothing: whatever is entered, masked and secrets together are
// what was entered, and no secret is in masked.
func TestMaskLosesNothing(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z]{0,3}`)
		in := map[string]any{"label": text.Draw(t, "label"), "client_secret": "secret-" + text.Draw(t, "secret"),
			"nested": map[string]any{"open": text.Draw(t, "open"), "hidden": "secret-" + text.Draw(t, "hidden")}}
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			list = append(list, map[string]any{"name": text.Draw(t, "name"), "key": "secret-" + text.Draw(t, "key")})
		}
		in["redirect_uris"] = list
		masked, secrets := tpl.Mask(in)
		written, err := json.Marshal(masked)
		if err != nil || strings.Contains(string(written), "secret-") {
			t.Fatalf("%s, %v", written, err)
		}
		if len(secrets) != 2+len(list) {
			t.Fatalf("%v of %v", secrets, in)
		}
		for pointer, secret := range secrets {
			if at(in, pointer) != secret || at(masked, pointer) != workspace.Redacted {
				t.Fatalf("%s: %v in %v", pointer, secret, masked)
			}
		}
	})
}

// at follows a JSON pointer without escapes.
func at(v any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch node := v.(type) {
		case map[string]any:
			v = node[token]
		case []any:
			v = node[token[0]-'0']
		}
	}
	return v
}

func TestSensitive(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	for path, want := range map[string]bool{
		"client_secret": true, "client_id": false, "nested": true, "nested.hidden": true, "nested.open": false, "nested.hidden.deeper": true,
		"redirect_uris": true, "redirect_uris.0.key": true, "redirect_uris.0.name": false, "quota": false, "unknown": false,
	} {
		if got := tpl.Sensitive(strings.Split(path, ".")); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// enriched is Enriched as people receive it.
func enriched(t *testing.T, tpl template.Template, update bool) map[string]any {
	t.Helper()
	text, err := json.Marshal(tpl.Enriched(update))
	if err != nil {
		t.Fatal(err)
	}
	return object(t, string(text))
}

func TestEnriched(t *testing.T) {
	t.Parallel()
	got := enriched(t, parsed(t, s, "/properties/description", `{"type": "string", "default": "mine"}`), false)
	if diff := cmp.Diff(got["required"], []any{"auth_type", "address_space_size", "display_name", "description"}); diff != "" {
		t.Error(diff)
	}
	properties := got["properties"].(map[string]any)
	for name, want := range map[string]string{
		"description":  `{"type": "string", "default": "mine"}`,
		"display_name": `{"type": "string", "title": "Name for the workspace", "description": "The name of the workspace to be displayed to users.", "updateable": true}`,
		"label":        `{"type": "string", "minLength": 3, "updateable": true}`,
		"nothing":      `{"type": "string"}`,
		"quota":        `{"type": "integer", "title": "Quota", "minimum": 1, "maximum": 100, "default": 50, "updateable": true}`,
	} {
		if diff := cmp.Diff(properties[name], any(object(t, want))); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
	}
	all := got["allOf"].([]any)
	review := all[1].(map[string]any)["then"].(map[string]any)["properties"].(map[string]any)["review_config"].(map[string]any)
	maybe := all[3].(map[string]any)["else"].(map[string]any)["properties"].(map[string]any)["maybe"].(map[string]any)
	if v, ok := review["default"]; !ok || v != nil {
		t.Errorf("a default of null is %v, %v", v, ok)
	}
	if v, ok := maybe["const"]; !ok || v != nil {
		t.Errorf("a constant of null is %v, %v", v, ok)
	}
	for key, want := range map[string]string{
		"system_properties": `{"x": {"tre_id": {"type": "string"}, "workspace_id": {"type": "string"}, "azure_location": {"type": "string"}}}`,
		"uiSchema":          `{"x": {"redirect_uris": {"classNames": "tre-hidden"}, "ui:order": ["description", "overview", "display_name", "quota", "*"]}}`,
		"authorizedRoles":   `{"x": []}`, "type": `{"x": "object"}`, "unevaluatedProperties": `{"x": false}`, "resourceType": `{"x": "workspace"}`,
		"customActions": `{"x": [{"name": "rotate", "description": "Rotates the keys", "kind": "stack"}]}`, "version": `{"x": "1.2.0"}`,
		"definitions": `{}`, "$id": `{}`, "$schema": `{}`, "actions": `{}`, "pipeline": `{}`, "parentWorkspaceService": `{}`,
	} {
		if diff := cmp.Diff(got[key], object(t, want)["x"]); diff != "" {
			t.Errorf("%s\n%s", key, diff)
		}
	}
}

func TestEnrichedForAnUpdate(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	got := enriched(t, tpl, true)
	locked := func(node any, name string) bool {
		o := node.(map[string]any)["properties"].(map[string]any)[name].(map[string]any)
		return o["readOnly"] == true
	}
	all := got["allOf"].([]any)
	manual := all[3].(map[string]any)
	for name, is := range map[string]bool{
		"quota": locked(got, "quota"), "display_name": locked(got, "display_name"), "client_id": locked(manual["then"], "client_id"),
	} {
		if is {
			t.Errorf("%s is read-only", name)
		}
	}
	for name, is := range map[string]bool{
		"address_space_size": locked(got, "address_space_size"), "address_space": locked(all[2].(map[string]any)["then"], "address_space"),
		"create_groups": locked(manual["else"], "create_groups"), "an if": !locked(all[0].(map[string]any)["if"], "enable_airlock"),
	} {
		if !is {
			t.Errorf("%s is not as it should be", name)
		}
	}
	if diff := cmp.Diff(enriched(t, tpl, false), enriched(t, parsed(t), false)); diff != "" {
		t.Errorf("the template itself was changed\n%s", diff)
	}
}

func TestAdmits(t *testing.T) {
	t.Parallel()
	open, closed := parsed(t), parsed(t, s, "/authorizedRoles", `["AirlockManager", "WorkspaceOwner"]`)
	for _, tt := range []struct {
		tpl   template.Template
		roles []string
		want  bool
	}{{open, nil, true}, {open, []string{"x"}, true}, {closed, nil, false}, {closed, []string{"WorkspaceResearcher"}, false}, {closed, []string{"x", "WorkspaceOwner"}, true}} {
		if got := tt.tpl.Admits(tt.roles); got != tt.want {
			t.Errorf("%v for %v: %v", tt.roles, tt.tpl.Roles, got)
		}
	}
}
