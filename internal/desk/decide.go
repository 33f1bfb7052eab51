package desk

import (
	"context"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
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
		if err := prose("reason", word.Reason, airlock.MaxReason); err != nil {
			return airlock.Change{}, err
		}
		members, err := d.everybody(ctx, v)
		if err != nil {
			return airlock.Change{}, err
		}
		change, err := v.request.Decide(airlock.Decision{ID: operation, Verb: word.Verb, By: v.caller.person(),
			Digest: word.Digest, Reason: word.Reason, At: d.Now(), Operation: operation},
			managers(members), v.workspace.Policy.WithDefaults().Reviewers)
		if err != nil {
			return change, err
		}
		return change, d.redraft(ctx, v.request, change.Request)
	}
	return d.act(ctx, c, key, m)
}

func managers(members []access.Membership) []access.Membership {
	return slices.DeleteFunc(slices.Clone(members), func(m access.Membership) bool { return m.Role != access.AirlockManager })
}
