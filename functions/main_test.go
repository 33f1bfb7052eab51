package main

import (
	"embed"
	"encoding/json"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/engine"
	"github.com/trefoil-tre/trefoil/internal/front"
	"github.com/trefoil-tre/trefoil/internal/message"
)

//go:embed */function.json
var rooms embed.FS

// binding is one binding of a function.json.
type binding struct {
	Type, Direction, Name, QueueName, Connection, Route, AuthLevel, Schedule string
}

func bindings(t *testing.T) map[string][]binding {
	t.Helper()
	files, err := fs.Glob(rooms, "*/function.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]binding{}
	for _, file := range files {
		text, err := rooms.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct{ Bindings []binding }
		if err := json.Unmarshal(text, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[path.Dir(file)] = content.Bindings
	}
	return all
}

// estate are the settings of a TRE that makes workspaces.
var estate = map[string]string{
	"TRE_SUBSCRIPTION": "5a1f0c2e-0000-4000-8000-000000000001", "TRE_LOCATION": "westeurope", "TRE_CORE_GROUP": "rg-core",
	"TRE_VAULT_URL":        "https://kv-tre.vault.azure.net",
	"TRE_VAULT_ID":         "/subscriptions/5a1f0c2e-0000-4000-8000-000000000001/resourceGroups/rg-core/providers/Microsoft.KeyVault/vaults/kv-tre",
	"TRE_ENGINE_PRINCIPAL": "5a1f0c2e-0000-4000-8000-000000000002", "TRE_TOKEN_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}

// app is the app with everything in it, as on one machine.
func app(t *testing.T, which string, more ...map[string]string) *azfunc.App {
	t.Helper()
	const account = "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.windows.net"
	settings := map[string]string{
		"TRE_APP": which, "FUNCTIONS_CUSTOMHANDLER_PORT": "8080", "TRE_STATE": account, "TRE_AIRLOCK": account,
		"TRE_WORKSPACE_CONNECTIONS": account, "TRE_TOPIC_ENDPOINT": "https://topic.example/api/events", "TRE_TOPIC_KEY": "a2V5",
		"TRE_ISSUER": "https://issuer.example", "TRE_AUDIENCE": "api", "TRE_CLIENT_ID": "portal",
		"TRE_COOKIE_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
		"TRE_PORTAL_URL":  "https://tre.example/portal", "TRE_API_URL": "https://tre.example/api",
		"TRE_SMTP_HOST": "mail.example", "TRE_SMTP_FROM": "tre@example.org",
	}
	for _, m := range more {
		maps.Copy(settings, m)
	}
	c, err := config.Load(func(name string) (string, bool) { v, ok := settings[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	a := &azfunc.App{}
	log := slog.New(slog.DiscardHandler)
	if c.App.Front() {
		if err := front.Add(a, front.Settings{Config: c, Version: "test", Log: log}); err != nil {
			t.Fatal(err)
		}
	}
	if c.App.Engine() {
		if err := engine.Add(a, c, "test", log); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestBindings proves that every function.json says what the code says.
func TestBindings(t *testing.T) {
	t.Parallel()
	said := bindings(t)
	for _, f := range app(t, "all", estate).Functions() {
		bound, ok := said[f.Name]
		delete(said, f.Name)
		if !ok {
			t.Errorf("%s has no function.json", f.Name)
			continue
		}
		if f.HTTP() {
			if len(bound) != 2 || bound[0].Type != "httpTrigger" || bound[1].Type != "http" || bound[0].Route != f.Name+"/{*path}" {
				t.Errorf("%s: not exactly http in and http out at its own path: %+v", f.Name, bound)
			}
			continue
		}
		var outputs []string
		for _, b := range bound {
			switch {
			case strings.HasSuffix(b.Type, "Trigger"):
				if b.Name != f.Trigger {
					t.Errorf("%s: trigger %q, code says %q", f.Name, b.Name, f.Trigger)
				}
				if b.Type == "queueTrigger" && b.QueueName != f.Name {
					t.Errorf("%s: reads queue %q, want its own name", f.Name, b.QueueName)
				}
			default:
				outputs = append(outputs, b.Name)
			}
		}
		want := f.Outputs()
		slices.Sort(outputs)
		slices.Sort(want)
		if !slices.Equal(outputs, want) {
			t.Errorf("%s: outputs %v, code says %v", f.Name, outputs, want)
		}
	}
	for name := range said {
		t.Errorf("%s has a function.json and no code", name)
	}
}

// TestWithoutWorkspaces proves that a TRE which makes no workspaces has the same
// functions: they refuse, and say why.
func TestWithoutWorkspaces(t *testing.T) {
	t.Parallel()
	with, without := app(t, "all", estate).Functions(), app(t, "all").Functions()
	if len(with) != len(without) {
		t.Fatalf("%d functions with workspaces, %d without", len(with), len(without))
	}
	for i, f := range with {
		if other := without[i]; f.Name != other.Name || f.Trigger != other.Trigger || !slices.Equal(f.Outputs(), other.Outputs()) {
			t.Errorf("%s is wired as %+v without workspaces", f.Name, other)
		}
	}
}

// TestNoOrphanQueues proves that every queue that is written is read, by the
// function of its name, and known to sweep.
func TestNoOrphanQueues(t *testing.T) {
	t.Parallel()
	read, written := map[string]bool{}, map[string]bool{}
	for name, bound := range bindings(t) {
		for _, b := range bound {
			switch b.Type {
			case "queueTrigger":
				read[b.QueueName] = true
			case "queue":
				written[b.QueueName] = true
				if b.Name != b.QueueName {
					t.Errorf("%s: output %q goes to queue %q, want the same name", name, b.Name, b.QueueName)
				}
			}
			if (b.Type == "queue" || b.Type == "queueTrigger") && b.Connection != "TRE_STATE" {
				t.Errorf("%s: queue %q is in %q, want TRE_STATE", name, b.QueueName, b.Connection)
			}
		}
	}
	for queue := range written {
		if !read[queue] {
			t.Errorf("queue %s is written and never read", queue)
		}
	}
	for queue := range read {
		if !slices.Contains(message.Queues, queue) {
			t.Errorf("queue %s is not among message.Queues: sweep does not read its poison", queue)
		}
	}
	if len(message.Queues) != len(read) {
		t.Errorf("message.Queues has %d queues, the functions read %d", len(message.Queues), len(read))
	}
}

// TestAppsShareNoFunction proves that each function belongs to one app.
func TestAppsShareNoFunction(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, which := range []string{"front", "engine"} {
		for _, f := range app(t, which).Functions() {
			if other := seen[f.Name]; other != "" {
				t.Errorf("%s is in %s and %s", f.Name, other, which)
			}
			seen[f.Name] = which
		}
	}
	for name := range bindings(t) {
		if seen[name] == "" {
			t.Errorf("%s is in no app", name)
		}
	}
}
