package portal

import (
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// event is one thing that happened to a request.
type event struct {
	At    time.Time // zero where it is not known
	Label label
	By    string // "" where the airlock acted by itself
	Now   bool   // it stands there
}

// byPeople are the statuses that a person's action brings, never the engine's.
var byPeople = []airlock.Status{airlock.StatusSubmitted, airlock.StatusApprovalInProgress, airlock.StatusRejectionInProg}

// said are reviewers' decisions, as things that happened.
var said = map[string]label{
	"approved": toneGood.as("Approval given"), "rejected": toneBad.as("Rejection"), "returned": toneWarn.as("Return for changes"),
}

// timeline is how a request came to where it stands: statuses, and the
// decisions between them, the earliest first. The audit trail knows more.
func timeline(r airlock.Request) []event {
	reviews := slices.DeleteFunc(slices.Clone(r.Reviews), func(v airlock.Review) bool { return said[v.Decision].Text == "" })
	all := make([]event, 0, len(r.History)+len(reviews)+1)
	for i, h := range r.History {
		e := event{At: h.At, Label: labelOf(h.From)}
		switch {
		case i == 0 && h.From == airlock.StatusDraft:
			e.At, e.By = r.CreatedAt, r.CreatedBy.Name
		case slices.Contains(byPeople, h.From):
			e.By = h.By.Name
		case h.From == airlock.StatusInReview && len(reviews) > 0 && reviews[0].At.Before(h.At):
			e.At = time.Time{} // the history has the time of the last approval in it, not of its beginning
		}
		all = append(all, e)
		left := r.Since
		if i+1 < len(r.History) {
			left = r.History[i+1].At
		}
		for ; h.From == airlock.StatusInReview && len(reviews) > 0 && !reviews[0].At.After(left); reviews = reviews[1:] {
			all = append(all, event{At: reviews[0].At, By: reviews[0].Reviewer.Name, Label: said[reviews[0].Decision]})
		}
	}
	now := event{At: r.Since, Label: labelOf(r.Stage), Now: true}
	switch {
	case len(r.History) == 0:
		now.By = r.CreatedBy.Name
	case slices.Contains(byPeople, r.Stage.Status()), r.Stage == airlock.Revoked && revokedByPerson(r):
		now.By = r.UpdatedBy.Name
	}
	all = append(all, now)
	for _, v := range reviews {
		all = append(all, event{At: v.At, By: v.Reviewer.Name, Label: said[v.Decision]})
	}
	return all
}

// revokedByPerson tells that an airlock manager took the release back, and not
// the airlock itself because of malware.
func revokedByPerson(r airlock.Request) bool {
	return slices.ContainsFunc(r.Reviews, func(v airlock.Review) bool { return v.Decision == "revoked" })
}
