package resources

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// ApprovalList is a page of standing approvals, the newest first.
type ApprovalList struct {
	Approvals []workspace.Approval
	Next      string // cursor of the next page; "" at the end
}

// Approvals lists standing approvals, ended ones too.
func (d *Desk) Approvals(ctx context.Context, c desk.Caller, page Page) (ApprovalList, error) {
	if _, err := d.Desk.AdmitEverywhere(ctx, c, access.ReadApprovals); err != nil {
		return ApprovalList{}, err
	}
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Approval, string, error) { return d.Ports.Requests.Approvals(ctx, p) })
	if err != nil {
		return ApprovalList{}, fmt.Errorf("standing approvals: %w", err)
	}
	slices.SortFunc(all, func(a, b workspace.Approval) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	cut, next, err := desk.Cut(all, page.Page, page.Most, func(p workspace.Approval) string { return p.ID })
	return ApprovalList{Approvals: cut, Next: next}, err
}

// Approve gives a standing approval.
func (d *Desk) Approve(ctx context.Context, c desk.Caller, p workspace.Approval) (workspace.Approval, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ChangeApprovals)
	if err != nil {
		return workspace.Approval{}, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Approval{}, err
	}
	const purpose = "give a standing approval"
	a := d.act(c, purpose, access.ChangeApprovals, p.Reason)
	p.ID, p.By, p.At, p.Call = d.id(c, purpose), a.By, a.At, a.Operation
	return b.Approve(ctx, a, p)
}

// TakeBack ends a standing approval. What it granted before stays.
func (d *Desk) TakeBack(ctx context.Context, c desk.Caller, id, reason string) (workspace.Approval, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ChangeApprovals)
	if err != nil {
		return workspace.Approval{}, err
	}
	if !canonical(id) {
		return workspace.Approval{}, fmt.Errorf("standing approval does not exist: %w", airlock.ErrNotFound)
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Approval{}, err
	}
	return b.TakeBack(ctx, d.act(c, "take back approval "+id, access.ChangeApprovals, reason), id)
}
