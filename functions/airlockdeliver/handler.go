// Package airlockdeliver copies approved files across the boundary, a page at
// a time, and verifies each against the manifest that was approved. In: an
// order that names a request and an attempt. Out: the next slice's order, or a
// notice. An order for another attempt, or for a request that is not being
// delivered, does nothing. In a frozen workspace nothing is copied.
package airlockdeliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings.
type Out struct {
	Advance *message.Advance `json:"airlockadvance,omitempty"`
	Deliver *message.Deliver `json:"airlockdeliver,omitempty"`
	Purge   *message.Purge   `json:"airlockpurge,omitempty"`
	Notify  *message.Notify  `json:"notify,omitempty"`
}

// Function delivers. The zero value of each number is ready to use.
type Function struct {
	Ledger    ledger.Ledger
	Files     airlock.Files
	Work      airlock.Work
	Desk      airlock.Desk
	Vault     airlock.Vault
	Manifests airlock.Manifests
	Fresh     airlock.Workspaces // remembers nothing: whether a workspace is frozen is asked before every slice

	Page     int           // files in one page; 0 means 100
	Pages    int           // pages in one call; 0 means 10, so that the manifest is not read for every hundred files
	Parallel int           // copies under way at once; 0 means 8
	Slice    int64         // bytes read of one file in one slice, for its check; 0 means 4 GiB
	Busy     time.Duration // how long a call goes on from page to page; 0 means 20 s, well below a hint's pause
}

// Handle does one slice.
func (f Function) Handle(ctx context.Context, m message.Deliver) (Out, error) {
	c, err := f.Ledger.Load(ctx, m.Workspace, m.Request)
	if err != nil {
		return Out{}, err
	}
	r := c.Request
	if r.Stage != airlock.Approving || m.Attempt != r.Attempt {
		return out(c, ledger.Pending(r), m.Trace), nil
	}
	began := f.Ledger.Now()
	if c, err = f.fresh(ctx, c); err != nil {
		return Out{}, err
	}
	if c.Policy.Hold.Freeze != nil { // sweep comes back, and the delivery goes on where it was once this is lifted
		return out(c, ledger.Pending(r), m.Trace), f.Ledger.End(ctx, f.Work, r)
	}
	if !f.Ledger.Now().Before(r.Waits(c.Policy).Deadline) { // a chain that goes on and on leaves sweep nothing to look at
		return f.move(ctx, c, airlock.Move{On: airlock.Broke, Reason: "the delivery took too long; retry it"}, m.Trace)
	}
	s := slice{f: f, c: c}
	files, next, err := s.page(ctx)
	if err != nil {
		return Out{}, err
	}
	chain := next || slices.ContainsFunc(files, s.begun)
	if chain {
		if mine, err := f.Ledger.Begin(ctx, f.Work, r); err != nil || !mine {
			return out(c, ledger.Pending(r), m.Trace), err
		}
	}
	more, err := s.pages(ctx, files, next)
	if broken := (*brokenError)(nil); errors.As(err, &broken) {
		return f.move(ctx, c, airlock.Move{On: airlock.Broke, Reason: broken.Error()}, m.Trace)
	}
	if chain || more {
		err = errors.Join(err, f.Ledger.End(context.WithoutCancel(ctx), f.Work, r))
	}
	if err != nil {
		return Out{}, err
	}
	if more {
		return out(c, append(ledger.Pending(r), airlock.Deliver), m.Trace), nil
	}
	return f.finish(ctx, s, began, m.Trace)
}

// fresh reads the workspace anew where its row may be remembered: one that was
// frozen a moment ago must hold the very next slice.
func (f Function) fresh(ctx context.Context, c ledger.Case) (ledger.Case, error) {
	w, err := f.Fresh.Workspace(ctx, c.Request.Workspace)
	if err != nil {
		return c, fmt.Errorf("workspace %s: %w", c.Request.Workspace, err)
	}
	c.Workspace, c.Policy = w, w.Policy.WithDefaults()
	return c, nil
}

// approved loads the manifest that was approved, by name. It is a broken
// delivery when it is another request's, or another turn's.
func (f Function) approved(ctx context.Context, r airlock.Request) (map[string]airlock.Entry, error) {
	text, err := f.Manifests.LoadManifest(ctx, r.Key(), r.Manifest)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	manifest, err := airlock.ReadManifest(text, r.Manifest)
	if err != nil {
		return nil, err
	}
	if manifest.Workspace != r.Workspace || manifest.Request != r.ID || manifest.Turn != r.Turn {
		return nil, &brokenError{"the manifest that was approved is not of these files"}
	}
	entries := make(map[string]airlock.Entry, len(manifest.Files))
	for _, e := range manifest.Files {
		entries[e.Name] = e
	}
	return entries, nil
}

// moment is after how long it is asked once more whether the workspace is frozen,
// before a delivery ends: what comes within it comes at the same time.
const moment = time.Second

// finish holds what is on the other side against the manifest, to the last
// name, and closes the delivery.
func (f Function) finish(ctx context.Context, s slice, began time.Time, trace string) (Out, error) {
	r := s.c.Request
	blobs, err := airlock.Collect(func(p airlock.Page) ([]airlock.Blob, string, error) {
		return f.Desk.List(ctx, r.Place(airlock.ReleasedFiles, r.Attempt), p)
	})
	if err != nil {
		return Out{}, fmt.Errorf("released container: %w", err)
	}
	for _, b := range blobs {
		if e, ok := s.approved[b.Name]; !ok || e.Size != b.Size {
			return f.move(ctx, s.c, airlock.Move{On: airlock.Broke, Reason: "the released files are not those of the manifest; retry the delivery"}, trace)
		}
	}
	if len(blobs) != len(s.approved) {
		return f.move(ctx, s.c, airlock.Move{On: airlock.Broke, Reason: fmt.Sprintf("%d of %d files arrived; retry the delivery", len(blobs), len(s.approved))}, trace)
	}
	if infected, err := airlock.FindMalware(ctx, f.Files, r); err != nil {
		return Out{}, err
	} else if infected != nil {
		return f.move(ctx, s.c, *infected, trace)
	}
	if f.Ledger.Now().Sub(began) >= moment {
		if s.c, err = f.fresh(ctx, s.c); err != nil {
			return Out{}, err
		}
	}
	if s.c.Policy.Hold.Freeze != nil { // frozen while the last page was copied: what is there is given to nobody
		return out(s.c, ledger.Pending(r), trace), f.Ledger.End(ctx, f.Work, r)
	}
	return f.move(ctx, s.c, airlock.Move{On: airlock.Delivered,
		Detail: fmt.Sprintf("manifest %s, %d files verified", r.Manifest, len(blobs))}, trace)
}

// maxTries is how often the end of a delivery is committed against somebody
// faster, such as a purge that is noted at the same time.
const maxTries = 5

// move ends the delivery, unless whoever was faster has ended it already.
func (f Function) move(ctx context.Context, c ledger.Case, m airlock.Move, trace string) (Out, error) {
	attempt := c.Request.Attempt
	for try := 1; ; try++ {
		moved, orders, err := f.Ledger.Move(ctx, c, m)
		if err == nil {
			return out(moved, orders, trace), nil
		}
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return Out{}, err
		}
		if c, err = f.Ledger.Load(ctx, c.Request.Workspace, c.Request.ID); err != nil {
			return Out{}, err
		}
		if c.Request.Stage != airlock.Approving || c.Request.Attempt != attempt {
			return out(c, ledger.Pending(c.Request), trace), nil
		}
	}
}

func out(c ledger.Case, orders []airlock.Order, trace string) Out {
	r, o := c.Request, Out{}
	if slices.Contains(orders, airlock.Advance) {
		o.Advance = &message.Advance{Workspace: r.Workspace, Request: r.ID, Trace: trace}
	}
	if slices.Contains(orders, airlock.Deliver) {
		o.Deliver = &message.Deliver{Workspace: r.Workspace, Request: r.ID, Attempt: r.Attempt, Trace: trace}
	}
	if slices.Contains(orders, airlock.Purge) {
		o.Purge = &message.Purge{Workspace: r.Workspace, Request: r.ID, Trace: trace}
	}
	if slices.Contains(orders, airlock.Notify) {
		o.Notify = &message.Notify{Workspace: r.Workspace, Request: r.ID, Trace: trace}
	}
	return o
}
