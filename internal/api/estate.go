package api

import (
	"maps"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Resource is AzureTRE's resource, with our fields after its own. Times are Unix
// seconds, as there.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/models/domain/resource.py
type Resource struct {
	ID              string         `json:"id" doc:"UUID" example:"11111111-1111-4111-8111-111111111111"`
	ResourceType    string         `json:"resourceType" doc:"workspace, workspace-service, user-resource or shared-service" example:"workspace"`
	ResourcePath    string         `json:"resourcePath" doc:"Address under /api" example:"/workspaces/11111111-1111-4111-8111-111111111111"`
	TemplateName    string         `json:"templateName,omitempty" doc:"What it is made from; absent for a workspace that was not made by this system" example:"tre-workspace-base"`
	TemplateVersion string         `json:"templateVersion,omitempty" doc:"Version of the template" example:"1.2.3"`
	Enabled         bool           `json:"isEnabled" doc:"Whether it may be used; it has to be disabled before it is deleted" example:"true"`
	Status          string         `json:"deploymentStatus" doc:"AzureTRE's deployment status" example:"deployed"`
	StatusMessage   string         `json:"statusMessage,omitempty" doc:"Why it stands so, in Azure's own words where a deployment failed" example:"QuotaExceeded: no more cores in this region"`
	Properties      map[string]any `json:"properties" doc:"What was asked for, with what the deployment gave back; sensitive values are REDACTED"`
	ResourceVersion int            `json:"resourceVersion,omitzero" doc:"Goes up with each change that people make" example:"3"`
	User            *User          `json:"user,omitempty" doc:"Who changed it last"`
	UpdatedWhen     float64        `json:"updatedWhen,omitzero" doc:"When it was changed last, Unix seconds" example:"1795338000.25"`
	Upgrades        []Upgrade      `json:"availableUpgrades,omitzero" doc:"Higher versions of its template, lowest first"`
	ETag            string         `json:"_etag" doc:"Version of what is stored; send it back as etag or If-Match with a change" example:"W/\"1\""`
	WorkspaceID     string         `json:"workspaceId,omitempty" doc:"Of services and user resources: UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
	ServiceID       string         `json:"parentWorkspaceServiceId,omitempty" doc:"Of user resources: UUID of the service that it is in" example:"44444444-4444-4444-8444-444444444444"`
	OwnerID         string         `json:"ownerId,omitempty" doc:"Of user resources: object id of whose it is" example:"a0000000-0000-4000-8000-000000000001"`
	AzureStatus     *AzureStatus   `json:"azureStatus,omitempty" doc:"Of machines: what Azure says of them; absent where nobody can tell now"`
	Operation       string         `json:"operationId,omitempty" doc:"UUID of the operation under way; nothing else can be done meanwhile" example:"77777777-7777-4777-8777-777777777777"`
	CreatedBy       *User          `json:"createdBy,omitempty" doc:"Who made it"`
	CreatedWhen     float64        `json:"createdWhen,omitzero" doc:"When it was made, Unix seconds" example:"1795338000.25"`
}

// Upgrade is a version that a resource can be brought to.
type Upgrade struct {
	Version string `json:"version" doc:"Version of the template" example:"1.3.0"`
	Force   bool   `json:"forceUpdateRequired" doc:"It is a higher major version: force_version_update has to be asked for" example:"false"`
}

// AzureStatus is what Azure says of a machine.
type AzureStatus struct {
	PowerState    string     `json:"powerState" doc:"As AzureTRE's clients know it" example:"VM running"`
	SeenWhen      float64    `json:"seenWhen" doc:"Ours: when that was seen, Unix seconds" example:"1795338000.25"`
	StopWhen      float64    `json:"stopWhen,omitempty" doc:"Ours: when it is going to be stopped, as its owner was warned, Unix seconds; absent: no stop is near" example:"1795339800"`
	StopCause     idle.Cause `json:"stopCause,omitempty" doc:"Ours: why: unused or scheduled" example:"unused"`
	ExtendedUntil float64    `json:"extendedUntil,omitempty" doc:"Ours: nothing stops it before, Unix seconds; absent: nobody put a stop off" example:"1795350000"`
}

// Paging picks a page of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"Entries in a page. When absent all of them, up to the cap of this installation (TRE_API_MAX_LIST, 5,000 unless set); the Link header tells when there are more" example:"50"`
	Cursor string `query:"cursor" maxLength:"100" doc:"Of the page before, from its Link header"`
}

func (p Paging) paging() Paging { return p }

func (p Paging) page() airlock.Page { return airlock.Page{After: p.Cursor, Limit: p.Limit} }

// paging is a page with the cap of this installation.
func (a *api) paging(p Paging) resources.Page {
	return resources.Page{Page: p.page(), Most: a.Limits.List}
}

// restricted are the properties of a shared service that everybody may know.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/models/domain/restricted_resource.py
var restricted = []string{"display_name", "description", "overview", "connection_uri", "is_exposed_externally"}

// resource is a view as AzureTRE's clients read it.
func resource(v resources.View) Resource {
	r := v.Resource
	created, updated := user(r.CreatedBy), user(r.UpdatedBy)
	out := Resource{ID: r.ID, ResourceType: string(r.Kind), ResourcePath: r.Path(), TemplateName: r.Template.Name, TemplateVersion: r.Template.Version,
		Enabled: r.Enabled, Status: string(r.Status), StatusMessage: r.Message, Properties: maps.Clone(r.Properties), ResourceVersion: r.Revision,
		User: &updated, UpdatedWhen: unix(r.UpdatedAt), Upgrades: upgrades(v.Upgrades), ETag: r.Version, WorkspaceID: r.Workspace, ServiceID: r.Service,
		OwnerID: r.Owner.OID, Operation: r.Operation, CreatedBy: &created, CreatedWhen: unix(r.CreatedAt)}
	if r.Kind != workspace.UserResource {
		out.OwnerID = ""
	}
	if out.Properties == nil {
		out.Properties = map[string]any{}
	}
	if v.Restricted {
		maps.DeleteFunc(out.Properties, func(name string, _ any) bool { return !slices.Contains(restricted, name) })
		out.StatusMessage, out.Operation, out.CreatedBy, out.User = "", "", nil, nil
	}
	out.AzureStatus = azureStatus(v.Machine)
	return out
}

// azureStatus is what is known of a machine; nil where that is nothing.
func azureStatus(b workspace.Berth) *AzureStatus {
	if b.Power == "" {
		return nil
	}
	s := &AzureStatus{PowerState: "VM " + string(b.Power), SeenWhen: unix(b.At), StopCause: b.Watch.Cause}
	if !b.Watch.Stop.IsZero() {
		s.StopWhen = unix(b.Watch.Stop)
	}
	if !b.Watch.Until.IsZero() {
		s.ExtendedUntil = unix(b.Watch.Until)
	}
	return s
}

func upgrades(all []template.Upgrade) []Upgrade {
	out := []Upgrade{}
	for _, u := range all {
		out = append(out, Upgrade{Version: u.Version, Force: u.ForceUpdateRequired})
	}
	return out
}

func resourceList(l resources.List) []Resource {
	out := []Resource{}
	for _, v := range l.Views {
		out = append(out, resource(v))
	}
	return out
}

// tagged is an answer about one resource, with its version as HTTP has it.
type tagged[T any] struct {
	ETag string `header:"ETag" doc:"Version of what is stored; send it back as etag or If-Match with a change"`
	Body T
}

// Making asks for something new.
type Making struct {
	TemplateName    string         `json:"templateName" minLength:"1" maxLength:"100" doc:"Name of the template" example:"tre-service-guacamole"`
	TemplateVersion string         `json:"templateVersion,omitempty" maxLength:"64" doc:"Ours: version of the template; the current one when absent" example:"1.2.3"`
	Properties      map[string]any `json:"properties,omitempty" doc:"As the template's schema asks; see the templates"`
}

// Patching changes a resource.
type Patching struct {
	Enabled         *bool          `json:"isEnabled,omitempty" doc:"false: nothing new can be made in it, and it can be deleted; what is in it is disabled, too" example:"true"`
	TemplateVersion string         `json:"templateVersion,omitempty" maxLength:"64" doc:"Version of the template to upgrade to" example:"1.3.0"`
	Properties      map[string]any `json:"properties,omitempty" doc:"Those that change, of what the template lets change"`
}

func (in Patching) patch(c desk.Caller, f Forced) provision.Patch {
	return provision.Patch{Match: c.Match, Enabled: in.Enabled, Version: in.TemplateVersion, Properties: in.Properties, Force: f.Force}
}

func (in Making) wanted() provision.New {
	return provision.New{Template: in.TemplateName, Version: in.TemplateVersion, Properties: in.Properties}
}

// Forced picks how a change is made.
type Forced struct {
	Force bool `query:"force_version_update" doc:"Upgrade to a higher major version, or go back to a lower version" example:"false"`
}

// Acting is what a custom action is told.
type Acting struct {
	Action string `query:"action" required:"true" minLength:"1" maxLength:"64" doc:"Name of one of the template's custom actions" example:"start"`
	Body   struct {
		Parameters map[string]string `json:"parameters,omitempty" doc:"Ours: what the action is told, such as the size to resize to"`
	}
}

func (in Acting) deed() resources.Deed {
	return resources.Deed{Action: workspace.Action(in.Action), Parameters: in.Body.Parameters}
}

// ordered is the answer to what has begun: its operation, and where that can be
// asked for.
type ordered struct {
	Location string `header:"Location" doc:"Address of the operation"`
	Body     OperationIn
}

func orderedBy(o workspace.Operation, err error) (*ordered, error) {
	if err != nil {
		return nil, err
	}
	return &ordered{Location: location(o), Body: OperationIn{operation(o)}}, nil
}

// location is where an operation can be asked for.
func location(o workspace.Operation) string { return "/api" + o.ResourcePath + "/operations/" + o.ID }
