package airlock

import "strings"

// Status is where a request stands, as people and AzureTRE's clients see it.
type Status string

// AzureTRE's twelve statuses.
const (
	StatusDraft              Status = "draft"
	StatusSubmitted          Status = "submitted"
	StatusInReview           Status = "in_review"
	StatusApprovalInProgress Status = "approval_in_progress"
	StatusApproved           Status = "approved"
	StatusRejectionInProg    Status = "rejection_in_progress"
	StatusRejected           Status = "rejected"
	StatusBlockingInProgress Status = "blocking_in_progress"
	StatusBlockedByScan      Status = "blocked_by_scan"
	StatusCancelled          Status = "cancelled"
	StatusFailed             Status = "failed"
	StatusRevoked            Status = "revoked"
)

// Stage is a status, with submitted split into its two recorded steps. The
// table of moves speaks of stages; the API shows statuses.
type Stage string

// The stages, in the order a request meets them.
const (
	Draft     Stage = "draft"
	Sealing   Stage = "submitted_sealing" // the listed versions are being copied out of the requester's reach
	Gating    Stage = "submitted_gating"  // verdicts and policy are being checked
	InReview  Stage = "in_review"
	Approving Stage = "approval_in_progress" // the sealed files are being copied across
	Approved  Stage = "approved"
	Rejecting Stage = "rejection_in_progress"
	Rejected  Stage = "rejected"
	Blocking  Stage = "blocking_in_progress"
	Blocked   Stage = "blocked_by_scan"
	Cancelled Stage = "cancelled"
	Failed    Stage = "failed"
	Revoked   Stage = "revoked"
)

// Stages lists every stage.
var Stages = []Stage{Draft, Sealing, Gating, InReview, Approving, Approved, Rejecting, Rejected,
	Blocking, Blocked, Cancelled, Failed, Revoked}

// Statuses lists every status.
var Statuses = []Status{StatusDraft, StatusSubmitted, StatusInReview, StatusApprovalInProgress, StatusApproved,
	StatusRejectionInProg, StatusRejected, StatusBlockingInProgress, StatusBlockedByScan, StatusCancelled,
	StatusFailed, StatusRevoked}

// Status is what the API shows of the stage.
func (s Stage) Status() Status {
	if strings.HasPrefix(string(s), "submitted_") {
		return StatusSubmitted
	}
	return Status(s)
}

// Step is the recorded step within the status: "sealing", "gating" or "".
func (s Stage) Step() string {
	_, step, _ := strings.Cut(string(s), "submitted_")
	return step
}

// Unfinished tells whether somebody or something still has to act. Every
// unfinished stage has an owner, a deadline and an exit.
func (s Stage) Unfinished() bool {
	switch s {
	case Draft, Sealing, Gating, InReview, Approving, Rejecting, Blocking:
		return true
	case Approved, Rejected, Blocked, Cancelled, Failed, Revoked:
		return false
	}
	return false
}

// Trigger is what moves a request.
type Trigger string

// What people do.
const (
	Submit       Trigger = "submit"
	Cancel       Trigger = "cancel"
	Endorse      Trigger = "endorse" // an approval, with more needed
	Approve      Trigger = "approve" // the approval that makes the number full
	Reject       Trigger = "reject"
	Return       Trigger = "return" // for changes: a new turn in draft
	Stop         Trigger = "stop"   // a delivery under way
	Revoke       Trigger = "revoke"
	RetryDraft   Trigger = "retry_draft"
	RetrySeal    Trigger = "retry_seal"
	RetryGate    Trigger = "retry_gate"
	RetryReview  Trigger = "retry_review"
	RetryDeliver Trigger = "retry_deliver"
	RetryReject  Trigger = "retry_reject"
	RetryBlock   Trigger = "retry_block"
)

// What the engine finds.
const (
	Overflowed Trigger = "overflowed" // a draft far past its limits
	Sealed     Trigger = "sealed"     // every listed version is sealed
	Passed     Trigger = "passed"     // the gate: all clean, within policy
	Unfit      Trigger = "unfit"      // the gate: a file that may not be submitted
	Infected   Trigger = "infected"   // malware, at the gate or later
	Delivered  Trigger = "delivered"  // every file across and verified
	Withheld   Trigger = "withheld"   // what was rejected or blocked is put away
	Expired    Trigger = "expired"    // nobody acted by the deadline
	Broke      Trigger = "broke"      // the engine cannot go on without a person
	Retired    Trigger = "retired"    // retention is over
)

// Triggers lists every trigger.
var Triggers = []Trigger{Submit, Cancel, Endorse, Approve, Reject, Return, Stop, Revoke, RetryDraft, RetrySeal,
	RetryGate, RetryReview, RetryDeliver, RetryReject, RetryBlock, Overflowed, Sealed, Passed, Unfit, Infected,
	Delivered, Withheld, Expired, Broke, Retired}

// Role is in which capacity a trigger is pulled.
type Role string

// The capacities. A person may have several; Engine is no person.
const (
	Creator Role = "creator" // made this request
	Owner   Role = "owner"   // WorkspaceOwner of its workspace
	Manager Role = "manager" // AirlockManager of its workspace
	Admin   Role = "admin"   // TREAdmin
	Engine  Role = "engine"  // a function
)

// Roles lists every capacity.
var Roles = []Role{Creator, Owner, Manager, Admin, Engine}

// Order is what has to be done after a move.
type Order string

// The orders, each a function and its queue.
const (
	Advance Order = "airlockadvance"
	Deliver Order = "airlockdeliver"
	Purge   Order = "airlockpurge"
	Notify  Order = "notify"
)
