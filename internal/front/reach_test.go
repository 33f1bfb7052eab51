package front_test

import (
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
)

// TestReachesNoOtherFilePort proves that nothing the outside-facing app is
// made of can download, copy or delete a file, or talk to Azure Resource
// Manager.
func TestReachesNoOtherFilePort(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 50 || !slices.Contains(deps, "github.com/trefoil-tre/trefoil/internal/azdesk") {
		t.Fatalf("front's dependencies look wrong: %d of them", len(deps))
	}
	for _, dep := range deps {
		for _, never := range []string{"trefoil/internal/azfiles", "trefoil/internal/azdead", "trefoil/internal/engine",
			"trefoil/functions/airlockinspect", "trefoil/functions/airlockdeliver", "trefoil/functions/airlockpurge",
			"sdk/resourcemanager", "trefoil/internal/mail"} {
			if strings.Contains(dep, never) {
				t.Errorf("front depends on %s", dep)
			}
		}
	}
}

// TestFilePortHasThreeVerbs proves that the port itself has no other method,
// and hands out nothing by which its methods could be gone around.
func TestFilePortHasThreeVerbs(t *testing.T) {
	t.Parallel()
	want := []string{"Create", "List", "Sign"}
	for _, typ := range []reflect.Type{reflect.TypeFor[airlock.Desk](), reflect.TypeFor[*azdesk.Desk]()} {
		var got []string
		for method := range typ.Methods() {
			got = append(got, method.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", typ, got, want)
		}
	}
	for field := range reflect.TypeFor[azdesk.Desk]().Fields() {
		if field.IsExported() {
			t.Errorf("azdesk.Desk hands out %s", field.Name)
		}
		if field.Type.Kind() != reflect.Func {
			t.Errorf("azdesk.Desk holds %s: a client is more than three verbs", field.Type)
		}
	}
}
