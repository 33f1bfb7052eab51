package skeletons_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/skeletons"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

func TestEverySkeletonIsAPackageThatIsLetIn(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile("../templates/bicepconfig.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range workspace.Kinds {
		files, err := skeletons.Files(string(kind))
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := template.Parse(files, template.DefaultLimits)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if tpl.Kind != kind {
			t.Errorf("%s is a %s", kind, tpl.Kind)
		}
		if err := tpl.Validate(tpl.Defaults(map[string]any{"display_name": "D", "description": "d"})); err != nil {
			t.Errorf("%s: nothing can be made of it with nothing but a name: %v", kind, err)
		}
		if !bytes.Equal(files["bicepconfig.json"], ours) {
			t.Errorf("%s: other rules of the compiler than those of the first-party templates", kind)
		}
	}
	if _, err := skeletons.Files("none"); err == nil {
		t.Error("a skeleton of no kind")
	}
}
