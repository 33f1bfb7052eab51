package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// RemoveFile takes a file out of a draft, and the one kept under that name
// with it: a tombstone at once, the bytes by an order. A later upload under
// the name counts again. airlock.ErrNotFound: the draft has no such file.
func (d *Desk) RemoveFile(ctx context.Context, c Caller, key airlock.Key, name string) error {
	v, err := d.enter(ctx, c, key, access.Remove)
	if err != nil {
		return err
	}
	if err := v.owns("files can be removed"); err != nil {
		return err
	}
	versions, err := d.versions(ctx, v, name)
	if err != nil {
		return err
	}
	slot, removal := airlock.Slot{Key: key, Turn: v.request.Turn}, airlock.Removal{By: c.Person.OID, At: d.Now().UTC()}
	rows := make([]airlock.File, 0, len(versions))
	for _, f := range versions {
		if f.Removal == nil {
			rows = append(rows, airlock.File{Name: f.Name, ETag: f.ETag, Removal: &removal})
		}
	}
	if len(rows) > 0 {
		if err := d.Ports.Files.Put(ctx, slot, rows); err != nil {
			return fmt.Errorf("tombstone: %w", err)
		}
	}
	if err := d.recordRemoval(ctx, v, versions, len(rows) > 0); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	for _, f := range versions {
		if f.Record != nil && f.Record.Kept > 0 {
			continue // its bytes are not in the draft; they go with the turn before
		}
		d.order(ctx, v.request, message.QueuePurge, message.Purge{Workspace: key.Workspace, Request: key.Request,
			Turn: slot.Turn, Name: f.Name, ETag: f.ETag})
	}
	return nil
}

// recordRemoval has the audit trail tell of a removal, while the request is
// still that draft. Handed in meanwhile, the caller is told so; the engine takes
// a file that has a tombstone off the list while it seals, and tells of it. A repeat of a call
// that did not come so far writes the lines that are missing, and no other a
// second one.
func (d *Desk) recordRemoval(ctx context.Context, v visit, versions []airlock.File, fresh bool) error {
	var failed error
	for try := 1; ; try++ {
		now, err := d.load(ctx, v.caller, v.request.Key())
		if err != nil {
			return err
		}
		if now.request.Stage != airlock.Draft || now.request.Turn != v.request.Turn {
			return fmt.Errorf("the request was submitted meanwhile: %w", airlock.ErrConflict)
		}
		lines, err := d.removalLines(ctx, now, versions, fresh && try == 1)
		if err != nil || len(lines) == 0 {
			return err
		}
		if failed != nil && !errors.Is(failed, airlock.ErrConflict) { // it was not written all the same
			return failed
		}
		if try > removalTries {
			return fmt.Errorf("airlock request %s: somebody else is changing it, try again: %w", now.request.ID, airlock.ErrConflict)
		}
		if _, failed = d.commit(ctx, v.workspace.Policy, now.request.Note(lines...)); failed == nil {
			return nil
		}
	}
}

// removalTries is how often the lines of a removal are committed against
// others: people remove several files at once.
const removalTries = 10

// removalLines are the lines that the audit trail does not have yet; fresh
// tells that it can have none.
func (d *Desk) removalLines(ctx context.Context, v visit, versions []airlock.File, fresh bool) ([]audit.Line, error) {
	told := map[string]bool{}
	if !fresh {
		lines, err := d.lines(ctx, v.request)
		if err != nil {
			return nil, err
		}
		for _, line := range lines {
			told[line.Detail] = told[line.Detail] || line.Action == airlock.FileRemoved
		}
	}
	var all []audit.Line
	for _, f := range versions {
		if detail := f.RemovedDetail(); !told[detail] {
			all = append(all, audit.Line{At: d.Now(), Action: airlock.FileRemoved, Detail: detail, Call: v.caller.call(),
				From: string(airlock.Draft), To: string(airlock.Draft),
				Actor: audit.Actor{OID: v.caller.Person.OID, Name: v.caller.Person.Name, Role: string(airlock.Creator)}})
		}
	}
	return all, nil
}

// owns returns an error unless the visitor may change the draft's files now.
func (v visit) owns(what string) error {
	switch r := v.request; {
	case !slices.Contains(v.as, airlock.Creator):
		return fmt.Errorf("only who made a request changes its files: %w", airlock.ErrRefused)
	case r.Stage != airlock.Draft:
		return fmt.Errorf("request is %s, %s only in draft: %w", r.Stage.Status(), what, airlock.ErrIllegal)
	}
	return nil
}

// versions are the versions that a name stands for in a draft: the one in the
// container, the kept one, and those removed before (of which a repeated call
// may be about).
func (d *Desk) versions(ctx context.Context, v visit, name string) ([]airlock.File, error) {
	r, policy := v.request, v.workspace.Policy.WithDefaults()
	var live []airlock.File
	err := pages(func(after string) (string, error) {
		blobs, next, err := d.Ports.Containers.List(ctx, r.Place(airlock.DraftFiles, r.Turn), airlock.Page{After: after})
		if i := slices.IndexFunc(blobs, func(b airlock.Blob) bool { return b.Name == name }); i >= 0 {
			live, next = append(live, airlock.File{Name: name, ETag: blobs[i].ETag}), ""
		}
		return next, err
	})
	if err != nil {
		return nil, fmt.Errorf("draft of %s: %w", r.ID, err)
	}
	kept, err := d.kept(ctx, r, policy)
	if err != nil {
		return nil, err
	}
	live = append(live, slices.DeleteFunc(kept, func(f airlock.File) bool { return f.Name != name })...)
	slot := airlock.Slot{Key: r.Key(), Turn: r.Turn}
	if len(live) == 0 {
		err = d.eachRow(ctx, slot, airlock.Everything, func(f airlock.File) {
			if f.Name == name && f.Removal != nil {
				live = append(live, f)
			}
		})
		if err == nil && len(live) == 0 {
			err = fmt.Errorf("file %.200q: not in the draft: %w", name, airlock.ErrNotFound)
		}
		return live, err
	}
	return d.withTombstones(ctx, slot, live)
}

func (d *Desk) withTombstones(ctx context.Context, slot airlock.Slot, files []airlock.File) ([]airlock.File, error) {
	wanted := make([]version, len(files))
	for i, f := range files {
		wanted[i] = version{f.Name, f.ETag}
	}
	rows := map[version]airlock.File{}
	if err := d.fill(ctx, slot, rows, wanted); err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Removal = rows[wanted[i]].Removal
	}
	return files, nil
}
