package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// Limits of stacks.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks#known-limitations
const (
	maxStacks     = 800
	maxPrincipals = 5
	maxActions    = 200
)

const stackType = "Microsoft.Resources/deploymentStacks"

// stack is a deployment stack. It is guarded by the server's lock.
type stack struct {
	id, name string
	scope    template.Scope
	location string
	tags     map[string]*string
	// asked is what the last call said: actions, deny settings, parameters, description.
	asked     armdeploymentstacks.DeploymentStackProperties
	principal string

	state       armdeploymentstacks.DeploymentStackProvisioningState
	resources   []managed
	deleted     []string
	detached    []string
	failures    []failure
	outputs     map[string]any
	err         *Error
	correlation string
	deployment  string // its id
	started     time.Time
	duration    time.Duration
	created     time.Time
	outOfSync   bool

	run *run // what works on it now; nil: nothing
}

// managed is a resource of a stack.
type managed struct {
	id     string
	status armdeploymentstacks.ResourceStatusMode
}

// failure is a resource that did not reach what was wanted.
type failure struct {
	id  string
	err *Error
}

// terminal says whether nothing works on the stack.
func (st *stack) terminal() bool { return st.run == nil }

// model is the stack as the API shows it.
func (st *stack) model() armdeploymentstacks.DeploymentStack {
	p := st.asked
	p.Template, p.TemplateLink = nil, nil
	p.ProvisioningState, p.CorrelationID = to.Ptr(st.state), to.Ptr(st.correlation)
	p.Error = detail(st.err)
	if st.deployment != "" {
		p.DeploymentID = to.Ptr(st.deployment)
	}
	if st.duration > 0 || st.terminal() {
		p.Duration = to.Ptr(isoDuration(st.duration))
	}
	if st.outputs != nil {
		p.Outputs = st.outputs
	}
	deny := st.denyStatus()
	for _, r := range st.resources {
		p.Resources = append(p.Resources, &armdeploymentstacks.ManagedResourceReference{ID: to.Ptr(r.id), Status: to.Ptr(r.status), DenyStatus: to.Ptr(deny)})
	}
	p.DeletedResources, p.DetachedResources = references(st.deleted), references(st.detached)
	for _, f := range st.failures {
		p.FailedResources = append(p.FailedResources, &armdeploymentstacks.ResourceReferenceExtended{ID: to.Ptr(f.id), Error: detail(f.err)})
	}
	return armdeploymentstacks.DeploymentStack{ID: to.Ptr(st.id), Name: to.Ptr(st.name), Type: to.Ptr(stackType), Tags: st.tags,
		Location: optional(st.location), Properties: &p, SystemData: &armdeploymentstacks.SystemData{CreatedAt: to.Ptr(st.created),
			CreatedBy: to.Ptr(st.principal), LastModifiedAt: to.Ptr(st.started), LastModifiedBy: to.Ptr(st.principal)}}
}

func (st *stack) denyStatus() armdeploymentstacks.DenyStatusMode {
	switch st.denyMode() {
	case armdeploymentstacks.DenySettingsModeDenyDelete:
		return armdeploymentstacks.DenyStatusModeDenyDelete
	case armdeploymentstacks.DenySettingsModeDenyWriteAndDelete:
		return armdeploymentstacks.DenyStatusModeDenyWriteAndDelete
	default:
		return armdeploymentstacks.DenyStatusModeNone
	}
}

func (st *stack) denyMode() armdeploymentstacks.DenySettingsMode {
	if st.asked.DenySettings == nil || st.asked.DenySettings.Mode == nil {
		return armdeploymentstacks.DenySettingsModeNone
	}
	return *st.asked.DenySettings.Mode
}

// adopt notes that a stack manages a resource.
func (s *state) adopt(st *stack, id string) {
	s.drop(st, id)
	st.resources = append(st.resources, managed{id, armdeploymentstacks.ResourceStatusModeManaged})
	s.owners[key(id)] = st
}

// drop notes that a stack does not manage a resource any more.
func (s *state) drop(st *stack, id string) {
	st.resources = slices.DeleteFunc(st.resources, func(m managed) bool { return strings.EqualFold(m.id, id) })
	if s.owners[key(id)] == st {
		delete(s.owners, key(id))
	}
}

func references(ids []string) []*armdeploymentstacks.ResourceReference {
	var out []*armdeploymentstacks.ResourceReference
	for _, id := range ids {
		out = append(out, &armdeploymentstacks.ResourceReference{ID: to.Ptr(id)})
	}
	return out
}

// detail is an error as stacks show it; nil of nil.
func detail(e *Error) *armdeploymentstacks.ErrorDetail {
	if e == nil {
		return nil
	}
	d := &armdeploymentstacks.ErrorDetail{Code: to.Ptr(e.Code), Message: to.Ptr(e.Message), Target: optional(e.Target)}
	for _, inner := range e.Details {
		d.Details = append(d.Details, detail(inner))
	}
	return d
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// checkStack refuses what a stack may not ask for. The template is decoded and returned with the values of its
// parameters that are given, references to secrets left out.
func checkStack(body armdeploymentstacks.DeploymentStack, scope template.Scope) (map[string]any, map[string]any, *Error) {
	bad := func(format string, args ...any) *Error {
		return refuse(http.StatusBadRequest, "DeploymentStackInvalid", format, args...)
	}
	p := body.Properties
	if p == nil || p.ActionOnUnmanage == nil || p.ActionOnUnmanage.Resources == nil || p.DenySettings == nil || p.DenySettings.Mode == nil {
		return nil, nil, bad("The deployment stack must say actionOnUnmanage.resources and denySettings.mode.")
	}
	if scope.Group == "" && (body.Location == nil || *body.Location == "") {
		return nil, nil, bad("The 'location' property is required for a deployment stack at subscription scope.")
	}
	if n := len(p.DenySettings.ExcludedPrincipals); n > maxPrincipals {
		return nil, nil, bad("The deny settings exclude %d principals; at most %d are permitted.", n, maxPrincipals)
	}
	if n := len(p.DenySettings.ExcludedActions); n > maxActions {
		return nil, nil, bad("The deny settings exclude %d actions; at most %d are permitted.", n, maxActions)
	}
	t, ok := expr.Normal(p.Template).(map[string]any)
	if !ok {
		return nil, nil, bad("The deployment stack must hold its template.")
	}
	if p.DeploymentScope != nil && key(*p.DeploymentScope) != key(scope.ID()) {
		return nil, nil, bad("This stand-in deploys at the stack's own scope only, not at '%s'.", *p.DeploymentScope)
	}
	values := map[string]any{}
	checked := map[string]any{}
	for name, v := range p.Parameters {
		switch {
		case v == nil:
		case v.Reference != nil:
			checked[name] = "" // a secret: its text is not known yet, and it is one
		default:
			values[name] = expr.Normal(v.Value)
			checked[name] = values[name]
		}
	}
	if err := checkValues(t, p.Parameters, checked); err != nil {
		return nil, nil, ofTemplate(err)
	}
	return t, values, nil
}

// checkValues checks a template with the values that are known; secrets are checked when they have been read.
func checkValues(t map[string]any, parameters map[string]*armdeploymentstacks.DeploymentParameter, values map[string]any) error {
	loose := maps.Clone(t)
	declared, _ := t["parameters"].(map[string]any)
	loose["parameters"] = maps.Clone(declared)
	for name, v := range parameters {
		if v == nil || v.Reference == nil {
			continue
		}
		if as, declaration, ok := template.Declared(t, name); ok && template.Secure(declaration) {
			loose["parameters"].(map[string]any)[as] = map[string]any{"type": "secureString"}
		}
	}
	return template.Check(loose, values)
}

// hideSecrets takes values of secure parameters out of what the stack shows.
func hideSecrets(t map[string]any, given map[string]*armdeploymentstacks.DeploymentParameter) map[string]*armdeploymentstacks.DeploymentParameter {
	shown := maps.Clone(given)
	for name, v := range shown {
		if _, declaration, ok := template.Declared(t, name); ok && template.Secure(declaration) && v != nil && v.Reference == nil {
			shown[name] = &armdeploymentstacks.DeploymentParameter{Type: optional("secureString")}
		}
	}
	return shown
}

func newCorrelation() string { return uuid.NewString() }

// isoDuration is a duration as Azure prints it, such as PT1.5S.
func isoDuration(d time.Duration) string {
	return "PT" + strings.ToUpper(d.Round(time.Millisecond).String())
}
