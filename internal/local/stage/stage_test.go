package stage_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/stage"
)

// repository makes a small one: a program and two functions.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"go.mod":                      "module example.org/small\n\ngo 1.26\n",
		"host.json":                   `{"customHandler": {"description": {"defaultExecutablePath": "handler"}}}`,
		"functions/main.go":           "package main\n\nvar version string\n\nfunc main() { println(version) }\n",
		"functions/one/function.json": `{"one": 1}`,
		"functions/two/function.json": `{"two": 2}`,
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestAnAppIsLaidOutAsTheHostWantsIt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ os, handler string }{{runtime.GOOS, "handler"}, {"windows", "handler.exe"}} {
		t.Run(tc.os, func(t *testing.T) {
			t.Parallel()
			root := repository(t)
			out := filepath.Join(root, "build", "app")
			app := stage.App{Root: root, Out: out, OS: tc.os, Arch: "amd64", Version: "v1.2.3"}
			if err := os.MkdirAll(filepath.Join(out, "gone"), 0o755); err != nil {
				t.Fatal(err)
			}
			for range 2 { // a second time replaces the first
				if err := app.Build(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			want := []string{tc.handler, "host.json", "one", "two"}
			if got := names(t, out); !slices.Equal(got, want) {
				t.Errorf("staged %v, want %v", got, want)
			}
			host, err := os.ReadFile(filepath.Join(out, "host.json"))
			if err != nil || !strings.Contains(string(host), `"`+tc.handler+`"`) {
				t.Errorf("host.json %s, %v", host, err)
			}
			if left := names(t, filepath.Dir(out)); len(left) != 1 {
				t.Errorf("left beside it: %v", left)
			}
		})
	}
}

func TestAnAppThatDoesNotCompileReplacesNothing(t *testing.T) {
	t.Parallel()
	root := repository(t)
	app := stage.App{Root: root, Out: filepath.Join(root, "build", "app"), Version: "v1"}
	if err := app.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "functions", "main.go"), []byte("package main\n\nfunc main() { lost() }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := app.Build(t.Context())
	if err == nil || !strings.Contains(err.Error(), "undefined: lost") {
		t.Errorf("error %v does not say what the compiler says", err)
	}
	if got := names(t, app.Out); len(got) != 4 {
		t.Errorf("what was there became %v", got)
	}
}

func TestVersionOutsideARepository(t *testing.T) {
	t.Parallel()
	if got := stage.Version(t.Context(), t.TempDir()); got != "dev" {
		t.Errorf("version %q", got)
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
