package provision_test

import (
	"context"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// TestRegister: a version never changes, the first one is the current one, a user
// resource's template needs that of its service.
func TestRegister(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	fresh := newPack("workspace-service", "fresh", "1.0.0", object{})
	r, err := b.Register(t.Context(), by(adam), fresh.files(), false)
	b.must(err)
	if !r.Current || r.Kind != workspace.Service || r.By != adam.OID || r.Digest == "" {
		t.Errorf("%+v", r)
	}
	again, err := b.Register(t.Context(), by(adam), fresh.files(), false)
	if err != nil || asText(again) != asText(r) {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	changed := newPack("workspace-service", "fresh", "1.0.0", object{"more": text(nil)})
	_, err = b.Register(t.Context(), by(adam), changed.files(), true)
	wrong(t, "the same version with another content", err, airlock.ErrConflict)
	next := newPack("workspace-service", "fresh", "1.1.0", object{})
	if r, err = b.Register(t.Context(), by(adam), next.files(), false); err != nil || r.Current {
		t.Errorf("%+v, %v", r, err)
	}
	lost := vm("0.1.0")
	lost.descriptor["parent"] = "nothing"
	_, err = b.Register(t.Context(), by(adam), lost.files(), true)
	wrong(t, "no parent", err, airlock.ErrNotFound)
	_, err = b.Register(t.Context(), by(adam), map[string][]byte{"../main.json": {}}, true)
	wrong(t, "no package", err, template.ErrInvalid)
	for version, want := range map[string]string{"": "1.0.0", "1.1.0": "1.1.0"} {
		got, row, err := b.Template(t.Context(), workspace.Service, "ignored", "fresh", version)
		if err != nil || got.Version != want || row.Version != want || got.Current != (version == "") {
			t.Errorf("%q: %s, %v", version, got.Version, err)
		}
	}
	_, _, err = b.Template(t.Context(), workspace.UserResource, "fresh", "vm", "")
	wrong(t, "of another service", err, airlock.ErrNotFound)
}

// TestPipelineThatShowsASecret is not let in.
func TestPipelineThatShowsASecret(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	p := newPack("workspace-service", "leak", "1.0.0", object{"key": text(object{"sensitive": true})})
	p.schema["pipeline"] = object{"install": []any{object{"stepId": "main"}, object{"stepId": "leak", "resourceTemplateName": "firewall", "resourceType": "shared-service",
		"resourceAction": "upgrade", "properties": []any{object{"name": "rules", "type": "string", "value": "{{ resource.properties.key }}"}}}}}
	_, err := b.Register(t.Context(), by(adam), p.files(), true)
	wrong(t, "it reads a secret", err, template.ErrInvalid)
}

// TestPackageThatWasChanged: what is stored under a digest is that, or nothing is
// made from it.
func TestPackageThatWasChanged(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r, err := b.Register(t.Context(), by(adam), base("0.3.0").files(), true)
	b.must(err)
	other := base("0.3.0")
	other.schema["title"] = "changed"
	b.Ports.Packages = swapped{b.Ports.Packages, r.Digest, other.files()}
	_, _, err = b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
	if err == nil || !strings.Contains(err.Error(), r.Digest) || len(b.all(workspace.System)) > 0 {
		t.Errorf("%v", err)
	}
}

// swapped is a store of packages in which one was changed.
type swapped struct {
	workspace.Packages

	digest string
	files  map[string][]byte
}

// LoadPackage returns the changed files under the digest of the others.
func (s swapped) LoadPackage(ctx context.Context, digest string) (map[string][]byte, error) {
	if digest == s.digest {
		return s.files, nil
	}
	return s.Packages.LoadPackage(ctx, digest)
}
