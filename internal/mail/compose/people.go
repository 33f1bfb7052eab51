package compose

import (
	"fmt"
	"strings"
	"time"
)

// PeopleEvent is what happened to somebody's place in a workspace, with the
// names of package people.
type PeopleEvent string

// The events.
const (
	Granted      PeopleEvent = "granted"
	Changed      PeopleEvent = "changed"
	Removed      PeopleEvent = "removed"
	Ending       PeopleEvent = "ending"
	Frozen       PeopleEvent = "frozen"
	Unfrozen     PeopleEvent = "unfrozen"
	Suspended    PeopleEvent = "suspended"
	Reinstated   PeopleEvent = "reinstated"
	ExpiryEnding PeopleEvent = "expiring" // of a training or an agreement
)

// PeopleEvents lists them all.
var PeopleEvents = []PeopleEvent{Granted, Changed, Removed, Ending, Frozen, Unfrozen, Suspended, Reinstated, ExpiryEnding}

// Member is the recipient whom the news is about, or who belongs to the
// workspace that it is about.
const Member Role = "member"

// News is what there is to tell one person of people. What people typed is
// taken as hostile.
type News struct {
	Event     PeopleEvent
	Recipient string // display name, "" if not known
	Role      Role   // Member, or Owner of a workspace
	Person    string // display name of whom it is about; "" for a workspace
	Workspace string // display name; "" for all
	As        string // the role it is about, such as WorkspaceResearcher
	Kind      string // training or agreement
	Ends      time.Time
	By        string // who did it
	Reason    string
	Link      string // absolute address of the portal
	When      time.Time
	Product   string // what the TRE calls itself; default Trefoil
}

// peopleWords tell every event: to whom it is about, and to owners.
var peopleWords = map[PeopleEvent]struct{ member, other Wording }{
	Granted: {
		member: Wording{"Welcome", "You were given a role in a workspace", "You can use it from now on.", "Open the airlock", good},
		other:  Wording{"New member", "Somebody was given a role in your workspace", "They can use it from now on.", "Open the airlock", calm},
	},
	Changed: {
		member: Wording{"Role changed", "Your role in a workspace was changed", "What it is now, and until when, stands below.", "Open the airlock", calm},
		other:  Wording{"Role changed", "A role in your workspace was changed", "What it is now, and until when, stands below.", "Open the airlock", calm},
	},
	Removed: {
		member: Wording{"Role ended", "A role of yours in a workspace was taken away", "You cannot use it any more. If that is a mistake, ask an owner of the workspace.", "Open the airlock", warn},
		other:  Wording{"Role ended", "A role in your workspace was taken away", "It cannot be used any more.", "Open the airlock", calm},
	},
	Ending: {
		member: Wording{"Ends soon", "Your role in a workspace ends soon", "From that time on you cannot use it. If you need it for longer, ask an owner of the workspace for a new date.", "Open the airlock", warn},
		other:  Wording{"Ends soon", "A role in your workspace ends soon", "From that time on the person cannot use it. If they need it for longer, enter a new date.", "Open the airlock", warn},
	},
	Frozen: {
		member: Wording{"Frozen", "Your workspace was frozen", "Nothing can be handed in, decided, delivered or fetched until that is lifted. No deadline passes meanwhile; you can still read lists and cancel requests.", "Open the airlock", bad},
		other:  Wording{"Frozen", "Your workspace was frozen", "Nothing can be handed in, decided, delivered or fetched until that is lifted. No deadline passes meanwhile.", "Open the airlock", bad},
	},
	Unfrozen: {
		member: Wording{"Goes on", "Your workspace is no longer frozen", "Everything goes on where it stood, and all deadlines begin anew.", "Open the airlock", good},
		other:  Wording{"Goes on", "Your workspace is no longer frozen", "Everything goes on where it stood, and all deadlines begin anew.", "Open the airlock", good},
	},
	Suspended: {
		member: Wording{"Suspended", "Your access was suspended", "None of your roles counts, in any workspace. Ask the administrators what to do about it.", "Open the airlock", bad},
		other:  Wording{"Suspended", "A member of your workspace was suspended", "None of their roles counts, in any workspace, until an administrator lifts it.", "Open the airlock", warn},
	},
	Reinstated: {
		member: Wording{"Reinstated", "Your suspension was lifted", "Your roles count again from now on.", "Open the airlock", good},
		other:  Wording{"Reinstated", "A suspension was lifted", "The person's roles count again from now on.", "Open the airlock", calm},
	},
	ExpiryEnding: {
		member: Wording{"Renew", "A training or agreement of yours ends soon", "From that time on none of your roles counts. Renew it and have an administrator enter the new date.", "Open the airlock", warn},
		other:  Wording{"Renewal due", "A training or agreement in your workspace ends soon", "From that time on none of the person's roles counts, until an administrator enters a new date.", "Open the airlock", warn},
	},
}

// RenderNews composes a mail about people. It fails for an unknown event or
// role and for a link that is no web address.
func RenderNews(n News) (Content, error) {
	words, ok := peopleWords[n.Event]
	if !ok {
		return Content{}, fmt.Errorf("news %q unknown", n.Event)
	}
	if n.Role != Member && n.Role != Owner {
		return Content{}, fmt.Errorf("role %q of news unknown", n.Role)
	}
	if err := checkLink(n.Link); err != nil {
		return Content{}, err
	}
	word := words.other
	if n.Role == Member {
		word = words.member
	}
	if n.Workspace == "" {
		n.Workspace = "all workspaces"
	}
	c := Notice{Recipient: n.Recipient, Workspace: n.Workspace, Title: n.Person, WaitsFor: n.By, Reason: n.Reason, Link: n.Link, Product: n.Product}.clean()
	mail, err := view{Notice: c, Wording: word, Facts: n.facts(c), Because: n.because()}.render(n.subject(word, c))
	if err != nil {
		return Content{}, fmt.Errorf("news %s: %w", n.Event, err)
	}
	return mail, nil
}

// subject puts the news first.
func (n News) subject(w Wording, c Notice) string {
	if n.Person == "" || n.Role == Member {
		return fmt.Sprintf("%s: %s", w.Label, cut(c.Workspace, 80))
	}
	return fmt.Sprintf("%s: %s (%s)", w.Label, cut(c.Title, 80), cut(c.Workspace, 60))
}

// facts are what is known; c has the texts that people typed, cleaned.
func (n News) facts(c Notice) []fact {
	const layout = "2 January 2006, 15:04 UTC"
	var known []fact
	add := func(name, value string) {
		if value != "" {
			known = append(known, fact{name, value})
		}
	}
	add("Workspace", c.Workspace)
	if n.Person != "" {
		add("Person", c.Title)
	}
	add("Role", n.As)
	if n.Kind != "" {
		add("What ends", strings.ToUpper(n.Kind[:1])+n.Kind[1:])
	}
	if !n.Ends.IsZero() {
		add("Ends", n.Ends.UTC().Format(layout))
	}
	add("By", c.WaitsFor)
	add("When", n.When.UTC().Format(layout))
	return known
}

func (n News) because() string {
	if n.Role == Owner {
		return "You get this mail because you are an owner of a workspace that it concerns."
	}
	return "You get this mail because it concerns your access."
}
