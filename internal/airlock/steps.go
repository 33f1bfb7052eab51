package airlock

import "github.com/trefoil-tre/trefoil/internal/fsm"

// Step is one allowed move of a request.
type Step = fsm.Row[Stage, Trigger, Role, Order]

var (
	byCreator  = []Role{Creator}
	byTheirs   = []Role{Creator, Owner}
	byManager  = []Role{Manager}
	byEngine   = []Role{Engine}
	byRetriers = []Role{Manager, Owner, Admin}
)

// Steps is the whole of the airlock's behaviour: AzureTRE's 17 moves and ours.
// Beside what Then says, each move orders a purge of every container that the
// new stage does not own (see Request.Owns).
var Steps = fsm.Table[Stage, Trigger, Role, Order]{
	{From: Draft, On: Submit, By: byCreator, To: Sealing, Then: []Order{Advance}},
	{From: Draft, On: Cancel, By: byTheirs, To: Cancelled, Then: []Order{Purge, Notify}},
	{From: Draft, On: Expired, By: byEngine, To: Cancelled, Then: []Order{Purge, Notify}},
	{From: Draft, On: Overflowed, By: byEngine, To: Failed, Then: []Order{Purge, Notify}},

	{From: Sealing, On: Sealed, By: byEngine, To: Gating, Then: []Order{Advance, Purge}},
	{From: Sealing, On: Cancel, By: byTheirs, To: Cancelled, Then: []Order{Purge, Notify}},
	{From: Sealing, On: Broke, By: byEngine, To: Failed, Then: []Order{Notify}},

	{From: Gating, On: Passed, By: byEngine, To: InReview, Then: []Order{Notify, Purge}},
	{From: Gating, On: Unfit, By: byEngine, To: Draft, Then: []Order{Notify, Purge}},
	{From: Gating, On: Infected, By: byEngine, To: Blocking, Then: []Order{Advance, Purge}},
	{From: Gating, On: Cancel, By: byTheirs, To: Cancelled, Then: []Order{Purge, Notify}},
	{From: Gating, On: Broke, By: byEngine, To: Failed, Then: []Order{Notify}},

	{From: InReview, On: Endorse, By: byManager, To: InReview},
	{From: InReview, On: Approve, By: byManager, To: Approving, Then: []Order{Deliver}},
	{From: InReview, On: Reject, By: byManager, To: Rejecting, Then: []Order{Advance}},
	{From: InReview, On: Return, By: byManager, To: Draft, Then: []Order{Notify}},
	{From: InReview, On: Cancel, By: byTheirs, To: Cancelled, Then: []Order{Purge, Notify}},
	{From: InReview, On: Expired, By: byEngine, To: Cancelled, Then: []Order{Purge, Notify}},
	{From: InReview, On: Infected, By: byEngine, To: Blocking, Then: []Order{Advance, Purge, Notify}},
	{From: InReview, On: Broke, By: byEngine, To: Failed, Then: []Order{Notify}},

	{From: Approving, On: Delivered, By: byEngine, To: Approved, Then: []Order{Notify}},
	{From: Approving, On: Infected, By: byEngine, To: Blocking, Then: []Order{Advance, Purge, Notify}},
	{From: Approving, On: Stop, By: byManager, To: Failed, Then: []Order{Purge, Notify}},
	{From: Approving, On: Broke, By: byEngine, To: Failed, Then: []Order{Purge, Notify}},

	{From: Rejecting, On: Withheld, By: byEngine, To: Rejected, Then: []Order{Notify}},
	{From: Rejecting, On: Broke, By: byEngine, To: Failed, Then: []Order{Notify}},
	{From: Blocking, On: Withheld, By: byEngine, To: Blocked, Then: []Order{Notify}},
	{From: Blocking, On: Broke, By: byEngine, To: Failed, Then: []Order{Notify}},

	{From: Approved, On: Revoke, By: byManager, To: Revoked, Then: []Order{Purge, Notify}},
	{From: Approved, On: Infected, By: byEngine, To: Revoked, Then: []Order{Purge, Notify}},

	{From: Failed, On: RetryDraft, By: byRetriers, To: Draft, Then: []Order{Notify}},
	{From: Failed, On: RetrySeal, By: byRetriers, To: Sealing, Then: []Order{Advance}},
	{From: Failed, On: RetryGate, By: byRetriers, To: Gating, Then: []Order{Advance}},
	{From: Failed, On: RetryReview, By: byRetriers, To: InReview, Then: []Order{Advance, Notify}},
	{From: Failed, On: RetryDeliver, By: byRetriers, To: Approving, Then: []Order{Deliver}},
	{From: Failed, On: RetryReject, By: byRetriers, To: Rejecting, Then: []Order{Advance}},
	{From: Failed, On: RetryBlock, By: byRetriers, To: Blocking, Then: []Order{Advance}},

	{From: Approved, On: Retired, By: byEngine, To: Approved, Then: []Order{Purge}},
	{From: Rejected, On: Retired, By: byEngine, To: Rejected, Then: []Order{Purge}},
	{From: Blocked, On: Retired, By: byEngine, To: Blocked, Then: []Order{Purge}},
	{From: Failed, On: Retired, By: byEngine, To: Failed, Then: []Order{Purge}},
	{From: Revoked, On: Retired, By: byEngine, To: Revoked, Then: []Order{Purge}},
}

// retries says which retry leads back to the stage in which a request failed.
var retries = map[Stage]Trigger{
	Draft: RetryDraft, Sealing: RetrySeal, Gating: RetryGate, InReview: RetryReview,
	Approving: RetryDeliver, Rejecting: RetryReject, Blocking: RetryBlock,
}

// RetryOf returns the trigger that takes a failed request back to where it
// came from; false when there is no way back, as after retention, or when the
// numbers of turns or attempts are used up.
func (r Request) RetryOf() (Trigger, bool) {
	on, ok := retries[r.FailedFrom]
	spent := on == RetryDraft && r.Turn >= MaxNumber || on == RetryDeliver && r.Attempt >= MaxNumber
	return on, ok && !spent && r.Stage == Failed && !r.Retired
}

// Diagram returns the table as a Mermaid state diagram.
func Diagram() string { return Steps.Draw(Draft) }
