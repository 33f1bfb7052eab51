package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// Wanted is a file of a request on its way to this machine.
type Wanted struct {
	Name   string
	Local  string // path below the folder, with "/"
	Size   int64  // bytes, of the manifest
	SHA256 string // of the manifest; "" where it has none
}

// Want plans the download of a request's files. Refusals: names that lead out
// of the folder, or that this machine would take for one another.
func (s System) Want(files []api.File) ([]Wanted, error) {
	var wanted []Wanted
	var refused Refusals
	var locals []string
	for _, f := range files {
		local, err := s.Local(f.Name)
		if err != nil {
			refused = append(refused, FileError{Name: f.Name, Err: err})
			continue
		}
		wanted = append(wanted, Wanted{Name: f.Name, Local: local, Size: f.Size, SHA256: f.SHA256})
		locals = append(locals, local)
	}
	for name, f := range airlock.Clashes(locals) {
		refused = append(refused, FileError{Name: name, Err: errors.New(f.Text)})
	}
	if len(refused) > 0 {
		slices.SortFunc(refused, func(a, b FileError) int { return strings.Compare(a.Name, b.Name) })
		return nil, refused
	}
	slices.SortFunc(wanted, func(a, b Wanted) int { return strings.Compare(a.Name, b.Name) })
	return wanted, nil
}

// Got is a file that is here.
type Got struct {
	Wanted
	Already bool // was here before, with this content
}

// Downloader fetches a request's files into a folder. All fields but Pace and
// Force are required.
type Downloader struct {
	Shelf    Shelf
	Links    *Links
	Journal  *Journal
	Progress Progress
	Folder   *os.Root // nothing is written outside it, whatever a name says
	Pace     Pace
	Force    bool // files that are here with other content are replaced
}

// Download fetches what is not here yet, and returns every file that is here
// then, by name. What is wrong with single files ends those alone; the error
// joins a *FileError for each.
func (d *Downloader) Download(ctx context.Context, wanted []Wanted) ([]Got, error) {
	run := &fetching{Downloader: *d}
	run.Pace = d.Pace.withDefaults()
	run.buffers = newPool(run.Pace.Parallel)
	var bytes int64
	for _, w := range wanted {
		bytes += w.Size
	}
	d.Progress.Start(len(wanted), bytes)
	err := run.call(ctx, func(link string) error {
		var err error
		run.listed, err = d.Shelf.List(ctx, link)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list of files: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(run.Pace.Parallel)
	for _, w := range wanted {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return run.one(ctx, w) })
	}
	fatal := group.Wait()
	slices.SortFunc(run.got, func(a, b Got) int { return strings.Compare(a.Name, b.Name) })
	return run.got, errors.Join(append(run.failed, fatal)...)
}

// fetching is a download under way.
type fetching struct {
	Downloader
	buffers pool
	listed  map[string]Listed

	mu     sync.Mutex
	got    []Got
	failed []error
}

// one fetches a file. Its error ends the whole download.
func (d *fetching) one(ctx context.Context, w Wanted) error {
	meter := &tally{Meter: d.Progress.File(w.Name, w.Size)}
	already, err := d.file(ctx, w, meter)
	meter.End(err == nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.got = append(d.got, Got{Wanted: w, Already: already})
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if wrong, ok := errors.AsType[*FileError](err); ok {
		d.failed = append(d.failed, wrong)
		return nil
	}
	return fmt.Errorf("%s: %w", printable(w.Name), err)
}

// file fetches a file unless it is here.
func (d *fetching) file(ctx context.Context, w Wanted, meter *tally) (already bool, err error) {
	wrong := func(err error) error { return &FileError{Name: w.Name, Err: err} }
	there, ok := d.listed[w.Name]
	switch {
	case !ok:
		return false, wrong(ErrGone)
	case there.Size != w.Size:
		return false, wrong(fmt.Errorf("it has %d bytes there, and %d in the manifest: tell an administrator", there.Size, w.Size))
	}
	switch same, err := d.here(w); {
	case err != nil:
		return false, wrong(explain(err))
	case same:
		meter.Skipped(w.Size)
		return true, nil
	}
	err = d.fetch(ctx, w, there.ETag, meter)
	if errors.Is(err, errDamaged) {
		meter.reset()
		err = d.fetch(ctx, w, there.ETag, meter) // from its beginning, after an interruption that lost what was noted
	}
	switch {
	case errors.Is(err, errDamaged), errors.Is(err, ErrGone), errors.Is(err, ErrChanged):
		return false, wrong(err)
	case isLocal(err):
		return false, explain(err) // the next file would fail alike
	}
	return false, err
}

// here tells whether the file is here with the content of the manifest.
func (d *fetching) here(w Wanted) (bool, error) {
	info, err := d.Folder.Lstat(path(w.Local))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if info.Mode().IsRegular() && info.Size() == w.Size && w.SHA256 != "" {
		sum, err := d.sum(path(w.Local))
		if err != nil || sum == w.SHA256 {
			return err == nil, err
		}
	}
	if d.Force && !info.IsDir() {
		return false, nil
	}
	return false, errors.New("there is another file of this name here; move it away, or replace it with --force")
}

func (d *fetching) call(ctx context.Context, do func(link string) error) error {
	return d.Pace.Again(ctx, func() error { return d.Links.With(ctx, do) })
}

// isLocal tells errors of this machine's files from those of the line.
func isLocal(err error) bool {
	_, onPath := errors.AsType[*fs.PathError](err)
	_, onLink := errors.AsType[*os.LinkError](err)
	return onPath || onLink
}

// errFull is a full disk, as people know it.
var errFull = errors.New("the disk is full: make room and run the same command again, it goes on where it stopped")

// explain says clearly what people can mend.
func explain(err error) error {
	const diskFull, handleDiskFull = syscall.Errno(112), syscall.Errno(39) // https://learn.microsoft.com/windows/win32/debug/system-error-codes--0-499-
	windows := runtime.GOOS == "windows" && (errors.Is(err, diskFull) || errors.Is(err, handleDiskFull))
	if errors.Is(err, syscall.ENOSPC) || windows {
		return errFull
	}
	return err
}
