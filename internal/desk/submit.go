package desk

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
)

const (
	// rowsAtOnce is how many file rows one transaction takes (airlock.Files).
	rowsAtOnce = 100
	// maxInspects is how many inspections a submit orders itself, so that the
	// answer comes soon; airlockadvance orders the others.
	maxInspects = 1000
)

// Submit hands a draft in: the listing of its container, less what was
// removed, with what was kept, becomes the record. ErrUnfit: it has no files,
// too many, or ones that are refused; it is still a draft then.
func (d *Desk) Submit(ctx context.Context, c Caller, key airlock.Key) (View, error) {
	var warnings []string
	var unseen []airlock.File
	m := move{action: access.Submit, on: airlock.Submit}
	m.build = func(ctx context.Context, v visit, operation string) (airlock.Change, error) {
		pull := d.pull(v, airlock.Submit, "", operation)
		if _, err := v.request.Apply(pull); err != nil {
			return airlock.Change{}, err // said before the container is listed
		}
		files, err := d.record(ctx, v)
		if err != nil {
			return airlock.Change{}, err
		}
		change, err := v.request.Apply(pull)
		if err != nil {
			return airlock.Change{}, err
		}
		change.Request.Record, change.Request.Files, change.Request.Bytes = airlock.RecordDigest(files), len(files), 0
		for _, f := range files {
			change.Request.Bytes += f.Record.Size
		}
		unseen = slices.DeleteFunc(slices.Clone(files), func(f airlock.File) bool { return f.Inspection != nil || f.Record.Kept > 0 })
		warnings, change, err = d.enough(ctx, v, change)
		return change, err
	}
	v, change, err := d.change(ctx, c, key, m)
	if err != nil {
		return View{}, err
	}
	d.inspect(ctx, change.Request, unseen)
	view := v.view(change.Request)
	view.Warnings = warnings
	return view, nil
}

// record writes the rows of what is handed in, and takes back those of an
// earlier try that are no longer there.
func (d *Desk) record(ctx context.Context, v visit) ([]airlock.File, error) {
	all, err := d.contents(ctx, v)
	if err != nil {
		return nil, err
	}
	if all.more { // also when most of them were removed: what was not listed cannot be recorded
		return nil, also(fmt.Errorf("files: the container holds far more than the limit, wait until removed ones are gone: %w", airlock.ErrInvalid), ErrUnfit)
	}
	if _, err := airlock.Limits(v.workspace.Policy, len(all.files), all.bytes); err != nil {
		return nil, also(err, ErrUnfit)
	}
	if err := airlock.Submittable(v.workspace.Policy, all.judged()); err != nil {
		return nil, also(err, ErrUnfit)
	}
	slot := airlock.Slot{Key: v.request.Key(), Turn: v.request.Turn}
	rows, err := d.stale(ctx, slot, all.files)
	if err != nil {
		return nil, err
	}
	for _, f := range all.files {
		seen := all.known[version{f.Name, f.ETag}]
		row := airlock.File{Name: f.Name, ETag: f.ETag, Stored: seen.Stored, Record: f.Record}
		if f.Record.Kept > 0 {
			row.Inspection, row.Verdict, row.Malware = f.Inspection, f.Verdict, f.Malware
		}
		if !reflect.DeepEqual(seen.Record, f.Record) {
			rows = append(rows, row)
		}
	}
	return all.files, d.put(ctx, slot, rows)
}

// stale are rows that take back what an earlier try listed and that is not
// there now.
func (d *Desk) stale(ctx context.Context, slot airlock.Slot, files []airlock.File) ([]airlock.File, error) {
	now := make(map[version]bool, len(files))
	for _, f := range files {
		now[version{f.Name, f.ETag}] = true
	}
	var rows []airlock.File
	err := d.eachRow(ctx, slot, airlock.Listed, func(f airlock.File) {
		if !now[version{f.Name, f.ETag}] && f.Record != nil {
			record := *f.Record
			record.Listed = false
			rows = append(rows, airlock.File{Name: f.Name, ETag: f.ETag, Stored: f.Stored, Record: &record})
		}
	})
	return rows, err
}

// put writes rows in pages.
func (d *Desk) put(ctx context.Context, slot airlock.Slot, rows []airlock.File) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	for page := range slices.Chunk(rows, rowsAtOnce) {
		group.Go(func() error { return d.Ports.Files.Put(ctx, slot, page) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("record of %s: %w", slot.Key.Request, err)
	}
	return nil
}

// enough warns, and has the owner told, when fewer people may decide on the
// request than have to.
func (d *Desk) enough(ctx context.Context, v visit, change airlock.Change) ([]string, airlock.Change, error) {
	managers, _, err := d.counting(ctx, v.workspace.ID, access.AirlockManager, nil)
	if err != nil {
		return nil, change, err
	}
	needed, there := v.workspace.Policy.WithDefaults().Reviewers, len(change.Request.Eligible(managers))
	if there >= needed || slices.ContainsFunc(managers, isGroup) { // how many are in a group, nobody here knows
		return nil, change, nil
	}
	r := &change.Request
	r.Notices = append(slices.Clone(r.Notices), airlock.Notice{Event: airlock.ToldFewer, Seq: r.Head.Seq, At: r.UpdatedAt})
	change.Orders = append(change.Orders, airlock.Notify)
	return []string{fmt.Sprintf("the request needs %d reviewers, but only %d may decide on it; the workspace's owner is told", needed, there)}, change, nil
}

func isGroup(m access.Membership) bool { return m.Group }

// inspect orders the inspection of files that nobody has looked at yet.
func (d *Desk) inspect(ctx context.Context, r airlock.Request, files []airlock.File) {
	ctx = context.WithoutCancel(ctx)
	var group errgroup.Group
	group.SetLimit(d.parallel())
	files = files[:min(len(files), maxInspects)]
	for i, f := range files {
		group.Go(func() error {
			d.order(ctx, r, message.QueueInspect, message.Inspect{Workspace: r.Workspace, Request: r.ID,
				Account: r.Place(airlock.DraftFiles, r.Turn).Account, Turn: r.Turn, Name: f.Name, Submitted: looksAfter(i, len(files))})
			return nil
		})
	}
	_ = group.Wait() // order logs what goes wrong
}

// maxLooks is after how many of the inspections that a submit orders the
// request is looked at: a look after each of a thousand costs more than they.
const maxLooks = 16

// looksAfter tells whether the request is looked at after inspection i of n:
// now and then, and after the last.
func looksAfter(i, n int) bool {
	return i == n-1 || i%((n+maxLooks-1)/maxLooks) == 0
}
