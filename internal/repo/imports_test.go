package repo_test

import (
	"slices"
	"strings"
	"testing"
)

// rulebooks are pure: what they may import beside the standard library, and
// which parts of that they may not.
var rulebooks = map[string][]string{
	"internal/fsm":     {},
	"internal/audit":   {},
	"internal/access":  {},
	"internal/message": {},
	"internal/fault":   {},
	"internal/airlock": {module + "internal/access", module + "internal/audit", module + "internal/fsm",
		"github.com/google/uuid", "golang.org/x/text/cases", "golang.org/x/text/unicode/norm"},
	"internal/people": {module + "internal/access", module + "internal/airlock", module + "internal/audit", "github.com/google/uuid"},

	"internal/workspace": {module + "internal/access", module + "internal/airlock", module + "internal/audit", module + "internal/fsm",
		module + "internal/workspace/address", module + "internal/workspace/idle", "github.com/google/uuid"},
	"internal/workspace/form":       {module + "internal/workspace", module + "internal/workspace/template"},
	"internal/workspace/idle":       {},
	"internal/workspace/address":    {},
	"internal/workspace/substitute": {module + "internal/workspace"},
	"internal/workspace/template": {module + "internal/workspace", module + "internal/workspace/substitute",
		"github.com/santhosh-tekuri/jsonschema/v6", "github.com/santhosh-tekuri/jsonschema/v6/kind", "golang.org/x/mod/semver"},
}

// impure is what a rulebook never touches.
var impure = []string{"os", "net", "net/http", "os/exec", "database/sql", "log", "log/slog"}

func TestRulebooksArePure(t *testing.T) {
	t.Parallel()
	for pkg, allowed := range rulebooks {
		for _, imported := range imports(t, pkg) {
			external := strings.Contains(imported, ".")
			if external && !slices.Contains(allowed, imported) || slices.Contains(impure, imported) {
				t.Errorf("%s may not import %s", pkg, imported)
			}
		}
	}
}

// sdk is the prefix of the Azure SDK.
const sdk = "github.com/Azure/"

func TestOnlyAdaptersImportAzure(t *testing.T) {
	t.Parallel()
	for _, pkg := range list(t, "./...") {
		short := strings.TrimPrefix(pkg, module)
		base := short[strings.LastIndexByte(short, '/')+1:]
		if strings.HasPrefix(base, "az") && !strings.Contains(short, "local/") || strings.HasPrefix(short, "internal/local/") {
			continue
		}
		for _, imported := range imports(t, short) {
			if strings.HasPrefix(imported, sdk) {
				t.Errorf("%s may not import %s: only packages named az… may", short, imported)
			}
		}
	}
}

func TestRoomsDoNotKnowEachOther(t *testing.T) {
	t.Parallel()
	for _, pkg := range list(t, "./functions/...") {
		short := strings.TrimPrefix(pkg, module)
		if short == "functions" {
			continue
		}
		for _, imported := range imports(t, short) {
			mine := strings.TrimPrefix(imported, module)
			switch {
			case strings.HasPrefix(mine, "functions"):
				t.Errorf("%s may not import %s: rooms speak through bindings", short, mine)
			case imported == "net/http":
				t.Errorf("%s may not import net/http: only api and portal answer HTTP", short)
			case strings.HasPrefix(mine, "internal/az") && mine != "internal/azfunc":
				t.Errorf("%s may not import %s: only main knows adapters", short, mine)
			case strings.HasPrefix(mine, "internal/local"), strings.HasPrefix(mine, "internal/mem"):
				t.Errorf("%s may not import %s", short, mine)
			}
		}
	}
}

func TestProductKnowsNoStandIn(t *testing.T) {
	t.Parallel()
	for _, dep := range list(t, "-deps", "./functions") {
		for _, never := range []string{"internal/local", "internal/mem", "internal/simulation", "test"} {
			if short, ok := strings.CutPrefix(dep, module); ok && (strings.HasPrefix(short, never) || strings.HasSuffix(short, never)) {
				t.Errorf("the app depends on %s", short)
			}
		}
	}
}

// imports lists what a package imports, tests left out.
func imports(t *testing.T, pkg string) []string {
	t.Helper()
	return list(t, "-f", `{{join .Imports "\n"}}`, "./"+pkg)
}
