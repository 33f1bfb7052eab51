package repo_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// named is a test as docs/azuretre.md names it: its package and its name,
// perhaps with that of a part.
var named = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)(?:/([^`]+))?`")

// TestFaultsPage: docs/azuretre.md has a row for each known fault of AzureTRE, in
// order, with what happens here, and the tests that it names exist.
func TestFaultsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "azuretre.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{}
	for n := 1; n <= 64; n++ {
		want = append(want, fmt.Sprint("W", n))
	}
	want = slices.Insert(want, 52, "W52b")
	known := map[string]suite{}
	var got []string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		id := strings.TrimSpace(cells[0])
		if !regexp.MustCompile(`^W\d+b?$`).MatchString(id) {
			continue
		}
		got = append(got, id)
		if len(cells) != 4 || slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) == "" }) {
			t.Errorf("%s: a row has four filled cells: %s", id, line)
			continue
		}
		tests := named.FindAllStringSubmatch(cells[3], -1)
		if len(tests) == 0 || len(tests) != strings.Count(cells[3], "`")/2 {
			t.Errorf("%s: it names no test, or something else beside: %s", id, cells[3])
		}
		for _, m := range tests {
			if why := suiteOf(t, known, m[1]).lacks(m[2], m[3]); why != "" {
				t.Errorf("%s: %s.%s: %s", id, m[1], m[2], why)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}

// suite is what the tests of a package are called: functions, and every text in
// them, among which are the names of their parts.
type suite struct{ functions, texts map[string]bool }

// lacks says what is missing; "" when nothing is.
func (s suite) lacks(function, part string) string {
	switch {
	case !s.functions[function]:
		return "there is no such test"
	case part != "" && !s.texts[part]:
		return "it has no part of that name: " + part
	}
	return ""
}

// suiteOf reads the tests of a package once.
func suiteOf(t *testing.T, known map[string]suite, pkg string) suite {
	t.Helper()
	if s, ok := known[pkg]; ok {
		return s
	}
	s := suite{map[string]bool{}, map[string]bool{}}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil {
					s.functions[n.Name.Name] = true
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					s.texts[text] = true
				}
			}
			return true
		})
	}
	known[pkg] = s
	return s
}
