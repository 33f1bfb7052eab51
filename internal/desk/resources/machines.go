package resources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// powered adds what is known of machines, with one read for all of a workspace
// (W61). Nobody waits for storage that does not answer: then it is left out.
func (d *Desk) powered(ctx context.Context, in string, views []View) {
	if d.Ports.Machines == nil || !slices.ContainsFunc(views, func(v View) bool { return v.Resource.Machine() != "" }) {
		return
	}
	fleet, err := d.Ports.Machines.Fleet(ctx, in)
	if err != nil {
		d.log().WarnContext(ctx, "power states not read", slog.String("workspace", in), slog.Any("error", err))
		return
	}
	for i, v := range views {
		if v.Resource.Machine() != "" {
			views[i].Machine = fleet.Machines[v.Resource.ID]
		}
	}
}

// maxExtends is how often an extension is tried against somebody faster.
const maxExtends = 5

// Extend puts off the stop of a machine, whatever would stop it, until so many
// hours from now. airlock.ErrInvalid: more hours than may be; ErrIllegal: it is
// no machine; ErrConflict: it does not run.
func (d *Desk) Extend(ctx context.Context, c desk.Caller, p Place, hours float64) (View, error) {
	c, r, service, err := d.userResource(ctx, c, p, access.ChangeUserResource)
	if err != nil {
		return View{}, err
	}
	a := d.act(c, "extend user resource "+p.ID, access.ChangeUserResource, "")
	for try := 1; ; try++ {
		err = d.extend(ctx, r, a, hours)
		if err == nil {
			break
		}
		if !errors.Is(err, airlock.ErrConflict) || errors.Is(err, errNotRunning) || try == maxExtends {
			return View{}, err
		}
		if r, err = d.stored(ctx, p.where()); err != nil {
			return View{}, err
		}
	}
	if r, err = d.stored(ctx, p.where()); err != nil {
		return View{}, err
	}
	v, err := d.view(ctx, r, map[string]workspace.Resource{service.ID: service})
	if err != nil {
		return View{}, err
	}
	views := []View{v}
	d.powered(ctx, p.Workspace, views)
	return views[0], nil
}

// errNotRunning is the answer to who extends what does not run.
var errNotRunning = fmt.Errorf("the machine does not run, as far as is known: start it first: %w", airlock.ErrConflict)

// extend commits an extension once: the fleet, and the line about it in the
// resource's trail. A repeat of the call finds it done.
func (d *Desk) extend(ctx context.Context, r workspace.Resource, a workspace.Act, hours float64) error {
	rules := cmp.Or(d.Idle, idle.DefaultRules)
	switch {
	case r.Gone():
		return missing(r.Kind, ", it was deleted")
	case r.Machine() == "" || d.Ports.Machines == nil:
		return fmt.Errorf("only a machine can be kept running: %w", airlock.ErrIllegal)
	case !(hours > 0 && hours <= rules.Longest.Hours()):
		return fmt.Errorf("hours: %g, more than 0 and at most %g: %w", hours, rules.Longest.Hours(), airlock.ErrInvalid)
	case r.Call == a.Operation:
		return nil
	}
	fleet, err := d.Ports.Machines.Fleet(ctx, r.Workspace)
	if err != nil {
		return fmt.Errorf("machines: %w", err)
	}
	if !fleet.Machines[r.ID].Power.Runs() {
		return errNotRunning
	}
	fleet, err = fleet.Extend(r.ID, time.Duration(hours*float64(time.Hour)), a.At, rules)
	if err != nil {
		return fmt.Errorf("%w: %w", err, airlock.ErrInvalid)
	}
	r.Call = a.Operation
	change := workspace.Change{Partition: r.Workspace, Fleets: []workspace.Fleet{fleet}}
	change.Resource(r, audit.Line{At: a.At, Actor: audit.Actor{OID: a.By.OID, Name: a.By.Name, Role: string(a.Role)}, Action: "extend", From: string(r.Status),
		To: string(r.Status), Call: a.Call, Detail: "not stopped before " + fleet.Machines[r.ID].Watch.Until.Format(time.RFC3339)})
	if _, err := d.Ports.Machines.CommitChange(ctx, change); err != nil {
		return fmt.Errorf("extension: %w", err)
	}
	return nil
}
