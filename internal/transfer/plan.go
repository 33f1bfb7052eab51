package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Source is a file of this machine on its way into a request.
type Source struct {
	Path string // where it is
	Name string // under which it goes, with "/" between folders
	Size int64  // bytes, when it was planned
}

// Plan is what is to be sent, by name.
type Plan struct {
	Sources []Source
	Bytes   int64
	Left    []string // paths that are left out, each with the reason
}

// Refusals are all the files that cannot go, each with the reason. Nothing was
// sent.
type Refusals []FileError

// maxListed is how many refusals a message names.
const maxListed = 20

// Error lists the refusals, one a line.
func (r Refusals) Error() string {
	lines := make([]string, 0, maxListed+1)
	for _, refused := range r[:min(len(r), maxListed)] {
		lines = append(lines, "\n  "+printable(refused.Name)+": "+refused.Err.Error())
	}
	if more := len(r) - maxListed; more > 0 {
		lines = append(lines, fmt.Sprintf("\n  and %d more", more))
	}
	names := map[string]bool{}
	for _, refused := range r {
		names[refused.Name] = true
	}
	return fmt.Sprintf("nothing was transferred, because of %d that cannot:%s", len(names), strings.Join(lines, ""))
}

// printable shows a name as it is, unless it would disturb the terminal.
func printable(name string) string {
	quoted := fmt.Sprintf("%+q", name)
	if plain := fmt.Sprintf("%q", name); plain[1:len(plain)-1] == name {
		return name
	}
	return quoted
}

// Make plans the upload of files and folders. A file goes under its own name, a
// folder's files under the folder's name and their way below it: what a person
// sees, byte for byte, hidden files too. Symbolic links below a folder are left
// out unless follow is set; one that is given itself is meant. Refusals: the
// airlock would not take some of the names, or they cannot be read here.
func Make(paths []string, follow bool) (Plan, error) {
	w := walker{follow: follow, from: map[string]string{}}
	for _, path := range paths {
		w.argument(path)
	}
	w.check()
	if len(w.refused) > 0 {
		slices.SortStableFunc(w.refused, func(a, b FileError) int { return strings.Compare(a.Name, b.Name) })
		return Plan{}, w.refused
	}
	if len(w.plan.Sources) == 0 {
		return Plan{}, errors.New("there is no file in what was given")
	}
	slices.SortFunc(w.plan.Sources, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
	return w.plan, nil
}

type walker struct {
	follow  bool
	plan    Plan
	refused Refusals
	from    map[string]string // path by name
	inside  []string          // folders on the way down, to see a circle of links
}

func (w *walker) refuse(name string, err error) {
	w.refused = append(w.refused, FileError{Name: name, Err: err})
}

func (w *walker) leave(path, why string) {
	w.plan.Left = append(w.plan.Left, printable(path)+": "+why)
}

// argument takes in what was given on the command line.
func (w *walker) argument(path string) {
	info, err := os.Stat(path)
	if err != nil {
		w.refuse(path, bare(err))
		return
	}
	name := baseName(path)
	if info.IsDir() {
		w.folder(path, name)
		return
	}
	w.file(path, name, info)
}

// baseName is how a path that was given is called; "" for the current folder
// and those above, for a root, and for what ends in "/." as with cp: what is in
// them goes by its own name.
func baseName(path string) string {
	if strings.HasSuffix(filepath.ToSlash(path), "/.") {
		return ""
	}
	name := filepath.Base(filepath.Clean(path))
	if name == "." || name == ".." || name == string(filepath.Separator) || filepath.VolumeName(path) == path {
		return ""
	}
	return name
}

func (w *walker) folder(path, name string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.refuse(path, bare(err))
		return
	}
	if slices.Contains(w.inside, real) {
		w.leave(path, "leads back to a folder it is in")
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		w.refuse(path, bare(err))
		return
	}
	w.inside = append(w.inside, real)
	for _, entry := range entries {
		w.entry(filepath.Join(path, entry.Name()), join(name, entry.Name()), entry)
	}
	w.inside = w.inside[:len(w.inside)-1]
}

func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

func (w *walker) entry(path, name string, entry fs.DirEntry) {
	if entry.Type()&fs.ModeSymlink != 0 && !w.follow {
		w.leave(path, "is a symbolic link; --follow-links takes what it leads to")
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		w.refuse(name, bare(err))
	case info.IsDir():
		w.folder(path, name)
	default:
		w.file(path, name, info)
	}
}

func (w *walker) file(path, name string, info fs.FileInfo) {
	if !info.Mode().IsRegular() {
		w.leave(path, "is no ordinary file")
		return
	}
	if other, taken := w.from[name]; taken {
		if filepath.Clean(other) != filepath.Clean(path) {
			w.refuse(name, fmt.Errorf("two files would have this name: %s and %s", printable(other), printable(path)))
		}
		return
	}
	w.from[name] = path
	file, err := os.Open(path)
	if err != nil {
		w.refuse(name, bare(err))
		return
	}
	_ = file.Close() // it was only tried
	w.plan.Sources = append(w.plan.Sources, Source{Path: path, Name: name, Size: info.Size()})
	w.plan.Bytes += info.Size()
}

// check holds the names against the airlock's rules.
func (w *walker) check() {
	names := make([]string, 0, len(w.plan.Sources))
	for _, s := range w.plan.Sources {
		names = append(names, s.Name)
		for _, f := range airlock.CheckName(s.Name) {
			w.refuse(s.Name, errors.New(f.Text))
		}
	}
	for name, f := range airlock.Clashes(names) {
		w.refuse(name, errors.New(f.Text))
	}
}

// bare is what went wrong without the path, which is said already.
func bare(err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		return inner.Err
	}
	return err
}
