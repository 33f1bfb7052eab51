package api

import (
	"context"
	"net/http"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	ofWorkspaceRequests = "/api/workspace-requests"
	ofWorkspaceRequest  = ofWorkspaceRequests + "/{workspace_request_id}"
	ofApprovals         = "/api/standing-approvals"
)

// wantedRoutes are about requests for workspaces, and what was approved
// beforehand.
func (a *api) wantedRoutes() []Route {
	return []Route{
		get(ofWorkspaceRequests, access.ReadWorkspaceRequest, "List my requests for workspaces, or all for an administrator", a.wanted).says("The newest first."),
		post(ofWorkspaceRequests, access.AskWorkspace, "Ask for a workspace", a.askWorkspace).answers(http.StatusAccepted).says("The same as POST /api/workspaces."),
		get(ofWorkspaceRequest, access.ReadWorkspaceRequest, "Get a request for a workspace", a.wantedOne).says("One's own, or, for administrators, anybody's. Its id is that of the workspace that it becomes."),
		post(ofWorkspaceRequest+"/review", access.DecideWorkspaceRequest, "Approve or reject a request for a workspace", a.decideWanted).
			says("Approved, the workspace is made at once, and the requester becomes its owner. Nobody decides on a request of their own, and no program does."),
		post(ofWorkspaceRequest+"/cancel", access.WithdrawWorkspaceRequest, "Take a request for a workspace back", a.withdrawWanted).says("Who asked, or an administrator, until it is decided."),
		get(ofApprovals, access.ReadApprovals, "List standing approvals", a.approvals).says("The newest first, ended ones too."),
		post(ofApprovals, access.ChangeApprovals, "Approve beforehand", a.approve).answers(http.StatusCreated).
			says("Requests that it covers are granted when they come, so that a study registry can provision by itself."),
		changing(http.MethodDelete, ofApprovals+"/{standing_approval_id}", access.ChangeApprovals, "Take a standing approval back", a.takeBack).says("What it granted before stays."),
	}
}

// WorkspaceRequest is a request for a workspace.
type WorkspaceRequest struct {
	ID              string                  `json:"id" doc:"UUID; that of the workspace that it becomes, too" example:"11111111-1111-4111-8111-111111111111"`
	Status          workspace.RequestStatus `json:"status" doc:"in_review, approved, rejected or cancelled" example:"in_review"`
	StatusMessage   string                  `json:"statusMessage" doc:"Why it stands so; empty when nothing is to be said" example:"enough workspaces this year"`
	TemplateName    string                  `json:"templateName" doc:"Template of the workspace" example:"tre-workspace-base"`
	TemplateVersion string                  `json:"templateVersion" doc:"Its version; empty: the current one when it is approved" example:"1.2.3"`
	Properties      map[string]any          `json:"properties" doc:"As the template asks; sensitive values are REDACTED"`
	Reason          string                  `json:"reason" doc:"Why, as the requester says" example:"a study of valve surgery"`
	Requester       User                    `json:"requester" doc:"Who asked, and becomes its owner"`
	Members         []Invited               `json:"members" doc:"Who gets a role in it beside"`
	Source          workspace.Source        `json:"source" doc:"event, which proves nothing about who sent it, or api" example:"api"`
	Reference       string                  `json:"reference" doc:"What the asking system calls it; empty where none did" example:"REG-2026-017"`
	CreatedWhen     float64                 `json:"createdWhen" doc:"When it came, Unix seconds" example:"1795338000.25"`
	UpdatedWhen     float64                 `json:"updatedWhen" doc:"When it changed last, Unix seconds" example:"1795338060.5"`
	Decision        *WorkspaceDecision      `json:"decision" doc:"Who decided; null until somebody did"`
}

// WorkspaceDecision is what was decided on a request for a workspace.
type WorkspaceDecision struct {
	By          User    `json:"by" doc:"Who decided"`
	When        float64 `json:"when" doc:"When, Unix seconds" example:"1795338060.5"`
	Explanation string  `json:"decisionExplanation" doc:"Why" example:"the study is approved by the board"`
	Approval    string  `json:"standingApprovalId,omitempty" doc:"UUID of the standing approval that covered it; absent when somebody decided on this very request" example:"12121212-1212-4212-8212-121212121212"`
}

// WorkspaceRequestIn is one request for a workspace.
type WorkspaceRequestIn struct {
	Request WorkspaceRequest `json:"workspaceRequest" doc:"The request"`
}

// WorkspaceRequests is a page of requests for workspaces.
type WorkspaceRequests struct {
	Requests []WorkspaceRequest `json:"workspaceRequests" doc:"The newest first"`
	Next     string             `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

func workspaceRequest(r workspace.Request) WorkspaceRequest {
	out := WorkspaceRequest{ID: r.ID, Status: r.Status, StatusMessage: r.Message, TemplateName: r.Template, TemplateVersion: r.TemplateVersion,
		Properties: r.Properties, Reason: r.Reason, Requester: user(r.Requester), Members: []Invited{}, Source: r.Source, Reference: r.Reference,
		CreatedWhen: unix(r.CreatedAt), UpdatedWhen: unix(r.UpdatedAt), Decision: decision(r.Decided)}
	if out.Properties == nil {
		out.Properties = map[string]any{}
	}
	for _, m := range r.Members {
		out.Members = append(out.Members, Invited{ID: m.OID, Name: m.Name, Email: m.Email, Role: string(m.Role)})
	}
	return out
}

func decision(d *workspace.Decided) *WorkspaceDecision {
	if d == nil {
		return nil
	}
	return &WorkspaceDecision{By: user(d.By), When: unix(d.At), Explanation: d.Reason, Approval: d.Approval}
}

func requested(r workspace.Request, err error) (*body[WorkspaceRequestIn], error) {
	return &body[WorkspaceRequestIn]{WorkspaceRequestIn{workspaceRequest(r)}}, err
}

// WantedCall asks for requests for workspaces.
type WantedCall struct {
	Status workspace.RequestStatus `query:"status" enum:"in_review,approved,rejected,cancelled" doc:"Those that stand so; all when absent" example:"in_review"`
	Paging
}

func (a *api) wanted(ctx context.Context, c desk.Caller, in *WantedCall) (*paged[WorkspaceRequests], error) {
	l, err := a.Resources.Wanted(ctx, c, in.Status, a.paging(in.Paging))
	if err != nil {
		return nil, err
	}
	out := WorkspaceRequests{Requests: []WorkspaceRequest{}, Next: l.Next}
	for _, r := range l.Requests {
		out.Requests = append(out.Requests, workspaceRequest(r))
	}
	return &paged[WorkspaceRequests]{nextLink(ctx, l.Next), out}, nil
}

// OfWanted names a request for a workspace.
type OfWanted struct {
	ID string `path:"workspace_request_id" doc:"UUID of the request" example:"11111111-1111-4111-8111-111111111111"`
}

func (a *api) wantedOne(ctx context.Context, c desk.Caller, in *OfWanted) (*body[WorkspaceRequestIn], error) {
	return requested(a.Resources.WantedOne(ctx, c, canonical(in.ID)))
}

// DecidingWanted decides on a request for a workspace.
type DecidingWanted struct {
	OfWanted
	Body struct {
		Approval    bool   `json:"approval" doc:"true approves, false rejects" example:"true"`
		Explanation string `json:"decisionExplanation,omitempty" maxLength:"2000" doc:"Why; required to reject, the requester is told" example:"the study is approved by the board"`
	}
}

func (a *api) decideWanted(ctx context.Context, c desk.Caller, in *DecidingWanted) (*body[WorkspaceRequestIn], error) {
	return requested(a.Resources.Decide(ctx, c, canonical(in.ID), in.Body.Approval, in.Body.Explanation))
}

// WithdrawingWanted takes a request for a workspace back.
type WithdrawingWanted struct {
	OfWanted
	WithReason
}

func (a *api) withdrawWanted(ctx context.Context, c desk.Caller, in *WithdrawingWanted) (*body[WorkspaceRequestIn], error) {
	return requested(a.Resources.Withdraw(ctx, c, canonical(in.ID), in.reason()))
}

// StandingApproval is an administrator's word, given beforehand.
type StandingApproval struct {
	ID           string             `json:"id" doc:"UUID" example:"12121212-1212-4212-8212-121212121212"`
	TemplateName string             `json:"templateName" doc:"Template that it is for" example:"tre-workspace-base"`
	Sizes        []string           `json:"addressSpaceSizes" doc:"Sizes of address space that it is for; all but custom when empty" example:"[\"small\"]"`
	Requesters   []string           `json:"requesters" doc:"Object ids of whom it is for; anybody when empty"`
	Most         int                `json:"most" doc:"Workspaces in all" example:"10"`
	Used         int                `json:"used" doc:"Workspaces that it granted" example:"3"`
	Until        time.Time          `json:"until" doc:"When it ends" example:"2027-01-31T00:00:00Z"`
	Reason       string             `json:"reason" doc:"Why it was given" example:"trials of the registry"`
	By           User               `json:"by" doc:"Who gave it"`
	When         float64            `json:"createdWhen" doc:"When it was given, Unix seconds" example:"1795338000.25"`
	Ended        *WorkspaceDecision `json:"ended" doc:"Who took it back; null when nobody did"`
}

// StandingApprovalIn is one standing approval.
type StandingApprovalIn struct {
	Approval StandingApproval `json:"standingApproval" doc:"The standing approval"`
}

// StandingApprovals is a page of standing approvals.
type StandingApprovals struct {
	Approvals []StandingApproval `json:"standingApprovals" doc:"The newest first"`
	Next      string             `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

func approval(p workspace.Approval) StandingApproval {
	return StandingApproval{ID: p.ID, TemplateName: p.Template, Sizes: listed(p.Sizes), Requesters: listed(p.Requester), Most: p.Most, Used: p.Used,
		Until: p.Until, Reason: p.Reason, By: user(p.By), When: unix(p.At), Ended: decision(p.Ended)}
}
