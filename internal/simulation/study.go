package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// study is one workspace and what its people want of it.
type study struct {
	e     *estate
	name  string
	owner access.Person
	from  origin
	ends  bool // it is to be deleted in the end
	dull  bool // nobody decides on its request
	desks bool // its people work at machines, above all
	left  int  // things still to be done in it
	tries int  // retries of what failed in good weather
	asked int  // times it was asked for
}

// origin is how a workspace is asked for.
type origin int

const (
	byAdministrator origin = iota
	byUser
	byRegistry
	origins
)

func newStudy(e *estate, n int) *study {
	w := e.w
	return &study{e: e, name: fmt.Sprintf("Study %d", n), owner: pick(w, []access.Person{anna, olga, rolf}), from: origin(w.rng.IntN(int(origins))),
		ends: w.chance(0.6), dull: w.chance(0.1), left: 3 + w.rng.IntN(9)}
}

// newDeskStudy is one whose people have machines before the weather turns bad,
// and leave them alone for hours.
func newDeskStudy(e *estate) *study {
	s := newStudy(e, 0)
	s.owner, s.from, s.dull, s.desks, s.ends, s.left = adam, byAdministrator, false, true, e.w.chance(0.2), 25
	return s
}

// How long people begin something new, and go on at all, in good weather.
const (
	beginning = 60 * time.Minute
	going     = 5 * time.Hour
)

// turn is the next step of a study, and the one after it.
func (s *study) turn() {
	w := s.e.w
	if w.people.gone || !s.e.calm.IsZero() && w.now.Sub(s.e.calm) > going {
		return
	}
	s.step()
	if w.chance(0.2) {
		s.intrude()
	}
	if s.desks && w.storm {
		w.later(w.between(20*time.Minute, 3*time.Hour), "", s.turn)
		return
	}
	w.later(w.between(time.Minute, 15*time.Minute), "", s.turn)
}

// begins tells whether something new may still be begun.
func (s *study) begins() bool {
	return s.left > 0 && (s.e.calm.IsZero() || s.e.w.now.Sub(s.e.calm) < beginning)
}

// step does what somebody would do now.
func (s *study) step() {
	id := s.find()
	if id == "" {
		s.ask()
		return
	}
	r := s.e.resource(workspace.Key{Partition: workspace.System, ID: id})
	if r.ID == "" {
		s.decide(id)
		return
	}
	all := s.e.resources(id)
	if s.from == byRegistry && s.e.w.chance(0.04) {
		s.publish() // registries repeat themselves
	}
	held := slices.DeleteFunc(append([]workspace.Resource{r}, all...), func(r workspace.Resource) bool { return r.Gone() })
	if len(held) == 0 {
		return
	}
	some := pick(s.e.w, held)
	switch {
	case some.Operation != "":
		s.maybeCancel(some)
	case some.Status.Failed():
		s.mend(some)
	case s.begins():
		s.left--
		s.work(r, all)
	case s.ends:
		s.close(r)
	}
}

// find is the id of what was asked for; "" while there is nothing.
func (s *study) find() string {
	mine := func(p map[string]any) bool { return p["display_name"] == s.name }
	for _, r := range s.e.seen.resources[workspace.System] {
		if r.Kind == workspace.Workspace && mine(r.Properties) {
			return r.ID
		}
	}
	for _, r := range s.e.seen.requests {
		if mine(r.Properties) && r.Status == workspace.Asked {
			return r.ID
		}
	}
	return ""
}

// wish are the properties of the workspace. Only who calls tells a secret.
func (s *study) wish() map[string]any {
	p := map[string]any{"display_name": s.name, "description": "d"}
	if s.from != byRegistry && s.e.w.chance(0.5) {
		p["client_secret"] = secretMark + s.e.w.id()
	}
	return p
}

// ask asks for the workspace.
func (s *study) ask() {
	if s.asked++; s.asked > 8 { // it is declined again and again
		return
	}
	switch s.from {
	case byRegistry:
		s.publish()
	case byUser, byAdministrator, origins:
		who := s.owner
		if s.from == byAdministrator {
			who = adam
		}
		wish := resources.Wish{New: provision.New{Template: baseTemplate, Properties: s.wish()}, Reason: "a study"}
		s.e.call(who, "asks for "+s.name, func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.AskWorkspace(ctx, c, wish)
			return err
		})
	}
}

// publish sends the event by which a registry asks.
func (s *study) publish() {
	w := s.e.w
	data, _ := json.Marshal(message.WorkspaceRequested{Reference: s.name, Template: baseTemplate, Properties: s.wish(), Reason: "a study",
		Requester: message.RequestedPerson{ID: s.owner.OID, Name: s.owner.Name, Email: s.owner.Email}})
	w.tracef("the registry asks for %s", s.name)
	w.happened(azfunc.Event{ID: w.id(), Topic: ownTopic, Subject: "registry", EventType: message.TypeWorkspaceRequested,
		DataVersion: message.VersionWorkspaceRequested, EventTime: w.now, Data: data})
}

// decide has an administrator decide, or the requester withdraw.
func (s *study) decide(id string) {
	w := s.e.w
	switch {
	case s.dull:
	case w.chance(0.05):
		s.e.call(s.owner, "withdraws "+s.name, func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.Withdraw(ctx, c, id, "changed my mind")
			return err
		})
	default:
		grant := w.chance(0.9)
		s.e.call(pick(w, []access.Person{adam, ada}), "decides on "+s.name, func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.Decide(ctx, c, id, grant, "looked at")
			return err
		})
	}
}

// deskCall is what somebody asks of the desk of resources.
type deskCall func(context.Context, *resources.Desk, desk.Caller) error

// call makes one call of a person.
func (e *estate) call(who access.Person, what string, do deskCall) { e.answered(who, what, do, nil) }

// answered makes one call of a person, who reads the answer.
func (e *estate) answered(who access.Person, what string, do deskCall, then func(error)) {
	e.w.people.ask(who, what, func(ctx context.Context, c desk.Caller) error {
		return e.with(func(d *resources.Desk) error { return do(ctx, d, c) })
	}, func(err error) {
		e.w.secrets.check(e.w, "answer to "+what, errText(err))
		if then != nil {
			then(err)
		}
	})
}
