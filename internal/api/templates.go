package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	workspaceTemplates     = "/api/workspace-templates"
	serviceTemplates       = "/api/workspace-service-templates"
	userResourceTemplates  = serviceTemplates + "/{service_template_name}/user-resource-templates"
	sharedServiceTemplates = "/api/shared-service-templates"
	offeredTemplates       = ofWorkspace + "/workspace-service-templates"
)

// templateRoutes are about what resources are made from.
func (a *api) templateRoutes() []Route {
	const one = "/{template_name}"
	add := "Ours beside AzureTRE's fields: template, the ARM template in JSON, which is what is deployed. A registered version never changes: the same name and version again is refused, unless it is the very same."
	return []Route{
		get(workspaceTemplates, access.ReadTemplates, "List the templates of workspaces", shelved(a, workspace.Workspace)),
		get(workspaceTemplates+one, access.ReadTemplates, "Get a template of workspaces", lookedUp(a, workspace.Workspace)).says(aboutTemplate),
		post(workspaceTemplates, access.RegisterTemplate, "Register a template of workspaces", registers(a, workspace.Workspace)).answers(http.StatusCreated).large().says(add),
		get(serviceTemplates, access.ReadTemplates, "List the templates of services", shelved(a, workspace.Service)),
		get(serviceTemplates+one, access.ReadTemplates, "Get a template of services", lookedUp(a, workspace.Service)).says(aboutTemplate),
		post(serviceTemplates, access.RegisterTemplate, "Register a template of services", registers(a, workspace.Service)).answers(http.StatusCreated).large().says(add),
		get(userResourceTemplates, access.ReadTemplates, "List the templates of user resources in a service", a.userTemplates),
		get(userResourceTemplates+one, access.ReadTemplates, "Get a template of user resources", a.userTemplate).says(aboutTemplate),
		post(userResourceTemplates, access.RegisterTemplate, "Register a template of user resources in a service", a.registerUserTemplate).answers(http.StatusCreated).large().says(add),
		get(sharedServiceTemplates, access.ReadTemplates, "List the templates of shared services", shelved(a, workspace.SharedService)),
		get(sharedServiceTemplates+one, access.ReadTemplates, "Get a template of shared services", lookedUp(a, workspace.SharedService)).says(aboutTemplate),
		post(sharedServiceTemplates, access.RegisterTemplate, "Register a template of shared services", registers(a, workspace.SharedService)).answers(http.StatusCreated).large().says(add),
		get(offeredTemplates, access.OfferTemplates, "List the templates of services that I may use in a workspace", a.offered),
		get(offeredTemplates+"/{service_template_name}/user-resource-templates", access.OfferTemplates,
			"List the templates of user resources that I may use in a workspace", a.offeredUser),
	}
}

const aboutTemplate = "Its JSON Schema with what every resource of its kind has, as forms need it. With is_update, what cannot be changed is marked readOnly."

// TemplateEntry is a template in a list, as AzureTRE writes one.
type TemplateEntry struct {
	Name        string   `json:"name" doc:"Name" example:"tre-service-guacamole"`
	Title       string   `json:"title" doc:"What people call it" example:"Virtual desktops"`
	Description string   `json:"description" doc:"What it is for" example:"Desktops in a browser"`
	Roles       []string `json:"authorizedRoles" doc:"Who may use it; everybody when empty" example:"[\"WorkspaceOwner\"]"`
	Version     string   `json:"version" doc:"Ours: the current version" example:"1.2.3"`
}

// TemplateEntries is a list of templates.
type TemplateEntries struct {
	Templates []TemplateEntry `json:"templates" doc:"The current version of each, by name"`
}

func entries(all []workspace.Registered, err error) (*body[TemplateEntries], error) {
	out := TemplateEntries{Templates: []TemplateEntry{}}
	for _, t := range all {
		out.Templates = append(out.Templates, TemplateEntry{Name: t.Name, Title: t.Title, Description: t.Description, Roles: listed(t.Roles), Version: t.Version})
	}
	return &body[TemplateEntries]{out}, err
}

// TemplatesCall asks for a list of templates.
type TemplatesCall struct {
	Authorized bool `query:"authorized_only" doc:"Those only that the roles of the caller's token may use" example:"true"`
}

// OfService names the template of a service.
type OfService struct {
	Service string `path:"service_template_name" maxLength:"100" doc:"Name of the service's template" example:"tre-service-guacamole"`
}

func (in OfService) shelf() resources.Shelf {
	return resources.Shelf{Kind: workspace.UserResource, Parent: in.Service}
}

func shelved(a *api, kind workspace.Kind) handler[TemplatesCall, body[TemplateEntries]] {
	return func(ctx context.Context, c desk.Caller, in *TemplatesCall) (*body[TemplateEntries], error) {
		return entries(a.Resources.Templates(ctx, c, resources.Shelf{Kind: kind}, in.Authorized))
	}
}

// UserTemplatesCall asks for a list of templates of user resources.
type UserTemplatesCall struct {
	OfService
	TemplatesCall
}

func (a *api) userTemplates(ctx context.Context, c desk.Caller, in *UserTemplatesCall) (*body[TemplateEntries], error) {
	return entries(a.Resources.Templates(ctx, c, in.shelf(), in.Authorized))
}

func (a *api) offered(ctx context.Context, c desk.Caller, in *InWorkspace) (*body[TemplateEntries], error) {
	return entries(a.Resources.Offered(ctx, c, canonical(in.Workspace), resources.Shelf{Kind: workspace.Service}))
}

// OfferedUserCall asks what may be made in services of a workspace.
type OfferedUserCall struct {
	InWorkspace
	OfService
}

func (a *api) offeredUser(ctx context.Context, c desk.Caller, in *OfferedUserCall) (*body[TemplateEntries], error) {
	return entries(a.Resources.Offered(ctx, c, canonical(in.Workspace), in.shelf()))
}

// TemplateCall asks for a template.
type TemplateCall struct {
	Name    string `path:"template_name" maxLength:"100" doc:"Name of the template" example:"tre-workspace-base"`
	Update  bool   `query:"is_update" doc:"For a form that changes a resource: what cannot be changed is marked readOnly" example:"true"`
	Version string `query:"version" maxLength:"64" doc:"The current version when absent" example:"1.2.3"`
}

// Template is a template as AzureTRE's clients read it: a JSON Schema with name,
// version and what else there is to say.
type Template map[string]any

// Schema implements huma.SchemaProvider.
func (Template) Schema(huma.Registry) *huma.Schema {
	text := func(about string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: about} }
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Properties: map[string]*huma.Schema{
		"name": text("Name"), "version": text("Version"), "title": text("What people call it"), "description": text("What it is for"),
		"resourceType": text("workspace, workspace-service, user-resource or shared-service"),
		"current":      {Type: huma.TypeBoolean, Description: "Whether it is the version that is taken unless another one is asked for"},
		"digest":       text("Ours: SHA-256 of the package, which never changes for a version"),
		"properties":   {Type: huma.TypeObject, AdditionalProperties: true, Description: "What it asks for, in JSON Schema"},
	}, Examples: []any{map[string]any{"name": "tre-workspace-base", "version": "1.2.3", "title": "Workspace", "description": "A closed workspace",
		"resourceType": "workspace", "current": true,
		"digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "properties": map[string]any{"display_name": map[string]any{"type": "string"}}}}}
}

func lookedUp(a *api, kind workspace.Kind) handler[TemplateCall, body[Template]] {
	return func(ctx context.Context, c desk.Caller, in *TemplateCall) (*body[Template], error) {
		return a.lookUp(ctx, c, resources.Shelf{Kind: kind}, *in)
	}
}

// UserTemplateCall asks for a template of user resources.
type UserTemplateCall struct {
	OfService
	TemplateCall
}

func (a *api) userTemplate(ctx context.Context, c desk.Caller, in *UserTemplateCall) (*body[Template], error) {
	return a.lookUp(ctx, c, in.shelf(), in.TemplateCall)
}

func (a *api) lookUp(ctx context.Context, c desk.Caller, s resources.Shelf, in TemplateCall) (*body[Template], error) {
	t, r, err := a.Resources.Template(ctx, c, s, in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	out := Template(t.Enriched(in.Update))
	out["current"], out["digest"] = r.Current, r.Digest
	return &body[Template]{out}, nil
}

// RegisteringTemplate is AzureTRE's registration of a template, with ours after
// it.
type RegisteringTemplate struct {
	Body Registration
}

// RegisteringUserTemplate registers a template of user resources.
type RegisteringUserTemplate struct {
	OfService
	Body Registration
}

// Registration says what a template is. The ARM template is written down as it
// came.
type Registration struct {
	Name      string            `json:"name" minLength:"1" maxLength:"100" doc:"Lower-case letters, digits and -" example:"tre-service-guacamole"`
	Version   string            `json:"version" minLength:"1" maxLength:"64" doc:"Semantic version" example:"1.2.3"`
	Current   bool              `json:"current" doc:"Taken from now on unless another version is asked for; the first version always is" example:"true"`
	Schema    rawObject         `json:"json_schema" doc:"AzureTRE's template_schema.json: JSON Schema with title, description and properties; at most 512 KiB"`
	Actions   []TemplateAction  `json:"customActions,omitempty" maxItems:"50" doc:"What can be done to a resource that is deployed"`
	Template  rawObject         `json:"template,omitempty" doc:"The ARM template that is deployed, as bicep build makes it; at most 4 MiB"`
	Kind      workspace.Kind    `json:"kind,omitempty" enum:"workspace,workspace-service,user-resource,shared-service" doc:"That of the address, which counts when it is absent" example:"workspace-service"`
	Deadlines map[string]string `json:"deadlines,omitempty" doc:"How long a step may take until it is called failed, by install, upgrade, uninstall and custom: durations such as 90m, from one minute to a day"`
	Secrets   []string          `json:"generatedSecrets,omitempty" maxItems:"50" doc:"Parameters for which a secret is made once a resource" example:"[\"admin_password\"]"`
}

// TemplateAction is a custom action of a template.
type TemplateAction struct {
	Name        string `json:"name" minLength:"1" maxLength:"64" doc:"Name" example:"start"`
	Description string `json:"description,omitempty" maxLength:"2000" doc:"What it does" example:"Starts the machine"`
	Kind        string `json:"kind,omitempty" enum:"machine,stack" doc:"Ours: machine is done to the virtual machine, stack by an update of what was deployed, with parameter action; stack when absent" example:"machine"`
}

// rawObject is a JSON object as it came, to the byte.
type rawObject struct{ json.RawMessage }

// Schema implements huma.SchemaProvider.
func (rawObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// errNoARM is the answer to AzureTRE's own registrations, which have no ARM
// template.
var errNoARM = fmt.Errorf("template: send the ARM template, which is what is deployed: bundles of Porter cannot be (tre template push sends it): %w", airlock.ErrInvalid)

// files are the registration as the files of a template package.
func (in Registration) files(s resources.Shelf) (map[string][]byte, error) {
	if len(in.Template.RawMessage) == 0 {
		return nil, errNoARM
	}
	if in.Kind != "" && in.Kind != s.Kind {
		return nil, fmt.Errorf("kind: %s, but this is the address of %s templates: %w", in.Kind, s.Kind, airlock.ErrInvalid)
	}
	about := map[string]any{"name": in.Name, "version": in.Version, "kind": s.Kind}
	if s.Parent != "" {
		about["parent"] = s.Parent
	}
	if len(in.Actions) > 0 {
		about["customActions"] = in.Actions
	}
	if len(in.Deadlines) > 0 {
		about["deadlines"] = in.Deadlines
	}
	if len(in.Secrets) > 0 {
		about["generatedSecrets"] = in.Secrets
	}
	text, err := json.Marshal(about)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", in.Name, err)
	}
	return map[string][]byte{"template.json": text, "template_schema.json": in.Schema.RawMessage, "main.json": in.Template.RawMessage}, nil
}

func registers(a *api, kind workspace.Kind) handler[RegisteringTemplate, body[Template]] {
	return func(ctx context.Context, c desk.Caller, in *RegisteringTemplate) (*body[Template], error) {
		return a.register(ctx, c, resources.Shelf{Kind: kind}, in.Body)
	}
}

func (a *api) registerUserTemplate(ctx context.Context, c desk.Caller, in *RegisteringUserTemplate) (*body[Template], error) {
	return a.register(ctx, c, in.shelf(), in.Body)
}

func (a *api) register(ctx context.Context, c desk.Caller, s resources.Shelf, in Registration) (*body[Template], error) {
	files, err := in.files(s)
	if err != nil {
		return nil, err
	}
	t, r, err := a.Resources.Register(ctx, c, s, files, in.Current)
	if err != nil {
		return nil, err
	}
	out := Template(t.Enriched(false))
	out["current"], out["digest"] = r.Current, r.Digest
	return &body[Template]{out}, nil
}
