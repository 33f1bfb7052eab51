package platform_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
	"github.com/trefoil-tre/trefoil/internal/local/arm/provider"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// Where the snapshots are deployed to; internal/bicep says so.
const (
	subscription = "11111111-1111-4111-8111-111111111111"
	tenant       = "22222222-2222-4222-8222-222222222222"
)

// world is what exists, by id in lower case. A deployment that asks for anything else fails.
type world map[string]map[string]any

// Realise implements template.World.
func (w world) Realise(r template.Resource) map[string]any {
	whole := provider.Whole(r, tenant)
	w[strings.ToLower(r.ID)] = whole
	return whole
}

// Resource implements template.World.
func (w world) Resource(id string) (map[string]any, bool) {
	whole, there := w[strings.ToLower(id)]
	return whole, there
}

// List implements template.World: nothing here reads a key.
func (w world) List(function, id string) (any, error) {
	return nil, &template.Error{Code: "Forbidden", Message: function + " of " + id}
}

// Secret implements template.World.
func (w world) Secret(_, name, _ string) (string, error) { return "secret " + name, nil }

// deploy evaluates a compiled template in a world, with the parameters of a case, some of them replaced.
func (w world) deploy(t *testing.T, folder, name string, replaced map[string]any) []template.Resource {
	t.Helper()
	normal := func(path string) map[string]any {
		return expr.Normal(load[map[string]any](t, folder, path)).(map[string]any)
	}
	d := template.Deployment{Template: normal("main.json"), Parameters: map[string]any{}, Name: name, Location: "uksouth", Tenant: tenant,
		Scope: template.Scope{Subscription: subscription}, Now: time.Unix(0, 0)}
	for parameter, p := range normal(filepath.Join("snapshots", name+".parameters.json"))["parameters"].(map[string]any) {
		d.Parameters[parameter] = p.(map[string]any)["value"]
	}
	maps.Copy(d.Parameters, replaced)
	if err := template.Check(d.Template, d.Parameters); err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	result, err := template.Evaluate(d, w)
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	return result.Resources
}

// platforms are the worlds that cases of the core make, each made once.
var platforms sync.Map

// platform is the world that a case of the core makes, where nothing was before. It is not to be changed.
func platform(t *testing.T, name string) world {
	t.Helper()
	made, _ := platforms.LoadOrStore(name, sync.OnceValue(func() world {
		w := world{}
		w.deploy(t, "core", name, nil)
		return w
	}))
	return made.(func() world)()
}

// settings are those of an app as a deployment sets them.
func settings(t *testing.T, name, app string) map[string]string {
	t.Helper()
	for id, r := range platform(t, name) {
		if strings.Contains(id, "/sites/func-"+app+"-") && strings.HasSuffix(id, "/config/appsettings") {
			found := map[string]string{}
			for key, value := range r["properties"].(map[string]any) {
				if text, ok := value.(string); ok && key != "provisioningState" { // which Azure adds
					found[key] = text
				}
			}
			return found
		}
	}
	t.Fatalf("%s: no settings of %s", name, app)
	return nil
}

// The three parts fit together: secrets and events find all that they speak of in what the core made.
func TestPartsFindWhatTheCoreMade(t *testing.T) {
	t.Parallel()
	for name, events := range map[string]string{"usual": "usual", "full": "without"} {
		w := maps.Clone(platform(t, name))
		made := w.deploy(t, "secrets", name, nil)
		made = append(made, w.deploy(t, "events", events, nil)...)
		for _, r := range made {
			scope := regexp.MustCompile(`(/providers/Microsoft\.Authorization/roleAssignments/[^/]+|/eventSubscriptions/[^/]+|/secrets/[^/]+)$`).ReplaceAllString(r.ID, "")
			if _, there := w.Resource(scope); !there {
				t.Errorf("%s: %s stands on nothing", name, r.ID)
			}
		}
	}
}

// What templates are told is enough to make a workspace, and leads to nothing that the platform has not made.
func TestAWorkspaceIsMadeWithWhatThePlatformTells(t *testing.T) {
	t.Parallel()
	for _, name := range parts["core"] {
		w := maps.Clone(platform(t, name))
		before := maps.Clone(w)
		var told map[string]any
		if err := json.Unmarshal([]byte(settings(t, name, "engine")["TRE_PLATFORM"]), &told); err != nil {
			t.Fatal(err)
		}
		made := w.deploy(t, filepath.Join("..", "templates", "tre-workspace-base"), "small", map[string]any{"platform": expr.Normal(told)})
		text, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		group := "/subscriptions/" + subscription + "/resourceGroups/rg-heart"
		seen := map[string]bool{}
		for _, id := range regexp.MustCompile(group+`[a-z0-9-]*/providers/[A-Za-z.]+/[A-Za-z0-9./-]+`).FindAllString(string(text), -1) {
			if strings.Contains(id, "/rg-heart-ws-w2w3w4w5w6w7wawbwcwd/") || strings.Contains(id, "/Microsoft.Resources/deployments/") {
				continue // the workspace's own
			}
			owner := strings.Join(strings.Split(id, "/")[:9], "/")
			seen[owner[strings.LastIndex(owner, "providers/")+len("providers/"):]] = true
			if _, there := before.Resource(owner); !there {
				t.Errorf("%s: the workspace leads to %s, which nobody made", name, id)
			}
		}
		if len(seen) < 7 { // network, zones of both kinds, front app, state account, scan topic
			t.Errorf("%s: the workspace leads to %v alone", name, seen)
		}
	}
}
