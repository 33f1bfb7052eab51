package api

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// operationRoutes are about operations of everything.
func (a *api) operationRoutes() []Route {
	return []Route{
		get("/api/operations", access.ListOperations, "List my operations that are under way", a.myOperations).says("In all workspaces in which the caller has a role, and beside them; the newest first."),
	}
}

// Operation is AzureTRE's operation, with our fields after its own.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/models/domain/operation.py
type Operation struct {
	ID              string           `json:"id" doc:"UUID" example:"77777777-7777-4777-8777-777777777777"`
	ResourceID      string           `json:"resourceId" doc:"UUID of the resource that it is about" example:"11111111-1111-4111-8111-111111111111"`
	ResourcePath    string           `json:"resourcePath" doc:"Address of the resource under /api" example:"/workspaces/11111111-1111-4111-8111-111111111111"`
	ResourceVersion int              `json:"resourceVersion" doc:"Of the resource when it began" example:"0"`
	Status          workspace.Status `json:"status" doc:"AzureTRE's status; failed as a whole where any step failed" example:"deploying"`
	Action          workspace.Action `json:"action" doc:"install, upgrade, uninstall, or a custom action" example:"install"`
	Message         string           `json:"message" doc:"What is being done, or what went wrong in Azure's own words" example:"step 1 of 2: Deploy Heart study"`
	CreatedWhen     float64          `json:"createdWhen" doc:"When it was ordered, Unix seconds" example:"1795338000.25"`
	UpdatedWhen     float64          `json:"updatedWhen" doc:"When its status changed last, Unix seconds" example:"1795338060.5"`
	User            User             `json:"user" doc:"Who ordered it"`
	Steps           []OperationStep  `json:"steps" doc:"In the order in which they are done"`
	RetryOf         string           `json:"retryOf,omitempty" doc:"UUID of the failed operation that it goes on with" example:"66666666-6666-4666-8666-666666666666"`
	Cancel          *Stopping        `json:"cancel,omitempty" doc:"Who asked that it stops; absent when nobody did"`
}

// OperationStep is one action on one resource.
type OperationStep struct {
	ID           string           `json:"id" doc:"UUID" example:"88888888-8888-4888-8888-888888888888"`
	TemplateID   string           `json:"templateStepId" doc:"As the template's pipeline calls it; main is the resource's own" example:"main"`
	Title        string           `json:"stepTitle" doc:"What it does" example:"Deploy Heart study"`
	ResourceID   string           `json:"resourceId" doc:"UUID of the resource that it works on" example:"11111111-1111-4111-8111-111111111111"`
	TemplateName string           `json:"resourceTemplateName" doc:"Template of that resource" example:"tre-workspace-base"`
	ResourceType workspace.Kind   `json:"resourceType" doc:"Of that resource" example:"workspace"`
	Action       workspace.Action `json:"resourceAction" doc:"install, upgrade, uninstall, or a custom action" example:"install"`
	Status       workspace.Status `json:"status" doc:"AzureTRE's status" example:"deploying"`
	Message      string           `json:"message" doc:"What is being done, or what went wrong in Azure's own words" example:"QuotaExceeded: no more cores in this region"`
	UpdatedWhen  float64          `json:"updatedWhen" doc:"When its status changed last, Unix seconds; 0: not yet" example:"1795338060.5"`
	SourceID     string           `json:"sourceTemplateResourceId" doc:"UUID of the resource whose template asks for it" example:"11111111-1111-4111-8111-111111111111"`
	Limit        float64          `json:"limit" doc:"Seconds from its start until it is called failed" example:"7200"`
}

// Stopping says who asked that an operation stops.
type Stopping struct {
	By     User    `json:"by" doc:"Who asked"`
	When   float64 `json:"when" doc:"When, Unix seconds" example:"1795338060.5"`
	Reason string  `json:"reason" doc:"Why, as they said" example:"wrong size"`
}

// OperationIn is one operation.
type OperationIn struct {
	Operation Operation `json:"operation" doc:"The operation"`
}

// Operations is a page of operations.
type Operations struct {
	Operations []Operation `json:"operations" doc:"The newest first"`
	Next       string      `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last" example:"50.77777777-7777-4777-8777-777777777777"`
}

// Snapshot is what a resource was before a change, as AzureTRE's history has it.
type Snapshot struct {
	ID              string         `json:"id" doc:"UUID" example:"99999999-9999-4999-8999-999999999999"`
	ResourceID      string         `json:"resourceId" doc:"UUID of the resource" example:"11111111-1111-4111-8111-111111111111"`
	Enabled         bool           `json:"isEnabled" doc:"Whether it could be used then" example:"true"`
	ResourceVersion int            `json:"resourceVersion" doc:"That it had then" example:"2"`
	TemplateVersion string         `json:"templateVersion" doc:"Of its template then" example:"1.2.3"`
	Properties      map[string]any `json:"properties" doc:"That it had then; sensitive values are REDACTED"`
	UpdatedWhen     float64        `json:"updatedWhen" doc:"When it became so, Unix seconds" example:"1795338000.25"`
	User            User           `json:"user" doc:"Who made it so"`
}

// ResourceHistory is a page of a resource's history.
type ResourceHistory struct {
	History []Snapshot `json:"resource_history" doc:"What it was before each change, oldest first"`
	Next    string     `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last" example:"50.99999999-9999-4999-8999-999999999999"`
}

func operation(o workspace.Operation) Operation {
	out := Operation{ID: o.ID, ResourceID: o.Resource.ID, ResourcePath: o.ResourcePath, ResourceVersion: o.Revision, Status: o.Status, Action: o.Action,
		Message: o.Message, CreatedWhen: unix(o.CreatedAt), UpdatedWhen: unix(o.UpdatedAt), User: user(o.CreatedBy), RetryOf: o.RetryOf, Steps: []OperationStep{}}
	for _, s := range o.Steps {
		out.Steps = append(out.Steps, OperationStep{ID: s.ID, TemplateID: s.TemplateID, Title: s.Title, ResourceID: s.Target.ID, TemplateName: s.Template,
			ResourceType: s.Kind, Action: s.Action, Status: s.Status, Message: s.Message, UpdatedWhen: unix(s.UpdatedAt), SourceID: s.Source, Limit: s.Limit.Seconds()})
	}
	if c := o.Cancel; c != nil {
		out.Cancel = &Stopping{By: user(c.By), When: unix(c.At), Reason: c.Reason}
	}
	return out
}

func snapshot(s workspace.Snapshot) Snapshot {
	out := Snapshot{ID: s.ID, ResourceID: s.Resource.ID, Enabled: s.Enabled, ResourceVersion: s.Revision, TemplateVersion: s.Template, Properties: s.Properties,
		UpdatedWhen: unix(s.At), User: user(access.Person{OID: s.By, Name: s.Name})}
	if out.Properties == nil {
		out.Properties = map[string]any{}
	}
	return out
}

func (a *api) operationPage(ctx context.Context, l resources.OperationList, err error) (*paged[Operations], error) {
	if err != nil {
		return nil, err
	}
	out := Operations{Operations: []Operation{}, Next: l.Next}
	for _, o := range l.Operations {
		out.Operations = append(out.Operations, operation(o))
	}
	return &paged[Operations]{nextLink(ctx, l.Next), out}, nil
}

// myOperations lists the caller's operations that are under way.
func (a *api) myOperations(ctx context.Context, c desk.Caller, in *Paging) (*paged[Operations], error) {
	l, err := a.Resources.Mine(ctx, c, a.paging(*in))
	return a.operationPage(ctx, l, err)
}
