package retain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Estate is what is looked at beside the airlock. The zero value leaves it
// alone.
type Estate struct {
	Store     workspace.Store
	Lists     workspace.Lists
	Addresses Addresses
	Requests  Requests
	Vault     workspace.Register // nil where no workspaces are made
	Unowned   time.Duration      // age from which a range that no service took is free again; 0 means an hour
}

// Addresses lists the address space.
type Addresses interface {
	// Blocks returns the blocks of which something is or was reserved.
	Blocks(ctx context.Context) ([]workspace.Block, error)
}

// ranges gives address ranges back that were reserved for a service whose own
// row was never written: they are in another partition, so a crash can come in
// between.
func (f Function) ranges(ctx context.Context) error {
	if f.Estate.Store == nil {
		return nil
	}
	blocks, err := f.Estate.Addresses.Blocks(ctx)
	if err != nil {
		return fmt.Errorf("address space: %w", err)
	}
	workspaces, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return f.Estate.Lists.Resources(ctx, workspace.System, p)
	})
	if err != nil {
		return fmt.Errorf("workspaces: %w", err)
	}
	var failed []error
	var seen []string
	for _, b := range blocks {
		for _, a := range b.Taken {
			own := func(w workspace.Resource) bool { return w.ID == a.Holder }
			if slices.Contains(seen, a.Holder) || slices.ContainsFunc(workspaces, own) {
				continue
			}
			seen = append(seen, a.Holder)
			within := slices.IndexFunc(workspaces, func(w workspace.Resource) bool { return slices.Contains(w.Addresses, a.Range.String()) })
			if within >= 0 {
				failed = append(failed, f.unowned(ctx, a.Holder, workspaces[within], blocks))
			}
		}
	}
	return errors.Join(failed...)
}

// unowned gives back what a holder has, if there is no such service and it is
// long ago that it was reserved.
func (f Function) unowned(ctx context.Context, holder string, w workspace.Resource, blocks []workspace.Block) error {
	_, err := f.Estate.Store.Resource(ctx, workspace.Key{Partition: w.ID, ID: holder})
	if !errors.Is(err, airlock.ErrNotFound) {
		return err
	}
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) {
		return f.Estate.Lists.Trail(ctx, workspace.System, w.ID, p)
	})
	if err != nil {
		return fmt.Errorf("trail of workspace %s: %w", w.ID, err)
	}
	now := f.Ledger.Now()
	old := slices.ContainsFunc(lines, func(l audit.Line) bool { return strings.Contains(l.Detail, holder) })
	young := slices.ContainsFunc(lines, func(l audit.Line) bool {
		return strings.Contains(l.Detail, holder) && now.Sub(l.At) < cmp.Or(f.Estate.Unowned, time.Hour)
	})
	if young || !old {
		return nil
	}
	c := workspace.Change{Partition: workspace.System}
	var ranges []string
	for _, b := range blocks {
		n := len(b.Taken)
		for _, a := range b.Taken {
			if a.Holder == holder && !slices.Contains(ranges, a.Range.String()) {
				ranges = append(ranges, a.Range.String())
			}
		}
		if b.Block = b.ReleaseAll(holder); len(b.Taken) < n {
			c.Blocks = append(c.Blocks, b)
		}
	}
	c.Resource(w.Without(ranges), audit.Line{At: now, Action: "release", From: string(w.Status), To: string(w.Status), Reason: "no service took it",
		Detail: fmt.Sprintf("range %s for workspace service %s", strings.Join(ranges, ", "), holder), Actor: audit.Actor{Name: "retain", Role: string(airlock.Engine)}})
	_, err = f.Estate.Store.CommitChange(ctx, c)
	if errors.Is(err, airlock.ErrConflict) { // the next run sees what became of it
		return nil
	}
	if err != nil {
		return fmt.Errorf("address ranges of %s: %w", holder, err)
	}
	return nil
}
