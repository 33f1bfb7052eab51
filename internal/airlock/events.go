package airlock

// Event is something people are told of.
type Event string

// The events. Most are the status a request came into.
const (
	ToldInReview  Event = "in_review"         // to the reviewers
	ToldApproved  Event = "approved"          // this and the next to the requester
	ToldRejected  Event = "rejected"          //
	ToldBlocked   Event = "blocked_by_scan"   //
	ToldReturned  Event = "returned"          //
	ToldCancelled Event = "cancelled"         //
	ToldFailed    Event = "failed"            // also to owners and managers, who can retry
	ToldRevoked   Event = "revoked"           //
	ToldInfected  Event = "malware_found"     // to those who reviewed: malware after the gate, before the release
	ToldRecalled  Event = "revoked_by_scan"   // to everybody: malware after the release
	ToldReopened  Event = "reopened"          // a failed draft was opened again
	ToldOverLimit Event = "draft_over_limits" // a draft is past its limits
	ToldFewer     Event = "too_few_reviewers"
	ToldWaiting   Event = "waiting" // no verdict by its deadline, no decision in half of its time
	ToldStuck     Event = "stuck"   // to the administrators: messages of it were poisoned
)

// Events lists every event.
var Events = []Event{ToldInReview, ToldApproved, ToldRejected, ToldBlocked, ToldReturned, ToldCancelled, ToldFailed,
	ToldRevoked, ToldInfected, ToldRecalled, ToldReopened, ToldOverLimit, ToldFewer, ToldWaiting, ToldStuck}

// EventOf says what people are told of a move.
func EventOf(on Trigger, to Stage) Event {
	switch on {
	case Unfit, Return:
		return ToldReturned
	case RetryDraft:
		return ToldReopened
	case Infected:
		if to == Revoked {
			return ToldRecalled
		}
		return ToldInfected
	default:
		return Event(to)
	}
}

// Audience says who is told of an event.
func (e Event) Audience() []Role {
	switch e {
	case ToldInReview:
		return []Role{Manager}
	case ToldFailed, ToldRecalled:
		return []Role{Creator, Owner, Manager}
	case ToldInfected:
		return []Role{Owner, Manager}
	case ToldFewer:
		return []Role{Owner}
	case ToldWaiting:
		return []Role{Creator, Manager}
	case ToldStuck:
		return []Role{Admin}
	case ToldApproved, ToldRejected, ToldBlocked, ToldReturned, ToldCancelled, ToldRevoked, ToldReopened, ToldOverLimit:
		return []Role{Creator}
	}
	return []Role{Creator}
}
