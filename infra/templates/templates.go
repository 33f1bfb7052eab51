// Package templates holds the first-party template packages, as they are pushed: `make run` registers them from here,
// and its tests hold every one of them to the rules that a compiler does not know.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed */template.json */template_schema.json */main.json
var packages embed.FS

// Sample is a setting TRE_PLATFORM with everything that the first-party templates ask of it; no such TRE exists.
//
//go:embed platform.sample.json
var Sample []byte

// names are the files of a package that are pushed. The rest is for people.
var names = []string{"template.json", "template_schema.json", "main.json"}

// Names lists the first-party packages by template name, in order.
func Names() []string {
	entries, err := fs.ReadDir(packages, ".")
	if err != nil {
		panic(err) // embedded: there is nothing that could be missing
	}
	found := make([]string, len(entries))
	for i, e := range entries {
		found[i] = e.Name()
	}
	return found
}

// Files returns the files of the package of this name that are pushed, by file name. It returns an error if there is no
// such package.
func Files(name string) (map[string][]byte, error) {
	files := make(map[string][]byte, len(names))
	for _, file := range names {
		text, err := packages.ReadFile(path.Join(name, file))
		if err != nil {
			return nil, fmt.Errorf("template %q: %w", name, err)
		}
		files[file] = text
	}
	return files, nil
}
