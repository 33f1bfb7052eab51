package arm

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/local/arm/provider"
)

// denied refuses what a stack's deny settings deny; by is the stack that acts, if one does, whose own settings do not
// bind it. verb is write, delete or an action.
func (s *Server) denied(id, typ, verb, principal string, by *stack) *Error {
	for at := key(id); at != ""; at = parent(at) {
		owner := s.state.owners[at]
		if owner == nil || owner == by || !owner.denies(typ+"/"+verb, verb, principal) {
			continue
		}
		if at != key(id) && !appliesToChildren(owner) {
			continue
		}
		return refuse(http.StatusForbidden, "DenyAssignmentAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action '%s/%s' "+
			"on scope '%s'; however, the access is denied because of the deny assignment with name 'Deny assignment '%s' created by Deployment Stack "+
			"'%s'.' and Id '%s' at scope '%s'.", principal, principal, typ, verb, id, provider.UUID(owner.id, "deny"), owner.id,
			strings.ReplaceAll(provider.UUID(owner.id, "deny"), "-", ""), at)
	}
	return nil
}

// parent is the key of the resource or group that a resource lies in; empty above groups.
func parent(k string) string {
	i := strings.LastIndexByte(k, '/')
	if i < 0 {
		return ""
	}
	k = k[:i]
	if i = strings.LastIndexByte(k, '/'); i < 0 {
		return ""
	}
	k = k[:i]
	if j := strings.LastIndex(k, "/providers"); j >= 0 && j+len("/providers") == len(k) {
		k = k[:j]
	}
	if strings.Count(k, "/") < 4 {
		return ""
	}
	return k
}

func appliesToChildren(st *stack) bool {
	return st.asked.DenySettings.ApplyToChildScopes != nil && *st.asked.DenySettings.ApplyToChildScopes
}

// denies says whether the stack's settings keep a principal from an operation.
func (st *stack) denies(operation, verb, principal string) bool {
	switch st.denyMode() {
	case armdeploymentstacks.DenySettingsModeDenyDelete:
		if verb != "delete" {
			return false
		}
	case armdeploymentstacks.DenySettingsModeDenyWriteAndDelete:
	default:
		return false
	}
	if slices.ContainsFunc(st.asked.DenySettings.ExcludedPrincipals, func(p *string) bool { return p != nil && strings.EqualFold(*p, principal) }) {
		return false
	}
	return !slices.ContainsFunc(st.asked.DenySettings.ExcludedActions, func(a *string) bool {
		if a == nil {
			return false
		}
		ok, err := path.Match(strings.ToLower(strings.ReplaceAll(*a, "/", ":")), strings.ToLower(strings.ReplaceAll(operation, "/", ":")))
		return err == nil && ok
	})
}

// fault is what goes wrong with a step on a resource. The lock is not held.
func (s *Server) fault(c Call) met {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.mood.pick(c)
	switch {
	case f == nil:
		return met{}
	case f.Kind == Slow:
		return met{delay: f.Delay}
	default:
		return met{err: f.told(c), delay: f.Delay}
	}
}
