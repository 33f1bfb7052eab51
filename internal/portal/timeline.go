package portal

import (
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// event is one thing that happened to a request.
type event struct {
	At     time.Time
	Label  label
	By     string // "" where the airlock acted by itself
	Detail string
	Now    bool // it stands there
}

// byPeople are the statuses that a person's action brings, never the engine's.
var byPeople = []airlock.Status{airlock.StatusSubmitted, airlock.StatusApprovalInProgress, airlock.StatusRejectionInProg, airlock.StatusRevoked}

// timeline is how a request came to where it stands: reviewers' decisions and
// statuses, the earliest first. The audit trail knows more.
func timeline(r airlock.Request) []event {
	var all []event
	for _, v := range r.Reviews {
		all = append(all, event{At: v.At, By: v.Reviewer.Name, Label: decisionLabels[v.Decision], Detail: v.Reason})
	}
	for i, h := range r.History {
		e := event{At: h.At, Label: labelOf(h.From)}
		switch {
		case i == 0 && h.From == airlock.StatusDraft:
			e.At, e.By = r.CreatedAt, r.CreatedBy.Name
		case slices.Contains(byPeople, h.From):
			e.By = h.By.Name
		}
		all = append(all, e)
	}
	now := event{At: r.Since, Label: labelOf(r.Stage), Now: true}
	switch {
	case len(r.History) == 0:
		now.By = r.CreatedBy.Name
	case slices.Contains(byPeople, r.Stage.Status()):
		now.By = r.UpdatedBy.Name
	}
	slices.SortStableFunc(all, func(a, b event) int { return a.At.Compare(b.At) })
	return append(all, now)
}
