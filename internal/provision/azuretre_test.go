package provision_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestAsAzureTRE holds what AzureTRE's own tests of resources say: roles of a
// template, nested properties, what is taken for a secret.
// https://github.com/microsoft/AzureTRE/tree/main/api_app/tests_ma/test_db/test_repositories
func TestAsAzureTRE(t *testing.T) {
	t.Parallel()
	rules := object{"type": "array", "items": object{"type": "object", "required": []any{}, "properties": object{
		"protocol": object{"type": "object", "required": []any{"port"}, "properties": object{"port": text(nil), "method": text(nil)}}}}}
	nested := newPack("workspace", "nested", "0.1.0", object{"rules": rules})
	secretive := newPack("workspace", "secretive", "0.1.0", object{"client_id": text(nil), "secret": text(object{"sensitive": true}),
		"prop_with_nested_secret": object{"type": "object", "properties": object{"nested_secret": text(object{"sensitive": true})}}, "auth": text(object{"default": "none"})})
	secretive.schema["allOf"] = []any{object{"if": object{"properties": object{"auth": object{"const": "own"}}, "required": []any{"auth"}},
		"then": object{"properties": object{"auth_secret": text(object{"sensitive": true})}}}}
	closed := newPack("workspace", "closed", "0.1.0", object{})
	closed.schema["authorizedRoles"] = []any{"test_role", "missing_role"}
	protocol := func(v object) map[string]any { return map[string]any{"rules": []any{object{"protocol": v}}} }
	for _, tt := range []struct {
		name     string
		template string
		given    map[string]any
		roles    []access.Role
		err      error
		hidden   []string
	}{
		{name: "no role is asked for", template: "nested"},
		{name: "one of the roles is enough", template: "closed", roles: []access.Role{"another_role", "test_role"}},
		{name: "none of the roles", template: "closed", roles: []access.Role{"test", "another_role"}, err: airlock.ErrRefused},
		{name: "no roles at all", template: "closed", err: airlock.ErrRefused},
		{name: "nested property is missing", template: "nested", given: protocol(object{"method": "post"}), err: provision.ErrSchema},
		{name: "nested properties are there", template: "nested", given: protocol(object{"method": "post", "port": "1234"})},
		{name: "nested property of another type", template: "nested", given: protocol(object{"port": 1234}), err: provision.ErrSchema},
		{name: "secrets are hidden, flat, nested and under a condition", template: "secretive", given: map[string]any{"client_id": "12345", "secret": "iamsecret",
			"prop_with_nested_secret": object{"nested_secret": "iamanestedsecret"}, "auth": "own", "auth_secret": "iamconditional"},
			hidden: []string{"/secret", "/prop_with_nested_secret/nested_secret", "/auth_secret"}},
		{name: "a property of a condition that does not hold", template: "secretive", given: map[string]any{"auth_secret": "iamconditional"}, err: provision.ErrSchema},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.push(nested, secretive, closed)
			r, _, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: tt.template, Properties: named(tt.given), Roles: tt.roles})
			wrong(t, tt.name, err, tt.err)
			if len(r.Secrets) != len(tt.hidden) {
				t.Errorf("secrets %v", r.Secrets)
			}
			for _, pointer := range tt.hidden {
				if b.vault.values[r.Secrets[pointer]] == "" {
					t.Errorf("%s is not in the vault", pointer)
				}
			}
		})
	}
}

// FuzzProperties: whatever is sent as properties is made or refused with nothing
// left; nobody falls over it.
func FuzzProperties(f *testing.F) {
	for _, seed := range []string{`{"display_name":"a","description":"b"}`, `{"display_name":"a","description":"b","quota":1e308}`, `{"proxy":{"password":["x",{"a":null}]}}`,
		`{"display_name":"a","description":"b","client_secret":"long enough","address_space_size":"custom","address_space":"0.0.0.0/0"}`,
		`{"display_name":"a","description":"b","address_space_size":"custom","address_space":"::/0"}`, `{"display_name":"\u202e","description":"\ud800"}`, `{"":{"~/":[[[[]]]]}}`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var properties map[string]any
		if json.Unmarshal(body, &properties) != nil {
			return
		}
		b := newBed(t)
		r, _, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: properties})
		if made := len(b.all(workspace.System)); (err == nil) != (made == 1) || (err == nil) != (r.ID != "") {
			t.Fatalf("%d made, %v", made, err)
		}
		if err != nil && len(b.vault.values) > 0 || errors.Is(err, airlock.ErrConflict) {
			t.Fatalf("%d secrets of nothing, %v", len(b.vault.values), err)
		}
	})
}
