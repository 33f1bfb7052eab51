package platform_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/config"
)

// settings are those of an app, as Bicep makes them.
func settings(t *testing.T, name, app string) map[string]string {
	t.Helper()
	for _, r := range kinds(snapshot(t, "core", name), "Microsoft.Web/sites/config") {
		if strings.HasPrefix(r.Name, "func-"+app+"-") {
			return read[map[string]string](t, r)
		}
	}
	t.Fatalf("%s: no settings of %s", name, app)
	return nil
}

// running stands for what only a deployment knows, by the setting.
var running = map[string]string{
	"TRE_TOPIC_ENDPOINT":   "https://evgt-x.uksouth-1.eventgrid.azure.net/api/events",
	"TRE_ENGINE_PRINCIPAL": "00000000-0000-4000-8000-00000000000e",
	"TRE_PLATFORM":         `{"endpoint_subnet_id":"x"}`,
}

// started are the settings of an app as it sees them: what is an expression has a value, what is a reference is resolved.
func started(t *testing.T, name, app string) config.Config {
	t.Helper()
	seen := map[string]string{"FUNCTIONS_CUSTOMHANDLER_PORT": "8080"}
	for key, value := range settings(t, name, app) {
		switch {
		case strings.HasPrefix(value, "@Microsoft.KeyVault("):
			value = "of-a-test-only-32-characters-long"
		case strings.HasPrefix(value, "["):
			value = running[key]
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
		for key, begin := range map[string]string{"AzureWebJobsStorage__accountName": "sthost" + app[:1], "AzureWebJobsStorage__credential": "managedidentity",
			"TRE_STATE__credential": "managedidentity", "TRE_STATE__accountName": "ststate"} {
			if !strings.HasPrefix(s[key], begin) {
				t.Errorf("%s: %s is %q", app, key, s[key])
			}
		}
		for _, key := range []string{"AZURE_CLIENT_ID", "TRE_STATE__clientId"} {
			if !strings.Contains(s[key], "/id-heart-"+app+"'") || !strings.HasSuffix(s[key], ".clientId]") {
				t.Errorf("%s: %s is %s", app, key, s[key])
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
	var sample map[string]json.RawMessage
	if err := json.Unmarshal(templates.Sample, &sample); err != nil {
		t.Fatal(err)
	}
	told := settings(t, "full", "engine")["TRE_PLATFORM"]
	for key := range sample {
		if !strings.Contains(told, "'"+key+"', ") {
			t.Errorf("TRE_PLATFORM has no %s", key)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "templates", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range regexp.MustCompile(`'([a-z_]+_(?:id|ids|group|zones|location|container|ranges|origin|image))', `).FindAllStringSubmatch(told, -1) {
		if _, known := sample[key[1]]; !known && !strings.Contains(string(page), "`"+key[1]+"`") && key[1] != "client_id" {
			t.Errorf("TRE_PLATFORM has %s, which no page names", key[1])
		}
	}
}
