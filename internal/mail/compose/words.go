package compose

import (
	"fmt"
	"html/template"
)

// Event is what happened to a request.
type Event string

// The events people hear of.
const (
	InReview        Event = "in_review"
	Approved        Event = "approved"
	Rejected        Event = "rejected"
	BlockedByScan   Event = "blocked_by_scan"
	Returned        Event = "returned"
	Cancelled       Event = "cancelled"
	Failed          Event = "failed"
	Revoked         Event = "revoked"
	MalwareFound    Event = "malware_found"
	RevokedByScan   Event = "revoked_by_scan"
	DraftOverLimits Event = "draft_over_limits"
	Reopened        Event = "reopened"
	TooFewReviewers Event = "too_few_reviewers"
	Waiting         Event = "waiting"
	Stuck           Event = "stuck"
)

// Events lists them all.
var Events = []Event{InReview, Approved, Rejected, BlockedByScan, Returned, Cancelled, Failed, Revoked, MalwareFound, RevokedByScan,
	DraftOverLimits, Reopened, TooFewReviewers, Waiting, Stuck}

// Wording is how an event is told.
type Wording struct {
	Label   string // the news in two or three words; begins the subject
	Heading string
	Lead    string
	Action  string // on the button

	tone tone
}

// tone is the colour of the news; the words say the same without it.
type tone int

const (
	calm tone = iota
	good
	warn
	bad
)

// colours are a dark one, at least 4.5:1 on white as text and as ground for
// white text (WCAG 2.2, 1.4.3), and its tint.
func (t tone) colours() (ink, tint template.CSS) {
	switch t {
	case good:
		return "#0f6b45", "#e2f3ea"
	case warn:
		return "#8a5200", "#fdf0dc"
	case bad:
		return "#a3262a", "#fce8e8"
	default:
		return "#12597a", "#e2f0f7"
	}
}

// words tell every event: to its requester, and to everybody else.
var words = map[Event]struct{ requester, other Wording }{
	InReview: {
		requester: Wording{"In review", "Your request is being reviewed", "The files passed the checks of this workspace. A reviewer decides next; there is nothing you need to do.", "See your request", calm},
		other:     Wording{"Review wanted", "A request waits for your decision", "Please look at its files and findings, then approve it, reject it, or return it with a reason. Opening the page decides nothing.", "Review the request", calm},
	},
	Approved: {
		requester: Wording{"Approved", "Your request was approved", "The reviewed files have been released and are ready for you. Open the request to reach them.", "Get the files", good},
		other:     Wording{"Approved", "A request was approved", "The reviewed files have been released to the person who asked for them.", "See the request", good},
	},
	Rejected: {
		requester: Wording{"Rejected", "Your request was rejected", "Nothing was released. You can read the decision below and make a new request at any time.", "See the decision", bad},
		other:     Wording{"Rejected", "A request was rejected", "Nothing was released.", "See the decision", bad},
	},
	BlockedByScan: {
		requester: Wording{"Blocked", "Your request was blocked by the malware scan", "The scan found malware in at least one file, so nothing was released. Please check where the files came from before you make a new request.", "See what was found", bad},
		other:     Wording{"Blocked", "A request was blocked by the malware scan", "The scan found malware in at least one file. Nothing was released, and nobody can reach the files.", "See what was found", bad},
	},
	Returned: {
		requester: Wording{"Changes wanted", "Your request needs changes", "It is a draft again. Please read the reason, change what is asked for, and submit it once more; files you leave in place need no new upload.", "Change your request", warn},
		other:     Wording{"Returned", "A request was returned for changes", "It is a draft again until its requester submits it once more.", "See the request", warn},
	},
	Cancelled: {
		requester: Wording{"Cancelled", "Your request was cancelled", "Nothing was released, and its files will be deleted.", "See the request", calm},
		other:     Wording{"Cancelled", "A request was cancelled", "Nothing was released, and its files will be deleted. There is nothing left to decide.", "See the request", calm},
	},
	Failed: {
		requester: Wording{"Failed", "Your request could not be completed", "Something went wrong on our side and nothing was released. It can be tried again from where it stopped.", "See what happened", bad},
		other:     Wording{"Failed", "A request could not be completed", "It stopped because of a fault and nothing was released. It can be tried again from where it stopped.", "See what happened", bad},
	},
	Revoked: {
		requester: Wording{"Revoked", "A release to you was revoked", "The files can no longer be fetched. If you have copies already, please delete them and tell your workspace owner.", "See the reason", bad},
		other:     Wording{"Revoked", "A release was revoked", "The files can no longer be fetched. What had been fetched before cannot be called back.", "See the reason", bad},
	},
	MalwareFound: {
		requester: Wording{"Malware found", "Malware was found in your request", "The scan found malware after the review began, so the request is being blocked. Nothing was released.", "See what was found", bad},
		other:     Wording{"Malware found", "Malware was found in a request after its review began", "The request is being blocked, whatever was decided before: the delivery stops, and what was delivered of it is deleted. There is nothing left to decide.", "See what was found", bad},
	},
	RevokedByScan: {
		requester: Wording{"Revoked, malware found", "A release to you was revoked: it holds malware", "The scan found malware after the files were released to you, and they can no longer be fetched. Do not open copies you have: delete them, and tell your workspace owner and your security team.", "See what was found", bad},
		other:     Wording{"Revoked, malware found", "A release was revoked: it holds malware", "The scan found malware after the files were released. They can no longer be fetched; what had been fetched before cannot be called back, so please find out who has copies.", "See what was found", bad},
	},
	DraftOverLimits: {
		requester: Wording{"Over the limit", "Your draft is larger than allowed", "The draft holds more than this workspace permits and cannot be submitted as it is. Please remove files; a draft far over the limits is closed.", "See the limits", warn},
		other:     Wording{"Over the limit", "A draft is larger than allowed", "The draft holds more than this workspace permits and cannot be submitted as it is.", "See the request", warn},
	},
	Reopened: {
		requester: Wording{"Open again", "Your draft is open again", "The request can be filled anew: ask for an upload link, add the files, and submit.", "See your request", calm},
		other:     Wording{"Open again", "A draft is open again", "Its requester can fill it anew.", "See the request", calm},
	},
	TooFewReviewers: {
		requester: Wording{"Reviewers missing", "Your request has too few reviewers", "The workspace has fewer airlock managers who may decide than it asks for. Its owner has been told.", "See your request", warn},
		other:     Wording{"Reviewers missing", "A request has too few reviewers", "Fewer airlock managers may decide on it than the workspace asks for. Please appoint another one.", "See the request", warn},
	},
	Waiting: {
		requester: Wording{"Still waiting", "Your request is still waiting", "Something it needs is overdue. Nothing is lost and nothing was released; you may also cancel it.", "See what it waits for", warn},
		other:     Wording{"Still waiting", "A request is still waiting", "Something it needs is overdue. Nothing is lost and nothing was released.", "See what it waits for", warn},
	},
	Stuck: {
		requester: Wording{"Delayed", "Your request is taking longer than it should", "It has not moved on by itself. The administrators have been told; nothing is lost and nothing was released.", "See your request", warn},
		other:     Wording{"Needs attention", "A request is stuck", "It has not moved on by itself and needs a person. Nothing is lost and nothing was released.", "See what it waits for", warn},
	},
}

// wordingOf finds the words for an event and a role.
func wordingOf(e Event, r Role) (Wording, error) {
	w, ok := words[e]
	if !ok {
		return Wording{}, fmt.Errorf("notice event %q unknown", e)
	}
	switch r {
	case Requester:
		return w.requester, nil
	case Reviewer, Owner, Administrator:
		if e == InReview && r != Reviewer {
			w.other.Label, w.other.Heading = "In review", "A request is being reviewed"
			w.other.Lead, w.other.Action = "It waits for the decision of an airlock manager.", "See the request"
		}
		return w.other, nil
	case Member: // hears of people, not of requests
	}
	return Wording{}, fmt.Errorf("notice role %q unknown", r)
}
