package templates_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/templates"
)

// TestReadmeNamesEveryRole proves that the README names the roles that templates give, and no others: whoever runs a TRE
// holds the engine to that list.
func TestReadmeNamesEveryRole(t *testing.T) {
	t.Parallel()
	given := map[string]bool{}
	role := regexp.MustCompile(`/providers/Microsoft\.Authorization/roleDefinitions/([0-9a-f-]{36})"`)
	for _, name := range templates.Names() {
		snapshots, err := filepath.Glob(filepath.Join(name, "snapshots", "*.snapshot.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range snapshots {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range role.FindAllStringSubmatch(string(text), -1) {
				given[match[1]] = true
			}
		}
	}
	delete(given, "00000000-0000-4000-8000-0000000000d0") // signer_role_id of typical.bicep
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, match := range regexp.MustCompile(`\| ([0-9a-f-]{36}) \|`).FindAllStringSubmatch(string(page), -1) {
		named[match[1]] = true
	}
	if got, want := slices.Sorted(maps.Keys(named)), slices.Sorted(maps.Keys(given)); !slices.Equal(got, want) {
		t.Errorf("README.md names the roles %v, templates give %v", got, want)
	}
}

func TestNamesThatAreTakenWorldwideHaveTheWholeSuffix(t *testing.T) {
	worldwide := []string{"Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts", "Microsoft.Web/sites"}
	suffix := regexp.MustCompile(`[a-z2-7]{20}$`)
	eachMade(t, func(t *testing.T, r made, _ []made) {
		if slices.Contains(worldwide, r.Type) && !suffix.MatchString(r.Name) {
			t.Errorf("%s %s can meet another of its name", r.Type, r.Name)
		}
		if r.Type == "Microsoft.Storage/storageAccounts" && (len(r.Name) > 24 || strings.Contains(r.Name, "-")) {
			t.Errorf("Azure takes no storage account %s", r.Name)
		}
		if r.Type == "Microsoft.KeyVault/vaults" && len(r.Name) > 24 {
			t.Errorf("Azure takes no vault %s", r.Name)
		}
	})
}
