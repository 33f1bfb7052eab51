package arm

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// busy is said of a stack that something works on.
func busy(st *stack) *Error {
	return refuse(http.StatusConflict, "DeploymentStackInNonTerminalState", "The deployment stack '%s' is in the non-terminal state '%s'. "+
		"The operation can only be performed on a deployment stack in a terminal state.", st.id, st.state)
}

func (s *Server) stackNotFound(scope template.Scope, name string) *Error {
	return refuse(http.StatusNotFound, "DeploymentStackNotFound", "The Deployment stack '%s' could not be found at scope '%s'.", name, scope.ID())
}

// stackKey is the key of a stack.
func stackKey(scope template.Scope, name string) string {
	return key(scope.ID() + "/providers/" + stackType + "/" + name)
}

// putStack creates or updates a stack and starts its work.
func (s *Server) putStack(ctx context.Context, scope template.Scope, name string, body armdeploymentstacks.DeploymentStack) (armdeploymentstacks.DeploymentStack, int, error) {
	call := callOf(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if scope.Group != "" && s.state.resources[key(scope.ID())] == nil {
		return armdeploymentstacks.DeploymentStack{}, 0, groupNotFound(scope.Group)
	}
	t, values, invalid := checkStack(body, scope)
	if invalid != nil {
		return armdeploymentstacks.DeploymentStack{}, 0, invalid
	}
	st, status, err := s.stackFor(scope, name, body)
	if err != nil {
		return armdeploymentstacks.DeploymentStack{}, 0, err
	}
	st.asked = *body.Properties
	st.asked.Template, st.asked.Parameters = nil, hideSecrets(t, body.Properties.Parameters)
	st.tags, st.principal = body.Tags, call.principal
	st.deleted, st.detached, st.failures, st.err, st.outOfSync = nil, nil, nil, nil, false
	st.started, st.correlation = s.cfg.Now(), newCorrelation()
	r := &run{stack: st, principal: call.principal, template: t, values: values, op: s.begin(scope.Subscription, stackOperations(st.location))}
	r.action = unmanageOf(body.Properties.ActionOnUnmanage, call.body)
	r.deploying = s.newDeployment(st, scope)
	st.run, st.deployment = r, r.deploying.id
	call.op = r.op
	s.work.Go(func(ctx context.Context) { s.deploy(ctx, r) })
	return st.model(), status, nil
}

// stackFor is the stack to work on: the one that exists, if nothing works on it, or a new one.
func (s *Server) stackFor(scope template.Scope, name string, body armdeploymentstacks.DeploymentStack) (*stack, int, error) {
	location := ""
	if body.Location != nil {
		location = *body.Location
	}
	k := stackKey(scope, name)
	if st := s.state.stacks[k]; st != nil {
		bypass := body.Properties.BypassStackOutOfSyncError != nil && *body.Properties.BypassStackOutOfSyncError
		switch {
		case !st.terminal():
			return nil, 0, busy(st)
		case st.outOfSync && !bypass:
			return nil, 0, outOfSync(st.id)
		case !strings.EqualFold(location, st.location):
			return nil, 0, refuse(http.StatusBadRequest, "DeploymentStackInvalidLocation", "The location of the deployment stack '%s' is '%s' and cannot be changed to '%s'.",
				name, st.location, location)
		}
		st.state = armdeploymentstacks.DeploymentStackProvisioningStateDeploying
		return st, http.StatusOK, nil
	}
	if n := s.countStacks(scope); n >= maxStacks {
		return nil, 0, refuse(http.StatusConflict, "DeploymentStackQuotaExceeded", "The scope '%s' has %d deployment stacks; at most %d are permitted.", scope.ID(), n, maxStacks)
	}
	st := &stack{id: scope.ID() + "/providers/" + stackType + "/" + name, name: name, scope: scope, location: location,
		state: armdeploymentstacks.DeploymentStackProvisioningStateCreating, created: s.cfg.Now()}
	s.state.stacks[k] = st
	return st, http.StatusCreated, nil
}

func (s *Server) countStacks(scope template.Scope) int {
	n := 0
	for _, st := range s.state.stacks {
		if st.scope == scope {
			n++
		}
	}
	return n
}

// stackOperations is where operations on stacks are, below the subscription.
func stackOperations(location string) string {
	if location == "" {
		location = "global"
	}
	return "/providers/Microsoft.Resources/locations/" + location + "/deploymentStackOperationStatus"
}

// unmanageOf reads what a stack says; resourcesWithoutDeleteSupport is of a newer version of the API than the SDK's.
func unmanageOf(a *armdeploymentstacks.ActionOnUnmanage, body []byte) unmanage {
	var newer struct {
		Properties struct {
			ActionOnUnmanage struct {
				Rest string `json:"resourcesWithoutDeleteSupport"`
			} `json:"actionOnUnmanage"`
		} `json:"properties"`
	}
	_ = json.Unmarshal(body, &newer) // the fake has read the same body already
	is := func(e *armdeploymentstacks.DeploymentStacksDeleteDetachEnum) bool {
		return e != nil && *e == armdeploymentstacks.DeploymentStacksDeleteDetachEnumDelete
	}
	return unmanage{resources: is(a.Resources), groups: is(a.ResourceGroups), rest: newer.Properties.ActionOnUnmanage.Rest == "detach"}
}

func (s *Server) getStack(scope template.Scope, name string) (armdeploymentstacks.DeploymentStack, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state.stacks[stackKey(scope, name)]
	if st == nil {
		return armdeploymentstacks.DeploymentStack{}, s.stackNotFound(scope, name)
	}
	return st.model(), nil
}

// deleteStack starts to delete a stack. 204 when there is none.
func (s *Server) deleteStack(ctx context.Context, scope template.Scope, name string) (int, error) {
	call := callOf(ctx)
	query := call.request.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state.stacks[stackKey(scope, name)]
	switch {
	case st == nil:
		return http.StatusNoContent, nil
	case !st.terminal():
		return 0, busy(st)
	case st.outOfSync && !strings.EqualFold(query.Get("bypassStackOutOfSyncError"), "true"):
		return 0, outOfSync(st.id)
	}
	st.state = armdeploymentstacks.DeploymentStackProvisioningStateDeleting
	st.started, st.correlation, st.principal = s.cfg.Now(), newCorrelation(), call.principal
	st.deleted, st.detached, st.failures, st.err = nil, nil, nil, nil
	r := &run{stack: st, principal: call.principal, op: s.begin(scope.Subscription, stackOperations(st.location))}
	r.action = unmanage{resources: query.Get("unmanageAction.Resources") == "delete", groups: query.Get("unmanageAction.ResourceGroups") == "delete",
		rest: query.Get("unmanageAction.ResourcesWithoutDeleteSupport") == "detach"}
	st.run, call.op = r, r.op
	s.work.Go(func(ctx context.Context) { s.dissolve(ctx, r) })
	return http.StatusAccepted, nil
}

// dissolve lets go of everything that a stack manages, and then of the stack.
func (s *Server) dissolve(ctx context.Context, r *run) {
	s.mu.Lock()
	if s.mood.DeletingResources {
		r.stack.state = armdeploymentstacks.DeploymentStackProvisioningStateDeletingResources
	}
	s.mu.Unlock()
	err := s.unmanage(ctx, r, s.managedBy(r.stack))
	s.mu.Lock()
	defer s.mu.Unlock()
	st := r.stack
	st.run = nil
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		err = &Error{Code: "DeploymentStackDeleteFailed", Message: "One or more stages of deploymentStack deletion failed. Correlation id: '" + st.correlation + "'.",
			Details: []*Error{deleteResourcesFailed()}}
		st.state, st.err = armdeploymentstacks.DeploymentStackProvisioningStateFailed, err
	} else if s.state.stacks[key(st.id)] == st {
		s.state.disown(st)
		delete(s.state.stacks, key(st.id))
		delete(s.state.deployments, key(st.deployment))
	}
	r.op.end(err)
	s.tell(happening{id: st.id, typ: stackType, verb: "delete", outcome: outcome(err), principal: r.principal, correlation: st.correlation})
}

// listStacks are the stacks of a scope, in order.
func (s *Server) listStacks(scope template.Scope) []*armdeploymentstacks.DeploymentStack {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*armdeploymentstacks.DeploymentStack
	for _, k := range sortedKeys(s.state.stacks) {
		if st := s.state.stacks[k]; strings.EqualFold(st.scope.ID(), scope.ID()) {
			m := st.model()
			out = append(out, &m)
		}
	}
	return out
}
