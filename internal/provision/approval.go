package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// maxRequesters is how many people a standing approval names.
const maxRequesters = 100

// Approve gives a standing approval of the given id. The same call again finds
// it. airlock.ErrInvalid names the field; airlock.ErrIllegal: no such template;
// airlock.ErrRefused: a program gives none.
func (b *Builder) Approve(ctx context.Context, act workspace.Act, p workspace.Approval) (workspace.Approval, error) {
	p.By, p.At, p.Reason, p.Call = person(act.By), act.At.UTC(), cmp.Or(p.Reason, act.Reason), act.Operation
	p.Used, p.Ended, p.Head, p.Version = 0, nil, audit.Head{}, ""
	if err := errors.Join(canonical("id", p.ID), canonical("operation", act.Operation)); err != nil {
		return p, err
	}
	if stored, err := b.Ports.Requests.Approval(ctx, p.ID); err == nil {
		return gave(stored, act)
	}
	if err := errors.Join(p.MayStand(act.At, b.Limits.longest()), airlock.Prose("reason", p.Reason, workspace.MaxReason), checkCovered(p)); err != nil {
		return p, err
	}
	if _, err := b.chosen(ctx, workspace.Workspace, "", New{Template: p.Template, Roles: admin}); err != nil {
		return p, err
	}
	c := workspace.Change{Partition: workspace.System}
	line := lineOf(act, "approve_standing", "", "", fmt.Sprintf("template %s, %d workspaces until %s", p.Template, p.Most, p.Until.UTC().Format("2006-01-02")))
	line.Reason = p.Reason
	c.Approval(p, line)
	saved, err := b.Ports.Store.CommitChange(ctx, c)
	if err == nil {
		return saved.Approvals[0], nil
	}
	if stored, readErr := b.Ports.Requests.Approval(ctx, p.ID); readErr == nil {
		return gave(stored, act)
	}
	return p, fmt.Errorf("standing approval %s: commit: %w", p.ID, err)
}

// gave answers a repeat: the id is of the call, and so of its person.
// airlock.ErrConflict: it is somebody else's.
func gave(p workspace.Approval, act workspace.Act) (workspace.Approval, error) {
	if p.By.OID == act.By.OID {
		return p, nil
	}
	return p, fmt.Errorf("standing approval %s exists already: %w", p.ID, airlock.ErrConflict)
}

// away is what is said of a standing approval whose giver may not act now; why
// is for other administrators to look up.
const away = "whoever gave it may not act now"

// Stands tells why a standing approval does not hold now, whatever it covers: who
// gave it is suspended. What they are in Entra only their own token says, and
// nobody has that here. "" where it holds.
func (b *Builder) Stands(ctx context.Context, p workspace.Approval) (why string, err error) {
	if b.Ports.Records == nil {
		return away, nil
	}
	giver, err := b.Ports.Records.Record(ctx, p.By.OID)
	if err != nil {
		return "", fmt.Errorf("who gave standing approval %s: %w", p.ID, err)
	}
	if giver.Suspended != nil {
		return away, nil
	}
	return "", nil
}

func checkCovered(p workspace.Approval) error {
	for _, size := range p.Sizes {
		if _, err := address.Size(size); err != nil && size != "custom" {
			return fmt.Errorf("addressSpaceSizes: %.40q: small, medium, large or custom: %w", size, airlock.ErrInvalid)
		}
	}
	if n := len(p.Requester); n > maxRequesters {
		return fmt.Errorf("requesters: %d, at most %d: %w", n, maxRequesters, airlock.ErrInvalid)
	}
	for _, oid := range p.Requester {
		if err := canonical("requesters", oid); err != nil {
			return err
		}
	}
	return nil
}

// TakeBack ends a standing approval: nothing is granted by it from then on. What
// was stays. airlock.ErrIllegal: it was taken back before, by another call.
func (b *Builder) TakeBack(ctx context.Context, act workspace.Act, id string) (workspace.Approval, error) {
	if err := errors.Join(canonical("id", id), canonical("operation", act.Operation)); err != nil {
		return workspace.Approval{}, fmt.Errorf("standing approval: %w: %w", err, airlock.ErrNotFound)
	}
	if err := airlock.Prose("reason", act.Reason, workspace.MaxReason); err != nil {
		return workspace.Approval{}, err
	}
	for try := 0; ; try++ {
		p, err := b.Ports.Requests.Approval(ctx, id)
		if missing(err) {
			return p, fmt.Errorf("standing approval does not exist: %w", airlock.ErrNotFound)
		}
		if err != nil {
			return p, fmt.Errorf("standing approval %s: %w", id, err)
		}
		if p.Ended != nil && p.Call == act.Operation {
			return p, nil
		}
		ended, err := p.TakeBack(act)
		if err != nil {
			return p, err
		}
		c := workspace.Change{Partition: workspace.System}
		c.Approval(ended, lineOf(act, "take_back", "", "", fmt.Sprintf("%d of %d used", p.Used, p.Most)))
		saved, err := b.Ports.Store.CommitChange(ctx, c)
		switch {
		case err == nil:
			return saved.Approvals[0], nil
		case !busy(err) || try+1 >= manyTries:
			if now, readErr := b.Ports.Requests.Approval(ctx, id); readErr == nil && now.Ended != nil && now.Call == act.Operation {
				return now, nil // its answer was lost
			}
			return p, fmt.Errorf("standing approval %s: commit: %w", id, err)
		}
		if err := b.pause(ctx, try+1); err != nil {
			return p, err
		}
	}
}
