package people

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Suspend takes every role from a person, everywhere, until they are
// reinstated. Nobody suspends themselves, so that an administrator who can lift
// it is left. ErrConflict: the person is suspended already.
func (r Record) Suspend(a Act) (RecordChange, error) {
	switch {
	case !access.May(access.ManagePerson, a.Roles...):
		return RecordChange{}, noAdministrator("suspends people")
	case r.OID == a.By.OID:
		return RecordChange{}, fmt.Errorf("nobody suspends themselves, ask another administrator: %w", airlock.ErrRefused)
	case r.Suspended != nil:
		return RecordChange{}, fmt.Errorf("the person is suspended since %s already: %w", day(r.Suspended.At), airlock.ErrConflict)
	}
	if err := reasoned(a); err != nil {
		return RecordChange{}, err
	}
	c := r.begin(a)
	c.Record.Suspended = &Suspension{By: person(a.By), At: a.At.UTC(), Reason: a.Reason}
	c.note(a, "suspend", "", "suspended", "")
	c.tell(a, Notice{Event: Suspended})
	return c, nil
}

// Reinstate lifts a suspension. ErrConflict: there is none.
func (r Record) Reinstate(a Act) (RecordChange, error) {
	switch {
	case !access.May(access.ManagePerson, a.Roles...):
		return RecordChange{}, noAdministrator("reinstates people")
	case r.OID == a.By.OID:
		return RecordChange{}, fmt.Errorf("nobody reinstates themselves, ask another administrator: %w", airlock.ErrRefused)
	case r.Suspended == nil:
		return RecordChange{}, fmt.Errorf("the person is not suspended: %w", airlock.ErrConflict)
	}
	if err := reasoned(a); err != nil {
		return RecordChange{}, err
	}
	c := r.begin(a)
	c.Record.Suspended = nil
	c.note(a, "reinstate", "suspended", "", "")
	c.tell(a, Notice{Event: Reinstated})
	return c, nil
}

// SetExpiries enters when the person's training and agreement end; a kind that
// is missing, or zero, never does. Where nothing changes, the change is Nothing.
func (r Record) SetExpiries(a Act, ends map[Kind]time.Time) (RecordChange, error) {
	switch {
	case !access.May(access.ManagePerson, a.Roles...):
		return RecordChange{}, noAdministrator("enters these dates")
	case r.OID == a.By.OID:
		return RecordChange{}, fmt.Errorf("nobody enters their own dates, ask another administrator: %w", airlock.ErrRefused)
	}
	if err := errorsOf(a); err != nil {
		return RecordChange{}, err
	}
	c := r.begin(a)
	c.Record.Expiries = nil
	for _, kind := range Kinds {
		old, end := r.Ends(kind), utc(ends[kind])
		switch {
		case !end.IsZero() && old.Equal(end):
			c.Record.Expiries = append(c.Record.Expiries, r.Expiries[slices.IndexFunc(r.Expiries, kind.is)])
		case !end.IsZero():
			c.Record.Expiries = append(c.Record.Expiries, Expiry{Kind: kind, Ends: end})
		}
		if !old.Equal(end) {
			c.note(a, "expiry", date(old), date(end), string(kind))
		}
	}
	return c, nil
}

func (k Kind) is(e Expiry) bool { return e.Kind == k }

// date is an end as the audit trail writes it.
func date(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// EndOfDay reads a date such as 2027-01-31 as the moment when that day is over
// (UTC), or an RFC 3339 time; "" is the zero time.
func EndOfDay(field, text string) (time.Time, error) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if d, dayErr := time.Parse(time.DateOnly, text); dayErr == nil {
		at, err = d.AddDate(0, 0, 1), nil
	}
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("%s: %.40q is no date like 2027-01-31, nor a time like 2027-01-31T17:00:00Z: %w", field, text, airlock.ErrInvalid)
	case at.UTC().Year() < 1970 || at.UTC().Year() > 9999: // the zero time stands for never, and later years are no JSON
		return time.Time{}, fmt.Errorf("%s: %.40q is not in the years 1970 to 9999; leave it out for no end: %w", field, text, airlock.ErrInvalid)
	}
	return at.UTC(), nil
}

func noAdministrator(what string) error {
	return fmt.Errorf("only an administrator %s: %w", what, airlock.ErrRefused)
}

func (r Record) begin(a Act) RecordChange {
	r.Notices, r.Expiries, r.Operation = slices.Clone(r.Notices), slices.Clone(r.Expiries), a.Operation
	return RecordChange{Record: r}
}

func (c *RecordChange) note(a Act, action, from, to, detail string) {
	line, head := c.Record.Head.Append(audit.Line{Workspace: Partition, Request: c.Record.OID, At: a.At, Actor: a.actor(),
		Action: action, From: from, To: to, Reason: a.Reason, Detail: detail, Person: c.Record.OID, Call: a.Call})
	c.Lines, c.Record.Head = append(c.Lines, line), head
}

func (c *RecordChange) tell(a Act, n Notice) {
	c.Record.Told++
	n.Seq, n.At, n.By, n.Reason = c.Record.Told, a.At.UTC(), a.By.Name, a.Reason
	c.Record.Notices = append(c.Record.Notices, n)
	c.Record.Notices = c.Record.Notices[max(0, len(c.Record.Notices)-maxNotices):]
}

// WithOpen is as Change.WithOpen.
func (c RecordChange) WithOpen(due time.Time) RecordChange {
	c.Open = nil
	if len(c.Record.Notices) > 0 {
		c.Open = &airlock.Open{Key: c.Record.Key(), Due: due.UTC()}
	}
	return c
}

// Key is what the person's audit lines, mails and open work are kept under.
func (r Record) Key() airlock.Key { return airlock.Key{Workspace: Partition, Request: r.OID} }

// Tell takes notices that were told off the record.
func (r Record) Tell(told []Notice) Record { r.Notices = untold(r.Notices, told); return r }
