package form_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	templates "github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/workspace/form"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

const empty = `{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/subscriptionDeploymentTemplate.json#","contentVersion":"1.0.0.0","parameters":{},"resources":[],"outputs":{}}`

// made is a template with these properties in its schema, and whatever follows
// them there.
func made(t interface {
	Helper()
	Fatal(args ...any)
}, properties, more string) template.Template {
	t.Helper()
	tpl, err := template.Parse(map[string][]byte{
		"template.json": []byte(`{"name":"tpl","version":"0.1.0","kind":"workspace"}`), "main.json": []byte(empty),
		"template_schema.json": []byte(`{"$schema":"http://json-schema.org/draft-07/schema","type":"object","title":"T","description":"d","properties":{` + properties + `}` + more + `}`)},
		template.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// first is one of our own templates.
func first(t *testing.T, name string) template.Template {
	t.Helper()
	files, err := templates.Files(name)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := template.Parse(files, template.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// field is the field of a property.
func field(t *testing.T, f form.Form, name string) form.Field {
	t.Helper()
	i := slices.IndexFunc(f.Fields, func(x form.Field) bool { return x.Name == name })
	if i < 0 {
		t.Fatalf("no field %s among %s", name, strings.Join(names(f), " "))
	}
	return f.Fields[i]
}

func names(f form.Form) []string {
	var all []string
	for _, x := range f.Fields {
		all = append(all, x.Name)
	}
	return all
}

// sent is what a browser sends of a form that nobody touched.
func sent(f form.Form) form.Sent {
	s := form.Sent{}
	for _, x := range f.Fields {
		s[form.Shown] = append(s[form.Shown], x.Name)
		switch x.Kind {
		case form.Check:
			if x.Checked {
				s[x.Input()] = []string{"on"}
			}
		case form.Choice, form.Choices:
			for _, o := range x.Options {
				if o.Chosen {
					s[x.Input()] = append(s[x.Input()], o.Text)
				}
			}
			if x.Kind == form.Choice && s[x.Input()] == nil {
				s[x.Input()] = []string{""}
			}
		default:
			s[x.Input()] = []string{x.Value}
		}
	}
	return s
}

func (c change) to(s form.Sent) form.Sent {
	for name, value := range c {
		s[form.Prefix+name] = []string{value}
		if value == "-" {
			delete(s, form.Prefix+name)
		}
	}
	return s
}

// change is what is written over; "-" sends nothing.
type change map[string]string

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLabels: a property without a title is called by its name.
func TestLabels(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"vm_size": "Vm size", "größe": "Größe", "älter-als": "Älter als", "ωmega": "Ωmega", "_": "_"} {
		if got := field(t, form.New(made(t, `"`+name+`":{"type":"string"}`, "")), name).Label; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
