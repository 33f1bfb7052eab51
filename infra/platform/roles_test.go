package platform_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// builtIn are Azure's own roles by their id.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var builtIn = map[string]string{
	"b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
	"ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
	"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
	"db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
	"974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
	"0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
	"a235d3ee-5935-4cfb-8cc5-a3303ad5995e": "Storage File Data SMB MI Admin",
	"d5a91429-5739-47e2-a06b-3470a27159e7": "EventGrid Data Sender",
	"b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
	"4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
	"3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
	"43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
	"acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
	"adb29209-aa1d-457b-a786-c913953d2891": "Azure Deployment Stack Owner",
	"f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
	"7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
}

func TestRolesAreWhatTheirNamesSay(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("roles.bicep")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`'([0-9a-f-]{36})' // (.+)`).FindAllStringSubmatch(string(text), -1)
	if len(found) != len(builtIn) {
		t.Errorf("%d roles, want %d", len(found), len(builtIn))
	}
	for _, role := range found {
		if builtIn[role[1]] != role[2] {
			t.Errorf("%s is called %q, want %q", role[1], role[2], builtIn[role[1]])
		}
	}
}

// grant is what an assignment of a role says.
type grant struct{ RoleDefinitionID, PrincipalID, PrincipalType, Condition string }

// custom are the custom roles of a TRE by their id.
func custom(t *testing.T, all []made) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, r := range kinds(all, "Microsoft.Authorization/roleDefinitions") {
		name := read[struct{ RoleName string }](t, r).RoleName
		names[r.Name] = strings.SplitN(name, " ", 3)[2] // "TRE heart link signer"
	}
	return names
}

// holders tell who a role is given to, by what stands in the expression of the principal.
var holders = [][2]string{
	{"userAssignedIdentities/id-heart-front'", "front"}, {"userAssignedIdentities/id-heart-engine'", "engine"},
	{"userAssignedIdentities/id-heart-2-front'", "front"}, {"userAssignedIdentities/id-heart-2-engine'", "engine"},
	{"sites/func-front-", "host of the front"}, {"sites/func-engine-", "host of the engine"},
	{"topics/evgt-scans-", "scan topic"}, {"systemTopics/evgt-airlock-", "airlock topic"},
	{"systemTopics/evgt-subscription-", "subscription topic"}, {"topics/evgt-", "own topic"},
}

// places tell what a role is given on, by the end of the scope without what makes names unique.
var places = map[string]string{
	"storageAccounts/ststate": "state", "storageAccounts/stairlock": "airlock", "storageAccounts/sthostf": "host of the front",
	"storageAccounts/sthoste": "host of the engine", "topics/evgt-": "own topic", "vaults/kv-ws-": "vault of workspaces",
	"components/appi-heart": "Application Insights", "components/appi-heart-2": "Application Insights",
	"subscriptions/11111111-1111-4111-8111-111111111111": "the subscription",
}

// grants lists "who | role | on" of what the cases make together.
func grants(t *testing.T, all []made) []string {
	t.Helper()
	unique := regexp.MustCompile(`[a-z0-9]{13}$`)
	names := custom(t, slices.Concat(snapshot(t, "core", "usual"), snapshot(t, "core", "full")))
	var lines []string
	for _, r := range kinds(all, "Microsoft.Authorization/roleAssignments") {
		g := read[grant](t, r)
		who := g.PrincipalID
		if at := slices.IndexFunc(holders, func(h [2]string) bool { return strings.Contains(who, h[0]) }); at >= 0 {
			who = holders[at][1]
		}
		id := g.RoleDefinitionID[strings.LastIndexByte(g.RoleDefinitionID, '/')+1:]
		role := builtIn[id] + names[id]
		if g.PrincipalType != "ServicePrincipal" || role == "" {
			t.Errorf("%s %s is given to a %q", r.ID, role, g.PrincipalType)
		}
		if g.Condition != "" {
			role += ", under a condition"
		}
		lines = append(lines, who+" | "+role+" | "+placeOf(strings.Split(r.ID, "/providers/Microsoft.Authorization/")[0], unique))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// placeOf names a scope as the pages do.
func placeOf(scope string, unique *regexp.Regexp) string {
	scope, inner, _ := strings.Cut(scope, "/blobServices/default/containers/")
	scope, secret, _ := strings.Cut(scope, "/secrets/")
	parts := strings.Split(scope, "/")
	end := strings.Join(parts[len(parts)-2:], "/")
	if secret != "" {
		return "secret " + secret
	}
	if !strings.HasPrefix(end, "subscriptions/") {
		end = unique.ReplaceAllString(end, "")
	}
	place, known := places[end]
	if !known {
		place = end
	}
	if inner != "" {
		place += "/" + inner
	}
	return place
}

// The page says who may do what, and that is what is given: no line more, no line less.
func TestRightsAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "deploy.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "<!-- rights -->\n")
	table, _, ended := strings.Cut(rest, "<!-- end of rights -->")
	if !found || !ended {
		t.Fatal("docs/deploy.md has no table of rights")
	}
	var want []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 4 && !strings.Contains(line, "---") && !strings.HasPrefix(line, "| who ") {
			want = append(want, strings.TrimSpace(cells[1])+" | "+strings.TrimSpace(cells[2])+" | "+strings.TrimSpace(cells[3]))
		}
	}
	slices.Sort(want)
	got := grants(t, slices.Concat(snapshot(t, "core", "usual"), snapshot(t, "events", "usual"), snapshot(t, "secrets", "full")))
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("given, and not on the page: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("on the page, and not given: %s", line)
		}
	}
}

// Whatever is asked for, nobody gets more than in the usual case.
func TestNoCaseGivesMore(t *testing.T) {
	t.Parallel()
	usual := grants(t, slices.Concat(snapshot(t, "core", "usual"), snapshot(t, "events", "usual")))
	for _, line := range grants(t, slices.Concat(snapshot(t, "core", "full"), snapshot(t, "events", "without"))) {
		if !slices.Contains(usual, line) {
			t.Errorf("given beyond the usual: %s", line)
		}
	}
}
