package platform_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// permission is what a custom role lets do.
type permission struct{ Actions, NotActions, DataActions, NotDataActions []string }

// Each row is a custom role: what it may do with data, and nothing else.
func TestCustomRolesOfTheFrontAreSmall(t *testing.T) {
	t.Parallel()
	const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"
	want := map[string]permission{
		"link signer": {
			Actions: []string{"Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
				"Microsoft.Storage/storageAccounts/blobServices/containers/write"},
			DataActions: []string{blobs + "read", blobs + "write", blobs + "add/action"},
		},
		"blob keeper":      {DataActions: []string{blobs + "add/action"}},
		"blob prober":      {DataActions: []string{blobs + "write"}},
		"secret depositor": {DataActions: []string{"Microsoft.KeyVault/vaults/secrets/setSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"}},
	}
	all := snapshot(t, "core", "usual")
	names := custom(t, all)
	for _, r := range kinds(all, "Microsoft.Authorization/roleDefinitions") {
		got := permissions(t, r)
		w, small := want[names[r.Name]]
		if small && (!slices.Equal(got.Actions, w.Actions) || !slices.Equal(got.DataActions, w.DataActions)) {
			t.Errorf("%s: %+v, want %+v", names[r.Name], got, w)
		}
		if !small && (names[r.Name] != "workspace builder" || len(got.DataActions) > 0) {
			t.Errorf("%s: %+v", names[r.Name], got)
		}
	}
	if len(names) != len(want)+1 {
		t.Errorf("%d custom roles", len(names))
	}
}

func permissions(t *testing.T, r made) permission {
	t.Helper()
	all := read[struct{ Permissions []permission }](t, r).Permissions
	if len(all) != 1 {
		t.Fatalf("%s: %d permissions", r.Name, len(all))
	}
	return all[0]
}

// allowed tells whether a pattern of a role covers an action. Azure knows no case.
func (p permission) allowed(action string) bool {
	covers := func(pattern string) bool {
		begin, open := strings.CutSuffix(strings.ToLower(pattern), "*")
		a := strings.ToLower(action)
		return a == begin || open && strings.HasPrefix(a, begin)
	}
	return slices.ContainsFunc(p.Actions, covers) && !slices.ContainsFunc(p.NotActions, covers)
}

// The engine may make and remove all that the first-party templates make, act on machines, let Resource Manager read a
// secret that a deployment refers to, and join the core's subnets; it gives roles by another right, under a condition.
func TestTheEngineMayMakeWhatTemplatesMake(t *testing.T) {
	t.Parallel()
	all := snapshot(t, "core", "usual")
	names := custom(t, all)
	at := slices.IndexFunc(all, func(r made) bool { return names[r.Name] == "workspace builder" })
	builder := permissions(t, all[at])
	for kind := range types(t) {
		switch kind {
		case "Microsoft.Authorization/roleAssignments":
			continue
		case "Microsoft.Resources/resourceGroups": // as Azure calls its actions
			kind = "Microsoft.Resources/subscriptions/resourceGroups"
		}
		for _, verb := range []string{"/read", "/write", "/delete"} {
			if !builder.allowed(kind + verb) {
				t.Errorf("the engine may not %s%s", kind, verb)
			}
		}
	}
	for action, want := range map[string]bool{
		"Microsoft.Compute/virtualMachines/deallocate/action":           true,
		"Microsoft.Compute/virtualMachines/runCommands/write":           true,
		"Microsoft.KeyVault/vaults/deploy/action":                       true,
		"Microsoft.Network/virtualNetworks/subnets/join/action":         true,
		"Microsoft.Network/privateDnsZones/join/action":                 true,
		"Microsoft.Authorization/roleAssignments/write":                 false,
		"Microsoft.Authorization/roleDefinitions/write":                 false,
		"Microsoft.Storage/storageAccounts/listKeys/action":             false,
		"Microsoft.Web/sites/publishxml/action":                         false,
		"Microsoft.ContainerRegistry/registries/listCredentials/action": false,
	} {
		if builder.allowed(action) != want {
			t.Errorf("the engine may %s: %v", action, !want)
		}
	}
}

// types are those of everything that a first-party template makes.
func types(t *testing.T) map[string]bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "templates", "*", "main.json"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d templates: %v", len(paths), err)
	}
	found := map[string]bool{}
	for _, path := range paths {
		collect(load[any](t, path), found)
	}
	return found
}

// collect finds what has a type and an API version, however deep; what exists already is not made.
func collect(part any, found map[string]bool) {
	switch p := part.(type) {
	case []any:
		for _, one := range p {
			collect(one, found)
		}
	case map[string]any:
		kind, typed := p["type"].(string)
		if _, versioned := p["apiVersion"]; typed && versioned && p["existing"] != true {
			found[kind] = true
		}
		for _, one := range p {
			collect(one, found)
		}
	}
}

// The condition on the engine's right to give roles names those that templates give: no role more, no role less.
func TestTheEngineGivesTheRolesOfTemplatesAlone(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "templates", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := snapshot(t, "core", "usual")
	names := custom(t, all)
	var want []string
	for _, role := range regexp.MustCompile(`\| ([0-9a-f-]{36}) \|`).FindAllStringSubmatch(string(page), -1) {
		want = append(want, role[1])
	}
	for id, name := range names {
		if name == "link signer" {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	var seen int
	for _, r := range kinds(all, "Microsoft.Authorization/roleAssignments") {
		g := read[grant](t, r)
		if !strings.HasSuffix(g.RoleDefinitionID, "/f58310d9-a9f6-439a-9e8d-f62e7b41a168") {
			continue
		}
		seen++
		lists := regexp.MustCompile(`GuidEquals \{([^}]*)\}`).FindAllStringSubmatch(g.Condition, -1)
		for _, list := range lists {
			got := strings.Split(list[1], ", ")
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("it may give %v, templates give %v", got, want)
			}
		}
		if len(lists) != 2 || !strings.Contains(g.Condition, "roleAssignments/write") || !strings.Contains(g.Condition, "roleAssignments/delete") ||
			!strings.Contains(g.Condition, "PrincipalType") {
			t.Errorf("condition %s", g.Condition)
		}
	}
	if seen != 1 {
		t.Errorf("%d rights to give roles", seen)
	}
}

func TestTheProbeIsOneBlob(t *testing.T) {
	t.Parallel()
	for _, r := range kinds(snapshot(t, "core", "usual"), "Microsoft.Authorization/roleAssignments") {
		if g := read[grant](t, r); g.Condition != "" && strings.Contains(r.ID, "/containers/manifests/") {
			text, _ := json.Marshal(g.Condition)
			if !strings.Contains(string(text), "containers/blobs:path] StringEquals 'health/probe.txt'") {
				t.Errorf("condition %s", text)
			}
			return
		}
	}
	t.Error("no right to the probe")
}
