package platform_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/config"
)

// started are the settings of an app as it sees them: what is a reference is resolved.
func started(t *testing.T, name, app string) config.Config {
	t.Helper()
	seen := map[string]string{"FUNCTIONS_CUSTOMHANDLER_PORT": "8080"}
	for key, value := range settings(t, name, app) {
		if strings.HasPrefix(value, "@Microsoft.KeyVault(") {
			value = "of-a-test-only-32-characters-long"
		}
		seen[strings.ToUpper(key)] = value
	}
	c, err := config.Load(func(key string) (string, bool) { value, ok := seen[key]; return value, ok })
	if err != nil {
		t.Errorf("%s: the %s does not start: %v", name, app, err)
	}
	return c
}

func TestBothAppsStartWithTheirSettings(t *testing.T) {
	t.Parallel()
	for _, name := range parts["core"] {
		front, engine := started(t, name, "front"), started(t, name, "engine")
		if !front.App.Front() || front.App.Engine() || !engine.App.Engine() || engine.App.Front() {
			t.Errorf("%s: the halves are %s and %s", name, front.App, engine.App)
		}
		if !front.Workspaces.On() || !engine.Workspaces.On() {
			t.Errorf("%s: no workspaces are made", name)
		}
		if !slices.Equal(front.Events.OwnTopics, engine.Events.OwnTopics) || !slices.Equal(front.Events.ScanTopics, engine.Events.ScanTopics) {
			t.Errorf("%s: the two apps believe different topics", name)
		}
		var told struct {
			Engine string `json:"engine_principal_id"`
		}
		if err := json.Unmarshal([]byte(settings(t, name, "engine")["TRE_PLATFORM"]), &told); err != nil || told.Engine != engine.Workspaces.Principals[0] {
			t.Errorf("%s: templates are told of engine %q, deny settings exempt %v (%v)", name, told.Engine, engine.Workspaces.Principals, err)
		}
		if front.Accounts.State.Name() != engine.Accounts.State.Name() || front.Accounts.Airlock.Name() != engine.Accounts.Airlock.Name() {
			t.Errorf("%s: the two apps have different accounts", name)
		}
	}
}

// hosts are settings that the Functions host and its libraries read, not we.
var hosts = regexp.MustCompile(`^(AzureWebJobs\.[a-z]+\.Disabled|AzureWebJobsStorage__(accountName|credential)|TRE_STATE__(credential|clientId)|AZURE_CLIENT_ID|APPLICATIONINSIGHTS_(CONNECTION|AUTHENTICATION)_STRING)$`)

// schedules are read by the host in both apps: function.json refers to them.
var schedules = []string{"TRE_SWEEP_SCHEDULE", "TRE_RETAIN_SCHEDULE", "TRE_TEND_SCHEDULE"}

func TestEverySettingIsOneThatIsRead(t *testing.T) {
	t.Parallel()
	known := map[string]config.Setting{}
	for _, s := range config.Settings() {
		known[s.Name] = s
	}
	for _, name := range parts["core"] {
		for _, app := range []string{"front", "engine"} {
			for key, value := range settings(t, name, app) {
				s, ours := known[strings.ToUpper(key)]
				switch reads := app == "front" && s.Front || app == "engine" && s.Engine; {
				case ours && s.Secret && !strings.HasPrefix(value, "@Microsoft.KeyVault(SecretUri=https://kv-app-"):
					t.Errorf("%s: %s: the secret %s is no reference", name, app, key)
				case ours && !reads && !slices.Contains(schedules, key), !ours && !hosts.MatchString(key):
					t.Errorf("%s: the %s does not read %s", name, app, key)
				}
			}
		}
	}
}

func TestTheHostUsesTheSystemIdentityAndTheAppTheOther(t *testing.T) {
	t.Parallel()
	for _, app := range []string{"front", "engine"} {
		s := settings(t, "usual", app)
		_, client, _ := strings.Cut(s["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"], "ClientId=")
		client, _, _ = strings.Cut(client, ";")
		own := platform(t, "usual")["/subscriptions/"+subscription+"/resourcegroups/rg-heart/providers/microsoft.managedidentity/userassignedidentities/id-heart-"+app]
		if want := own["properties"].(map[string]any)["clientId"]; client == "" || client != want {
			t.Errorf("%s: it is %q, want %v", app, client, want)
		}
		for key, want := range map[string]string{"AzureWebJobsStorage__accountName": "sthost" + app[:1], "AzureWebJobsStorage__credential": "managedidentity",
			"TRE_STATE__credential": "managedidentity", "TRE_STATE__accountName": "ststate", "TRE_STATE__clientId": client, "AZURE_CLIENT_ID": client} {
			if !strings.HasPrefix(s[key], want) {
				t.Errorf("%s: %s is %q, want %s", app, key, s[key], want)
			}
		}
		for _, key := range []string{"AzureWebJobsStorage", "AzureWebJobsStorage__clientId", "FUNCTIONS_WORKER_RUNTIME"} {
			if _, there := s[key]; there {
				t.Errorf("%s: %s is set", app, key)
			}
		}
	}
}

// bindings are those of a function.
type bindings struct{ Bindings []struct{ Type string } }

func TestEveryFunctionRunsInOneApp(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "..", "functions", "*", "function.json"))
	if err != nil || len(paths) < 19 {
		t.Fatalf("%d functions: %v", len(paths), err)
	}
	for _, name := range parts["core"] {
		front, engine := settings(t, name, "front"), settings(t, name, "engine")
		disabled := 0
		for _, s := range []map[string]string{front, engine} {
			for key := range s {
				if strings.HasPrefix(key, "AzureWebJobs.") {
					disabled++
				}
			}
		}
		if disabled != len(paths) {
			t.Errorf("%s: %d functions are disabled in one of the apps, there are %d", name, disabled, len(paths))
		}
		for _, path := range paths {
			function := filepath.Base(filepath.Dir(path))
			key := "AzureWebJobs." + function + ".Disabled"
			inFront, inEngine := front[key] != "true", engine[key] != "true"
			if inFront == inEngine {
				t.Errorf("%s: %s runs in the front: %v, in the engine: %v", name, function, inFront, inEngine)
			}
			trigger := load[bindings](t, path).Bindings[0].Type
			if faces := trigger == "httpTrigger" || trigger == "eventGridTrigger"; faces != inFront {
				t.Errorf("%s: %s, a %s, runs in the front: %v", name, function, trigger, inFront)
			}
		}
	}
}

// Every reference leads to a secret that is made, and to one that the app's identity reads.
func TestSecretsAreThereForWhoRefersToThem(t *testing.T) {
	t.Parallel()
	reference := regexp.MustCompile(`^@Microsoft\.KeyVault\(SecretUri=https://(kv-app-[a-z0-9]{13})\.vault\.azure\.net/secrets/([a-z-]+)\)$`)
	all := snapshot(t, "secrets", "full")
	made := map[string]string{} // secret → who reads it
	for _, r := range kinds(all, "Microsoft.Authorization/roleAssignments") {
		scope, _, _ := strings.Cut(r.ID, "/providers/Microsoft.Authorization/")
		made[scope[strings.LastIndexByte(scope, '/')+1:]] = read[grant](t, r).PrincipalID
	}
	for _, app := range []string{"front", "engine"} {
		for key, value := range settings(t, "full", app) {
			if !strings.HasPrefix(value, "@") {
				continue
			}
			found := reference.FindStringSubmatch(value)
			if found == nil {
				t.Errorf("%s: %s", key, value)
				continue
			}
			secret := find(t, all, "Microsoft.KeyVault/vaults/secrets", found[2])
			if !strings.HasPrefix(secret.Name, found[1]+"/") || !strings.Contains(made[found[2]], "/id-heart-2-"+app+"'") {
				t.Errorf("%s of the %s: %s is read by %s", key, app, secret.Name, made[found[2]])
			}
			delete(made, found[2])
		}
	}
	if len(made) > 0 {
		t.Errorf("nobody refers to %v", made)
	}
}

// What templates are told is made by this deployment, nothing of it by hand.
func TestTemplatesAreToldWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	var sample, told map[string]json.RawMessage
	err := errors.Join(json.Unmarshal(templates.Sample, &sample), json.Unmarshal([]byte(settings(t, "full", "engine")["TRE_PLATFORM"]), &told))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "templates", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for key := range sample {
		if _, there := told[key]; !there {
			t.Errorf("TRE_PLATFORM has no %s", key)
		}
	}
	for key := range told {
		if _, known := sample[key]; !known && !strings.Contains(string(page), "`"+key+"`") {
			t.Errorf("TRE_PLATFORM has %s, which no page names", key)
		}
	}
}
