package provision_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func (b *bed) history(key workspace.Key) []workspace.Snapshot {
	b.t.Helper()
	all, _, err := b.store.History(b.t.Context(), key, airlock.Page{})
	b.must(err)
	return all
}

func flag(v bool) *bool { return &v }

// TestUpdate: properties merge, the revision grows, what was before is history,
// and the operation deploys it.
func TestUpdate(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	act := by(adam)
	r, o, err := b.Update(t.Context(), act, w.Key(), provision.Patch{Match: strconv.Quote(w.Version), Properties: map[string]any{"quota": 60, "address_spaces": []any{"10.9.0.0/16"}}})
	b.must(err)
	if r.Properties["quota"] != 60.0 || r.Properties["display_name"] != "Study" || r.Revision != 1 || r.Status != workspace.AwaitingUpdate || o.Action != workspace.Upgrade || o.Revision != 1 {
		t.Errorf("%+v, %+v", r, o)
	}
	if asText(r.Properties["address_spaces"]) != asText(w.Addresses) {
		t.Errorf("address spaces %v: what is reserved is not written by hand", r.Properties["address_spaces"])
	}
	if h := b.history(w.Key()); len(h) != 1 || h[0].Revision != 0 || h[0].Properties["quota"] != 50.0 || !h[0].Enabled || h[0].Template != "0.1.0" {
		t.Errorf("history %+v", h)
	}
	again, op, err := b.Update(t.Context(), act, w.Key(), provision.Patch{Match: w.Version, Properties: map[string]any{"quota": 60}})
	if err != nil || asText(again) != asText(r) || op.ID != o.ID || len(b.history(w.Key())) != 1 {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	r = b.deployed(r, o)
	r, o, err = b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*"})
	if err != nil || r.Revision != 2 || o.Action != workspace.Upgrade {
		t.Errorf("an empty patch deploys again: %+v, %v", r, err)
	}
}

// TestRefusedUpdates: nothing changed, no history (W58), nothing in the vault.
func TestRefusedUpdates(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.push(base("0.2.0"), base("1.0.0"), base("0.0.9"))
	made, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Version: "0.1.0", Properties: named(nil)})
	b.must(err)
	w := b.deployed(made, o)
	for _, tt := range []struct {
		name string
		p    provision.Patch
		err  error
		says string
	}{
		{name: "no etag", p: provision.Patch{}, err: airlock.ErrInvalid, says: "etag"},
		{name: "another etag", p: provision.Patch{Match: "x"}, err: airlock.ErrConflict, says: "etag"},
		{name: "not updateable", p: provision.Patch{Match: "*", Properties: map[string]any{"fixed": "x"}}, err: provision.ErrSchema, says: "/fixed"},
		{name: "out of bounds", p: provision.Patch{Match: "*", Properties: map[string]any{"quota": 0}}, err: provision.ErrSchema, says: "/quota"},
		{name: "unknown property", p: provision.Patch{Match: "*", Properties: map[string]any{"nothing": 1}}, err: provision.ErrSchema, says: "nothing"},
		{name: "hostile name", p: provision.Patch{Match: "*", Properties: map[string]any{"display_name": "a\u2066"}}, err: airlock.ErrInvalid, says: "display_name"},
		{name: "a mark without a secret", p: provision.Patch{Match: "*", Properties: map[string]any{"client_secret": "REDACTED"}}, err: provision.ErrSchema, says: "/client_secret"},
		{name: "a short secret", p: provision.Patch{Match: "*", Properties: map[string]any{"client_secret": "abc"}}, err: provision.ErrSchema, says: "/client_secret"},
		{name: "unknown version", p: provision.Patch{Match: "*", Version: "0.3.0"}, err: airlock.ErrIllegal, says: "0.3.0"},
		{name: "unknown version, forced", p: provision.Patch{Match: "*", Version: "0.3.0", Force: true}, err: airlock.ErrIllegal},
		{name: "major version", p: provision.Patch{Match: "*", Version: "1.0.0"}, err: airlock.ErrIllegal, says: "forced"},
		{name: "downgrade", p: provision.Patch{Match: "*", Version: "0.0.9"}, err: airlock.ErrIllegal, says: "forced"},
	} {
		_, _, err := b.Update(t.Context(), by(adam), w.Key(), tt.p)
		wrong(t, tt.name, err, tt.err)
		if err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v; want it to say %q", tt.name, err, tt.says)
		}
	}
	if len(b.history(w.Key())) > 0 || len(b.vault.values) > 0 || b.load(w.Key()).Version != w.Version {
		t.Error("something changed")
	}
	_, _, err = b.Update(t.Context(), by(adam), workspace.Key{Partition: workspace.System, ID: id()}, provision.Patch{Match: "*"})
	wrong(t, "nothing there", err, airlock.ErrNotFound)
	for version, force := range map[string]bool{"0.2.0": false, "1.0.0": true, "0.0.9": true} {
		r, o, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Version: version, Force: force})
		b.must(err)
		if w = b.deployed(r, o); w.Template.Version != version || w.Template.Digest == "" {
			t.Errorf("%+v", w.Template)
		}
		_, o, err = b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Version: "0.1.0", Force: true})
		b.must(err)
		w = b.deployed(b.load(w.Key()), o)
	}
}

// TestBusy: while an operation is under way nothing else begins, and the answer
// names it.
func TestBusy(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
	b.must(err)
	_, _, err = b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*"})
	wrong(t, "update", err, airlock.ErrConflict)
	if err == nil || !strings.Contains(err.Error(), o.ID) {
		t.Error(err)
	}
	_, _, err = b.Service(t.Context(), by(rita), id(), w, provision.New{Template: "guacamole", Properties: named(nil)})
	wrong(t, "a service before its workspace is there", err, airlock.ErrConflict)
}

// TestNewVersionBringsItsProperties: what comes with a version is held against
// that version (W57).
func TestNewVersionBringsItsProperties(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	next := base("0.2.0")
	next.schema["properties"].(object)["region_pair"] = text(object{"updateable": true})
	b.push(next)
	patch := map[string]any{"region_pair": "northeurope"}
	_, _, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Properties: patch})
	wrong(t, "the old version", err, provision.ErrSchema)
	r, _, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Version: "0.2.0", Properties: patch})
	if err != nil || r.Properties["region_pair"] != "northeurope" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestDisablingReachesDown: a workspace with a hundred resources in it is
// disabled with all of them, a page at a time, their history kept; enabling is
// for each by itself.
func TestDisablingReachesDown(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	s := b.service(w)
	var last workspace.Resource
	for range 100 {
		r, _, err := b.UserResource(t.Context(), by(rita), id(), w, s, provision.New{Template: "vm", Properties: named(nil)})
		b.must(err)
		last = r
	}
	other := b.service(b.workspace())
	_, _, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "stale", Enabled: flag(false)})
	wrong(t, "another etag", err, airlock.ErrConflict)
	if !b.load(last.Key()).Enabled {
		t.Fatal("disabled by a call that was refused")
	}
	w = b.disabled(w)
	for _, r := range b.all(w.ID) {
		if h := b.history(r.Key()); r.Enabled || r.Revision != 1 || len(h) != 1 || !h[0].Enabled {
			t.Fatalf("%s: enabled %t, revision %d, history %+v", r.ID, r.Enabled, r.Revision, h)
		}
	}
	card, err := b.store.Workspace(t.Context(), w.ID)
	if err != nil || card.EnableAirlock || w.Enabled || !b.load(other.Key()).Enabled {
		t.Errorf("card %+v, %v", card, err)
	}
	_, _, err = b.Update(t.Context(), by(adam), s.Key(), provision.Patch{Match: "*", Enabled: flag(true)})
	wrong(t, "enabled in a disabled workspace", err, airlock.ErrConflict)
	r, o, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Enabled: flag(true)})
	b.must(err)
	if w = b.deployed(r, o); !w.Enabled || b.load(s.Key()).Enabled {
		t.Error("enabling reaches nothing below")
	}
}

// TestSecretsThatChange: a secret that is replaced is another one in the vault,
// the former is still named so that it is deleted with its resource; the mark
// leaves it; an empty text takes it away.
func TestSecretsThatChange(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(map[string]any{
		"client_secret": canary + "1", "proxy": map[string]any{"host": "h", "password": canary + "2"}})})
	b.must(err)
	w := b.deployed(r, o)
	step := func(patch map[string]any) workspace.Resource {
		r, o, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Properties: patch})
		b.must(err)
		return b.deployed(r, o)
	}
	value := func(r workspace.Resource, pointer string) string { return b.vault.values[r.Secrets[pointer]] }
	first := w.Secrets["/client_secret"]
	w = step(map[string]any{"client_secret": "REDACTED", "proxy": map[string]any{"host": "other", "password": "REDACTED"}})
	if w.Secrets["/client_secret"] != first || value(w, "/proxy/password") != canary+"2" || len(w.Secrets) != 2 {
		t.Fatalf("the mark: %v", w.Secrets)
	}
	w = step(map[string]any{"client_secret": canary + "3"})
	if value(w, "/client_secret") != canary+"3" || len(w.Secrets) != 3 || w.Properties["client_secret"] != workspace.Redacted {
		t.Fatalf("another secret: %v", w.Secrets)
	}
	w = step(map[string]any{"proxy": map[string]any{"host": "h"}})
	if w.Secrets["/proxy/password"] != "" || len(w.Secrets) != 3 {
		t.Fatalf("taken away: %v", w.Secrets)
	}
	named := 0
	for id := range b.vault.values {
		for _, kept := range w.Secrets {
			if kept == id {
				named++
			}
		}
	}
	if named != 3 || len(b.vault.values) != 3 {
		t.Errorf("%d of %d secrets are named", named, len(b.vault.values))
	}
}
