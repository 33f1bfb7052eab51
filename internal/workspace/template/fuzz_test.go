package template_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// FuzzParse: a hostile package is refused with problems; one that is taken can
// be worked with, whatever people enter.
func FuzzParse(f *testing.F) {
	f.Add([]byte(workspaceJSON), []byte(workspaceSchema), []byte(workspaceMain), []byte(`{"quota": 1}`))
	f.Add([]byte(workspaceJSON), []byte(`{"title":"t","description":"d","properties":{"a":{"$ref":"#/properties/a"}}}`), []byte(`{}`), []byte(`{}`))
	f.Add([]byte(workspaceJSON), []byte(`{"title":"t","description":"d","properties":{"a":{"items":[{"sensitive":true}],"dependencies":{"b":["c"],"d":{}}}},"not":{"if":true}}`), []byte(workspaceMain), []byte(`{"a":["x"]}`))
	f.Fuzz(func(t *testing.T, descriptor, schema, arm, entered []byte) {
		tpl, err := template.Parse(map[string][]byte{d: descriptor, s: schema, m: arm}, template.DefaultLimits)
		if err != nil {
			if !errors.Is(err, template.ErrInvalid) || len(err.Error()) < len(template.ErrInvalid.Error())+3 {
				t.Errorf("%v", err)
			}
			return
		}
		work(t, tpl, entered)
	})
}

// FuzzForm: a form that is taken can be worked with.
func FuzzForm(f *testing.F) {
	for _, tt := range creates {
		f.Add([]byte(`{"type": "string"}`), []byte(tt.in))
	}
	for _, property := range []string{`{"$ref": "#/definitions/label"}`, `{"anyOf": [{"sensitive": true}, {"type": "array", "items": [true, {}]}]}`, `{"enum": [1e300, null, {}]}`,
		`{"patternProperties": {"^a": {"sensitive": true}}, "additionalProperties": false}`, `{"multipleOf": 1e-300}`, `{"format": "regex", "pattern": "(a+)+$"}`, `{"dependencies": {"a": []}}`,
		`{"multipleOf": 0}`, `{"minLength": -1}`, `{"maxItems": 1e30}`, `{"required": [1]}`, `{"type": []}`, `{"contains": {}, "uniqueItems": true}`, `true`, `false`} {
		f.Add([]byte(property), []byte(`{"label": {"a": [1, 1, "x", {"b": null}]}}`))
	}
	f.Fuzz(func(t *testing.T, property, entered []byte) {
		var v any
		if json.Unmarshal(property, &v) != nil {
			return // no JSON, or a number that set cannot write; FuzzParse has these
		}
		files := demo()
		set(t, files, s, "/properties/label", string(property))
		if tpl, err := template.Parse(files, template.DefaultLimits); err == nil {
			work(t, tpl, entered)
		}
	})
}

// work calls everything that a template can do.
func work(t *testing.T, tpl template.Template, entered []byte) {
	t.Helper()
	var in map[string]any
	if json.Unmarshal(entered, &in) != nil || in == nil {
		in = map[string]any{}
	}
	full := tpl.Defaults(in)
	for _, err := range []error{tpl.Validate(full), tpl.ValidatePatch(in, full), tpl.ValidatePatch(full, in)} {
		if invalid, ok := errors.AsType[*template.Invalid](err); err != nil && (!ok || len(invalid.Faults) == 0) {
			t.Errorf("%v", err)
		}
	}
	masked, secrets := tpl.Mask(full)
	if again, more := tpl.Mask(masked); len(again) != len(full) || len(more) > 0 {
		t.Errorf("masked %v, and again %v, %v, %v", masked, again, secrets, more)
	}
	if _, err := json.Marshal(tpl.Enriched(true)); err != nil {
		t.Error(err)
	}
}
