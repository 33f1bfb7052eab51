package front_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/provision"
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
			"sdk/resourcemanager", "trefoil/internal/azstacks", "trefoil/internal/azmachines", "trefoil/internal/azmetrics", "trefoil/functions/resourcestep",
			"trefoil/internal/mail"} {
			if strings.Contains(dep, never) {
				t.Errorf("front depends on %s", dep)
			}
		}
	}
}

// TestReadsNoSecret proves that nothing the outside-facing app is made of names
// a way to read or delete a secret: of the vault it has Put, and what keeps
// secrets for it knows no other verb.
func TestReadsNoSecret(t *testing.T) {
	t.Parallel()
	if p := reflect.TypeFor[provision.Secrets](); p.NumMethod() != 1 || p.Method(0).Name != "Put" {
		t.Errorf("provision.Secrets has %d methods", p.NumMethod())
	}
	for method := range reflect.TypeFor[*azvault.Vault]().Methods() {
		if method.Name != "Put" && method.Name != "Forget" {
			t.Errorf("azvault.Vault has %s", method.Name)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if .Module}}{{if .Module.Main}}{{.ImportPath}} {{.Dir}}{{end}}{{end}}", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	looked, vaults := 0, 0
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasSuffix(path, "/internal/azvault") {
			vaults++
			continue
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			looked++
			for _, never := range []string{"azvault.NewReader", "azvault.Reader", "azvault.NewRegister", "azvault.Register", "Vault.Forget", "keyvault/azsecrets"} {
				if bytes.Contains(text, []byte(never)) {
					t.Errorf("%s has %s", file, never)
				}
			}
		}
	}
	if looked < 100 || vaults != 1 {
		t.Errorf("%d files and %d vaults were looked at", looked, vaults)
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
