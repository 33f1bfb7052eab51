package api

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func (a *api) approvals(ctx context.Context, c desk.Caller, in *Paging) (*paged[StandingApprovals], error) {
	l, err := a.Resources.Approvals(ctx, c, a.paging(*in))
	if err != nil {
		return nil, err
	}
	out := StandingApprovals{Approvals: []StandingApproval{}, Next: l.Next}
	for _, p := range l.Approvals {
		out.Approvals = append(out.Approvals, approval(p))
	}
	return &paged[StandingApprovals]{nextLink(ctx, l.Next), out}, nil
}

// Approving gives a standing approval.
type Approving struct {
	Body struct {
		TemplateName string   `json:"templateName" minLength:"1" maxLength:"100" doc:"Template that it is for" example:"tre-workspace-base"`
		Sizes        []string `json:"addressSpaceSizes,omitempty" maxItems:"4" doc:"Sizes of address space that it is for, of small, medium, large, custom; all but custom when absent" example:"[\"small\"]"`
		Requesters   []string `json:"requesters,omitempty" maxItems:"100" doc:"Object ids of whom it is for; anybody when absent" example:"[\"a0000000-0000-4000-8000-000000000002\"]"`
		Most         int      `json:"most" minimum:"1" maximum:"1000" doc:"Workspaces in all" example:"10"`
		Until        string   `json:"until" minLength:"1" maxLength:"40" doc:"RFC 3339 time, or a date after which it ends" example:"2027-01-31"`
		Reason       string   `json:"reason" minLength:"1" maxLength:"2000" doc:"Why; kept in the audit trail" example:"trials of the registry"`
	}
}

func (a *api) approve(ctx context.Context, c desk.Caller, in *Approving) (*body[StandingApprovalIn], error) {
	until, err := people.EndOfDay("until", in.Body.Until)
	if err != nil {
		return nil, err
	}
	p, err := a.Resources.Approve(ctx, c, workspace.Approval{Template: in.Body.TemplateName, Sizes: in.Body.Sizes,
		Requester: each(in.Body.Requesters, canonical), Most: in.Body.Most, Until: until, Reason: in.Body.Reason})
	return &body[StandingApprovalIn]{StandingApprovalIn{approval(p)}}, err
}

// TakingBack takes a standing approval back.
type TakingBack struct {
	ID     string `path:"standing_approval_id" doc:"UUID of the standing approval" example:"12121212-1212-4212-8212-121212121212"`
	Reason string `query:"reason" maxLength:"2000" doc:"Why; kept in the audit trail" example:"the trials are over"`
}

func (a *api) takeBack(ctx context.Context, c desk.Caller, in *TakingBack) (*body[StandingApprovalIn], error) {
	p, err := a.Resources.TakeBack(ctx, c, canonical(in.ID), in.Reason)
	return &body[StandingApprovalIn]{StandingApprovalIn{approval(p)}}, err
}
