package provision_test

import (
	"errors"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// chosen are the outputs and parameters of our templates that people choose by a
// property of the name, under whatever condition.
var chosen = map[string]bool{"tre-service-guacamole/is_exposed_externally": true}

// What the TRE decides, and what a deployment tells, is nobody's to write: a
// property of the name of a parameter of the system, of an output or of a field
// of a resource is refused by every template of ours, when something is made and
// when it is changed, or has no effect.
func TestNobodyWritesWhatTheTREDecides(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	made := map[string]workspace.Resource{}
	create := func(name string, more map[string]any) (workspace.Resource, workspace.Operation, error) {
		n := provision.New{Template: name, Properties: named(more), Roles: []access.Role{access.TREAdmin, access.WorkspaceOwner}}
		switch name {
		case "tre-workspace-base":
			return b.Workspace(t.Context(), by(adam), id(), n)
		case "tre-service-guacamole":
			return b.Service(t.Context(), by(rita), id(), made["tre-workspace-base"], n)
		default:
			return b.UserResource(t.Context(), by(rita), id(), made["tre-workspace-base"], made["tre-service-guacamole"], n)
		}
	}
	for _, name := range []string{"tre-workspace-base", "tre-service-guacamole", "tre-service-guacamole-linuxvm", "tre-service-guacamole-windowsvm"} {
		files, err := templates.Files(name)
		b.must(err)
		_, err = b.Register(t.Context(), by(adam), files, true)
		b.must(err)
		tpl, err := template.Parse(files, template.DefaultLimits)
		b.must(err)
		r, o, err := create(name, nil)
		b.must(err)
		r = b.deployed(r, o)
		made[name] = r
		for field := range fields(tpl) {
			if chosen[name+"/"+field] {
				continue
			}
			for _, value := range []any{"forged", []any{"forged"}, map[string]any{"forged": "forged"}, true} {
				if got, _, err := create(name, map[string]any{field: value}); err == nil {
					if _, holding := count(got, "forged"); holding > 0 || value == true {
						t.Errorf("%s: %s is %v", name, field, got.Properties[field])
					}
				} else if !errors.Is(err, provision.ErrSchema) {
					t.Errorf("%s: %s: %v", name, field, err)
				}
				got, o, err := b.Update(t.Context(), by(rita), r.Key(), provision.Patch{Match: "*", Properties: map[string]any{field: value}})
				switch {
				case err == nil:
					if _, holding := count(got, "forged"); holding > 0 || value == true {
						t.Errorf("%s: %s can be changed to %v", name, field, got.Properties[field])
					}
					r = b.deployed(got, o)
				case !errors.Is(err, provision.ErrSchema):
					t.Errorf("%s: changed, %s: %v", name, field, err)
				}
			}
		}
	}
}

// fields are the names that nobody may write.
func fields(t template.Template) map[string]bool {
	all := map[string]bool{}
	for _, name := range workspace.SystemParameters {
		all[name] = true
	}
	for _, o := range t.Outputs {
		all[o.Name] = true
	}
	for _, name := range t.GeneratedSecrets {
		all[name] = true
	}
	for _, name := range []string{"id", "owner", "owner_id", "ownerId", "status", "deploymentStatus", "outputs", "secrets", "workspace_id", "workspaceId",
		"shared_service_id", "workspace_subscription_id", "client_id", "scope_id", "storage_account_name", "operation", "etag", "_etag", "templateName", "roles"} {
		all[name] = true
	}
	return all
}
