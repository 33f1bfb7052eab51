package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// workspaceRoutes are about workspaces themselves.
func (a *api) workspaceRoutes() []Route {
	return append([]Route{
		get("/api/workspaces", access.ListWorkspaces, "List my workspaces, or all for an administrator", a.workspaces),
		post("/api/workspaces", access.AskWorkspace, "Ask for a workspace", a.askWorkspace).answers(http.StatusAccepted).
			says("An administrator's is made at once: the answer has its operation. Anybody else's waits for an administrator: the answer has the request. Location leads to either."),
		get(ofWorkspace, access.ReadWorkspace, "Get a workspace", a.workspace),
		versioned(ofWorkspace, access.ChangeWorkspace, "Change a workspace, enable, disable or upgrade it", a.patchWorkspace),
		changing(http.MethodDelete, ofWorkspace, access.DeleteWorkspace, "Delete a workspace with all that is in it", a.deleteWorkspace).
			says("All of it has to be disabled before, and no airlock request under way."),
		post(ofWorkspace+"/invoke-action", access.ChangeWorkspace, "Do a custom action of the template", a.actOnWorkspace).answers(http.StatusAccepted),
		get(ofWorkspace+"/scopeid", access.ReadWorkspace, "Scope to ask a token for", a.scopeID),
	}, subjectRoutes[WorkspaceList, WorkspaceOperation, WorkspaceStop](a, ofWorkspace, "a workspace",
		happened{read: access.WorkspaceOperations, stop: access.StopWorkspace, retry: access.ChangeWorkspace})...)
}

// Workspaces is a page of workspaces.
type Workspaces struct {
	Workspaces []Workspace `json:"workspaces" doc:"In the order of their names"`
	Next       string      `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// WorkspaceIn is one workspace.
type WorkspaceIn struct {
	Workspace Workspace `json:"workspace" doc:"The workspace"`
}

// Workspace is AzureTRE's resource, with the caller's roles. Its properties hold
// client_id and scope_id, for which tokens are asked, the same in every
// workspace.
type Workspace struct {
	Resource
	Freeze *Freeze  `json:"freeze,omitempty" doc:"Who holds it and why; absent while it is not frozen, and in lists"`
	Roles  []string `json:"roles" doc:"The caller's, in the workspace and everywhere; in an administrator's list those of the token"`
}

// WorkspaceAuth is what AzureTRE's UI asks before it asks for a token.
type WorkspaceAuth struct {
	Auth struct {
		ScopeID string `json:"scopeId" doc:"As scope_id of the workspace" example:"api://6f0f3f4e-2f51-4c0b-8f9e-7a4f3f0a1b11"`
	} `json:"workspaceAuth" doc:"What to sign in for"`
}

func (a *api) workspaces(ctx context.Context, c desk.Caller, in *Paging) (*paged[Workspaces], error) {
	found, err := a.Resources.Workspaces(ctx, c, a.paging(*in))
	if err != nil {
		return nil, err
	}
	out := Workspaces{Workspaces: make([]Workspace, 0, len(found.Views)), Next: found.Next}
	for _, v := range found.Views {
		w, err := a.workspaceOf(v)
		if err != nil {
			return nil, err
		}
		out.Workspaces = append(out.Workspaces, w)
	}
	return &paged[Workspaces]{nextLink(ctx, found.Next), out}, nil
}

func (a *api) workspace(ctx context.Context, c desk.Caller, in *InWorkspace) (*tagged[WorkspaceIn], error) {
	view, err := a.Resources.Workspace(ctx, c, canonical(in.Workspace))
	if err != nil {
		return nil, err
	}
	w, err := a.workspaceOf(view)
	return &tagged[WorkspaceIn]{entityTag(w.ETag), WorkspaceIn{w}}, err
}

func (a *api) scopeID(ctx context.Context, c desk.Caller, in *InWorkspace) (*body[WorkspaceAuth], error) {
	if _, err := a.Desk.Workspace(ctx, c, canonical(in.Workspace)); err != nil {
		return nil, err
	}
	var out WorkspaceAuth
	out.Auth.ScopeID = a.ScopeID
	return &body[WorkspaceAuth]{out}, nil
}

// workspaceOf is a workspace as AzureTRE writes one.
func (a *api) workspaceOf(v resources.WorkspaceView) (Workspace, error) {
	w := Workspace{Roles: []string{}}
	if f := v.Workspace.Policy.Hold.Freeze; f != nil {
		w.Freeze = &Freeze{By: user(f.By), When: f.At, Reason: f.Reason}
	}
	if v.Known() {
		w.Resource = resource(v.View)
		w.Properties["client_id"], w.Properties["scope_id"] = a.Metadata.ClientID, a.ScopeID
	} else if err := a.unknown(v.WorkspaceView, &w); err != nil {
		return Workspace{}, err
	}
	for _, role := range v.Roles {
		w.Roles = append(w.Roles, string(role))
	}
	return w, nil
}

// unknown writes what there is to say of a workspace that was not made by this
// system: its card. It has no version, so that its text stands for one.
func (a *api) unknown(v desk.WorkspaceView, w *Workspace) error {
	card := v.Workspace
	w.Resource = Resource{ID: card.ID, ResourceType: string(workspace.Workspace), ResourcePath: "/workspaces/" + card.ID, Enabled: true,
		Status: string(workspace.AwaitingDeployment), Properties: map[string]any{
			"display_name": card.DisplayName, "description": card.Description, "overview": card.Description,
			"enable_airlock": card.EnableAirlock, "client_id": a.Metadata.ClientID, "scope_id": a.ScopeID}}
	if card.Deployed {
		w.Status = string(workspace.Deployed)
	}
	text, err := json.Marshal(w) // without the roles, which are the caller's
	if err != nil {
		return fmt.Errorf("workspace %s: %w", w.ID, err)
	}
	sum := sha256.Sum256(text)
	w.ETag = `"` + hex.EncodeToString(sum[:8]) + `"`
	return nil
}

// AskingWorkspace asks for a workspace.
type AskingWorkspace struct {
	Body struct {
		TemplateName    string         `json:"templateName" minLength:"1" maxLength:"100" doc:"Name of the template" example:"tre-workspace-base"`
		TemplateVersion string         `json:"templateVersion,omitempty" maxLength:"64" doc:"Ours: version of the template; the current one when absent" example:"1.2.3"`
		Properties      map[string]any `json:"properties,omitempty" doc:"As the template's schema asks; see /workspace-templates"`
		Members         []Invited      `json:"members,omitempty" maxItems:"40" doc:"Ours: who gets a role in it, beside its owner"`
		Reason          string         `json:"reason,omitempty" maxLength:"2000" doc:"Ours: why; an administrator reads it" example:"a study of valve surgery"`
	}
}

// Invited is somebody who gets a role in a new workspace.
type Invited struct {
	ID    string `json:"id" minLength:"36" maxLength:"36" doc:"Entra object id, a UUID" example:"a0000000-0000-4000-8000-000000000002"`
	Name  string `json:"name,omitempty" maxLength:"200" doc:"Display name" example:"Bob"`
	Email string `json:"email,omitempty" maxLength:"254" doc:"Mail address" example:"bob@example.org"`
	Role  string `json:"role" enum:"WorkspaceOwner,WorkspaceResearcher,AirlockManager" doc:"The role" example:"WorkspaceResearcher"`
}

// WorkspaceAsked is what became of it.
type WorkspaceAsked struct {
	Operation *Operation        `json:"operation,omitempty" doc:"An administrator's: the operation that makes it"`
	Request   *WorkspaceRequest `json:"workspaceRequest,omitempty" doc:"Anybody else's: the request, which an administrator decides on"`
}

type askedOut struct {
	Location string `header:"Location" doc:"Address of the operation or of the request"`
	Body     WorkspaceAsked
}

func (a *api) askWorkspace(ctx context.Context, c desk.Caller, in *AskingWorkspace) (*askedOut, error) {
	w := resources.Wish{Reason: in.Body.Reason, New: provision.New{Template: in.Body.TemplateName, Version: in.Body.TemplateVersion, Properties: in.Body.Properties}}
	for _, m := range in.Body.Members {
		w.Members = append(w.Members, workspace.Member{OID: canonical(m.ID), Name: m.Name, Email: m.Email, Role: access.Role(m.Role)})
	}
	asked, err := a.Resources.AskWorkspace(ctx, c, w)
	if err != nil {
		return nil, err
	}
	if r := asked.Request; r != nil {
		out := workspaceRequest(*r)
		return &askedOut{"/api/workspace-requests/" + r.ID, WorkspaceAsked{Request: &out}}, nil
	}
	out := operation(asked.Operation)
	return &askedOut{location(asked.Operation), WorkspaceAsked{Operation: &out}}, nil
}

// PatchingWorkspace changes a workspace.
type PatchingWorkspace struct {
	InWorkspace
	Forced
	Body Patching
}

func (a *api) patchWorkspace(ctx context.Context, c desk.Caller, in *PatchingWorkspace) (*ordered, error) {
	return orderedBy(a.Resources.UpdateWorkspace(ctx, c, canonical(in.Workspace), in.Body.patch(c, in.Forced)))
}

func (a *api) deleteWorkspace(ctx context.Context, c desk.Caller, in *InWorkspace) (*ordered, error) {
	return orderedBy(a.Resources.DeleteWorkspace(ctx, c, canonical(in.Workspace)))
}

// ActingOnWorkspace acts on a workspace.
type ActingOnWorkspace struct {
	InWorkspace
	Acting
}

func (a *api) actOnWorkspace(ctx context.Context, c desk.Caller, in *ActingOnWorkspace) (*ordered, error) {
	return orderedBy(a.Resources.InvokeWorkspace(ctx, c, canonical(in.Workspace), in.deed()))
}
