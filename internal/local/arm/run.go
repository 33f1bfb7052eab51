package arm

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
	"github.com/trefoil-tre/trefoil/internal/local/arm/provider"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// run is the work of one call on a stack: a deployment or a deletion.
type run struct {
	stack     *stack
	op        *operation
	principal string
	canceled  atomic.Bool

	template  map[string]any
	values    map[string]any
	action    unmanage
	deploying *deployment
}

// unmanage says what becomes of what a stack does not manage any more: true means deletion. What has no deletion of its
// own is left behind when rest is set, and fails the deletion otherwise.
type unmanage struct{ resources, groups, rest bool }

// cancel ends the run at its next step.
func (r *run) cancel() { r.canceled.Store(true) }

// world is the server's state as templates see it. The lock is held.
type world struct {
	s *Server
}

// Realise is the resource with what its provider adds.
func (w world) Realise(r template.Resource) map[string]any { return provider.Whole(r, w.s.cfg.Tenant) }

// Resource is one that exists.
func (w world) Resource(id string) (map[string]any, bool) {
	if r := w.s.state.resources[key(id)]; r != nil {
		return r.whole, true
	}
	return nil, false
}

// List answers listKeys and its like.
func (w world) List(function, id string) (any, error) { return provider.Keys(function, id) }

// Secret reads a secret for a parameter.
func (w world) Secret(vaultID, name, version string) (string, error) {
	secret, err := w.s.cfg.Secret(vaultID, name, version)
	if err != nil {
		return "", &template.Error{Code: "KeyVaultParameterReferenceSecretRetrieveFailed", Message: "The secret '" + name + "' of KeyVault '" + vaultID +
			"' cannot be retrieved. Error message: '" + err.Error() + "'. Please see https://aka.ms/arm-keyvault for usage details."}
	}
	return secret, nil
}

// deploy does the work of a stack that was created or updated.
func (s *Server) deploy(ctx context.Context, r *run) {
	result, err := s.evaluate(r)
	before := s.managedBy(r.stack)
	for _, made := range result.Resources {
		if r.canceled.Load() || ctx.Err() != nil {
			break
		}
		if failed := s.write(ctx, r, made); failed != nil {
			err = failed
			break
		}
	}
	if ctx.Err() != nil {
		return // the server closes: nothing has come to an end
	}
	if err == nil && !r.canceled.Load() {
		s.settleDeployment(r, result, nil)
		s.unmanageOthers(ctx, r, before, result)
		return
	}
	s.settleDeployment(r, result, err)
	if err != nil {
		err = &Error{Code: "DeploymentStackDeploymentFailed", Message: "One or more resources could not be deployed. Correlation id: '" +
			r.stack.correlation + "'.", Details: []*Error{r.deploying.failed(err)}}
	}
	s.finish(r, err)
}

// evaluate is what the template comes to, with secrets read.
func (s *Server) evaluate(r *run) (template.Result, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := r.stack
	st.state = armdeploymentstacks.DeploymentStackProvisioningStateDeploying
	w := world{s}
	for name, p := range st.asked.Parameters {
		if p == nil || p.Reference == nil {
			continue
		}
		secret, err := s.parameterSecret(w, name, p.Reference)
		if err != nil {
			return template.Result{}, err
		}
		r.values[name] = secret
	}
	result, err := template.Evaluate(template.Deployment{Template: r.template, Parameters: r.values, Name: r.deploying.name, Scope: st.scope,
		Location: st.location, Tenant: s.cfg.Tenant, Deployer: r.principal, Now: s.cfg.Now()}, w)
	r.template, r.values = nil, nil // what may hold secrets is not kept
	r.deploying.parents = map[string]string{}
	for _, d := range result.Deployments {
		r.deploying.parents[key(d.ID)] = d.Parent
	}
	if err != nil {
		return result, r.deploying.nested(ofTemplate(err), deploymentAt(err))
	}
	return result, nil
}

// deploymentAt is the id of the deployment that an error arose in.
func deploymentAt(err error) string {
	var e *template.Error
	if errors.As(err, &e) {
		return e.Deployment
	}
	return ""
}

func (s *Server) parameterSecret(w world, name string, ref *armdeploymentstacks.KeyVaultParameterReference) (string, *Error) {
	if ref.KeyVault == nil || ref.KeyVault.ID == nil || ref.SecretName == nil {
		return "", refuse(400, "InvalidTemplate", "The reference of the template parameter '%s' names no KeyVault and secret.", name)
	}
	version := ""
	if ref.SecretVersion != nil {
		version = *ref.SecretVersion
	}
	secret, err := w.Secret(*ref.KeyVault.ID, *ref.SecretName, version)
	if err != nil {
		e := ofTemplate(err)
		e.Message = strings.Replace(e.Message, "The secret '", "The secret of KeyVault parameter '"+name+"', '", 1)
		return "", e
	}
	return secret, nil
}

// managedBy are the ids that a stack manages now.
func (s *Server) managedBy(st *stack) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, m := range st.resources {
		ids = append(ids, m.id)
	}
	return ids
}

// write creates or updates one resource of a template.
func (s *Server) write(ctx context.Context, r *run, made template.Resource) *Error {
	fault := s.fault(Call{Stage: Write, Operation: "write", ID: made.ID, Type: made.Type, Stack: r.stack.id, Principal: r.principal})
	pause := s.cfg.Pace.Resource
	if fault.delay > 0 {
		pause += fault.delay
	}
	if !s.wait(ctx, pause) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.canceled.Load() {
		return nil
	}
	err := fault.err
	if err == nil {
		err = s.mayWrite(r, made)
	}
	if err == nil {
		s.create(made)
		s.state.adopt(r.stack, made.ID)
	} else {
		r.stack.failures = append(r.stack.failures, failure{made.ID, err})
	}
	r.deploying.note(made, err)
	s.tell(happening{id: made.ID, typ: made.Type, verb: "write", outcome: outcome(err), principal: r.principal, correlation: r.stack.correlation})
	if err != nil {
		e := *err
		e.Target = made.ID
		return r.deploying.nested(&e, made.Deployment)
	}
	return nil
}

// mayWrite refuses a resource whose group is gone, whose name is taken, or that another stack protects.
func (s *Server) mayWrite(r *run, made template.Resource) *Error {
	k := key(made.ID)
	if g := groupKey(made.ID); g != "" && g != k && s.state.resources[g] == nil {
		return groupNotFound(groupName(made.ID))
	}
	if s.state.resources[k] == nil && isType(made.Type, "Microsoft.KeyVault/vaults") && s.state.deletedVaults[strings.ToLower(made.Name)] {
		return vaultNameTaken()
	}
	return s.denied(made.ID, made.Type, "write", r.principal, r.stack)
}

// create puts a resource into the world.
func (s *Server) create(made template.Resource) {
	whole := provider.Whole(made, s.cfg.Tenant)
	k := key(made.ID)
	isNewGroup := isType(made.Type, groupType) && s.state.resources[k] == nil
	s.state.put(made.ID, made.Type, made.Name, whole)
	if isNewGroup && s.mood.Young > 0 {
		s.state.young[k] = s.mood.Young
	}
}

// outputsOf are outputs as stacks and deployments show them; secrets show no value.
func outputsOf(result template.Result) map[string]any {
	out := map[string]any{}
	for name, o := range result.Outputs {
		shown := map[string]any{"type": expr.TypeName(o.Value)}
		if o.Type != "" {
			shown["type"] = outputType(o.Type)
		}
		if !strings.HasPrefix(strings.ToLower(o.Type), "secure") {
			shown["value"] = o.Value
		}
		out[name] = shown
	}
	return out
}

// outputType is the type of an output as the API prints it, such as String.
func outputType(t string) string {
	types := []string{"String", "Int", "Bool", "Array", "Object", "SecureString", "SecureObject"}
	if i := slices.IndexFunc(types, func(known string) bool { return strings.EqualFold(known, t) }); i >= 0 {
		return types[i]
	}
	return t
}
