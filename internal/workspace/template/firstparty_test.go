package template_test

import (
	"testing"

	templates "github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// TestFirstParty: our own packages are let in, together, and a resource can be
// made of each with nothing but a name.
func TestFirstParty(t *testing.T) {
	t.Parallel()
	all := map[string]template.Template{}
	for _, name := range templates.Names() {
		files, err := templates.Files(name)
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := template.Parse(files, template.DefaultLimits)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if tpl.Name != name {
			t.Errorf("%s calls itself %s", name, tpl.Name)
		}
		all[name] = tpl
	}
	peer := func(_ workspace.Kind, name string) (template.Template, bool) {
		if name == "" {
			name = "tre-workspace-base"
		}
		found, ok := all[name]
		return found, ok
	}
	for name, tpl := range all {
		if err := tpl.CheckPipeline(peer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := tpl.Validate(tpl.Defaults(map[string]any{"display_name": "D", "description": "d"})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := all[tpl.Parent]; tpl.Parent != "" && !ok {
			t.Errorf("%s belongs to %s, which is none of ours", name, tpl.Parent)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	files, err := templates.Files("tre-workspace-base")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := template.Parse(files, template.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}
