package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// workspaceRoutes tell what workspaces there are.
func (a *api) workspaceRoutes() []Route {
	return []Route{
		get("/api/workspaces", access.ListWorkspaces, "List my workspaces, or all for an administrator", a.workspaces),
		get("/api/workspaces/{workspace_id}", access.ReadWorkspace, "Get a workspace", a.workspace),
		get("/api/workspaces/{workspace_id}/scopeid", access.ReadWorkspace, "Scope to ask a token for", a.scopeID),
	}
}

// WorkspacesCall picks a page of workspaces.
type WorkspacesCall struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"Workspaces in a page. When absent all of them, up to the cap of this installation (TRE_API_MAX_LIST, 5,000 unless set); the Link header tells when there are more" example:"50"`
	Cursor string `query:"cursor" maxLength:"100" doc:"Of the page before, from its Link header"`
}

// WorkspaceCall names a workspace.
type WorkspaceCall struct {
	Workspace string `path:"workspace_id" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
}

// Workspaces is a page of workspaces.
type Workspaces struct {
	Workspaces []Workspace `json:"workspaces" doc:"In the order of their ids"`
	Next       string      `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// WorkspaceIn is one workspace.
type WorkspaceIn struct {
	Workspace Workspace `json:"workspace" doc:"The workspace"`
}

// Workspace is AzureTRE's resource, with what is known here, and the caller's
// roles. Workspaces are not deployed from templates yet, so that there is no
// template, version, operation or cost to name.
type Workspace struct {
	ID           string              `json:"id" doc:"UUID" example:"11111111-1111-4111-8111-111111111111"`
	ResourceType string              `json:"resourceType" doc:"Always workspace" example:"workspace"`
	ResourcePath string              `json:"resourcePath" doc:"Address under /api" example:"/workspaces/1f2c7d64-3d0c-4f5e-9a55-7b0e0f1c2d3e"`
	Enabled      bool                `json:"isEnabled" doc:"Always true: workspaces cannot be disabled"`
	Status       string              `json:"deploymentStatus" doc:"Whether it can be worked in" enum:"deployed,awaiting_deployment"`
	Properties   WorkspaceProperties `json:"properties" doc:"What it is, under AzureTRE's names"`
	Freeze       *Freeze             `json:"freeze,omitempty" doc:"Who holds it and why; absent while it is not frozen"`
	Roles        []string            `json:"roles" doc:"The caller's, in the workspace and everywhere"`
	ETag         string              `json:"_etag" doc:"Changes with what this answer says of the workspace"`
}

// WorkspaceProperties are AzureTRE's names for what a workspace is.
type WorkspaceProperties struct {
	DisplayName   string `json:"display_name" doc:"Name" example:"Heart study"`
	Description   string `json:"description" doc:"What it is for" example:"Outcomes after valve surgery"`
	Overview      string `json:"overview" doc:"The description: there is no longer text"`
	EnableAirlock bool   `json:"enable_airlock" doc:"Whether requests can be made"`
	ClientID      string `json:"client_id" doc:"Of the registration that tokens are for, the same in every workspace"`
	ScopeID       string `json:"scope_id" doc:"Put /user_impersonation behind it, or /.default for a program's own token" example:"api://6f0f3f4e-2f51-4c0b-8f9e-7a4f3f0a1b11"`
}

// WorkspaceAuth is what AzureTRE's UI asks before it asks for a token.
type WorkspaceAuth struct {
	Auth struct {
		ScopeID string `json:"scopeId" doc:"As scope_id of the workspace" example:"api://6f0f3f4e-2f51-4c0b-8f9e-7a4f3f0a1b11"`
	} `json:"workspaceAuth" doc:"What to sign in for"`
}

func (a *api) workspaces(ctx context.Context, c desk.Caller, in *WorkspacesCall) (*paged[Workspaces], error) {
	limit := in.Limit
	if limit == 0 {
		limit = a.Limits.List
	}
	found, err := a.Desk.Workspaces(ctx, c, airlock.Page{Limit: limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	out := Workspaces{Workspaces: []Workspace{}, Next: found.Next}
	for _, r := range found.Views {
		w, err := a.resource(r)
		if err != nil {
			return nil, err
		}
		out.Workspaces = append(out.Workspaces, w)
	}
	return &paged[Workspaces]{nextLink(ctx, found.Next), out}, nil
}

func (a *api) workspace(ctx context.Context, c desk.Caller, in *WorkspaceCall) (*body[WorkspaceIn], error) {
	view, err := a.Desk.Workspace(ctx, c, canonical(in.Workspace))
	if err != nil {
		return nil, err
	}
	w, err := a.resource(view)
	return &body[WorkspaceIn]{WorkspaceIn{w}}, err
}

func (a *api) scopeID(ctx context.Context, c desk.Caller, in *WorkspaceCall) (*body[WorkspaceAuth], error) {
	if _, err := a.Desk.Workspace(ctx, c, canonical(in.Workspace)); err != nil {
		return nil, err
	}
	var out WorkspaceAuth
	out.Auth.ScopeID = a.ScopeID
	return &body[WorkspaceAuth]{out}, nil
}

// resource is a workspace as AzureTRE writes one.
func (a *api) resource(r desk.WorkspaceView) (Workspace, error) {
	w := Workspace{ID: r.Workspace.ID, ResourceType: "workspace", ResourcePath: "/workspaces/" + r.Workspace.ID, Enabled: true,
		Status: "awaiting_deployment", Roles: []string{}, Properties: WorkspaceProperties{
			DisplayName: r.Workspace.DisplayName, Description: r.Workspace.Description, Overview: r.Workspace.Description,
			EnableAirlock: r.Workspace.EnableAirlock, ClientID: a.Metadata.ClientID, ScopeID: a.ScopeID}}
	if r.Workspace.Deployed {
		w.Status = "deployed"
	}
	if f := r.Workspace.Policy.Hold.Freeze; f != nil {
		w.Freeze = &Freeze{By: user(f.By), When: f.At, Reason: f.Reason}
	}
	text, err := json.Marshal(w) // without the roles, which are the caller's
	if err != nil {
		return Workspace{}, fmt.Errorf("workspace %s: %w", w.ID, err)
	}
	sum := sha256.Sum256(text)
	w.ETag = `"` + hex.EncodeToString(sum[:8]) + `"`
	for _, role := range r.Roles {
		w.Roles = append(w.Roles, string(role))
	}
	return w, nil
}
