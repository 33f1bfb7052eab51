package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
)

// The pauses between two looks at what inspection found: soon at first, for a
// few small files; then seldom, because each look lists the whole draft.
const (
	firstLook   = time.Second
	slowestLook = 15 * time.Second
)

// Inspected waits until inspection has recorded every file that was sent, and
// compares its SHA-256 with ours. It returns what was found, in the order of
// sent; the error joins a *FileError for each file that is not what was sent.
// told is called whenever more files were recorded.
func Inspected(ctx context.Context, ask func(context.Context) ([]api.File, error), sent []Sent, told func(recorded int)) ([]api.File, error) {
	last := -1
	for pause := firstLook; ; pause = min(pause*3/2, slowestLook) {
		files, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		found, recorded, err := compare(files, sent)
		if recorded != last {
			told(recorded)
			last = recorded
		}
		if recorded == len(sent) {
			return found, err
		}
		if err := sleep(ctx, pause); err != nil {
			return found, fmt.Errorf("inspection has recorded %d of %d files so far: %w", recorded, len(sent), err)
		}
	}
}

// compare holds what the request lists against what was sent. A file that is
// wrong counts as recorded: waiting does not mend it.
func compare(files []api.File, sent []Sent) (found []api.File, recorded int, err error) {
	by := ByName(files)
	var wrong []error
	for _, s := range sent {
		f, ok := by[s.Name]
		differs := difference(f, ok, s)
		if differs != nil {
			wrong = append(wrong, &FileError{Name: s.Name, Err: differs})
		}
		if differs != nil || f.Inspected || f.Refused {
			recorded++
		}
		found = append(found, f)
	}
	return found, recorded, errors.Join(wrong...)
}

func difference(f api.File, listed bool, s Sent) error {
	switch {
	case !listed:
		return errors.New("it is not in the request any more; was it removed meanwhile?")
	case f.ETag != s.ETag:
		return errors.New("it was replaced meanwhile by another upload")
	case f.Inspected && f.SHA256 != s.SHA256:
		return fmt.Errorf("what arrived is not what was sent: SHA-256 here %s, there %s; upload it again", s.SHA256, f.SHA256)
	}
	return nil
}

// ByName finds files by their names.
func ByName(files []api.File) map[string]api.File {
	by := make(map[string]api.File, len(files))
	for _, f := range files {
		by[f.Name] = f
	}
	return by
}
