package azstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Put merges the groups that are not nil into at most airlock.MaxPut rows, in
// one transaction. A row has all its flat columns from its birth, so a row that
// exists and one that does not are written differently; File.Stored says which
// is to be expected, and what turns out otherwise is tried the other way.
func (s *Store) Put(ctx context.Context, slot airlock.Slot, files []airlock.File) error {
	if err := airlock.CheckPut(files); err != nil || len(files) == 0 {
		return err
	}
	what := fmt.Sprintf("files of request %q", slot.Key.Request)
	rows, batch := make([]row, len(files)), make([]action, len(files))
	for i, f := range files {
		var err error
		if rows[i], err = fileRow(slot, f); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		batch[i] = put(rows[i], f.Stored)
	}
	turned := map[int]bool{}
	for {
		_, err := s.transact(ctx, batch)
		i, exists, ok := mistaken(err)
		if !ok || i < 0 || i >= len(batch) || turned[i] {
			return translateNil(what, err)
		}
		batch[i], turned[i] = put(rows[i], exists), true
		if len(turned) != 2 { // one surprise is a race; a second one means that nothing was known
			continue
		}
		for j := i + 1; j < len(rows); j++ {
			_, err := s.get(ctx, slot.Key.Workspace, rows[j].key())
			if err != nil && !absent(err) {
				return translate(what, err)
			}
			batch[j] = put(rows[j], err == nil)
		}
	}
}

// put writes a file's row: what it holds into one that exists, a whole new one
// otherwise.
func put(r row, exists bool) action {
	if exists {
		return merge(r.part(), string(azcore.ETagAny))
	}
	return insert(r.newborn())
}

// mistaken tells which row of a transaction exists, or does not, against
// expectation; false when that is not why it failed.
func mistaken(err error) (index int, exists, ok bool) {
	failed, is := errors.AsType[*rowError](err)
	switch {
	case is && failed.code == string(aztables.EntityAlreadyExists):
		return failed.index, true, true
	case is && failed.code == string(aztables.ResourceNotFound):
		return failed.index, false, true
	}
	return 0, false, false
}

func translateNil(what string, err error) error {
	if err == nil {
		return nil
	}
	return translate(what, err)
}

// Get returns airlock.ErrNotFound when nothing is known of this version.
func (s *Store) Get(ctx context.Context, slot airlock.Slot, name, etag string) (airlock.File, error) {
	r, err := s.get(ctx, slot.Key.Workspace, fileKey(slot, name, etag))
	if err != nil {
		return airlock.File{}, translate(fmt.Sprintf("file of request %q", slot.Key.Request), err)
	}
	return r.file()
}

// List returns the rows of a selection, in the order of their names' hashes.
func (s *Store) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, page airlock.Page) ([]airlock.File, string, error) {
	what := fmt.Sprintf("files of request %q", slot.Key.Request)
	filter, err := selectionFilter(sel)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", what, err)
	}
	rows, next, err := s.page(ctx, span{slot.Key.Workspace, filesPrefix(slot), filter}, page)
	if err != nil {
		return nil, "", translate(what, err)
	}
	files := make([]airlock.File, len(rows))
	for i, r := range rows {
		if files[i], err = r.file(); err != nil {
			return nil, "", err
		}
	}
	return files, next, nil
}
