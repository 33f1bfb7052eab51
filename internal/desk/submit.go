package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
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
		files, err := d.fit(ctx, v)
		if err != nil {
			return airlock.Change{}, err
		}
		change, err := v.request.Apply(pull)
		if err != nil {
			return airlock.Change{}, err
		}
		if change.Request, err = d.record(ctx, v.request, change.Request, files); err != nil {
			return airlock.Change{}, err
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

// fit are the files that a submit would hand in now; ErrUnfit where it cannot.
func (d *Desk) fit(ctx context.Context, v visit) ([]airlock.File, error) {
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
	return all.files, nil
}

// record keeps what is handed in under its digest and names it in the request
// that is to be committed. It writes no rows: whichever of two submits at once
// commits, its record is whole, and the engine writes the rows from it.
func (d *Desk) record(ctx context.Context, draft, r airlock.Request, files []airlock.File) (airlock.Request, error) {
	submission := airlock.NewSubmission(draft, files)
	text, digest, err := submission.Canonical()
	if err != nil {
		return r, also(err, ErrUnfit)
	}
	if err := d.Ports.Manifests.SaveManifest(ctx, draft.Key(), digest, text); err != nil {
		return r, fmt.Errorf("record of %s: %w", r.ID, err)
	}
	r.Record, r.Recorded, r.Files, r.Bytes = digest, false, len(files), submission.Bytes()
	return r, nil
}

// enough warns, and has the owner told, when fewer people may decide on the
// request than have to.
func (d *Desk) enough(ctx context.Context, v visit, change airlock.Change) ([]string, airlock.Change, error) {
	managers, _, err := d.counting(ctx, v, access.AirlockManager, nil)
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
	files = files[:min(len(files), cmp.Or(d.Inspects, 1000))]
	for _, f := range files {
		group.Go(func() error {
			d.order(ctx, r, message.QueueInspect, message.Inspect{Workspace: r.Workspace, Request: r.ID,
				Account: r.Place(airlock.DraftFiles, r.Turn).Account, Turn: r.Turn, Name: f.Name, Submitted: true})
			return nil
		})
	}
	_ = group.Wait() // order logs what goes wrong
}
