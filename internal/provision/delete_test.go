package provision_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestDelete: everything in it has to be disabled, and goes first, deepest first;
// steps on what goes too are left out.
func TestDelete(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.push(piped())
	w := b.workspace()
	s := b.service(w)
	m := b.machine(w, s)
	wall, o, err := b.SharedService(t.Context(), by(adam), id(), provision.New{Template: "firewall", Properties: named(nil)})
	b.must(err)
	wall = b.deployed(wall, o)
	p, o, err := b.Service(t.Context(), by(rita), id(), w, provision.New{Template: "piped", Properties: named(nil)})
	b.must(err)
	p = b.deployed(p, o)

	_, _, err = b.Delete(t.Context(), by(adam), w.Key())
	wrong(t, "enabled", err, airlock.ErrIllegal)
	w = b.disabled(b.load(w.Key()))
	_, _, err = b.Update(t.Context(), by(adam), s.Key(), provision.Patch{Match: "*", Enabled: flag(true)})
	wrong(t, "enabled again below", err, airlock.ErrConflict)

	stale := by(adam)
	stale.Seen = "of before"
	_, _, err = b.Delete(t.Context(), stale, w.Key())
	wrong(t, "decided on what it was before", err, airlock.ErrConflict)

	act := by(adam)
	act.Seen = w.Version
	r, o, err := b.Delete(t.Context(), act, w.Key())
	b.must(err)
	if r.Status != workspace.AwaitingDeletion || o.Action != workspace.Uninstall {
		t.Errorf("%+v", r)
	}
	var targets []string
	for _, step := range o.Steps {
		targets = append(targets, string(step.Action)+" "+step.Target.ID+" "+step.Limit.String())
	}
	services := []string{"uninstall " + s.ID + " 1h10m0s", "uninstall " + p.ID + " 1h10m0s\nupgrade " + wall.ID + " 1h20m0s"}
	if s.ID > p.ID {
		services[0], services[1] = services[1], services[0]
	}
	want := "uninstall " + m.ID + " 1h10m0s\n" + services[0] + "\n" + services[1] + "\nuninstall " + w.ID + " 1h10m0s"
	if got := strings.Join(targets, "\n"); got != want {
		t.Errorf("steps\n%s\nwant\n%s", got, want)
	}
	again, op, err := b.Delete(t.Context(), act, w.Key())
	if err != nil || op.ID != o.ID || asText(again) != asText(r) {
		t.Errorf("a repeat: %v", err)
	}
	_, _, err = b.Delete(t.Context(), by(adam), w.Key())
	wrong(t, "twice", err, airlock.ErrConflict)
	b.deployed(r, o)
	_, _, err = b.Delete(t.Context(), by(adam), w.Key())
	wrong(t, "deleted", err, airlock.ErrNotFound)
	_, _, err = b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*"})
	wrong(t, "changed after that", err, airlock.ErrNotFound)
	if again, _, err = b.Delete(t.Context(), act, w.Key()); err != nil || !again.Gone() {
		t.Errorf("a late repeat: %+v, %v", again, err)
	}
}

// TestDeleteWithOneEnabled names what is not disabled.
func TestDeleteWithOneEnabled(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	s := b.service(w)
	m := b.machine(w, s)
	s.Enabled = false
	c := workspace.Change{Partition: w.ID}
	c.Resource(s, lineOf("by hand"))
	_, err := b.store.CommitChange(t.Context(), c)
	b.must(err)
	_, _, err = b.Delete(t.Context(), by(rita), s.Key())
	wrong(t, "a machine is enabled", err, airlock.ErrIllegal)
	if err == nil || !strings.Contains(err.Error(), m.Path()) {
		t.Error(err)
	}
}

// TestDeleteWithOpenRequests: data that is on its way keeps the workspace.
func TestDeleteWithOpenRequests(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.disabled(b.workspace())
	for _, stage := range []airlock.Stage{airlock.Draft, airlock.InReview, airlock.Approved, airlock.Cancelled, airlock.Failed} {
		_, err := b.store.Commit(t.Context(), airlock.Change{Request: airlock.Request{ID: id(), Workspace: w.ID, Stage: stage}})
		b.must(err)
	}
	_, _, err := b.Delete(t.Context(), by(adam), w.Key())
	wrong(t, "open requests", err, airlock.ErrIllegal)
	if err == nil || !strings.Contains(err.Error(), "2 airlock requests") {
		t.Error(err)
	}
}

// TestDeleteWithoutTemplate: what was made from a package that is lost can still
// be deleted.
func TestDeleteWithoutTemplate(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	w.Enabled, w.Template.Digest = false, strings.Repeat("0", 64)
	c := workspace.Change{Partition: workspace.System}
	c.Resource(w, lineOf("by hand"))
	_, err := b.store.CommitChange(t.Context(), c)
	b.must(err)
	_, o, err := b.Delete(t.Context(), by(adam), w.Key())
	if err != nil || len(o.Steps) != 1 || o.Steps[0].Limit != workspace.DefaultLimit {
		t.Errorf("%+v, %v", o.Steps, err)
	}
}
