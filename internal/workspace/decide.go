package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Limits of what a request for a workspace says.
const (
	MaxReason  = 2000 // characters: a page an administrator reads
	MaxMembers = 40   // people who get a role at once: as people.MaxAtOnce
)

// Open makes a request that waits for an administrator, who is told.
func (r Request) Open(at time.Time) Request {
	r.Status, r.CreatedAt, r.UpdatedAt = Asked, at.UTC(), at.UTC()
	return r.tell(EventAsked, at)
}

// Decide grants or declines. Nobody decides twice, no program decides, and who
// asked does not decide on their own request. ErrIllegal: it was decided.
func (r Request) Decide(a Act, grant bool) (Request, error) {
	switch {
	case r.Status != Asked:
		return r, fmt.Errorf("the request is %s, it cannot be decided any more: %w", r.Status, airlock.ErrIllegal)
	case a.By.App:
		return r, fmt.Errorf("a program cannot decide, send the administrator's own token: %w", airlock.ErrRefused)
	case r.Source == FromCall && a.By.OID == r.Requester.OID:
		return r, fmt.Errorf("nobody decides on a request of their own, ask another administrator: %w", airlock.ErrRefused)
	case !grant && strings.TrimSpace(a.Reason) == "":
		return r, fmt.Errorf("decisionExplanation: say why it is rejected, the requester is told: %w", airlock.ErrInvalid)
	}
	event := EventDeclined
	r.Status = Declined
	if grant {
		r.Status, event = Granted, EventGranted
	}
	r.Decided = &Decided{By: a.By, At: a.At.UTC(), Reason: a.Reason}
	r.Message, r.UpdatedAt, r.Call = a.Reason, a.At.UTC(), a.Operation
	return r.tell(event, a.At), nil
}

// Withdraw takes a request back: who asked, or an administrator.
func (r Request) Withdraw(a Act) (Request, error) {
	if r.Status != Asked {
		return r, fmt.Errorf("the request is %s, it cannot be withdrawn any more: %w", r.Status, airlock.ErrIllegal)
	}
	r.Status, r.Message, r.UpdatedAt, r.Call = Withdrawn, a.Reason, a.At.UTC(), a.Operation
	if a.By.OID != r.Requester.OID {
		r = r.tell(EventWithdrawn, a.At)
	}
	return r, nil
}

// Lapse ends a request that nobody decided on for so long.
func (r Request) Lapse(at time.Time, life time.Duration) (Request, bool) {
	if r.Status != Asked || at.Sub(r.CreatedAt) < life {
		return r, false
	}
	r.Status, r.UpdatedAt = Withdrawn, at.UTC()
	r.Message = fmt.Sprintf("nobody decided within %d days", int(life.Hours()/24))
	return r.tell(EventWithdrawn, at), true
}

// End tells the requester how making the workspace ended: every failure, until
// it is there. What is done to it later is not the request's any more; false then.
func (r Request) End(good bool, message string, at time.Time) (Request, bool) {
	if r.Status != Granted || r.Made {
		return r, false
	}
	event := EventFailed
	if good {
		event = EventDeployed
	}
	r.Message, r.UpdatedAt, r.Made = message, at.UTC(), good
	return r.tell(event, at), true
}

func (r Request) tell(e Event, at time.Time) Request {
	r.Told++
	r.Notices = append(slices.Clone(r.Notices), Notice{Event: e, Seq: r.Told, At: at.UTC()})
	return r
}

// Heard takes notices that were told off the request.
func (r Request) Heard(told []Notice) Request {
	r.Notices = slices.DeleteFunc(slices.Clone(r.Notices), func(n Notice) bool { return slices.Contains(told, n) })
	return r
}

// Left lists the secrets in the vault of a request that became no workspace:
// nobody needs them any more.
func (r Request) Left() []string {
	if r.Status != Declined && r.Status != Withdrawn {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Values(r.Secrets)), func(id string) bool { return id == "" })
}

// Forgot is the request once its secrets are not in the vault any more. Where
// they were is kept, by which a repeat is recognised.
func (r Request) Forgot() Request {
	r.Secrets = maps.Clone(r.Secrets)
	for pointer := range r.Secrets {
		r.Secrets[pointer] = ""
	}
	return r
}

// Covers tells whether the standing approval covers a request of this address
// space size; why not, otherwise. A range that the request names counts as
// custom, whatever its size says. Where a workspace is to be is not for an event
// to choose: another subscription or region waits for an administrator.
func (p Approval) Covers(r Request, size string, at time.Time) (why string, ok bool) {
	if r.names("address_space") {
		size = "custom"
	}
	switch {
	case r.names("workspace_subscription_id"):
		return "it is for the TRE's own subscription", false
	case r.names("azure_location"):
		return "it is for the TRE's own region", false
	case p.Ended != nil:
		return "it was taken back", false
	case !at.Before(p.Until):
		return "it ended on " + p.Until.UTC().Format("2 January 2006"), false
	case p.Used >= p.Most:
		return fmt.Sprintf("all %d workspaces of it are used", p.Most), false
	case p.Template != r.Template:
		return "it is for template " + p.Template, false
	case len(p.Sizes) > 0 && !slices.Contains(p.Sizes, size), len(p.Sizes) == 0 && size == "custom":
		return "it is not for address space size " + size, false
	case len(p.Requester) > 0 && !slices.Contains(p.Requester, r.Requester.OID):
		return "it is not for this requester", false
	}
	return "", true
}

// names tells whether the request says something in a property.
func (r Request) names(property string) bool {
	v := r.Properties[property]
	return v != nil && v != ""
}

// Use has a request granted by the standing approval, which counts it.
func (p Approval) Use(r Request, at time.Time) (Approval, Request) {
	p.Used++
	r.Status, r.UpdatedAt = Granted, at.UTC()
	r.Decided = &Decided{By: p.By, At: at.UTC(), Reason: p.Reason, Approval: p.ID}
	return p, r.tell(EventGranted, at)
}

// TakeBack ends a standing approval. ErrIllegal: it ended before.
func (p Approval) TakeBack(a Act) (Approval, error) {
	if p.Ended != nil {
		return p, fmt.Errorf("the standing approval was taken back before: %w", airlock.ErrIllegal)
	}
	p.Ended, p.Call = &Decided{By: a.By, At: a.At.UTC(), Reason: a.Reason}, a.Operation
	return p, nil
}

// MayStand checks a new standing approval.
func (p Approval) MayStand(at time.Time, longest time.Duration) error {
	switch {
	case p.By.App:
		return fmt.Errorf("a program cannot give a standing approval: %w", airlock.ErrRefused)
	case p.Template == "":
		return fmt.Errorf("templateName: say which template it is for: %w", airlock.ErrInvalid)
	case p.Most < 1 || p.Most > 1000:
		return fmt.Errorf("most: %d, from 1 to 1,000 workspaces: %w", p.Most, airlock.ErrInvalid)
	case !p.Until.After(at) || p.Until.Sub(at) > longest:
		return fmt.Errorf("until: a time within the next %d days: %w", int(longest.Hours()/24), airlock.ErrInvalid)
	case strings.TrimSpace(p.Reason) == "":
		return fmt.Errorf("reason: say why, it stands in the audit trail: %w", airlock.ErrInvalid)
	}
	return nil
}
