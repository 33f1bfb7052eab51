package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/people"
)

const ofPerson = "/api/people/{user_id}"

// personRoutes are about a person in all workspaces.
func (a *api) personRoutes() []Route {
	return []Route{
		get(ofPerson, access.ReadPerson, "See what is kept of a person: of oneself, or, for administrators, of anybody", a.person),
		changing(http.MethodPut, ofPerson+"/expiries", access.ManagePerson, "Enter when training and agreement end; a date that is absent never does", a.expiries),
		post(ofPerson+"/suspend", access.ManagePerson, "Suspend a person everywhere", a.suspend),
		post(ofPerson+"/reinstate", access.ManagePerson, "Lift a suspension", a.reinstate),
		get(ofPerson+"/audit", access.AuditAll, "Search the audit lines about a person", a.personAudit).also(csvType).gives(reflect.TypeFor[AuditLines]()),
	}
}

// OfPerson is a call about a person.
type OfPerson struct {
	User string `path:"user_id" doc:"Object id of the person" example:"a0000000-0000-4000-8000-000000000002"`
}

// Person is what is kept of a person.
type Person struct {
	ID            string      `json:"id" doc:"Object id" example:"a0000000-0000-4000-8000-000000000002"`
	DisplayName   string      `json:"displayName" doc:"Name, where it is known" example:"Bob"`
	PrincipalName string      `json:"userPrincipalName" doc:"What the person signs in with, where it is known" example:"bob@example.org"`
	Email         string      `json:"email" doc:"Address for notices, where it is known" example:"bob@example.org"`
	Training      *time.Time  `json:"training" doc:"When the training ends; null: never" example:"2027-01-31T00:00:00Z"`
	Agreement     *time.Time  `json:"agreement" doc:"When the agreement ends; null: never" example:"2027-01-31T00:00:00Z"`
	Suspended     *Suspension `json:"suspended" doc:"null: the person is not"`
	Held          string      `json:"heldBack" doc:"Why no role counts now, in words for the person; empty when they do"`
}

// Suspension says since when a person is suspended; who did it and why, to
// administrators.
type Suspension struct {
	When   time.Time `json:"when" doc:"Since when" example:"2026-11-22T09:00:00Z"`
	By     *User     `json:"by,omitempty" doc:"Who did it; for administrators"`
	Reason string    `json:"reason,omitempty" doc:"Why; for administrators" example:"left the study"`
}

func (a *api) told(r people.Record, err error) (*body[Person], error) {
	if err != nil {
		return nil, err
	}
	out := Person{ID: r.OID, DisplayName: r.Name, PrincipalName: r.PrincipalName, Email: r.Email,
		Training: orNone(r.Ends(people.Training)), Agreement: orNone(r.Ends(people.Agreement)), Held: r.Blocks(a.Now())}
	if s := r.Suspended; s != nil {
		out.Suspended = &Suspension{When: s.At, Reason: s.Reason}
		if s.By.OID != "" {
			by := user(s.By)
			out.Suspended.By = &by
		}
	}
	return &body[Person]{out}, nil
}

func (a *api) person(ctx context.Context, c desk.Caller, in *OfPerson) (*body[Person], error) {
	return a.told(a.Roster.Person(ctx, c, canonical(in.User)))
}

// Expiring enters dates.
type Expiring struct {
	OfPerson
	Body struct {
		Training  string `json:"training,omitempty" maxLength:"40" doc:"Date on which the training ends, or RFC 3339 time; absent or empty: never" example:"2027-01-31"`
		Agreement string `json:"agreement,omitempty" maxLength:"40" doc:"Date on which the agreement ends, or RFC 3339 time; absent or empty: never" example:"2027-01-31"`
		Reason    string `json:"reason,omitempty" maxLength:"2000" doc:"Why; kept in the audit trail"`
	}
}

func (a *api) expiries(ctx context.Context, c desk.Caller, in *Expiring) (*body[Person], error) {
	training, err := people.EndOfDay("training", in.Body.Training)
	if err != nil {
		return nil, err
	}
	agreement, err := people.EndOfDay("agreement", in.Body.Agreement)
	if err != nil {
		return nil, err
	}
	return a.told(a.Roster.SetExpiries(ctx, c, canonical(in.User), in.Body.Reason,
		map[people.Kind]time.Time{people.Training: training, people.Agreement: agreement}))
}

// PersonExplained is a call about a person that has to say why.
type PersonExplained struct {
	OfPerson
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"Why; kept in the audit trail" example:"left the study"`
	}
}

func (a *api) suspend(ctx context.Context, c desk.Caller, in *PersonExplained) (*body[Person], error) {
	return a.told(a.Roster.Suspend(ctx, c, canonical(in.User), in.Body.Reason))
}

func (a *api) reinstate(ctx context.Context, c desk.Caller, in *PersonExplained) (*body[Person], error) {
	return a.told(a.Roster.Reinstate(ctx, c, canonical(in.User), in.Body.Reason))
}

// PersonAuditCall asks for the audit lines about a person.
type PersonAuditCall struct {
	OfPerson
	AuditSearch
}

func (a *api) personAudit(ctx context.Context, c desk.Caller, in *PersonAuditCall) (*auditOut, error) {
	in.Person = in.User
	return a.searchAudit(ctx, in.AuditSearch, func(s desk.Search) (desk.Found, error) { return a.Desk.WholeAudit(ctx, c, s) })
}
