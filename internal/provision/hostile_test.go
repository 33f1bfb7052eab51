package provision_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// sealed is a service's template with a secret that is set once, and one that
// may change.
func sealed(version string) pack {
	return newPack("workspace-service", "sealed", version, object{
		"once":  text(object{"sensitive": true, "minLength": 8}),
		"often": text(object{"sensitive": true, "minLength": 8, "updateable": true}),
	})
}

// A secret that is kept is no way around the rules for its property: what takes
// its place is held against them, and what may not be changed is not.
func TestKeptSecretIsNoWayAroundTheForm(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.push(sealed("1.0.0"))
	w := b.workspace()
	r, o, err := b.Service(t.Context(), by(rita), id(), w, provision.New{Template: "sealed", Properties: named(map[string]any{"once": canary, "often": canary})})
	b.must(err)
	r = b.deployed(r, o)
	for name, tt := range map[string]struct {
		change map[string]any
		says   string // what is wrong; "" for nothing
	}{
		"a secret that is set once":            {map[string]any{"once": canary + "2"}, "/once"},
		"one that is set once, taken away":     {map[string]any{"once": ""}, "/once"},
		"one that is too short":                {map[string]any{"often": "short"}, "/often"},
		"one that is a list":                   {map[string]any{"often": []any{canary}}, "/often"},
		"one that is none":                     {map[string]any{"often": nil}, "/often"},
		"the mark of both, sent back":          {map[string]any{"once": workspace.Redacted, "often": workspace.Redacted}, ""},
		"the mark of one, the other made anew": {map[string]any{"often": canary + "3"}, ""},
	} {
		before, kept := b.load(r.Key()), len(b.vault.values)
		got, o, err := b.Update(t.Context(), by(rita), r.Key(), provision.Patch{Match: "*", Properties: tt.change})
		if tt.says == "" {
			b.must(err)
			b.deployed(got, o)
			continue
		}
		wrong(t, name, err, provision.ErrSchema)
		if err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v does not name %s", name, err, tt.says)
		}
		if after := b.load(r.Key()); after.Version != before.Version || len(b.vault.values) != kept {
			t.Errorf("%s: it was refused, and something changed", name)
		}
	}
	if got := b.load(r.Key()).Secrets["/once"]; b.vault.values[got] != canary {
		t.Error("the secret that is set once is another one")
	}
}

// Nobody gives a role to themselves, as anywhere else: who asks becomes owner,
// and no reviewer beside; an administrator who makes a workspace for somebody
// else gets no way into it. A refused one leaves nothing.
func TestNobodyNamesThemselves(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.standing(5)
	self := func(p access.Person, role access.Role) []workspace.Member {
		return []workspace.Member{{OID: berta.OID, Name: "Berta", Role: access.WorkspaceResearcher}, {OID: p.OID, Name: "Somebody", Role: role}}
	}
	for _, role := range []access.Role{access.AirlockManager, access.WorkspaceResearcher} {
		for _, source := range []workspace.Source{workspace.FromEvent, workspace.FromCall} {
			r := asked(nil)
			r.Source, r.Members = source, self(rita, role)
			_, err := b.Ask(t.Context(), r)
			wrong(t, string(source)+" names its requester as "+string(role), err, airlock.ErrInvalid)
		}
		n := provision.New{Template: "base", Properties: named(nil), Members: self(adam, role)}
		_, _, err := b.Workspace(t.Context(), by(adam), id(), n)
		wrong(t, "an owner as "+string(role), err, airlock.ErrInvalid)
		n.Properties["workspace_owner_object_id"] = rita.OID
		_, _, err = b.Workspace(t.Context(), by(adam), id(), n)
		wrong(t, "who makes it for another as "+string(role), err, airlock.ErrInvalid)
	}
	if n := len(b.all(workspace.System)); n != 0 {
		t.Errorf("%d workspaces were made", n)
	}
	n := provision.New{Template: "base", Properties: named(nil), Members: self(rita, access.AirlockManager)}
	if _, _, err := b.Workspace(t.Context(), by(adam), id(), n); err != nil {
		t.Errorf("others are named: %v", err)
	}
}

// A version that is for other roles is no more to be had by an upgrade than by
// making something of it.
func TestUpgradeIsForTheVersionsRoles(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	m := b.machine(w, b.service(w))
	next := vm("0.2.0")
	next.schema["authorizedRoles"] = []any{string(access.WorkspaceOwner)}
	b.push(next)
	upgrade := func(roles ...access.Role) error {
		_, _, err := b.Update(t.Context(), by(rita), m.Key(), provision.Patch{Match: "*", Version: "0.2.0", Roles: roles})
		return err
	}
	wrong(t, "a researcher", upgrade(access.WorkspaceResearcher), airlock.ErrRefused)
	if got := b.load(m.Key()); got.Version != m.Version {
		t.Error("it was refused, and something changed")
	}
	if err := upgrade(access.WorkspaceResearcher, access.WorkspaceOwner); err != nil {
		t.Errorf("an owner: %v", err)
	}
}

// Who may ask may not fill the store, the vault and the administrators'
// mailboxes: few requests of a person wait at a time. What is decided or taken
// back makes room, a repeat is answered, and others are not held up.
func TestFewRequestsOfAPersonWait(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	wish := func(p access.Person) workspace.Request {
		r := asked(map[string]any{"client_secret": canary})
		r.Source, r.Reference, r.Requester, r.Members = workspace.FromCall, "", p, nil
		return r
	}
	var first workspace.Request
	var err error
	for i := range provision.MaxWaiting {
		r := wish(rita)
		if _, err = b.Ask(t.Context(), r); err != nil {
			t.Fatalf("the %dth: %v", i, err)
		}
		first = r
	}
	kept := len(b.vault.values)
	_, err = b.Ask(t.Context(), wish(rita))
	wrong(t, "one too many", err, airlock.ErrConflict)
	if len(b.vault.values) != kept {
		t.Error("its secret is in the vault")
	}
	if _, err = b.Ask(t.Context(), first); err != nil {
		t.Errorf("a repeat: %v", err)
	}
	if _, err = b.Ask(t.Context(), wish(berta)); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	_, err = b.Withdraw(t.Context(), by(rita), first.ID)
	b.must(err)
	if _, err = b.Ask(t.Context(), wish(rita)); err != nil {
		t.Errorf("after one was taken back: %v", err)
	}
}

// What was decided when a resource was made stays, whatever a template lets
// change: whose it is, where it is, what it belongs to.
func TestWhatWasDecidedStays(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	p := vm("0.3.0")
	decided := []string{"owner_id", "workspace_id", "tre_id", "azure_location", "workspace_owner_object_id", "workspace_subscription_id"}
	patch := map[string]any{"vm_size": "4 CPU | 16GB RAM"}
	for _, name := range decided {
		p.schema["properties"].(object)[name], patch[name] = text(object{"updateable": true}), "forged"
	}
	b.push(p)
	w := b.workspace()
	m := b.machine(w, b.service(w))
	r, _, err := b.Update(t.Context(), by(rita), m.Key(), provision.Patch{Match: "*", Properties: patch})
	b.must(err)
	for _, name := range decided {
		if r.Properties[name] != m.Properties[name] {
			t.Errorf("%s is %v, was %v", name, r.Properties[name], m.Properties[name])
		}
	}
	if r.Properties["vm_size"] != patch["vm_size"] {
		t.Error("what may change did not")
	}
}

// Whoever is named is named by one address, or none: mails go nowhere else.
func TestAddressesOfMembers(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	for address, good := range map[string]bool{"": true, "ben@example.org": true, "ben@example.org, eve@example.org": false, "Ben <ben@example.org>": false,
		"ben@example.org\r\nBcc: eve@example.org": false, "ben": false, "<ben@example.org>": false, "ben@example.org;eve@example.org": false} {
		r := asked(nil)
		r.Source, r.Members = workspace.FromCall, []workspace.Member{{OID: berta.OID, Name: "Ben", Email: address, Role: access.WorkspaceResearcher}}
		_, err := b.Ask(t.Context(), r)
		n := provision.New{Template: "base", Properties: named(nil), Members: r.Members}
		_, _, err2 := b.Workspace(t.Context(), by(adam), id(), n)
		if (err == nil) != good || (err2 == nil) != good {
			t.Errorf("%q: %v, %v", address, err, err2)
		}
	}
}
