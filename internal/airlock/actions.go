package airlock

import (
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// Capacities are what a person is to this request: creator, and what the
// workspace roles and the token make of them. Creator counts only for those
// who still have a role that may hand in.
func (r Request) Capacities(p access.Person, roles []access.Role) []Role {
	var as []Role
	if p.OID != "" && r.CreatedBy.OID == p.OID && access.May(access.Submit, roles...) {
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
// draft is its creator's, and the owners', also when it was given up, and from
// its second turn on the airlock managers', who know it; what was submitted is
// also the other researchers', as in AzureTRE. Who may retry a failed request
// sees it.
func (r Request) Sees(as []Role, roles []access.Role) bool {
	has := func(role Role) bool { return slices.Contains(as, role) }
	if _, ok := r.RetryOf(); ok && slices.ContainsFunc(byRetriers, has) {
		return true
	}
	if r.isDraft() {
		return has(Creator) || has(Owner) || r.Turn > 1 && has(Manager)
	}
	return access.May(access.Read, roles...)
}

// isDraft tells whether the request is a draft, or ended as one.
func (r Request) isDraft() bool {
	switch r.Stage {
	case Draft:
		return true
	case Failed:
		return r.FailedFrom == Draft
	case Cancelled:
		return len(r.History) > 0 && r.History[len(r.History)-1].From == StatusDraft
	case Sealing, Gating, InReview, Approving, Approved, Rejecting, Rejected, Blocking, Blocked, Revoked:
	}
	return false
}

// Link says which container somebody may have a link to now, and what the link
// allows. Draft: its creator's, write-only. In review: the reviewers' and
// owners', but never who made or submitted the request. Approved: everybody
// who may fetch. It returns ErrRefused to others, ErrIllegal in every other
// status and after retention.
func (r Request) Link(p access.Person, roles []access.Role) (Made, Access, error) {
	var (
		made    Made
		allows  = ReadOnly
		allowed bool
	)
	switch {
	case r.Stage == Draft:
		made, allows = Made{Kind: DraftFiles, Number: r.Turn}, WriteOnly
		allowed = slices.Contains(r.Capacities(p, roles), Creator) && access.May(access.DraftLink, roles...)
	case r.Stage == InReview:
		made = Made{Kind: SealedFiles, Number: r.Turn}
		allowed = access.May(access.SealedLink, roles...) && !r.isRequester(p)
	case r.Stage == Approved && !r.Retired:
		made = Made{Kind: ReleasedFiles, Number: r.Attempt}
		allowed = access.May(access.ReleasedLink, roles...)
	default:
		return Made{}, "", fmt.Errorf("request is %s, there is no link in this status: %w", r.Stage.Status(), ErrIllegal)
	}
	if !allowed {
		return Made{}, "", fmt.Errorf("request is %s, its link is not for you: %w", r.Stage.Status(), ErrRefused)
	}
	return made, allows, nil
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
		default: // the engine's triggers, and the other retries, are nobody's actions
		}
	}
	all = slices.DeleteFunc(all, func(action string) bool { return r.withholds(action, slices.Contains(as, Creator)) })
	slices.Sort(all)
	return all
}

// withholds tells whether the request's own story takes an action away that
// the table allows: who made it cannot decide on it, nor undo that a reviewer
// stopped its delivery, and the last turn cannot be returned.
func (r Request) withholds(action string, mine bool) bool {
	switch action {
	case "review":
		return mine
	case "return":
		return mine || r.Turn >= MaxNumber
	case "retry":
		return mine && r.Stopped
	}
	return false
}
