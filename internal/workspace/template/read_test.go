package template_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	templates "github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// read reads a template back as the API gives it.
func read(t *testing.T, tpl template.Template) template.Template {
	t.Helper()
	text, err := json.Marshal(tpl.Enriched(false))
	if err != nil {
		t.Fatal(err)
	}
	got, err := template.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestReadChecksByTheSameRules: what the API refuses is refused before it is
// sent, with the same words, and nothing else is.
func TestReadChecksByTheSameRules(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	got := read(t, tpl)
	if got.Name != tpl.Name || got.Version != tpl.Version || got.Kind != tpl.Kind || !slices.Equal(got.CustomActions, tpl.CustomActions) {
		t.Errorf("%s %s, %s, actions %v", got.Name, got.Version, got.Kind, got.CustomActions)
	}
	for _, in := range []string{`{}`, `{"display_name": "D", "description": "d"}`, `{"display_name": "D", "description": "d", "quota": 0}`,
		`{"display_name": "D", "description": "d", "address_space_size": "custom"}`, `{"display_name": "D", "description": "d", "address_space_size": "huge"}`,
		`{"display_name": "D", "description": "d", "unknown": 1}`, `{"display_name": 1}`, `{"display_name": "D", "description": "d", "auth_type": "Manual", "client_id": "c"}`} {
		want := tpl.Validate(tpl.Defaults(object(t, in)))
		err := got.Validate(got.Defaults(object(t, in)))
		if (want == nil) != (err == nil) || want != nil && want.Error() != err.Error() {
			t.Errorf("%s: %v, the API says %v", in, err, want)
		}
	}
}

func TestReadFirstParty(t *testing.T) {
	t.Parallel()
	for _, name := range templates.Names() {
		files, err := templates.Files(name)
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := template.Parse(files, template.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, tpl)
		instance := map[string]any{"display_name": "D", "description": "d"}
		if diff := cmp.Diff(tpl.Defaults(instance), got.Defaults(instance)); diff != "" || got.Parent != tpl.Parent {
			t.Errorf("%s of %q: %s", name, got.Parent, diff)
		}
	}
}

func TestWanting(t *testing.T) {
	t.Parallel()
	tpl := read(t, parsed(t))
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"a name and what has no default, names first", `{}`, []string{"display_name", "description", "auth_type", "address_space_size"}},
		{"nothing is missing", `{"display_name": "D", "description": "d", "auth_type": "Automatic", "address_space_size": "small"}`, []string{}},
		{"a condition that is met", `{"display_name": "D", "description": "d", "auth_type": "Automatic", "address_space_size": "custom"}`, []string{"address_space"}},
		{"two", `{"display_name": "D", "description": "d", "auth_type": "Manual", "address_space_size": "custom"}`, []string{"address_space", "client_id"}},
	} {
		got := []string{}
		for _, f := range tpl.Wanting(object(t, tc.in)) {
			got = append(got, f.Name)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	size, secret := tpl.Field("address_space_size"), tpl.Field("client_secret")
	if size.Type != "string" || !slices.Equal(size.Choices, []any{"small", "medium", "large", "custom"}) || size.Sensitive || !secret.Sensitive {
		t.Errorf("%+v, %+v", size, secret)
	}
}

func TestReadRefusesWhatIsNoTemplate(t *testing.T) {
	t.Parallel()
	for _, in := range []string{``, `[]`, `"x"`, `{"properties": {"a": {"type": 7}}}`, `{"$schema": "https://example.org/own"}`, `{"authorizedRoles": "all"}`, `{"a": 1, "a": 2}`} {
		if _, err := template.Read([]byte(in)); !errors.Is(err, template.ErrInvalid) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
