package airlock

import (
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// Capacities are what a person is to this request: creator, and what the
// workspace roles and the token make of them. Creator counts only for those
// who still have a role that may hand in.
func (r Request) Capacities(p access.Person, roles []access.Role) []Role {
	var as []Role
	if r.CreatedBy.OID == p.OID && access.May(access.Submit, roles...) {
		as = append(as, Creator)
	}
	for role, capacity := range map[access.Role]Role{
		access.WorkspaceOwner: Owner, access.AirlockManager: Manager, access.TREAdmin: Admin,
	} {
		if slices.Contains(roles, role) {
			as = append(as, capacity)
		}
	}
	slices.Sort(as)
	return as
}

// Sees tells whether somebody with these capacities may see the request: a
// draft is its creator's, and the owners'; what was submitted is also the
// other researchers', as in AzureTRE.
func (r Request) Sees(as []Role, roles []access.Role) bool {
	if r.Stage == Draft && r.SubmittedBy.OID == "" {
		return slices.Contains(as, Creator) || slices.Contains(as, Owner)
	}
	return access.May(access.Read, roles...)
}

// Actions lists AzureTRE's allowedUserActions and ours (return, stop, retry)
// for somebody with these capacities, in a fixed order.
func (r Request) Actions(as []Role) []string {
	var all []string
	add := func(action string) {
		if !slices.Contains(all, action) {
			all = append(all, action)
		}
	}
	retry, canRetry := r.RetryOf()
	for _, on := range Steps.Allowed(r.Stage, as...) {
		switch on {
		case Submit, Cancel, Revoke, Stop, Return:
			add(string(on))
		case Approve, Endorse, Reject:
			add("review")
		case retry:
			if canRetry {
				add("retry")
			}
		}
	}
	if slices.Contains(as, Creator) { // who made it cannot decide on it
		all = slices.DeleteFunc(all, func(a string) bool { return a == "review" || a == "return" })
	}
	slices.Sort(all)
	return all
}
