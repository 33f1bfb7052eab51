package arm

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeployments"
	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

const deploymentType = "Microsoft.Resources/deployments"

// deployment is one deployment of a stack, the last of each stack. It is guarded by the server's lock.
type deployment struct {
	id, name    string
	stack       *stack
	state       armdeployments.ProvisioningState
	correlation string
	started     time.Time
	duration    time.Duration
	outputs     map[string]any
	err         *Error
	steps       []step
	parents     map[string]string // of nested deployments, id by id
}

// step is what the deployment did to a resource.
type step struct {
	resource template.Resource
	err      *Error
}

// newDeployment makes the deployment of a stack, which replaces the one before in the history.
func (s *Server) newDeployment(st *stack, scope template.Scope) *deployment {
	delete(s.state.deployments, key(st.deployment))
	d := &deployment{name: st.name + "-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12], stack: st, correlation: st.correlation,
		state: armdeployments.ProvisioningStateRunning, started: s.cfg.Now()}
	d.id = scope.ID() + "/providers/" + deploymentType + "/" + d.name
	s.state.deployments[key(d.id)] = d
	return d
}

// note records a step, without the resource's body.
func (d *deployment) note(r template.Resource, err *Error) {
	r.Body = nil
	d.steps = append(d.steps, step{resource: r, err: err})
}

// nested wraps an error once for each deployment between the outer one and the one that it arose in.
func (d *deployment) nested(err *Error, in string) *Error {
	for depth := 0; in != "" && !strings.EqualFold(in, d.id) && depth < 20; depth++ {
		err = &Error{Code: "DeploymentFailed", Target: in, Message: deploymentFailed, Details: []*Error{err}}
		in = d.parents[key(in)]
	}
	return err
}

const deploymentFailed = "At least one resource deployment operation failed. Please list deployment operations for details. " +
	"Please see https://aka.ms/arm-deployment-operations for usage details."

// settleDeployment ends the deployment of a run. An error becomes the stack's, as deep as Azure has it.
func (s *Server) settleDeployment(r *run, result template.Result, err *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := r.deploying
	d.duration = s.cfg.Now().Sub(d.started)
	how := outcome(err)
	switch {
	case r.canceled.Load():
		d.state, how = armdeployments.ProvisioningStateCanceled, "Cancel"
	case err != nil:
		d.state, d.err = armdeployments.ProvisioningStateFailed, d.failed(err)
	default:
		d.state, d.outputs = armdeployments.ProvisioningStateSucceeded, outputsOf(result)
	}
	s.tell(happening{id: d.id, typ: deploymentType, verb: "write", outcome: how, principal: r.principal, correlation: d.correlation})
}

// failed is the deployment's error.
func (d *deployment) failed(err *Error) *Error {
	return &Error{Code: "DeploymentFailed", Target: d.id, Message: deploymentFailed, Details: []*Error{err}}
}

func (d *deployment) model() armdeployments.DeploymentExtended {
	p := &armdeployments.DeploymentPropertiesExtended{ProvisioningState: to.Ptr(d.state), CorrelationID: to.Ptr(d.correlation),
		Duration: to.Ptr(isoDuration(d.duration)), Mode: to.Ptr(armdeployments.DeploymentModeIncremental), Timestamp: to.Ptr(d.started),
		Error: response(d.err)}
	if d.outputs != nil {
		p.Outputs = d.outputs
	}
	for _, st := range d.steps {
		if st.err == nil {
			p.OutputResources = append(p.OutputResources, &armdeployments.ResourceReference{ID: to.Ptr(st.resource.ID)})
		}
	}
	return armdeployments.DeploymentExtended{ID: to.Ptr(d.id), Name: to.Ptr(d.name), Type: to.Ptr(deploymentType), Properties: p}
}

func response(e *Error) *armdeployments.ErrorResponse {
	if e == nil {
		return nil
	}
	r := &armdeployments.ErrorResponse{Code: to.Ptr(e.Code), Message: to.Ptr(e.Message), Target: optional(e.Target)}
	for _, inner := range e.Details {
		r.Details = append(r.Details, response(inner))
	}
	return r
}

// operations are the steps as the API shows them.
func (d *deployment) operations() []*armdeployments.DeploymentOperation {
	var out []*armdeployments.DeploymentOperation
	for i, st := range d.steps {
		id := strconv.Itoa(i + 1)
		p := &armdeployments.DeploymentOperationProperties{ProvisioningOperation: to.Ptr(armdeployments.ProvisioningOperationCreate),
			ProvisioningState: to.Ptr(succeeded), StatusCode: to.Ptr("OK"), TargetResource: &armdeployments.TargetResource{
				ID: to.Ptr(st.resource.ID), ResourceType: to.Ptr(st.resource.Type), ResourceName: to.Ptr(st.resource.Name)}}
		if st.err != nil {
			p.ProvisioningState, p.StatusCode = to.Ptr(failed), to.Ptr(statusText(st.err.Status))
			p.StatusMessage = &armdeployments.StatusMessage{Status: to.Ptr(failed), Error: response(st.err)}
		}
		out = append(out, &armdeployments.DeploymentOperation{ID: to.Ptr(d.id + "/operations/" + id), OperationID: to.Ptr(id), Properties: p})
	}
	return out
}

// statusText is an HTTP status as operations show it, such as Conflict.
func statusText(status int) string {
	if status == 0 {
		status = http.StatusConflict
	}
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

// deployment finds a deployment. The lock is held.
func (s *Server) deployment(scope template.Scope, name string) (*deployment, error) {
	d := s.state.deployments[key(scope.ID()+"/providers/"+deploymentType+"/"+name)]
	if d == nil {
		return nil, refuse(http.StatusNotFound, "DeploymentNotFound", "Deployment '%s' could not be found.", name)
	}
	return d, nil
}

// cancelDeployment ends a deployment, and with it the stack's run, at its next step.
func (s *Server) cancelDeployment(scope template.Scope, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.deployment(scope, name)
	if err != nil {
		return err
	}
	if d.state != armdeployments.ProvisioningStateRunning || d.stack.run == nil || d.stack.run.deploying != d {
		return refuse(http.StatusConflict, "DeploymentCannotBeCancelled", "The deployment '%s' cannot be cancelled because it is in the '%s' state.", name, d.state)
	}
	d.stack.run.cancel()
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
