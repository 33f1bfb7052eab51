package compose

import (
	"cmp"
	"fmt"
	"time"
)

// WorkspaceEvent is what happened to a request for a workspace, with the names
// of package workspace.
type WorkspaceEvent string

// The events.
const (
	WorkspaceAsked     WorkspaceEvent = "asked"
	WorkspaceGranted   WorkspaceEvent = "granted"
	WorkspaceDeclined  WorkspaceEvent = "declined"
	WorkspaceWithdrawn WorkspaceEvent = "withdrawn"
	WorkspaceDeployed  WorkspaceEvent = "deployed"
	WorkspaceFailed    WorkspaceEvent = "failed"
)

// WorkspaceEvents lists them all.
var WorkspaceEvents = []WorkspaceEvent{WorkspaceAsked, WorkspaceGranted, WorkspaceDeclined, WorkspaceWithdrawn, WorkspaceDeployed, WorkspaceFailed}

// Wish is what there is to tell one person of a request for a workspace. What
// the request says is taken as hostile: anybody may ask, and events prove nothing
// about who sent them.
type Wish struct {
	Event     WorkspaceEvent
	Recipient string // display name, "" if not known
	Role      Role   // Requester or Administrator
	RequestID string
	Workspace string // display name of what is asked for
	Template  string // its name, and version where one is asked for
	Size      string // of its address space
	Requester string // display name
	Email     string // of the requester
	ByEvent   bool   // so that nobody has proved who sent it
	Reference string // what the asking system calls it
	Members   int    // people beside the requester who get a role
	Standing  bool   // granted by a standing approval
	Why       string // why, as who asks says; shown to who decides
	Reason    string // of who decided, or of what failed
	Link      string // absolute address of the page
	When      time.Time
	Product   string // what the TRE calls itself; default Trefoil
}

// wishWords tell every event: to its requester, and to administrators.
var wishWords = map[WorkspaceEvent]struct{ requester, admin Wording }{
	WorkspaceAsked: {
		requester: Wording{"Waits", "Your request for a workspace waits for a decision", "An administrator decides next; there is nothing you need to do.", "See your request", calm},
		admin:     Wording{"Decision wanted", "A request for a workspace waits for your decision", "Please look at what is asked for, then grant it or reject it with a reason. Opening the page decides nothing.", "Look at the request", calm},
	},
	WorkspaceGranted: {
		requester: Wording{"Granted", "Your request for a workspace was granted", "The workspace is being made, which takes a while. You hear again when it can be worked in.", "See how far it is", good},
		admin:     Wording{"Granted", "A request for a workspace was granted", "The workspace is being made.", "See how far it is", good},
	},
	WorkspaceDeclined: {
		requester: Wording{"Rejected", "Your request for a workspace was rejected", "No workspace is made. You can read the decision below and make a new request at any time.", "See the decision", bad},
		admin:     Wording{"Rejected", "A request for a workspace was rejected", "No workspace is made.", "See the decision", bad},
	},
	WorkspaceWithdrawn: {
		requester: Wording{"Ended", "Your request for a workspace ended without a decision", "No workspace is made. You can make a new request at any time.", "See the request", warn},
		admin:     Wording{"Ended", "A request for a workspace ended without a decision", "No workspace is made. There is nothing left to decide.", "See the request", calm},
	},
	WorkspaceDeployed: {
		requester: Wording{"Ready", "Your workspace is ready", "It can be worked in from now on. You are its owner: you say who else belongs to it, and what it holds.", "Open the workspace", good},
		admin:     Wording{"Ready", "A workspace is ready", "It can be worked in from now on.", "Open the workspace", good},
	},
	WorkspaceFailed: {
		requester: Wording{"Failed", "Your workspace could not be made", "Something went wrong while it was made. The administrators have been told and can try again from where it stopped.", "See what happened", bad},
		admin:     Wording{"Failed", "A workspace could not be made", "It can be tried again from where it stopped, or deleted; until then its address range stays reserved.", "See what happened", bad},
	},
}

// What a mail says beside, where a request came as an event.
const (
	unproven = " It came as an event, and nobody has proved who sent it: make sure in another way that the person named below asked for it."
	inName   = " The request came as an event in your name. If you know nothing of it, tell the administrators."
)

// RenderWish composes a mail about a request for a workspace. It fails for an
// unknown event or role and for a link that is no web address.
func RenderWish(w Wish) (Content, error) {
	words, ok := wishWords[w.Event]
	if !ok {
		return Content{}, fmt.Errorf("event %q of a request for a workspace unknown", w.Event)
	}
	if err := checkLink(w.Link); err != nil {
		return Content{}, err
	}
	word, because := words.admin, "you are an administrator of "
	switch w.Role {
	case Administrator:
		if w.ByEvent && w.Event == WorkspaceAsked {
			word.Lead, word.tone = word.Lead+unproven, warn
		}
	case Requester:
		word, because = words.requester, "you asked for a workspace of "
		if w.ByEvent {
			word.Lead, because = word.Lead+inName, "a workspace was asked for in your name, of "
		}
	case Reviewer, Owner, Member:
		return Content{}, fmt.Errorf("role %q of a request for a workspace unknown", w.Role)
	}
	reason := w.Reason
	if w.Event == WorkspaceAsked {
		reason = w.Why
	}
	n := Notice{Recipient: w.Recipient, Workspace: w.Workspace, Title: w.Workspace, RequestedBy: w.Requester, Reason: reason, Link: w.Link, Product: w.Product}.clean()
	v := view{Notice: n, Wording: word, Facts: w.facts(n), Because: "You get this mail because " + because + n.Product + "."}
	c, err := v.render(fmt.Sprintf("%s: workspace “%s”", word.Label, cut(n.Workspace, 80)))
	if err != nil {
		return Content{}, fmt.Errorf("request for a workspace, %s: %w", w.Event, err)
	}
	return c, nil
}

// facts are what is known; n has the texts that clean makes fit to print.
func (w Wish) facts(n Notice) []fact {
	var known []fact
	add := func(name, value string) {
		if value = tidy(value); value != "" {
			known = append(known, fact{name, value})
		}
	}
	add("Workspace", n.Workspace)
	add("Template", w.Template)
	add("Size", w.Size)
	add("Requested by", cmp.Or(w.Requester, w.Email))
	if w.Requester != "" {
		add("Address", w.Email)
	}
	if w.Members > 0 {
		add("Members", fmt.Sprintf("%d beside the requester", w.Members))
	}
	add("Came by", map[bool]string{true: "Event, sender not proved", false: "Sign-in of the requester"}[w.ByEvent])
	add("Reference", w.Reference)
	if w.Standing {
		add("Granted by", "A standing approval of an administrator")
	}
	add("When", w.When.UTC().Format("2 January 2006, 15:04 UTC"))
	add("Request id", w.RequestID)
	return known
}
