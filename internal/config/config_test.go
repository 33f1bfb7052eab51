package config_test

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/config"
)

const (
	connection = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;"
	cookieKey  = "c00kie-key-of-at-least-32-characters"
)

// common, front and engine are the least settings that both, the front app and the engine app start with.
var (
	common = map[string]string{
		"FUNCTIONS_CUSTOMHANDLER_PORT": "7071",
		"TRE_STATE":                    connection,
		"TRE_AIRLOCK__ACCOUNTNAME":     "airlock1",
		"TRE_TOPIC_ENDPOINT":           "https://t.example/api/events",
		"TRE_PORTAL_URL":               "https://tre.example/portal/",
		"TRE_API_URL":                  "https://tre.example/api",
	}
	front = map[string]string{
		"TRE_ISSUER": "http://localhost:1/i", "TRE_AUDIENCE": "api://tre", "TRE_CLIENT_ID": "c", "TRE_COOKIE_KEYS": cookieKey + "\n" + cookieKey,
	}
	engine = map[string]string{
		"TRE_SMTP_HOST": "mail.example", "TRE_SMTP_FROM": "TRE <tre@example.org>",
	}
)

// merge returns all settings together; those set to "" are left out.
func merge(settings ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, s := range settings {
		maps.Copy(all, s)
	}
	maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
	return all
}

func load(settings ...map[string]string) (config.Config, error) {
	all := merge(settings...)
	return config.Load(func(name string) (string, bool) {
		v, ok := all[name]
		return v, ok
	})
}

func app(name string) map[string]string { return map[string]string{"TRE_APP": name} }

func TestEachAppStartsWithItsOwn(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]map[string]string{
		"front": merge(common, front), "engine": merge(common, engine), "all": merge(common, front, engine),
	} {
		if _, err := load(app(name), settings); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// formed is what TestDefaultsAndForms reads.
var formed = map[string]any{
	"app":      config.AppAll,
	"port":     7071,
	"level":    slog.LevelWarn,
	"hint":     90 * time.Second,
	"timeout":  10 * time.Minute,
	"page":     10,
	"tenants":  "t1 t2 t3 t4",
	"accounts": 2,
	"keys":     2,
	"portal":   config.URL("https://tre.example/portal"),
	"blobs":    "https://airlock1.blob.core.chinacloudapi.cn",
	"queues":   "https://airlock1.queue.core.windows.net",
	"tables":   "https://airlock1.table.core.windows.net",
	"state":    "|" + connection,
	"account":  "https://ws1.blob.core.windows.net",
	"tls":      config.TLSStart,
	"sweep":    config.Schedule("0 * * * * *"),
}

func TestDefaultsAndForms(t *testing.T) {
	t.Parallel()
	c, err := load(app("all"), common, front, engine, map[string]string{
		"TRE_LOG_LEVEL":               "warn",
		"TRE_HINT_AFTER":              "90s",
		"TRE_TENANTS":                 "t1, t2|t3\nt4,",
		"TRE_WORKSPACE_CONNECTIONS":   connection + "|\r\n" + connection + "\n",
		"TRE_AIRLOCK__BLOBSERVICEURI": "https://airlock1.blob.core.chinacloudapi.cn/",
		"TRE_PAGE_SIZE":               " 10 ",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"app":      c.App,
		"port":     c.Host.Port,
		"level":    c.Host.LogLevel,
		"hint":     c.Work.HintAfter,
		"timeout":  c.Host.Timeout,
		"page":     c.Work.PageSize,
		"tenants":  strings.Join(c.SignIn.Tenants, " "),
		"accounts": len(c.Accounts.WorkspaceConnections),
		"keys":     len(c.SignIn.CookieKeys),
		"portal":   c.SignIn.PortalURL,
		"blobs":    c.Accounts.Airlock.Blobs(),
		"queues":   c.Accounts.Airlock.Queues(),
		"tables":   c.Accounts.Airlock.Tables(),
		"state":    c.Accounts.State.Tables() + "|" + c.Accounts.State.Connection.Reveal(),
		"account":  c.Accounts.WorkspaceEndpoint.For("ws1"),
		"tls":      c.Mail.TLS,
		"sweep":    c.Work.SweepSchedule,
	}
	if diff := cmp.Diff(formed, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestAnAppReadsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	for name, others := range map[string]func(config.Setting) bool{
		"front":  func(s config.Setting) bool { return !s.Front },
		"engine": func(s config.Setting) bool { return !s.Engine },
	} {
		foreign := map[string]bool{}
		for _, s := range config.Settings() {
			foreign[s.Name] = others(s)
		}
		all := merge(app(name), common, front, engine)
		c, err := config.Load(func(key string) (string, bool) {
			if foreign[key] {
				t.Errorf("%s asks for %s", name, key)
			}
			v, ok := all[key]
			return v, ok
		})
		if err != nil {
			t.Fatal(err)
		}
		if name == "front" && (c.Mail.Host != "") {
			t.Errorf("front holds the engine's %+v", c.Mail)
		}
		if name == "engine" && len(c.SignIn.CookieKeys) > 0 {
			t.Error("engine holds the front's cookie keys")
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings map[string]string
		want     string
	}{
		{"no app", map[string]string{"TRE_APP": ""}, "TRE_APP: not set: set which half"},
		{"no such app", app("back"), `TRE_APP: "back" is none of [front engine all]`},
		{"missing", map[string]string{"TRE_AUDIENCE": ""}, "TRE_AUDIENCE: not set: set audience"},
		{"blank", map[string]string{"TRE_AUDIENCE": "  "}, "TRE_AUDIENCE: not set"},
		{"nobody may sign in", map[string]string{"TRE_ISSUER": ""}, "TRE_TENANTS: not set: set the ids of the tenants"},
		{"keys too old before they are fetched again", map[string]string{"TRE_KEYS_STALE": "30m"}, "TRE_KEYS_STALE: must be at least TRE_KEYS_FRESH"},
		{"a directory without TLS", map[string]string{"TRE_GRAPH_ENDPOINT": "http://graph.example"}, "TRE_GRAPH_ENDPOINT: not https"},
		{"a directory nowhere", map[string]string{"TRE_GRAPH_ENDPOINT": "graph"}, "TRE_GRAPH_ENDPOINT: not an address that begins with https:// (or http:// on one machine), or none"},
		{"a token too short to be one", map[string]string{"TRE_MAX_TOKEN": "100"}, "TRE_MAX_TOKEN: 100 is less than 1024"},
		{"no number", map[string]string{"TRE_PAGE_SIZE": "many"}, `TRE_PAGE_SIZE: strconv.ParseInt: parsing "many": invalid syntax: set files or rows`},
		{"too many", map[string]string{"TRE_PAGE_SIZE": "101"}, "TRE_PAGE_SIZE: 101 is more than 100"},
		{"none at all", map[string]string{"TRE_PAGE_SIZE": "0"}, "TRE_PAGE_SIZE: 0 is less than 1"},
		{"no unit", map[string]string{"TRE_HINT_AFTER": "90"}, "TRE_HINT_AFTER: time: missing unit in duration"},
		{"a delivery longer than a hint waits", map[string]string{"TRE_HINT_AFTER": "20s"}, "TRE_DELIVER_BUSY: 20s is not less than TRE_HINT_AFTER (20s)"},
		{"negative", map[string]string{"TRE_HINT_AFTER": "-1s"}, "TRE_HINT_AFTER: -1s is less than 1"},
		{"unit told", map[string]string{"TRE_INSPECT_SLICE": "x"}, ", in bytes, or nothing for 4294967296"},
		{"no level", map[string]string{"TRE_LOG_LEVEL": "loud"}, "TRE_LOG_LEVEL: slog: level string"},
		{"no account", map[string]string{"TRE_STATE": ""}, "TRE_STATE: not set: set TRE_STATE__ACCOUNTNAME"},
		{"two ways", map[string]string{"TRE_STATE__ACCOUNTNAME": "a"}, "TRE_STATE: both a connection string and an account"},
		{"no address", map[string]string{"TRE_API_URL": "tre.example"}, "TRE_API_URL: not an address that begins with https://"},
		{"secret in address", map[string]string{"TRE_TOPIC_ENDPOINT": "https://t.example/?key=1"}, "TRE_TOPIC_ENDPOINT: an address with a user, a query"},
		{"no place for the account", map[string]string{"TRE_WORKSPACE_ENDPOINT": "https://x.example"}, "TRE_WORKSPACE_ENDPOINT: an address in which {account} stands once"},
		{"no schedule", map[string]string{"TRE_SWEEP_SCHEDULE": "* * * * *"}, "TRE_SWEEP_SCHEDULE: 5 fields"},
		{"odd schedule", map[string]string{"TRE_SWEEP_SCHEDULE": "0 * * * * %X%"}, "TRE_SWEEP_SCHEDULE: a character"},
		{"no sender", map[string]string{"TRE_SMTP_FROM": "us"}, "TRE_SMTP_FROM: not a mail address"},
		{"no such protection", map[string]string{"TRE_SMTP_TLS": "ssl"}, "TRE_SMTP_TLS:"},
		{"user without password", map[string]string{"TRE_SMTP_USERNAME": "u"}, "TRE_SMTP_USERNAME: a user without a password"},
		{"short key", map[string]string{"TRE_COOKIE_KEYS": cookieKey + "|short"}, "TRE_COOKIE_KEYS: a key is shorter"},
		{"a reference that was not resolved", map[string]string{"TRE_COOKIE_KEYS": "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/cookie-keys)"},
			"TRE_COOKIE_KEYS: a reference to Key Vault that Azure has not resolved: set keys that seal"},
		{"margin", map[string]string{"TRE_FUNCTION_MARGIN": "10m"}, "TRE_FUNCTION_MARGIN: not less than"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := load(app("all"), common, front, engine, test.settings)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("Load = %v, want %q", err, test.want)
			}
			if strings.Count(err.Error(), "\n") != 0 {
				t.Errorf("one mistake, several lines: %v", err)
			}
			if !cmp.Equal(fmt.Sprint(c), fmt.Sprint(config.Config{})) {
				t.Error("settings came with the error")
			}
		})
	}
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(app("engine"), map[string]string{"TRE_CONCURRENCY": "0", "TRE_SMTP_PORT": "x", "TRE_COOKIE_KEYS": "not the engine's"})
	if err == nil {
		t.Fatal("nothing is set, and all is well")
	}
	var names []string
	for line := range strings.Lines(err.Error()) {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	want := []string{
		"FUNCTIONS_CUSTOMHANDLER_PORT", "TRE_TOPIC_ENDPOINT", "TRE_PORTAL_URL", "TRE_API_URL", "TRE_SMTP_HOST", "TRE_SMTP_PORT",
		"TRE_SMTP_FROM", "TRE_CONCURRENCY", "TRE_STATE", "TRE_AIRLOCK",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
