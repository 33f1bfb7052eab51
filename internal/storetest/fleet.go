package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var fleetRules = []rule{
	{"a fleet that was never written is empty, one that was comes back with every field", fleetRoundTrip},
	{"of two who change a fleet one wins, and the other changes nothing", fleetConflict},
	{"a fleet of another workspace is refused", fleetForeign},
	{"the report of what differs is the last one", driftRoundTrip},
}

// newFleet is one without a zero field.
func newFleet(in string) workspace.Fleet {
	return filled(workspace.Fleet{Workspace: in, Machines: map[string]workspace.Berth{uuid.NewString(): filled(workspace.Berth{})}})
}

func fleetRoundTrip(t *testing.T, s Store) {
	r := newResource(uuid.NewString())
	empty, err := s.Fleet(t.Context(), r.Workspace)
	check(t, err)
	equal(t, empty, workspace.Fleet{Workspace: r.Workspace})
	given := newFleet(r.Workspace)
	given.Version = ""
	for range 2 { // a new one, then over it
		saved := change(t, s, workspace.Change{Partition: r.Workspace, Fleets: []workspace.Fleet{given}})
		if v := saved.Fleets[0].Version; v == "" || v == given.Version {
			t.Errorf("version %q after %q", v, given.Version)
		}
		given.Version = saved.Fleets[0].Version
		equal(t, saved.Fleets[0], given)
		got, err := s.Fleet(t.Context(), r.Workspace)
		check(t, err)
		equal(t, got, given)
		given.Told++
	}
}

func fleetConflict(t *testing.T, s Store) {
	r := newResource(uuid.NewString())
	fleet := newFleet(r.Workspace)
	fleet.Version = ""
	fleet = change(t, s, workspace.Change{Partition: r.Workspace, Fleets: []workspace.Fleet{fleet}}).Fleets[0]
	first, late := made(r), made(newResource(r.Workspace))
	fleet.Told = 100
	first.Fleets = []workspace.Fleet{fleet}
	change(t, s, first)
	fleet.Told = 200
	late.Fleets = []workspace.Fleet{fleet}
	if _, err := s.CommitChange(t.Context(), late); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("late: %v", err)
	}
	got, err := s.Fleet(t.Context(), r.Workspace)
	check(t, err)
	equal(t, got.Told, 100)
	equal(t, len(estate(t, s, r.Workspace).Resources), 1)
}

func fleetForeign(t *testing.T, s Store) {
	c := made(newResource(uuid.NewString()))
	c.Fleets = []workspace.Fleet{{Workspace: uuid.NewString()}}
	if _, err := s.CommitChange(t.Context(), c); !errors.Is(err, airlock.ErrInvalid) {
		t.Errorf("a fleet of another workspace: %v", err)
	}
}

func driftRoundTrip(t *testing.T, s Store) {
	if _, err := s.Drift(t.Context()); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("no report: %v", err)
	}
	for i := range 2 {
		want := filled(workspace.Drift{})
		want.At = at.Add(time.Duration(i) * time.Hour)
		check(t, s.SaveDrift(t.Context(), want))
		got, err := s.Drift(t.Context())
		check(t, err)
		equal(t, got, want)
	}
}
