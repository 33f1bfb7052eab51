package templates_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/templates"
)

// about is what template.json says.
type about struct {
	Name, Version, Kind, Parent string
	CustomActions               []struct{ Name, Description, Kind string }
	Deadlines                   map[string]string
	GeneratedSecrets            []string
}

// arm is a compiled template, or a nested one.
type arm struct {
	Parameters map[string]struct {
		Type         string
		DefaultValue json.RawMessage
	}
	Resources []resource
	Outputs   map[string]struct {
		Type  string
		Value json.RawMessage
	}
}

// resource is a resource of a compiled template.
type resource struct {
	Type, Name string
	Tags       json.RawMessage
	DependsOn  []string
	Properties json.RawMessage // an object, or an expression of one
}

// nested is what a nested deployment has in its properties.
type nested struct {
	Parameters map[string]json.RawMessage // {"value": …}, or an expression of one
	Template   *arm
}

// nested is the deployment nested in a resource; without a template if there is none.
func (r resource) nested(t *testing.T) nested {
	t.Helper()
	var n nested
	if r.Type != "Microsoft.Resources/deployments" {
		return n
	}
	if err := json.Unmarshal(r.Properties, &n); err != nil || n.Template == nil {
		t.Fatalf("%s: no template (%v)", r.Name, err)
	}
	return n
}

// each runs a test for every package.
func each(t *testing.T, test func(t *testing.T, name string)) {
	t.Helper()
	t.Parallel()
	for _, name := range templates.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name)
		})
	}
}

// load reads a JSON file of a package.
func load[T any](t *testing.T, path ...string) T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", filepath.Join(path...), err)
	}
	return v
}

// walk calls visit for a template and every template nested in it.
func (a *arm) walk(t *testing.T, visit func(*arm)) {
	t.Helper()
	visit(a)
	for _, r := range a.Resources {
		if n := r.nested(t); n.Template != nil {
			n.Template.walk(t, visit)
		}
	}
}

// secure tells the names of a template's secret parameters.
func (a *arm) secure() []string {
	var names []string
	for name, p := range a.Parameters {
		if strings.HasPrefix(strings.ToLower(p.Type), "secure") {
			names = append(names, name)
		}
	}
	return names
}

// reads tells whether an expression names one of these parameters.
func reads(expression json.RawMessage, parameters []string) bool {
	return slices.ContainsFunc(parameters, func(name string) bool {
		return strings.Contains(string(expression), "parameters('"+name+"')")
	})
}

func TestTheFirstPartyPackagesAreThere(t *testing.T) {
	t.Parallel()
	want := []string{"tre-service-guacamole", "tre-service-guacamole-linuxvm", "tre-service-guacamole-windowsvm", "tre-workspace-base"}
	if got := templates.Names(); !slices.Equal(got, want) {
		t.Errorf("packages %v, want %v", got, want)
	}
	if _, err := templates.Files("tre-nothing"); err == nil {
		t.Error("a package that is not there has files")
	}
}

func TestPackagesAreWhole(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		for _, file := range []string{"template.json", "template_schema.json", "main.bicep", "main.json"} {
			if _, err := os.Stat(filepath.Join(name, file)); err != nil {
				t.Error(err)
			}
		}
		cases, err := filepath.Glob(filepath.Join(name, "snapshots", "*.bicepparam"))
		if err != nil {
			t.Fatal(err)
		}
		if len(cases) < 2 {
			t.Errorf("%d snapshots, want at least 2", len(cases))
		}
		for _, source := range cases {
			for _, ending := range []string{".parameters.json", ".snapshot.json"} {
				if _, err := os.Stat(strings.TrimSuffix(source, ".bicepparam") + ending); err != nil {
					t.Error(err)
				}
			}
		}
		files, err := templates.Files(name)
		if err != nil || len(files) != 3 {
			t.Errorf("%d files are pushed (%v), want 3", len(files), err)
		}
	})
}

func TestTemplateSaysWhatItIs(t *testing.T) {
	version := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	kinds := []string{"workspace", "workspace-service", "user-resource", "shared-service"}
	each(t, func(t *testing.T, name string) {
		a := load[about](t, name, "template.json")
		if a.Name != name || !version.MatchString(a.Version) || !slices.Contains(kinds, a.Kind) {
			t.Errorf("%q %q %q in folder %s", a.Name, a.Version, a.Kind, name)
		}
		if a.Kind == "user-resource" != slices.Contains(templates.Names(), a.Parent) {
			t.Errorf("a %s with parent %q", a.Kind, a.Parent)
		}
		for _, action := range a.CustomActions {
			if action.Description == "" || action.Kind != "machine" && action.Kind != "stack" {
				t.Errorf("action %q: description %q, kind %q", action.Name, action.Description, action.Kind)
			}
		}
	})
}

func TestMachinesTakeEveryActionOnMachines(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tre-service-guacamole-linuxvm", "tre-service-guacamole-windowsvm"} {
		var got []string
		for _, action := range load[about](t, name, "template.json").CustomActions {
			got = append(got, action.Name)
		}
		if want := []string{"start", "stop", "restart", "resize", "redeploy", "reset_password"}; !slices.Equal(got, want) {
			t.Errorf("%s: actions %v, want %v", name, got, want)
		}
	}
}
