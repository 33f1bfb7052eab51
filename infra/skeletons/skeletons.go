// Package skeletons holds a small template package of each kind, from which `tre template new` starts a new one. They are
// packages themselves, compiled and checked as the first-party ones are.
package skeletons

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed */*.json */*.bicep bicepconfig.json
var packages embed.FS

// config is the compiler's configuration, which stands beside the packages here and in each package that is made.
const config = "bicepconfig.json"

// Files returns the files of the skeleton of a kind, such as workspace-service, by file name. It returns an error if there
// is no such kind.
func Files(kind string) (map[string][]byte, error) {
	entries, err := fs.ReadDir(packages, kind)
	if err != nil {
		return nil, fmt.Errorf("skeleton of a %q: %w", kind, err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = packages.ReadFile(path.Join(kind, e.Name())); err != nil {
			return nil, fmt.Errorf("skeleton of a %q: %w", kind, err)
		}
	}
	files[config], err = packages.ReadFile(config)
	return files, err
}
