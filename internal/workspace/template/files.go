package template

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// The files of a package that are read. The others are kept for people.
const (
	descriptor = "template.json"
	schemaFile = "template_schema.json"
	mainFile   = "main.json"
)

// required are the files that a package must have.
var required = []string{descriptor, schemaFile, mainFile}

// known are the names that a file of a package may have: the three above, the
// Bicep sources of main.json with the texts that these load, the snapshots that
// show what would be deployed, and a page for people. Every other name is refused, and with it every path that
// leads anywhere else.
var known = regexp.MustCompile(`^(?:template\.json|template_schema\.json|main\.json|bicepconfig\.json|README\.md` +
	`|(?:modules/)?[a-z0-9][a-z0-9_-]{0,63}\.(?:bicep|ya?ml|sh|ps1|txt)` +
	`|snapshots/[a-z0-9][a-z0-9_-]{0,63}\.(?:bicepparam|parameters\.json|snapshot\.json))$`)

// maxFiles is how many files a package has at most.
const maxFiles = 200

// KnownFile tells whether a file of that name, with / between folders, belongs
// into a package.
func KnownFile(name string) bool { return known.MatchString(name) }

// checkFiles looks at names and sizes, before anything is read.
func checkFiles(files map[string][]byte, limits Limits, wrong *Problems) {
	if len(files) > maxFiles {
		wrong.add("", "", "%d files, at most %d", len(files), maxFiles)
		return
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		total += len(files[name])
		if !KnownFile(name) {
			wrong.add(clip(name), "", "no file of a template package: it holds template.json, template_schema.json, main.json, *.bicep and texts "+
				"(.yaml, .sh, .ps1, .txt) that these load, the same in modules/, bicepconfig.json, README.md, and in snapshots/ *.bicepparam, *.parameters.json, *.snapshot.json")
		}
	}
	if total > limits.Package {
		wrong.add("", "", "the files have %d bytes, at most %d", total, limits.Package)
	}
	for _, name := range required {
		content, ok := files[name]
		most := limits.Schema
		if name == mainFile {
			most = limits.Main
		}
		if !ok {
			wrong.add(name, "", "the file is missing")
		} else if len(content) > most {
			wrong.add(name, "", "%d bytes, at most %d", len(content), most)
		}
	}
}

// clip shortens what somebody else named.
func clip(name string) string { return fmt.Sprintf("%.80q", name) }

// Digest returns the SHA-256 of a package, in hex: the Sum of its canonical form.
// So JSON counts by what it says, however it is written; of template.json what is
// empty does not count.
func Digest(files map[string][]byte) string { return Sum(Canonicals(files)) }

// Sum returns the SHA-256 of files, in hex: of their names, lengths and contents
// in the order of their names. Nothing else, such as times, goes in. Of a package
// that is kept it is the digest.
func Sum(files map[string][]byte) string {
	all := sha256.New()
	fmt.Fprintf(all, "template package 3\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(all, "%d %s %d %x\n", len(name), name, len(files[name]), sha256.Sum256(files[name]))
	}
	return hex.EncodeToString(all.Sum(nil))
}
