package airlock

import (
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// Verb is what a reviewer decides.
type Verb string

// The decisions.
const (
	VerbApprove Verb = "approve"
	VerbReject  Verb = "reject"
	VerbReturn  Verb = "return"
)

// Decision is one reviewer's word on one turn. Its row is keyed by turn,
// reviewer and verb, so that nobody can approve twice.
type Decision struct {
	ID        string // UUID
	Verb      Verb
	By        access.Person
	Turn      int
	Digest    string // the manifest the reviewer saw; AzureTRE's clients name none
	Reason    string
	At        time.Time
	Operation string
	Call      string // id of the call as its answer names it; for the audit trail
}

// Decide applies a decision. managers are the workspace's airlock managers as
// they are now, without those whose membership ended or who are suspended: only
// they count, also for approvals given before, and their
// rows are part of the commit. It returns ErrRefused to whoever made or
// submitted the request and to who approved already, ErrConflict when the
// decision names another manifest, ErrIllegal outside in_review.
func (r Request) Decide(d Decision, managers []access.Membership, needed int) (Change, error) {
	if err := r.mayDecide(d, managers); err != nil {
		return Change{}, err
	}
	on := map[Verb]Trigger{VerbApprove: Endorse, VerbReject: Reject, VerbReturn: Return}[d.Verb]
	counted := []access.Membership{manager(managers, d.By.OID)}
	if d.Verb == VerbApprove {
		counted = append(counted, r.approvals(managers)...)
		if len(counted) >= max(needed, 1) {
			on = Approve
		}
	}
	detail := "manifest " + r.Manifest
	if d.Verb == VerbApprove {
		detail += fmt.Sprintf(", approval %d of %d", len(counted), max(needed, 1))
	}
	c, err := r.apply(Move{On: on, By: d.By, As: []Role{Manager}, At: d.At, Reason: d.Reason, Operation: d.Operation, Call: d.Call, Detail: detail})
	if err != nil {
		return Change{}, err
	}
	word := map[Verb]string{VerbApprove: "approved", VerbReject: "rejected", VerbReturn: "returned"}[d.Verb]
	c.Request.Reviews = append(slices.Clone(r.Reviews), Review{ID: d.ID, Reviewer: d.By, At: d.At.UTC(),
		Decision: word, Reason: d.Reason, Turn: r.Turn, Digest: r.Manifest, Through: counted[0].Through})
	d.Turn, d.Digest = r.Turn, r.Manifest
	c.Decision, c.Members = &d, counted
	return c, nil
}

func (r Request) mayDecide(d Decision, managers []access.Membership) error {
	switch {
	case d.Verb != VerbApprove && d.Verb != VerbReject && d.Verb != VerbReturn:
		return fmt.Errorf("decision: %q is none of approve, reject, return: %w", d.Verb, ErrInvalid)
	case r.Stage != InReview:
		return r.illegal(Move{On: Trigger(d.Verb), As: []Role{Manager}})
	case d.By.App:
		return fmt.Errorf("a program cannot decide, send the reviewer's own token: %w", ErrRefused)
	case manager(managers, d.By.OID).OID == "":
		return fmt.Errorf("only an airlock manager of the workspace decides: %w", ErrRefused)
	case r.isRequester(d.By):
		return fmt.Errorf("who made or submitted a request cannot decide on it: %w", ErrRefused)
	case d.Verb == VerbApprove && r.approvedBy(d.By.OID):
		return fmt.Errorf("you have approved this turn already: %w", ErrRefused)
	case d.Digest == "" && r.Turn > 1:
		return fmt.Errorf("manifestDigest: required, the request was returned and changed since turn 1: %w", ErrInvalid)
	case d.Digest != "" && d.Digest != r.Manifest:
		return fmt.Errorf("manifestDigest: the files changed since you looked, reload and decide again: %w", ErrConflict)
	}
	return nil
}

// approvedBy tells whether somebody approved this turn. Who did may still
// reject or return it, on finding what the first look missed.
func (r Request) approvedBy(oid string) bool {
	return slices.ContainsFunc(r.Reviews, func(v Review) bool {
		return v.Turn == r.Turn && v.Reviewer.OID == oid && v.Decision == "approved"
	})
}

// approvals are the memberships behind this turn's earlier approvals that
// still hold.
func (r Request) approvals(managers []access.Membership) []access.Membership {
	var all []access.Membership
	for _, v := range r.Reviews {
		m := manager(managers, v.Reviewer.OID)
		if v.Turn == r.Turn && v.Digest == r.Manifest && v.Decision == "approved" && m.OID != "" {
			all = append(all, m)
		}
	}
	return all
}

func manager(members []access.Membership, oid string) access.Membership {
	for _, m := range members {
		if m.OID == oid && m.Role == access.AirlockManager {
			return m
		}
	}
	return access.Membership{}
}

// Eligible counts the managers that may decide on the request.
func (r Request) Eligible(members []access.Membership) []access.Membership {
	var all []access.Membership
	for _, m := range members {
		if m.Role == access.AirlockManager && m.OID != r.CreatedBy.OID && m.OID != r.SubmittedBy.OID {
			all = append(all, m)
		}
	}
	return all
}
