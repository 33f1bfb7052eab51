// Package airlockpurge deletes what a request does not own any more: its
// disowned containers, or one file that was removed from a draft. In: an order
// that names the request. Out: nothing; a purge stays open work until the
// container was seen gone twice, and sweep comes back for it.
package airlockpurge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings; it has none.
type Out struct{}

// Function purges.
type Function struct {
	Ledger  ledger.Ledger
	Files   airlock.Files
	Vault   airlock.Vault
	Janitor airlock.Janitor
	Settle  time.Duration // between the two times a container has to be seen gone
}

// maxTries is how often a commit is tried against somebody faster.
const maxTries = 3

// Handle purges for one request.
func (f Function) Handle(ctx context.Context, m message.Purge) (Out, error) {
	c, err := f.Ledger.Load(ctx, m.Workspace, m.Request)
	if err != nil {
		return Out{}, err
	}
	if m.Name != "" {
		return Out{}, f.remove(ctx, c, m)
	}
	for try := 1; ; try++ {
		err = f.purge(ctx, c)
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return Out{}, err
		}
		if c, err = f.Ledger.Load(ctx, m.Workspace, m.Request); err != nil {
			return Out{}, err
		}
	}
}

// remove deletes the version of a file for which there is a tombstone.
func (f Function) remove(ctx context.Context, c ledger.Case, m message.Purge) error {
	if m.ETag == "" {
		return fault.Unreadable(errors.New("message names no version of the file"))
	}
	file, err := f.Files.Get(ctx, airlock.Slot{Key: c.Request.Key(), Turn: m.Turn}, m.Name, m.ETag)
	if errors.Is(err, airlock.ErrNotFound) || err == nil && file.Removal == nil {
		return nil // an order without a tombstone deletes nothing
	}
	if err != nil {
		return fmt.Errorf("tombstone: %w", err)
	}
	ref := airlock.Ref{Place: c.Request.Place(airlock.DraftFiles, m.Turn), Name: m.Name, ETag: m.ETag}
	if err := f.Vault.Remove(ctx, ref); err != nil {
		return fmt.Errorf("removed file: %w", err)
	}
	return nil
}

// purgeOne deletes a container and tells whether it is gone. That of a deleted
// workspace went with the workspace's account.
func (f Function) purgeOne(ctx context.Context, c ledger.Case, place airlock.Place) (gone bool, err error) {
	if c.Workspace.Gone && place.Account != airlock.AirlockAccount {
		return true, nil
	}
	return f.Janitor.Purge(ctx, place)
}

// purge deletes every disowned container and notes what it saw, in one commit.
func (f Function) purge(ctx context.Context, c ledger.Case) error {
	var failed []error
	first, changed := 0, false
	for _, made := range c.Request.Purges() {
		gone, err := f.purgeOne(ctx, c, c.Request.Place(made.Kind, made.Number))
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("%s container %d: %w", made.Kind, made.Number, err))
		case gone:
			if made.Absent.IsZero() {
				first++
			}
			seen := c.Request.SeenAbsent(made, f.Ledger.Now(), f.Settle)
			changed = changed || made.Absent.IsZero() || len(seen.Containers) < len(c.Request.Containers)
			c.Request = seen
		case !made.Absent.IsZero(): // it came back
			c.Request, changed = c.Request.SeenPresent(made), true
		}
	}
	if !changed {
		return errors.Join(failed...)
	}
	action, detail := "", ""
	if first > 0 {
		action, detail = "purged", fmt.Sprintf("%d containers", first)
	}
	_, err := f.Ledger.Note(ctx, c, action, detail)
	return errors.Join(append(failed, err)...)
}
