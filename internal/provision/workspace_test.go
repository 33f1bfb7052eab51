package provision_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// TestWorkspaceIsMadeInOneCommit: row, operation, addresses, the airlock's card,
// the rows of audit and of unfinished work; the engine is told.
func TestWorkspaceIsMadeInOneCommit(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	act := by(adam)
	_, _, err := b.Workspace(t.Context(), act, id(), provision.New{Template: "base", Properties: named(map[string]any{"tre_id": "mine"})})
	wrong(t, "a property that the TRE decides", err, provision.ErrSchema)
	r, o, err := b.Workspace(t.Context(), act, id(), provision.New{Template: "base", Properties: named(nil),
		Members: []workspace.Member{{OID: rita.OID, Name: "Rita", Role: access.WorkspaceResearcher}}})
	b.must(err)
	for name, want := range map[string]any{"display_name": "Study", "tre_id": "tre1", "workspace_id": r.ID, "azure_location": "westeurope",
		"address_space": "10.1.4.0/24", "address_space_size": "small", "quota": 50.0, "enable_airlock": true, "workspace_owner_object_id": adam.OID} {
		if got := b.load(r.Key()).Properties[name]; got != want {
			t.Errorf("property %s is %v, want %v", name, got, want)
		}
	}
	if r.Status != workspace.AwaitingDeployment || !r.Enabled || r.Operation != o.ID || r.Template.Version != "0.1.0" || r.Template.Digest == "" || r.CreatedBy.OID != adam.OID {
		t.Errorf("%+v", r)
	}
	if o.ID != act.Operation || o.Status != workspace.AwaitingDeployment || len(o.Steps) != 1 || o.Steps[0].Limit.String() != "1h30m0s" || len(o.Members) != 2 ||
		o.Members[0] != (workspace.Member{OID: adam.OID, Name: "Adam", Email: adam.Email, Role: access.WorkspaceOwner}) {
		t.Errorf("%+v", o)
	}
	card, err := b.store.Workspace(t.Context(), r.ID)
	b.must(err)
	if card.DisplayName != "Study" || card.Deployed || !card.EnableAirlock {
		t.Errorf("card %+v", card)
	}
	lines, _, err := b.store.Trail(t.Context(), workspace.System, r.ID, airlock.Page{})
	b.must(err)
	if len(lines) != 1 || lines[0].Action != "install" || lines[0].Actor.OID != adam.OID || !strings.Contains(lines[0].Detail, act.Operation) {
		t.Errorf("lines %+v", lines)
	}
	if !slices.Equal(b.orders.steps(), []string{o.ID}) {
		t.Errorf("ordered %v", b.orders.steps())
	}
}

// TestAddressSpaces holds AzureTRE's golden rows for a pool of 10.0.0.0/12 whose
// core is 10.1.0.0/22.
func TestAddressSpaces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		given map[string]any
		want  string
		err   error
	}{
		{name: "nothing said is small", want: "10.1.4.0/24"},
		{name: "small", given: map[string]any{"address_space_size": "small"}, want: "10.1.4.0/24"},
		{name: "medium", given: map[string]any{"address_space_size": "medium"}, want: "10.1.4.0/22"},
		{name: "large", given: map[string]any{"address_space_size": "large"}, want: "10.0.0.0/16"},
		{name: "custom", given: map[string]any{"address_space_size": "custom", "address_space": "10.2.4.0/24"}, want: "10.2.4.0/24"},
		{name: "custom over several blocks", given: map[string]any{"address_space_size": "custom", "address_space": "10.4.0.0/14"}, want: "10.4.0.0/14"},
		{name: "custom outside the pool", given: map[string]any{"address_space_size": "custom", "address_space": "192.168.0.0/24"}, err: address.ErrInvalid},
		{name: "custom in the core", given: map[string]any{"address_space_size": "custom", "address_space": "10.1.0.0/24"}, err: address.ErrTaken},
		{name: "custom with host bits", given: map[string]any{"address_space_size": "custom", "address_space": "10.2.4.1/24"}, err: address.ErrInvalid},
		{name: "custom that is no range", given: map[string]any{"address_space_size": "custom", "address_space": "ten"}, err: address.ErrInvalid},
		{name: "custom without a range", given: map[string]any{"address_space_size": "custom"}, err: provision.ErrSchema},
		{name: "custom with an empty range", given: map[string]any{"address_space_size": "custom", "address_space": ""}, err: airlock.ErrInvalid},
		{name: "another size", given: map[string]any{"address_space_size": "huge"}, err: provision.ErrSchema},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			r, _, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(tt.given)})
			if !errors.Is(err, tt.err) || err == nil && (len(r.Addresses) != 1 || r.Addresses[0] != tt.want || r.Properties["address_space"] != tt.want) {
				t.Fatalf("%v, %v", r.Addresses, err)
			}
			if err != nil && (len(b.all(workspace.System)) > 0 || len(b.vault.values) > 0 || len(b.orders.steps()) > 0) {
				t.Error("something was made")
			}
		})
	}
}

// TestRefusedWorkspaces: whatever is wrong is refused with nothing made, not
// even a secret in the vault.
func TestRefusedWorkspaces(t *testing.T) {
	t.Parallel()
	deep := any("end")
	for range 40 {
		deep = map[string]any{"a": deep}
	}
	for _, tt := range []struct {
		name string
		n    provision.New
		err  error
		says string
	}{
		{name: "no template", n: provision.New{}, err: provision.ErrSchema, says: "templateName"},
		{name: "unknown template", n: provision.New{Template: "nothing"}, err: airlock.ErrIllegal, says: `"nothing"`},
		{name: "template of another kind", n: provision.New{Template: "guacamole"}, err: airlock.ErrIllegal},
		{name: "unknown version", n: provision.New{Template: "base", Version: "9.9.9"}, err: airlock.ErrIllegal, says: "9.9.9"},
		{name: "name missing", n: provision.New{Template: "base", Properties: map[string]any{"description": "d"}}, err: provision.ErrSchema, says: "/display_name"},
		{name: "wrong type", n: provision.New{Template: "base", Properties: named(map[string]any{"quota": "many"})}, err: provision.ErrSchema, says: "/quota"},
		{name: "too much", n: provision.New{Template: "base", Properties: named(map[string]any{"quota": 101})}, err: provision.ErrSchema, says: "maximum"},
		{name: "unknown property", n: provision.New{Template: "base", Properties: named(map[string]any{"client_sercet": canary})}, err: provision.ErrSchema, says: "client_sercet"},
		{name: "secret that is too short", n: provision.New{Template: "base", Properties: named(map[string]any{"client_secret": "abc"})}, err: provision.ErrSchema, says: "/client_secret"},
		{name: "the mark instead of a secret", n: provision.New{Template: "base", Properties: named(map[string]any{"client_secret": "REDACTED"})}, err: provision.ErrSchema, says: "/client_secret"},
		{name: "control character", n: provision.New{Template: "base", Properties: named(map[string]any{"display_name": "a\x00b"})}, err: airlock.ErrInvalid, says: "display_name"},
		{name: "direction character", n: provision.New{Template: "base", Properties: named(map[string]any{"display_name": "a\u202eb"})}, err: airlock.ErrInvalid},
		{name: "two lines", n: provision.New{Template: "base", Properties: named(map[string]any{"display_name": "a\nb"})}, err: airlock.ErrInvalid},
		{name: "long name", n: provision.New{Template: "base", Properties: named(map[string]any{"display_name": strings.Repeat("é", 201)})}, err: airlock.ErrInvalid, says: "at most 200"},
		{name: "direction character in another text", n: provision.New{Template: "base", Properties: named(map[string]any{"fixed": "a\u202eb"})}, err: airlock.ErrInvalid, says: "/fixed"},
		{name: "deep", n: provision.New{Template: "base", Properties: named(map[string]any{"proxy": deep})}, err: airlock.ErrInvalid, says: "20 levels"},
		{name: "huge", n: provision.New{Template: "base", Properties: named(map[string]any{"fixed": strings.Repeat("x", 70_000)})}, err: airlock.ErrInvalid, says: "at most 65536"},
		{name: "a number that another one reads as", n: provision.New{Template: "base", Properties: named(map[string]any{"quota": float64(1 << 53)})}, err: airlock.ErrInvalid, says: "/quota"},
		{name: "a number beyond int64", n: provision.New{Template: "base", Properties: named(map[string]any{"quota": 1e30})}, err: airlock.ErrInvalid, says: "/quota"},
		{name: "not for these roles", n: provision.New{Template: "closed", Properties: named(nil), Roles: []access.Role{access.TREUser}}, err: airlock.ErrRefused},
		{name: "owner that is no person", n: provision.New{Template: "base", Properties: named(map[string]any{"workspace_owner_object_id": "me"})}, err: airlock.ErrInvalid, says: "owner"},
		{name: "member of an unknown role", n: provision.New{Template: "base", Properties: named(nil), Members: []workspace.Member{{OID: rita.OID, Role: "TREAdmin"}}}, err: airlock.ErrInvalid, says: "members/0"},
		{name: "too many members", n: provision.New{Template: "base", Properties: named(nil), Members: make([]workspace.Member, 40)}, err: airlock.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			closed := newPack("workspace", "closed", "1.0.0", object{})
			closed.schema["authorizedRoles"] = []any{"TREAdmin"}
			b.push(closed)
			_, _, err := b.Workspace(t.Context(), by(adam), id(), tt.n)
			wrong(t, tt.name, err, tt.err)
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), canary) || len(err.Error()) > 2000 {
				t.Errorf("%v; want it to say %q", err, tt.says)
			}
			if len(b.all(workspace.System)) > 0 || len(b.vault.values) > 0 || len(b.orders.steps()) > 0 {
				t.Error("something was made")
			}
		})
	}
}

// TestRepeatedWorkspace: the same id and operation give the same answer and one
// workspace; another call of the same id is refused.
func TestRepeatedWorkspace(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	act, key := by(adam), id()
	n := provision.New{Template: "base", Properties: named(nil)}
	r, o, err := b.Workspace(t.Context(), act, key, n)
	b.must(err)
	again, op, err := b.Workspace(t.Context(), act, key, n)
	b.must(err)
	if asText(again) != asText(r) || asText(op) != asText(o) || len(b.all(workspace.System)) != 1 {
		t.Errorf("another answer: %v, %v", again, op)
	}
	_, _, err = b.Workspace(t.Context(), by(adam), key, n)
	wrong(t, "another call", err, airlock.ErrConflict)
}

// TestWhereWorkspacesAre: subscription, region and owner are the workspace's own
// where its properties say so.
func TestWhereWorkspacesAre(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(map[string]any{
		"workspace_subscription_id": "other", "azure_location": "northeurope", "workspace_owner_object_id": rita.OID, "enable_airlock": false})})
	b.must(err)
	card, err := b.store.Workspace(t.Context(), r.ID)
	b.must(err)
	if r.Subscription != "other" || r.Location != "northeurope" || r.Properties["azure_location"] != "northeurope" || o.Members[0].OID != rita.OID || card.EnableAirlock {
		t.Errorf("%+v, %+v, card %+v", r, o.Members, card)
	}
}

// TestSameCallSeveralTimesAtOnce: a call that the host hands over more than once
// at the same time gives the same answer each time, and one thing is done.
func TestSameCallSeveralTimesAtOnce(t *testing.T) {
	t.Parallel()
	for range 10 {
		b := newBed(t)
		w := b.workspace()
		first, second, key := by(adam), by(adam), id()
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if _, o, err := b.Workspace(t.Context(), first, key, provision.New{Template: "base", Properties: named(nil)}); err != nil || o.ID != first.Operation {
					t.Errorf("made: %v", err)
				}
			})
			group.Go(func() {
				if _, o, err := b.Update(t.Context(), second, w.Key(), provision.Patch{Match: w.Version}); err != nil || o.ID != second.Operation {
					t.Errorf("changed: %v", err)
				}
			})
		}
		group.Wait()
		if made := b.all(workspace.System); len(made) != 2 || len(b.history(w.Key())) != 1 {
			t.Fatalf("%d workspaces, %d changes", len(made), len(b.history(w.Key())))
		}
	}
}
