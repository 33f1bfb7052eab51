package portal

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Persons is what the portal asks of what is kept of people.
type Persons interface {
	// Person is what is kept of somebody: to an administrator, and to oneself.
	Person(ctx context.Context, c desk.Caller, oid string) (people.Record, error)
	// Suspend takes every role from a person.
	Suspend(ctx context.Context, c desk.Caller, oid, reason string) (people.Record, error)
	// Reinstate lifts that.
	Reinstate(ctx context.Context, c desk.Caller, oid, reason string) (people.Record, error)
	// SetExpiries enters when a training and an agreement end.
	SetExpiries(ctx context.Context, c desk.Caller, oid, reason string, ends map[people.Kind]time.Time) (people.Record, error)
}

// personPage is what is kept of somebody.
type personPage struct {
	frame
	P       people.Record
	Own     bool // it is who looks at it
	Admin   bool
	Held    string // why no role of theirs counts
	Dates   []ending
	Tried   string
	Written map[string]string
}

// ending is something that a person has to renew.
type ending struct {
	Kind  people.Kind
	Label string
	Ends  time.Time
	Last  string // day, as a date field has it
	Over  bool
}

// dateLabels are what people have to renew, in words.
var dateLabels = map[people.Kind]string{people.Training: "Training", people.Agreement: "Agreement"}

// lastDay is the last day before an end, as a date field has it; "" for none.
func lastDay(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return end.Add(-time.Nanosecond).UTC().Format(time.DateOnly)
}

// personID is whom the address names.
func personID(r *http.Request) string { return strings.ToLower(r.PathValue("person")) }

// atPerson is the address of a person's page.
func (p *portal) atPerson(oid string) string { return p.inside(p.base + "/people/" + oid) }

// findPerson leads to a person's page by the object id that was typed in.
func (p *portal) findPerson(w http.ResponseWriter, r *http.Request, v visitor) {
	c, admin, err := p.administers(r.Context(), v.Caller)
	switch id := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("id"))); {
	case err != nil:
		p.problem(w, r, err)
	case !admin:
		http.Redirect(w, r, p.atPerson(c.Person.OID), http.StatusSeeOther)
	case id != "" && !strings.ContainsAny(id, "/?#%"):
		http.Redirect(w, r, p.atPerson(id), http.StatusSeeOther)
	default:
		p.show(w, r, "people.html", http.StatusOK, p.frame(r, "People"))
	}
}

// recorded shows what is kept of somebody.
func (p *portal) recorded(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showPerson(w, r, v, answered{status: http.StatusOK, message: done(r.URL.Query().Get("done"))})
}

// showPerson shows it as it is now, with what came of an action.
func (p *portal) showPerson(w http.ResponseWriter, r *http.Request, v visitor, a answered) {
	c, admin, err := p.administers(r.Context(), v.Caller)
	page := personPage{Admin: admin, Own: personID(r) == c.Person.OID, Tried: a.action, Written: map[string]string{a.action: a.written}}
	if err == nil {
		page.P, err = p.Roster.Person(r.Context(), c, personID(r))
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.frame, page.Held = p.frame(r, "Person"), page.P.Standing(p.Now())
	for _, kind := range people.Kinds {
		end := page.P.Ends(kind)
		page.Dates = append(page.Dates, ending{kind, dateLabels[kind], end, lastDay(end), !end.IsZero() && !p.Now().Before(end)})
	}
	if a.message != nil {
		page.Message = a.message(desk.View{})
	}
	p.show(w, r, "person.html", a.status, page)
}

// personActions are the forms of a person's page, by the end of their address.
func (p *portal) personActions() map[string]page {
	return map[string]page{
		"suspend": p.personActed("suspend", func(ctx context.Context, v visitor, r *http.Request) error {
			_, err := p.Roster.Suspend(ctx, v.Caller, personID(r), text(r, "reason"))
			return err
		}),
		"reinstate": p.personActed("reinstate", func(ctx context.Context, v visitor, r *http.Request) error {
			_, err := p.Roster.Reinstate(ctx, v.Caller, personID(r), text(r, "reason"))
			return err
		}),
		"dates": p.personActed("dates", p.setDates),
	}
}

// setDates enters when a training and an agreement end. A day that was left as it
// was shown changes nothing, whatever the hour at which it ends, and whoever
// entered another one since; what two people change is not changed by the second.
func (p *portal) setDates(ctx context.Context, v visitor, r *http.Request) error {
	before, err := p.Roster.Person(ctx, v.Caller, personID(r))
	if err != nil {
		return err
	}
	ends := map[people.Kind]time.Time{}
	for _, kind := range people.Kinds {
		typed, shown := text(r, string(kind)), text(r, string(kind)+"-shown")
		ends[kind] = before.Ends(kind)
		switch now := lastDay(ends[kind]); {
		case typed == now, typed == shown:
			continue
		case shown != now:
			return fmt.Errorf("%s: it ends on another day than the page showed: %w", kind, desk.ErrStale)
		}
		if ends[kind], err = people.EndOfDay(string(kind), typed); err != nil {
			return err
		}
	}
	_, err = p.Roster.SetExpiries(ctx, v.Caller, personID(r), text(r, "reason"), ends)
	return err
}

// personActed is the answer to a form: the person's page, which says what came of
// it.
func (p *portal) personActed(name string, do func(context.Context, visitor, *http.Request) error) page {
	return func(w http.ResponseWriter, r *http.Request, v visitor) {
		err := do(r.Context(), v, r)
		if err == nil {
			http.Redirect(w, r, p.atPerson(personID(r))+"?done=person-"+name, http.StatusSeeOther)
			return
		}
		f := toldThing(err)
		if f.status == http.StatusNotFound || f.status == http.StatusServiceUnavailable {
			p.problem(w, r, err)
			return
		}
		p.noteFault(w, r, f, err)
		p.showPerson(w, r, visitor{session: v.session, Caller: v.Caller.Afresh()}, answered{status: f.status, action: name,
			written: text(r, "reason"), message: func(desk.View) *banner { return f.banner(err) }})
	}
}

// backToPerson leads from an action's address to the person.
func (p *portal) backToPerson(w http.ResponseWriter, r *http.Request, _ visitor) {
	http.Redirect(w, r, p.atPerson(personID(r)), http.StatusSeeOther)
}
