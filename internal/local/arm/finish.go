package arm

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// met is what a fault does to a step.
type met struct {
	err   *Error
	delay time.Duration
}

// unmanageOthers deletes or detaches what the stack managed before and its template does not hold any more.
func (s *Server) unmanageOthers(ctx context.Context, r *run, before []string, result template.Result) {
	kept := map[string]bool{}
	for _, made := range result.Resources {
		kept[key(made.ID)] = true
	}
	var gone []string
	for _, id := range before {
		if !kept[key(id)] {
			gone = append(gone, id)
		}
	}
	s.mu.Lock()
	r.stack.outputs = outputsOf(result)
	if len(gone) > 0 {
		r.stack.state = armdeploymentstacks.DeploymentStackProvisioningStateDeletingResources
	}
	s.mu.Unlock()
	err := s.unmanage(ctx, r, gone)
	if ctx.Err() == nil {
		s.finish(r, err)
	}
}

// unmanage lets go of resources: children before parents, groups last. What cannot be deleted stays managed, and is
// told as one error.
func (s *Server) unmanage(ctx context.Context, r *run, ids []string) *Error {
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(depth(b), depth(a)) })
	ok := true
	for _, id := range ids {
		if r.canceled.Load() || ctx.Err() != nil {
			return nil
		}
		isGroup := groupKey(id) == key(id)
		if isGroup && !r.action.groups || !isGroup && !r.action.resources || r.action.rest && withoutDelete(id) {
			s.detach(r.stack, id)
			continue
		}
		if err := s.erase(ctx, r, id); err != nil {
			ok = false
		}
	}
	if ok {
		return nil
	}
	return &Error{Code: "DeploymentStackDeleteResourcesFailed", Message: "One or more resources could not be deleted. Correlation id: '" +
		r.stack.correlation + "'.", Details: []*Error{deleteResourcesFailed()}}
}

// withoutDelete says whether Resource Manager cannot delete a resource by itself: it goes with what it belongs to.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks#known-limitations
func withoutDelete(id string) bool {
	k := key(id)
	return strings.Contains(k, "/providers/microsoft.keyvault/vaults/") && strings.Contains(k, "/secrets/") ||
		strings.Contains(k, "/providers/microsoft.security/defenderforstoragesettings/")
}

// deleteResourcesFailed is all that Azure says of deletions that failed; the reasons are in the stack's failed resources.
func deleteResourcesFailed() *Error {
	return &Error{Code: "DeploymentStackDeleteResourcesFailed", Message: "An error occurred while deleting resources. These resources are still present in the " +
		"stack but can be deleted manually. Please see the FailedResources property for specific error information. Deletion failures that are known " +
		"limitations are documented here: https://aka.ms/DeploymentStacksKnownLimitations"}
}

// depth orders deletions: a group has the least, a child more than its parent.
func depth(id string) int { return strings.Count(strings.TrimSuffix(id, "/"), "/") }

func (s *Server) detach(st *stack, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.drop(st, id)
	st.detached = append(st.detached, id)
}

// erase deletes one resource of a stack.
func (s *Server) erase(ctx context.Context, r *run, id string) *Error {
	s.mu.Lock()
	existing := s.state.resources[key(id)]
	s.mu.Unlock()
	if existing == nil { // somebody else deleted it, or its parent went first
		s.mu.Lock()
		defer s.mu.Unlock()
		s.state.drop(r.stack, id)
		r.stack.deleted = append(r.stack.deleted, id)
		return nil
	}
	fault := s.fault(Call{Stage: Delete, Operation: "delete", ID: id, Type: existing.typ, Stack: r.stack.id, Principal: r.principal})
	if !s.wait(ctx, s.cfg.Pace.Delete+fault.delay) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.canceled.Load() {
		return nil
	}
	err := fault.err
	if err == nil && withoutDelete(id) {
		err = &Error{Code: "DeletionFailed", Message: "Resource could not be deleted. Resource is still present in stack."}
	}
	if err == nil {
		err = s.denied(id, existing.typ, "delete", r.principal, r.stack)
	}
	if err == nil {
		s.state.remove(id)
		s.state.drop(r.stack, id)
		r.stack.deleted = append(r.stack.deleted, id)
	} else {
		r.stack.failures = append(r.stack.failures, failure{id, err})
		for i, m := range r.stack.resources {
			if strings.EqualFold(m.id, id) {
				r.stack.resources[i].status = armdeploymentstacks.ResourceStatusModeDeleteFailed
			}
		}
	}
	s.tell(happening{id: id, typ: existing.typ, verb: "delete", outcome: outcome(err), principal: r.principal, correlation: r.stack.correlation})
	return err
}

// finish settles a stack after its run. A canceled run leaves the stack canceled, with what it had made by then.
func (s *Server) finish(r *run, err *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := r.stack
	st.run, st.duration = nil, s.cfg.Now().Sub(st.started)
	how := outcome(err)
	switch {
	case r.canceled.Load():
		how = "Cancel"
		err = &Error{Code: "DeploymentStackCanceled", Message: "The deployment stack '" + st.name + "' was canceled."}
		st.state = armdeploymentstacks.DeploymentStackProvisioningStateCanceled
	case err != nil:
		st.state = armdeploymentstacks.DeploymentStackProvisioningStateFailed
	default:
		st.state = armdeploymentstacks.DeploymentStackProvisioningStateSucceeded
	}
	st.err = err
	r.op.end(err)
	if how == "Cancel" {
		r.op.status = canceled
	}
	s.tell(happening{id: st.id, typ: stackType, verb: "write", outcome: how, principal: r.principal, correlation: st.correlation})
}
