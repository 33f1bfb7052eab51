package simulation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// ada is the other administrator.
var ada = person(11, "Ada", access.TREAdmin)

// administrate has the administrators make the shared service, and give and
// take standing approvals.
func (e *estate) administrate() {
	w := e.w
	if w.people.gone || !e.calm.IsZero() && w.now.Sub(e.calm) > going {
		return
	}
	walls := slices.DeleteFunc(e.resources(workspace.System), func(r workspace.Resource) bool { return r.Kind != workspace.SharedService })
	switch given := e.seen.approvals; {
	case len(walls) == 0:
		e.call(adam, "makes the firewall", func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.MakeSharedService(ctx, c, provision.New{Template: wallTemplate, Properties: object{"display_name": "Wall", "description": "d"}})
			return err
		})
	case walls[0].Operation == "" && walls[0].Status.Failed():
		e.retry(walls[0])
	case len(given) < 2 && e.calm.IsZero() && w.chance(0.3):
		most := 1 + w.rng.IntN(2)
		e.call(pick(w, []access.Person{adam, ada}), "gives a standing approval", func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.Approve(ctx, c, workspace.Approval{Template: baseTemplate, Sizes: []string{"small"}, Most: most, Until: w.now.AddDate(0, 0, 30), Reason: "the registry"})
			return err
		})
	case len(given) > 0 && w.chance(0.05):
		id := pick(w, given).ID
		e.call(ada, "takes a standing approval back", func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.TakeBack(ctx, c, id, "over")
			return err
		})
	}
	w.later(w.between(2*time.Minute, 20*time.Minute), "", e.administrate)
}

// work does one of the things that people do in a workspace.
func (s *study) work(r workspace.Resource, all []workspace.Resource) {
	w := s.e.w
	named := object{"display_name": "n", "description": "d"}
	living := slices.DeleteFunc(slices.Clone(all), workspace.Resource.Gone)
	desktops := slices.DeleteFunc(slices.Clone(living), func(r workspace.Resource) bool { return r.Template.Name != desktopTemplate })
	machines := slices.DeleteFunc(slices.Clone(living), func(r workspace.Resource) bool { return r.Kind != workspace.UserResource })
	n := w.rng.IntN(10)
	if s.desks && w.chance(0.8) {
		n = desksDo(len(desktops), len(machines))
	}
	switch {
	case n < 2:
		s.e.call(s.owner, "makes a desktop in "+s.name, func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.MakeService(ctx, c, r.ID, provision.New{Template: desktopTemplate, Properties: named})
			return err
		})
	case n == 2:
		named["token"] = secretMark + w.id()
		s.e.call(s.owner, "makes a notebook in "+s.name, func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.MakeService(ctx, c, r.ID, provision.New{Template: bookTemplate, Properties: named})
			return err
		})
	case n < 6 && len(desktops) > 0:
		in := resources.Place{Workspace: r.ID, Service: pick(w, desktops).ID}
		maps.Copy(named, s.resting())
		s.e.call(s.owner, "makes a machine in "+s.name, func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
			_, err := d.MakeUserResource(ctx, c, in, provision.New{Template: machineTemplate, Properties: named})
			return err
		})
	case n < 7:
		s.change(pick(w, append(living, r)), provision.Patch{Properties: object{"quota": float64(w.rng.IntN(1000))}})
	case n == 7 && len(living) > 0:
		s.close(pick(w, living))
	default:
		switch {
		case len(machines) == 0:
		case s.desks && w.chance(0.5) || w.chance(0.3):
			s.attend(pick(w, machines))
		default:
			s.act(pick(w, machines))
		}
	}
}

// close disables a resource, or deletes what is disabled, with what is in it.
func (s *study) close(r workspace.Resource) {
	if r.Enabled {
		off := false
		s.change(r, provision.Patch{Enabled: &off})
		return
	}
	s.e.call(s.who(r), "deletes "+r.Path(), func(ctx context.Context, d *resources.Desk, c desk.Caller) (err error) {
		switch r.Kind {
		case workspace.Workspace:
			_, err = d.DeleteWorkspace(ctx, c, r.ID)
		case workspace.Service:
			_, err = d.DeleteService(ctx, c, r.Workspace, r.ID)
		case workspace.UserResource:
			_, err = d.DeleteUserResource(ctx, c, resources.Place{Workspace: r.Workspace, Service: r.Service, ID: r.ID})
		case workspace.SharedService: // nobody deletes it
		}
		return err
	})
}

// change updates a resource.
func (s *study) change(r workspace.Resource, p provision.Patch) {
	p.Match = pick(s.e.w, []string{"*", r.Version})
	s.e.call(s.who(r), "changes "+r.Path(), func(ctx context.Context, d *resources.Desk, c desk.Caller) (err error) {
		switch r.Kind {
		case workspace.Workspace:
			_, err = d.UpdateWorkspace(ctx, c, r.ID, p)
		case workspace.Service:
			_, err = d.UpdateService(ctx, c, r.Workspace, r.ID, p)
		case workspace.UserResource:
			_, err = d.UpdateUserResource(ctx, c, resources.Place{Workspace: r.Workspace, Service: r.Service, ID: r.ID}, p)
		case workspace.SharedService: // pipelines alone change it
		}
		return err
	})
}

// act does something to a machine.
func (s *study) act(r workspace.Resource) {
	action := pick(s.e.w, []workspace.Action{"start", "stop", "renew"})
	s.e.call(s.owner, string(action)+"s "+r.Path(), func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
		_, err := d.InvokeUserResource(ctx, c, resources.Place{Workspace: r.Workspace, Service: r.Service, ID: r.ID}, resources.Deed{Action: action})
		return err
	})
}

// who changes and deletes a resource.
func (s *study) who(r workspace.Resource) access.Person {
	if r.Kind == workspace.Workspace {
		return pick(s.e.w, []access.Person{adam, ada})
	}
	return s.owner
}

// subject is a resource as questions about operations name it.
func subject(r workspace.Resource) resources.Subject {
	return resources.Subject{Kind: r.Kind, Workspace: r.Workspace, Service: r.Service, ID: r.ID}
}

// maybeCancel has somebody stop what is under way, now and then.
func (s *study) maybeCancel(r workspace.Resource) {
	w := s.e.w
	if !s.e.calm.IsZero() || !w.chance(0.15) {
		return
	}
	s.e.call(pick(w, []access.Person{adam, s.owner}), "cancels on "+r.Path(), func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
		_, err := d.Cancel(ctx, c, subject(r), r.Operation, "wait")
		return err
	})
}

// mend tries again what failed, or gives it up.
func (s *study) mend(r workspace.Resource) {
	w := s.e.w
	switch {
	case w.chance(0.3):
	case w.chance(0.2) && s.begins():
		s.close(r)
	case s.tries < 30:
		if !s.e.calm.IsZero() {
			s.tries++
		}
		s.e.retry(r)
	}
}

// retry goes on where the last operation of a resource failed.
func (e *estate) retry(r workspace.Resource) {
	last := e.last(r)
	if !last.Status.Failed() {
		return
	}
	e.call(adam, "retries on "+r.Path(), func(ctx context.Context, d *resources.Desk, c desk.Caller) error {
		_, err := d.Retry(ctx, c, subject(r), last.ID)
		return err
	})
}

// last is a resource's last operation.
func (e *estate) last(r workspace.Resource) (last workspace.Operation) {
	for _, o := range e.seen.operations[r.ID] {
		if last.ID == "" || o.CreatedAt.After(last.CreatedAt) {
			last = o
		}
	}
	return last
}

// intrude has somebody of another workspace, or of none, try what they may not
// do.
func (s *study) intrude() {
	w, id := s.e.w, s.find()
	all := s.e.resources(id)
	if len(all) == 0 {
		return
	}
	r, who := pick(w, all), pick(w, []access.Person{berta, bob, nobody})
	in := r.Workspace
	if w.chance(0.5) {
		in = w.people.abroad.ID // the other workspace's path, with this resource's id
	}
	place := resources.Place{Workspace: in, Service: r.Service, ID: r.ID}
	off := false
	s.e.answered(who, "(a stranger) tries "+r.Path(), func(ctx context.Context, d *resources.Desk, c desk.Caller) (err error) {
		switch {
		case r.Kind == workspace.UserResource && w.chance(0.5):
			_, err = d.UpdateUserResource(ctx, c, place, provision.Patch{Match: "*", Enabled: &off})
		case r.Kind == workspace.UserResource:
			_, err = d.UserResource(ctx, c, place)
		case w.chance(0.3):
			_, err = d.DeleteService(ctx, c, in, r.ID)
		case w.chance(0.5):
			_, err = d.Operations(ctx, c, resources.Subject{Kind: r.Kind, Workspace: in, ID: r.ID}, resources.Page{})
		default:
			_, err = d.Service(ctx, c, in, r.ID)
		}
		return err
	}, func(err error) {
		switch {
		case err == nil:
			w.fail("I5 strangers are refused", "%s reached %s", who.Name, r.Path())
		case errors.Is(err, airlock.ErrNotFound), errors.Is(err, airlock.ErrRefused), w.storm, errors.Is(err, errDied), isTrouble(err):
		default:
			w.fail("I5 strangers are refused", "%s at %s: %v", who.Name, r.Path(), err)
		}
	})
}
