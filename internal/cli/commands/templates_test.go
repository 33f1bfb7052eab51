package commands_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	templates "github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// shelves is an API with first-party templates, that takes more.
func shelves(t *testing.T) *fake {
	t.Helper()
	f := estate(t)
	more := newFake(t, map[string]answer{
		"GET /workspace-service-templates":                                                {body: `{"templates":[{"name":"tre-service-guacamole","title":"Virtual desktops","description":"Desktops in a browser, for people who work with data that must not leave","authorizedRoles":["WorkspaceOwner"],"version":"0.1.0"}]}`},
		"GET /shared-service-templates":                                                   {body: `{"templates":[]}`},
		"GET /workspace-service-templates/tre-service-guacamole/user-resource-templates":  {body: `{"templates":[{"name":"tre-service-guacamole-linuxvm","title":"Linux Virtual Machine","description":"","authorizedRoles":[],"version":"0.1.0"}]}`},
		"POST /workspace-templates":                                                       {status: http.StatusCreated, body: given(t, "tre-workspace-base")},
		"POST /workspace-service-templates":                                               {status: http.StatusConflict, body: "tre-service-guacamole 0.1.0 is registered with other content"},
		"POST /workspace-service-templates/tre-service-guacamole/user-resource-templates": {status: http.StatusCreated, body: given(t, "tre-service-guacamole-linuxvm")},
	})
	more.otherwise = f.Config.Handler
	return more
}

func TestWhatPeopleReadOfTemplates(t *testing.T) {
	t.Parallel()
	server := shelves(t)
	for name, line := range map[string]string{
		"templates":             "workspace-service-templates list",
		"templates-none":        "shared-service-templates list",
		"templates-of-machines": "workspace-service-template tre-service-guacamole user-resource-templates list",
		"template":              "workspace-template tre-workspace-base show",
		"template-of-machines":  "workspace-service-template tre-service-guacamole user-resource-template tre-service-guacamole-linuxvm show",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).at(server.Server)
			w.terminal.Out = true
			got := w.must(strings.Fields(line)...)
			golden(t, name, got.out+got.err)
		})
	}
}

// unpack writes a first-party package into a folder.
func unpack(t *testing.T, name string) string {
	t.Helper()
	files, err := templates.Files(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPush(t *testing.T) {
	t.Parallel()
	server := shelves(t)
	dir := unpack(t, "tre-workspace-base")
	got := newWorld(t).at(server.Server).must("template", "push", dir)
	if !strings.Contains(got.out, "tre-workspace-base") || !strings.Contains(got.out, "0.1.0") || !strings.Contains(got.err, "Registered.") {
		t.Errorf("printed %s%s", got.out, got.err)
	}
	sent := struct {
		Name, Version, Kind string
		Current             bool
		Schema              map[string]any `json:"json_schema"`
		Template            map[string]any `json:"template"`
	}{}
	last := server.last()
	if err := json.Unmarshal([]byte(last.body), &sent); err != nil {
		t.Fatal(err)
	}
	if last.line != "POST /workspace-templates" || sent.Name != "tre-workspace-base" || sent.Kind != "workspace" || !sent.Current || sent.Schema["title"] != "Base Workspace" || sent.Template["resources"] == nil {
		t.Errorf("%s %+v", last.line, sent)
	}
	newWorld(t).at(server.Server).must("template", "push", unpack(t, "tre-service-guacamole-linuxvm"), "--current=false")
	if last := server.last(); !strings.HasSuffix(last.line, "/tre-service-guacamole/user-resource-templates") || !strings.Contains(last.body, `"current":false`) || !strings.Contains(last.body, `"generatedSecrets":["admin_password"]`) {
		t.Errorf("%s %.300s", last.line, last.body)
	}
	if got := newWorld(t).at(server.Server).run("template", "push", unpack(t, "tre-service-guacamole")); got.code != cli.Conflict || !strings.Contains(got.err, "other content") {
		t.Errorf("changed: %+v", got)
	}
}

// TestPushOfWhatIsRegistered: the very same is told and not sent again, unless
// it is to become the current version; another content is for the API to refuse.
func TestPushOfWhatIsRegistered(t *testing.T) {
	t.Parallel()
	dir := unpack(t, "tre-service-guacamole")
	files, err := templates.Files("tre-service-guacamole")
	if err != nil {
		t.Fatal(err)
	}
	digest := template.Digest(files)
	for _, tc := range []struct {
		name, kept string
		args       []string
		code       cli.Code
		said       string
		posted     bool
	}{
		{name: "the very same", kept: `"digest":"` + digest + `","current":true`, said: "Already registered"},
		{name: "the very same, which is not to become current", kept: `"digest":"` + digest + `","current":false`, args: []string{"--current=false"}, said: "Already registered"},
		{name: "the very same, which becomes current", kept: `"digest":"` + digest + `","current":false`, code: cli.Conflict, said: "other content", posted: true},
		{name: "another content", kept: `"digest":"0","current":true`, code: cli.Conflict, said: "other content", posted: true},
		{name: "an answer that is no template", kept: `"properties":3`, code: cli.Conflict, said: "other content", posted: true},
	} {
		server := newFake(t, map[string]answer{
			"GET /workspace-service-templates/tre-service-guacamole?version=0.1.0": {body: `{"name":"tre-service-guacamole","version":"0.1.0","resourceType":"workspace-service","title":"t","description":"d",` + tc.kept + `}`},
			"POST /workspace-service-templates":                                    {status: http.StatusConflict, body: "it is registered with other content"},
		})
		got := newWorld(t).at(server.Server).run(append([]string{"template", "push", dir}, tc.args...)...)
		if got.code != tc.code || !strings.Contains(got.err, tc.said) || strings.Contains(server.asked(), "POST") != tc.posted {
			t.Errorf("%s: exit code %d: %s%s; asked %.200s", tc.name, got.code, got.out, got.err, server.asked())
		}
	}
}

// TestPushChecksBeforeItSends: what is wrong is told with file and place, and
// nothing is sent.
func TestPushChecksBeforeItSends(t *testing.T) {
	t.Parallel()
	server := shelves(t)
	for _, tc := range []struct {
		name   string
		break_ func(dir string) error
		said   string
	}{
		{"no main.json", func(dir string) error { return os.Remove(filepath.Join(dir, "main.json")) }, "bicep build main.bicep"},
		{"no template.json", func(dir string) error { return os.Remove(filepath.Join(dir, "template.json")) }, "no template package"},
		{"no version", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "template.json"), []byte(`{"name":"x","kind":"workspace"}`), 0o600)
		}, "template.json#/version"},
		{"too large", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "main.json"), []byte(strings.Repeat(" ", 5<<20)), 0o600)
		}, "at most 4194304"},
		{"a link that leads out of the folder", func(dir string) error {
			outside := filepath.Join(t.TempDir(), "main.json")
			if err := os.WriteFile(outside, []byte("{}"), 0o600); err != nil {
				return err
			}
			if err := os.Remove(filepath.Join(dir, "main.json")); err != nil {
				return err
			}
			return os.Symlink(outside, filepath.Join(dir, "main.json"))
		}, "main.json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := unpack(t, "tre-workspace-base")
			if err := tc.break_(dir); err != nil {
				t.Fatal(err)
			}
			if got := newWorld(t).at(server.Server).run("template", "push", dir); got.code == cli.Done || !strings.Contains(got.err, tc.said) {
				t.Errorf("exit code %d: %s", got.code, got.err)
			}
		})
	}
	t.Cleanup(func() {
		if strings.Contains(server.asked(), "POST") {
			t.Errorf("something was sent: %.200s", server.asked())
		}
	})
	if got := newWorld(t).run("template", "push", filepath.Join(t.TempDir(), "none")); got.code != cli.Failed {
		t.Errorf("a folder that is none: %+v", got)
	}
}

// TestNewTemplatesPass the check as they are written, whatever their kind.
func TestNewTemplatesPass(t *testing.T) {
	t.Parallel()
	for _, kind := range workspace.Kinds {
		dir := filepath.Join(t.TempDir(), "ours")
		args := []string{"template", "new", "our-template", "--kind", string(kind), "--dir", dir, "--title", "Ours \"and\" <yours>"}
		if kind == workspace.UserResource {
			args = append(args, "--parent", "our-service")
		}
		newWorld(t).must(args...)
		got := newWorld(t).must("template", "push", dir, "--check")
		if !strings.Contains(got.err, "our-template 0.1.0 is a good template of a "+string(kind)) {
			t.Errorf("%s: %s", kind, got.err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "template_schema.json")); err != nil || !strings.Contains(string(text), `Ours \"and\" <yours>`) {
			t.Errorf("%s: title in %s, %v", kind, text, err)
		}
		if again := newWorld(t).run(args...); again.code != cli.Usage || !strings.Contains(again.err, "is there already") {
			t.Errorf("again: %+v", again)
		}
	}
	dir := filepath.Join(t.TempDir(), "ours")
	for _, args := range [][]string{{"Bad Name", "--kind", "workspace"}, {"x", "--kind", "bundle"}, {"x"}, {"x", "--kind", "workspace", "--parent", "y"}, {"x", "--kind", "user-resource"}} {
		got := newWorld(t).run(append([]string{"template", "new", "--dir", dir}, args...)...)
		if _, err := os.Stat(dir); got.code != cli.Usage || err == nil {
			t.Errorf("%v: %+v, folder: %v", args, got, err)
		}
	}
}
