package template_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../main.json", "/main.json", "a/../main.json", `snapshots\x.bicepparam`, "C:main.json", "./main.json", "main.json/", "MAIN.json", "scripts/run.sh",
		"modules/../x.bicep", "modules/a/b.bicep", "x.bicep\x00", "main.json\n", "", ".hidden.bicep", "snapshots/x.json", "template.json -> /etc/passwd"} {
		files := demo()
		files[name] = nil
		if _, err := template.Parse(files, template.DefaultLimits); !errors.Is(err, template.ErrInvalid) || !strings.Contains(err.Error(), "no file of a template package") {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"network.bicep", "deadletter-role.bicep", "modules/endpoint.bicep", "README.md", "bicepconfig.json", "snapshots/a.snapshot.json", "snapshots/a.parameters.json", "cloud-init.yaml", "modules/setup.ps1"} {
		files := demo()
		files[name] = nil
		if _, err := template.Parse(files, template.DefaultLimits); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{d, s, m} {
		files := demo()
		delete(files, name)
		if _, err := template.Parse(files, template.DefaultLimits); err == nil || !strings.Contains(err.Error(), name+": the file is missing") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit func(*template.Limits)
		says  string
	}{
		"package":    {func(l *template.Limits) { l.Package = 1000 }, "the files have "},
		"main":       {func(l *template.Limits) { l.Main = 1000 }, "main.json: "},
		"schema":     {func(l *template.Limits) { l.Schema = 1000 }, "template_schema.json: "},
		"parameters": {func(l *template.Limits) { l.Parameters = 9 }, "main.json#/parameters: 10 parameters, at most 9"},
		"outputs":    {func(l *template.Limits) { l.Outputs = 1 }, "main.json#/outputs: 2 outputs, at most 1"},
		"properties": {func(l *template.Limits) { l.Properties = 10 }, "template_schema.json#/properties: 20 properties"},
	} {
		limits := template.DefaultLimits
		tt.limit(&limits)
		if _, err := template.Parse(demo(), limits); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	first := parsed(t).Digest
	if again := parsed(t).Digest; again != first || len(first) != 64 {
		t.Errorf("%s, then %s", first, again)
	}
	for name, change := range map[string]func(map[string][]byte){
		"a byte":     func(f map[string][]byte) { f["main.bicep"][0]++ },
		"a file":     func(f map[string][]byte) { f["README.md"] = nil },
		"one less":   func(f map[string][]byte) { delete(f, "main.bicep") },
		"its name":   func(f map[string][]byte) { f["other.bicep"] = f["main.bicep"]; delete(f, "main.bicep") },
		"to and fro": func(f map[string][]byte) { f["main.bicep"], f["snapshots/small.bicepparam"] = nil, f["main.bicep"] },
	} {
		files := demo()
		change(files)
		if template.Digest(files) == first {
			t.Errorf("%s changes nothing", name)
		}
	}
}
