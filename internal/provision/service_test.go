package provision_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestParents: what something is in has to be deployed, enabled, and there.
func TestParents(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	s := b.service(w)
	other := b.workspace()
	fresh, _, err := b.Service(t.Context(), by(rita), id(), w, provision.New{Template: "guacamole", Properties: named(nil)})
	b.must(err)
	off, gone := w, w
	off.Enabled = false
	gone.Status = workspace.Deleted
	for name, tt := range map[string]struct {
		within, service workspace.Resource
		err             error
	}{
		"disabled workspace":         {off, s, airlock.ErrConflict},
		"deleted workspace":          {gone, s, airlock.ErrConflict},
		"service not there yet":      {w, fresh, airlock.ErrConflict},
		"service of another one":     {other, s, airlock.ErrNotFound},
		"service, fine":              {w, s, nil},
		"workspace of no one at all": {workspace.Resource{ID: id()}, s, airlock.ErrConflict},
	} {
		_, _, err := b.UserResource(t.Context(), by(rita), id(), tt.within, tt.service, provision.New{Template: "vm", Properties: named(nil)})
		wrong(t, name, err, tt.err)
	}
	_, _, err = b.UserResource(t.Context(), by(rita), id(), w, s, provision.New{Template: "guacamole", Properties: named(nil)})
	wrong(t, "a template of another kind", err, airlock.ErrIllegal)
}

// TestOwners: somebody else gets a resource only as a member, and only from an
// owner (W46).
func TestOwners(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	s := b.service(w)
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: w.ID, OID: berta.OID, Name: "Berta", Role: access.WorkspaceResearcher}))
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: w.ID, OID: adam.OID, Name: "Adam", Role: access.WorkspaceResearcher, Expires: now}))
	owner, researcher := []access.Role{access.WorkspaceOwner}, []access.Role{access.WorkspaceResearcher}
	give := func(oid string) map[string]any {
		return map[string]any{"assign_to_another_user": true, "owner_id": oid}
	}
	for _, tt := range []struct {
		name  string
		given map[string]any
		roles []access.Role
		want  string
		err   error
	}{
		{name: "one's own", roles: researcher, want: rita.OID},
		{name: "named but not given", given: map[string]any{"owner_id": berta.OID}, roles: researcher, want: rita.OID},
		{name: "given by an owner", given: give(berta.OID), roles: owner, want: berta.OID},
		{name: "given by a researcher", given: give(berta.OID), roles: researcher, err: airlock.ErrRefused},
		{name: "given to nobody", given: map[string]any{"assign_to_another_user": true}, roles: owner, err: airlock.ErrIllegal},
		{name: "given to a stranger", given: give(id()), roles: owner, err: airlock.ErrInvalid},
		{name: "given to who was a member", given: give(adam.OID), roles: owner, err: airlock.ErrInvalid},
		{name: "given to no id", given: give("berta"), roles: owner, err: airlock.ErrInvalid},
	} {
		r, _, err := b.UserResource(t.Context(), by(rita), id(), w, s, provision.New{Template: "vm", Properties: named(tt.given), Roles: tt.roles})
		wrong(t, tt.name, err, tt.err)
		if err == nil && (r.Owner.OID != tt.want || r.Properties["owner_id"] != tt.want) {
			t.Errorf("%s: %s", tt.name, r.Owner.OID)
		}
	}
}

// TestGeneratedSecrets: made once a resource, in the vault, good enough for
// Windows.
func TestGeneratedSecrets(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	s := b.service(w)
	seen := map[string]bool{}
	for range 50 {
		r := b.machine(w, s)
		made := b.vault.values[r.Secrets["/admin_password"]]
		if len(made) != 32 || seen[made] || !strings.ContainsAny(made, "abcdefghijkmnopqrstuvwxyz") || !strings.ContainsAny(made, "ABCDEFGHJKLMNPQRSTUVWXYZ") ||
			!strings.ContainsAny(made, "23456789") || !strings.ContainsAny(made, "-_.+*~") {
			t.Fatalf("%d characters", len(made))
		}
		seen[made] = true
		after, o, err := b.Update(t.Context(), by(rita), r.Key(), provision.Patch{Match: "*"})
		b.must(err)
		if after = b.deployed(after, o); after.Secrets["/admin_password"] != r.Secrets["/admin_password"] {
			t.Fatal("made twice")
		}
	}
}

// TestSharedServices: one of a template, also of two who make it at once; another
// one once it is gone.
func TestSharedServices(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	errs := make([]error, 6)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			_, _, errs[i] = b.SharedService(t.Context(), by(adam), id(), provision.New{Template: "firewall", Properties: named(nil)})
		})
	}
	group.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
			continue
		}
		wrong(t, "another one", err, airlock.ErrConflict)
	}
	all := b.all(workspace.System)
	if good != 1 || len(all) != 1 || all[0].Properties["shared_service_id"] != all[0].ID || all[0].Properties["azure_location"] != "westeurope" {
		t.Fatalf("%d were made: %+v", good, all)
	}
	o, err := b.store.Operation(t.Context(), workspace.OperationKey{Partition: workspace.System, Resource: all[0].ID, ID: all[0].Operation})
	b.must(err)
	r := b.disabled(b.deployed(all[0], o))
	r, o, err = b.Delete(t.Context(), by(adam), r.Key())
	b.must(err)
	b.deployed(r, o)
	_, _, err = b.SharedService(t.Context(), by(adam), id(), provision.New{Template: "firewall", Properties: named(nil)})
	b.must(err)
}

// piped is a service whose pipeline changes its workspace and the firewall.
func piped() pack {
	p := newPack("workspace-service", "piped", "0.1.0", object{"address_space": text(nil), "note": text(object{"default": "", "updateable": true})})
	rule := []any{object{"name": "rules", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name",
		"value": object{"name": "svc-{{ resource.id }}", "range": "{{ resource.properties.address_space }}"}}}
	wall := func(id string) object {
		return object{"stepId": id, "stepTitle": "Open the firewall", "resourceTemplateName": "firewall", "resourceType": "shared-service", "resourceAction": "upgrade", "properties": rule}
	}
	p.schema["pipeline"] = object{
		"install": []any{object{"stepId": "net", "stepTitle": "Grow the network", "resourceType": "workspace", "resourceAction": "upgrade"},
			object{"stepId": "main", "stepTitle": "Deploy it", "properties": []any{object{"name": "note", "type": "string", "value": "{{ resource.id }}"}}}, wall("open")},
		"uninstall": []any{object{"stepId": "main"}, wall("close")},
	}
	return p
}

// TestPipelines: steps are found by what they name, before and after the own
// one; one that names what is not there is refused.
func TestPipelines(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.push(piped())
	w := b.workspace()
	make := func() (workspace.Resource, workspace.Operation, error) {
		return b.Service(t.Context(), by(rita), id(), w, provision.New{Template: "piped", Properties: named(nil)})
	}
	_, _, err := make()
	wrong(t, "no firewall", err, airlock.ErrConflict)
	if err == nil || !strings.Contains(err.Error(), "firewall") {
		t.Error(err)
	}
	wall, o, err := b.SharedService(t.Context(), by(adam), id(), provision.New{Template: "firewall", Properties: named(nil)})
	b.must(err)
	wall = b.deployed(wall, o)
	r, o, err := make()
	b.must(err)
	var told []string
	for _, s := range o.Steps {
		told = append(told, strings.Join([]string{s.TemplateID, s.Title, s.Target.ID, string(s.Kind), s.Template, string(s.Action), s.Limit.String(), s.Source}, "|"))
	}
	want := []string{"net|Grow the network|" + w.ID + "|workspace|base|upgrade|1h20m0s|" + r.ID, "main|Deploy it|" + r.ID + "|workspace-service|piped|install|1h30m0s|" + r.ID,
		"open|Open the firewall|" + wall.ID + "|shared-service|firewall|upgrade|1h20m0s|" + r.ID}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("steps\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if len(o.Steps[1].Properties) != 1 || len(o.Steps[2].Properties) != 1 || o.Steps[2].Properties[0].Substitution != "replace" {
		t.Errorf("properties %+v, %+v", o.Steps[1].Properties, o.Steps[2].Properties)
	}
}

// TestServiceWithAddresses: its range is reserved in the workspace's row, under
// the service's id, once, also where the call is repeated.
func TestServiceWithAddresses(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	p := newPack("workspace-service", "spacious", "0.1.0", object{"address_space": text(nil), "address_space_size": text(nil)})
	b.push(p)
	w := b.workspace()
	act, key := by(rita), id()
	for range 2 {
		r, _, err := b.Service(t.Context(), act, key, w, provision.New{Template: "spacious", Properties: named(map[string]any{"address_space_size": "medium"})})
		b.must(err)
		if len(r.Addresses) != 1 || r.Addresses[0] != "10.1.8.0/22" || r.Properties["address_space"] != "10.1.8.0/22" {
			t.Fatalf("%v", r.Addresses)
		}
	}
	now := b.load(w.Key())
	if strings.Join(now.Addresses, " ") != "10.1.4.0/24 10.1.8.0/22" || asText(now.Properties["address_spaces"]) != asText(now.Addresses) {
		t.Errorf("%v, %v", now.Addresses, now.Properties["address_spaces"])
	}
	blocks, err := b.store.Blocks(t.Context())
	b.must(err)
	if len(blocks) != 1 || len(blocks[0].Taken) != 2 || blocks[0].Taken[1].Holder != key {
		t.Errorf("%+v", blocks)
	}
	_, _, err = b.Service(t.Context(), by(rita), id(), w, provision.New{Template: "spacious", Properties: named(map[string]any{"address_space": "10.1.4.0/25"})})
	if err == nil || !strings.Contains(err.Error(), "10.1.4.0/24") {
		t.Errorf("a range that is taken: %v", err)
	}
}
