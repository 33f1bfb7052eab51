package desk

import (
	"context"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Word is a reviewer's decision.
type Word struct {
	Verb   airlock.Verb
	Reason string // required to reject and return
	Digest string // of the manifest the reviewer saw; may be empty in turn 1
}

// Decide records a decision, and acts on it when it is the one that counts.
// airlock.ErrConflict: the digest names other files than those under review.
func (d *Desk) Decide(ctx context.Context, c Caller, key airlock.Key, word Word) (View, error) {
	m := move{action: access.Review, on: airlock.Trigger(word.Verb)}
	m.done = func(r airlock.Request, operation string) bool {
		return slices.ContainsFunc(r.Reviews, func(v airlock.Review) bool { return v.ID == operation })
	}
	m.build = func(ctx context.Context, v visit, operation string) (airlock.Change, error) {
		if err := airlock.Prose("reason", word.Reason, airlock.MaxReason); err != nil {
			return airlock.Change{}, err
		}
		if err := d.unharmed(ctx, v, word.Verb); err != nil {
			return airlock.Change{}, err
		}
		managers, err := d.managers(ctx, v)
		if err != nil {
			return airlock.Change{}, err
		}
		change, err := v.request.Decide(airlock.Decision{ID: operation, Verb: word.Verb, By: v.caller.person(),
			Digest: word.Digest, Reason: word.Reason, At: d.Now(), Operation: operation, Call: v.caller.call()},
			managers, v.workspace.Policy.WithDefaults().Reviewers)
		if err != nil {
			return change, err
		}
		return change, d.redraft(ctx, v.request, change.Request)
	}
	return d.act(ctx, c, key, m)
}

// managers are the workspace's airlock managers as they are now. Who is one by
// a group stands for themselves: the caller, whose token names the group, and
// who approved this turn before, while the group has the role.
func (d *Desk) managers(ctx context.Context, v visit) ([]access.Membership, error) {
	all, records, err := d.counting(ctx, v, access.AirlockManager, append(approvers(v.request), v.caller.Person.OID))
	if err != nil {
		return nil, err
	}
	var managers []access.Membership
	for _, m := range all {
		if !m.Group {
			managers = append(managers, m)
			continue
		}
		if m.Of(v.caller.Person) && records[v.caller.Person.OID].Blocks(d.Now()) == "" {
			managers = append(managers, people.As(m, v.caller.Person))
		}
		for _, review := range v.request.Reviews {
			if review.Turn == v.request.Turn && review.Through == m.OID && records[review.Reviewer.OID].Blocks(d.Now()) == "" {
				managers = append(managers, people.As(m, review.Reviewer))
			}
		}
	}
	return managers, nil
}

// approvers are who decided on this turn through a group.
func approvers(r airlock.Request) (oids []string) {
	for _, review := range r.Reviews {
		if review.Turn == r.Turn && review.Through != "" {
			oids = append(oids, review.Reviewer.OID)
		}
	}
	return oids
}

// counting are the memberships of a role that count now, with the records of
// the people among them and of the others named.
func (d *Desk) counting(ctx context.Context, v visit, role access.Role, others []string) ([]access.Membership, map[string]people.Record, error) {
	members, err := d.everybody(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	members = slices.DeleteFunc(slices.Clone(members), func(m access.Membership) bool { return m.Role != role })
	for _, m := range members {
		if !m.Group {
			others = append(others, m.OID)
		}
	}
	slices.Sort(others)
	records, err := people.ReadAll(ctx, d.Ports.People, slices.Compact(others), d.parallel())
	if err != nil {
		return nil, nil, err
	}
	return people.Counting(members, records, d.Now()), records, nil
}

// everybody is all members of the visit's workspace.
func (d *Desk) everybody(ctx context.Context, v visit) ([]access.Membership, error) {
	if v.members != nil {
		return v.members, nil
	}
	members, err := d.Ports.Members.Members(ctx, v.workspace.ID)
	if err != nil {
		return nil, fmt.Errorf("members of %s: %w", v.workspace.ID, err)
	}
	return members, nil
}

// unharmed refuses to approve what is known to hold malware, found after the
// review began, and has the engine look at once: it blocks the request.
func (d *Desk) unharmed(ctx context.Context, v visit, verb airlock.Verb) error {
	if verb != airlock.VerbApprove || v.request.Stage != airlock.InReview {
		return nil
	}
	infected, err := airlock.FindMalware(ctx, d.Ports.Files, v.request)
	if err != nil || infected == nil {
		return err
	}
	d.order(context.WithoutCancel(ctx), v.request, message.QueueAdvance, orderMessage(v.request, airlock.Advance))
	return fmt.Errorf("%s: it cannot be approved and is being blocked: %w", infected.Reason, airlock.ErrConflict)
}
