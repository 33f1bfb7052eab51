package platform_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// parts are the deployments, each with the cases that are kept of it.
var parts = map[string][]string{
	"core":    {"full", "usual"},
	"secrets": {"full", "usual"},
	"events":  {"usual", "without"},
}

// made is a resource that a snapshot says would be made.
type made struct {
	ID, Type, Name string
	Tags           map[string]string
	Properties     json.RawMessage
}

// is tells whether the last part of the resource's own name begins so. Names that are taken worldwide end in what makes
// them so.
func (m made) is(begin string) bool {
	return strings.HasPrefix(m.Name[strings.LastIndexByte(m.Name, '/')+1:], begin)
}

// load reads a JSON file.
func load[T any](t *testing.T, path ...string) T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", filepath.Join(path...), err)
	}
	return v
}

// snapshot is what a case of a part would make.
func snapshot(t *testing.T, part, name string) []made {
	t.Helper()
	return load[struct{ PredictedResources []made }](t, part, "snapshots", name+".snapshot.json").PredictedResources
}

// each runs a test for every resource of a case, of every part and case.
func each(t *testing.T, test func(t *testing.T, r made, all []made)) {
	t.Helper()
	t.Parallel()
	for part, cases := range parts {
		for _, name := range cases {
			t.Run(part+"/"+name, func(t *testing.T) {
				t.Parallel()
				all := snapshot(t, part, name)
				if len(all) == 0 {
					t.Fatal("makes nothing")
				}
				for _, r := range all {
					test(t, r, all)
				}
			})
		}
	}
}

// find is the one resource of a type whose own name begins so.
func find(t *testing.T, all []made, kind, begin string) made {
	t.Helper()
	at := slices.IndexFunc(all, func(r made) bool { return r.Type == kind && r.is(begin) })
	if at < 0 {
		t.Fatalf("no %s %s…", kind, begin)
	}
	return all[at]
}

// read reads the properties of a resource.
func read[T any](t *testing.T, r made) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.Properties, &v); err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	return v
}

// at is what lies at a path of a JSON object, compact; empty if nothing does.
func at(text json.RawMessage, path ...string) string {
	if len(path) == 0 {
		var b bytes.Buffer
		if json.Compact(&b, text) != nil {
			return ""
		}
		return b.String()
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return ""
	}
	return at(object[path[0]], path[1:]...)
}

func TestPartsAreWhole(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("*/main.bicep")
	if err != nil || len(sources) != len(parts) {
		t.Fatalf("%d parts (%v), want %d", len(sources), err, len(parts))
	}
	for part, want := range parts {
		if _, err := os.Stat(filepath.Join(part, "main.json")); err != nil {
			t.Error(err)
		}
		var got []string
		found, err := filepath.Glob(filepath.Join(part, "snapshots", "*.snapshot.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			got = append(got, strings.TrimSuffix(filepath.Base(path), ".snapshot.json"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: cases %v, want %v", part, got, want)
		}
	}
}

// arm is a compiled template, or a nested one.
type arm struct {
	Parameters map[string]struct {
		Type         string
		DefaultValue json.RawMessage
	}
	Outputs   map[string]struct{ Type string }
	Resources json.RawMessage // an object by symbolic name, or a list
}

func TestNoOutputAndNoDefaultIsSecret(t *testing.T) {
	t.Parallel()
	lists := regexp.MustCompile(`(?i)\blist(keys|secrets|accountsas|servicesas|credentials|connectionstrings|syncfunction|hostkeys)?\(`)
	for part := range parts {
		text, err := os.ReadFile(filepath.Join(part, "main.json"))
		if err != nil {
			t.Fatal(err)
		}
		if lists.Match(text) {
			t.Errorf("%s reads a key", part)
		}
		a := load[arm](t, part, "main.json")
		for name, p := range a.Parameters {
			if strings.HasPrefix(strings.ToLower(p.Type), "secure") && p.DefaultValue != nil {
				t.Errorf("%s: secret %s has a default", part, name)
			}
			if strings.HasPrefix(strings.ToLower(p.Type), "secure") != (part == "secrets" && slices.Contains([]string{"cookieKeys", "tokenKeys", "smtpPassword", "clientSecret"}, name)) {
				t.Errorf("%s: %s is a %s", part, name, p.Type)
			}
		}
		for name, o := range a.Outputs {
			if part == "secrets" || strings.HasPrefix(strings.ToLower(o.Type), "secure") {
				t.Errorf("%s: output %s", part, name)
			}
		}
	}
}

// untagged are the types of resource that take no tags.
var untagged = []string{
	"Microsoft.Authorization/roleAssignments",
	"Microsoft.Authorization/roleDefinitions",
	"Microsoft.Consumption/budgets",
	"Microsoft.EventGrid/systemTopics/eventSubscriptions",
	"Microsoft.EventGrid/topics/eventSubscriptions",
	"Microsoft.Insights/diagnosticSettings",
	"Microsoft.KeyVault/vaults/secrets",
	"Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
	"Microsoft.Security/defenderForStorageSettings",
	"Microsoft.Storage/storageAccounts/blobServices",
	"Microsoft.Storage/storageAccounts/blobServices/containers",
	"Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies",
	"Microsoft.Storage/storageAccounts/managementPolicies",
	"Microsoft.Web/sites/basicPublishingCredentialsPolicies",
	"Microsoft.Web/sites/config",
}

func TestWhatCostsIsTagged(t *testing.T) {
	each(t, func(t *testing.T, r made, _ []made) {
		if !slices.Contains(untagged, r.Type) && !strings.HasPrefix(r.Tags["tre_id"], "heart") {
			t.Errorf("%s %s: tags %v", r.Type, r.Name, r.Tags)
		}
	})
}

func TestNamesAreWhatAzureTakes(t *testing.T) {
	// The Functions host cuts the name of its app after 32 characters, and apps of one name mix up their locks.
	// https://learn.microsoft.com/azure/azure-functions/storage-considerations#host-id-considerations
	longest := map[string]int{"Microsoft.Storage/storageAccounts": 24, "Microsoft.KeyVault/vaults": 24, "Microsoft.Web/sites": 32, "Microsoft.EventGrid/topics": 50}
	unique := regexp.MustCompile(`[a-z0-9]{13}$`)
	each(t, func(t *testing.T, r made, _ []made) {
		if most, worldwide := longest[r.Type]; worldwide && (len(r.Name) > most || !unique.MatchString(r.Name)) {
			t.Errorf("%s %s: more than %d characters, or can meet another of its name", r.Type, r.Name, most)
		}
	})
}
