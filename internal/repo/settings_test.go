package repo_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/config"
)

var update = flag.Bool("update", false, "write the generated parts of the docs anew")

// TestSampleNamesEverySetting proves that local.settings.sample.json and the
// code know the same settings.
func TestSampleNamesEverySetting(t *testing.T) {
	t.Parallel()
	text := read(t, "local.settings.sample.json")
	var sample struct{ Values map[string]string }
	if err := json.Unmarshal([]byte(text), &sample); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range config.Settings() {
		known[s.Name] = true
		if _, ok := sample.Values[s.Name]; !ok && !s.FromHost && !identityPart(s.Name) {
			t.Errorf("local.settings.sample.json lacks %s", s.Name)
		}
	}
	for name, value := range sample.Values {
		if strings.HasPrefix(name, "TRE_") && !known[name] {
			t.Errorf("local.settings.sample.json has %s, which nothing reads", name)
		}
		if strings.Contains(value, "/root/") || strings.Contains(value, "/home/") {
			t.Errorf("local.settings.sample.json: %s names a folder of somebody's machine", name)
		}
	}
}

// identityPart tells settings that stand for an account where the sample gives
// a connection string.
func identityPart(name string) bool { return strings.Contains(name, "__") }

// TestSettingsPage proves that docs/settings.md says what the code says.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Settings\n\nEvery setting of the two apps, made from the code (`go test ./internal/repo -run TestSettingsPage -update`).\n" +
		"Names are read without regard to case. Storage accounts go either by a connection string or by `__ACCOUNTNAME` and the app's identity.\n\n" +
		"| setting | default | unit | front | engine | meaning |\n|---|---|---|---|---|---|\n")
	mark := map[bool]string{true: "yes", false: ""}
	for _, s := range config.Settings() {
		notes := ""
		if s.Required {
			notes = " **Required.**"
		}
		if s.Secret {
			notes += " Secret."
		}
		if s.FromHost {
			notes += " Set by the Functions host."
		}
		def := s.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s.%s |\n", s.Name, strings.ReplaceAll(def, "|", `\|`), s.Unit,
			mark[s.Front], mark[s.Engine], strings.ReplaceAll(s.Description, "|", `\|`), notes)
	}
	golden(t, "docs/settings.md", b.String())
}

// TestStatesPage proves that the pages show the tables as they are.
func TestStatesPage(t *testing.T) {
	t.Parallel()
	drawn(t, "docs/airlock.md", "internal/airlock", states())
	drawn(t, "docs/workspaces.md", "internal/workspace", statuses())
}

// drawn compares the part of a page that is made from a package.
func drawn(t *testing.T, path, from, table string) {
	t.Helper()
	begin, end := "<!-- states: made from "+from+" -->\n", "<!-- end of states -->"
	page := read(t, path)
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the states", path)
	}
	golden(t, path, before+begin+table+end+after)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// golden compares a generated file with the one in the repository.
func golden(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join(root, path), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if read(t, path) != want {
		t.Errorf("%s is not what the code says; run: go test ./internal/repo -update", path)
	}
}
