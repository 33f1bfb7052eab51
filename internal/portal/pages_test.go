package portal_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// grid says what the page of a request of Ann's lets everybody do, by stage:
// the forms on it, or the status where there is no page for them. "audit" is
// the link to the audit trail; an administrator sees that instead of the page.
var grid = map[airlock.Stage]map[string]string{
	airlock.Draft:   {"ann": "cancel link remove submit", "bob": "404", "olga": "audit cancel", "mia": "404", "rita": "404", "adam": "200", "sam": "404"},
	airlock.Sealing: {"ann": "cancel", "bob": "", "olga": "audit cancel", "mia": "audit", "rita": "audit", "adam": "200", "sam": "404"},
	airlock.Gating:  {"ann": "cancel", "bob": "", "olga": "audit cancel", "mia": "audit", "rita": "audit", "adam": "200", "sam": "404"},
	airlock.InReview: {"ann": "cancel", "bob": "", "olga": "audit cancel link", "mia": "approve audit link reject return",
		"rita": "approve audit link reject return", "adam": "200", "sam": "404"},
	airlock.Approving: {"ann": "", "bob": "", "olga": "audit", "mia": "audit stop", "rita": "audit stop", "adam": "200", "sam": "404"},
	airlock.Approved:  {"ann": "link", "bob": "link", "olga": "audit link", "mia": "audit revoke", "rita": "audit link revoke", "adam": "200", "sam": "404"},
	airlock.Rejecting: {"ann": "", "bob": "", "olga": "audit", "mia": "audit", "rita": "audit", "adam": "200", "sam": "404"},
	airlock.Rejected:  {"ann": "", "bob": "", "olga": "audit", "mia": "audit", "rita": "audit", "adam": "200", "sam": "404"},
	airlock.Blocked:   {"ann": "", "bob": "", "olga": "audit", "mia": "audit", "rita": "audit", "adam": "200", "sam": "404"},
	airlock.Cancelled: {"ann": "", "bob": "404", "olga": "audit", "mia": "404", "rita": "404", "adam": "200", "sam": "404"},
	airlock.Failed:    {"ann": "", "bob": "", "olga": "audit retry", "mia": "audit retry", "rita": "audit retry", "adam": "retry", "sam": "404"},
	airlock.Revoked:   {"ann": "", "bob": "", "olga": "audit", "mia": "audit", "rita": "audit", "adam": "200", "sam": "404"},
}

var forms = regexp.MustCompile(`(?:action|href)="/portal/workspaces/[^"/]+/requests/[^"/]+/([a-z]+)"`)

// offered lists what a page lets its reader do.
func offered(page string) string {
	var all []string
	for _, found := range forms.FindAllStringSubmatch(page, -1) {
		all = append(all, found[1])
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func TestGrid(t *testing.T) {
	t.Parallel()
	for stage, row := range grid {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			k := b.stage(stage, content{})
			for who, want := range row {
				a := b.get(who, at(k))
				got := offered(a.body)
				switch {
				case want == "404" || want == "403":
					got = map[int]string{404: "404", 403: "403"}[a.status]
				case want == "200" && got == "":
					got = map[int]string{200: "200"}[a.status]
				case a.status != http.StatusOK:
					t.Errorf("%s: status %d", who, a.status)
				}
				if got != want {
					t.Errorf("%s: %q, want %q", who, got, want)
				}
			}
		})
	}
}

// TestPages looks for what has to be on every page of a request.
func TestPages(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.Reviewers = 2 })
	k := b.stage(airlock.InReview, content{title: "Tables", reason: "For the board.", kind: airlock.Export})
	for who, wants := range map[string][]string{
		"mia": {"Tables", "For the board.", "Ann Researcher", "ann@example.org", "Heart study", "Export, out of the workspace", "In review",
			"0 of 2 approvals", "results/table 1.csv", "1.2 MiB", "1,234,567 bytes", airlock.Digest([]byte("results/table 1.csv")),
			"text/csv", "No threats found", b.digest(k), k.Request, "Until <time", "Return for changes", "How it came here"},
		"ann": {"Tables", "Cancel the request"},
	} {
		page := b.get(who, at(k)).body
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("the page of %s lacks %q", who, want)
			}
		}
	}
	b.must(second(b.desk.Decide(t.Context(), caller("rita"), k, deskWord(airlock.VerbApprove, "Fine by me."))))
	page := b.get("rita", at(k)).body
	for _, want := range []string{"1 of 2 approvals given", "Fine by me.", "You have decided on these files already", "Approval given"} {
		if !strings.Contains(page, want) {
			t.Errorf("after an approval the page lacks %q", want)
		}
	}
	if page := b.get("olga", at(k)+"/audit").body; !strings.Contains(page, "The chain is unbroken") || !strings.Contains(page, "<strong>endorse</strong>") {
		t.Errorf("audit trail: %s", page)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRequesterWhoManagesCannotDecide(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.store.PutMember(t.Context(), membership("ann")))
	k := b.stage(airlock.InReview, content{})
	a := b.get("ann", at(k))
	if !strings.Contains(a.body, "somebody else has to decide") || strings.Contains(a.body, "/approve") {
		t.Errorf("page: %s", a.body)
	}
	if a := b.post("ann", at(k)+"/approve", map[string][]string{"manifest": {b.digest(k)}}); a.status != http.StatusForbidden {
		t.Errorf("approve: %d", a.status)
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stage(airlock.InReview, content{title: "Waits for Mia"})
	b.stage(airlock.Failed, content{title: "Broke down"})
	b.draft(content{title: "Not yet"})
	for who, test := range map[string]struct{ with, without []string }{
		"ann":   {with: []string{"Waits for Mia", "Broke down", "Not yet", "New request", "Heart study"}, without: []string{"Waiting for your review", "Lung study"}},
		"mia":   {with: []string{"Waiting for your review", "Waits for Mia", "Stopped by a fault", "Broke down"}, without: []string{"Not yet", "New request", "Lung study"}},
		"olga":  {with: []string{"You have made no request yet.", "New request", "Heart study"}, without: []string{"Waits for Mia"}},
		"sam":   {with: []string{"Lung study"}, without: []string{"Waits for Mia", "Heart study"}},
		"adam":  {with: []string{"You have made no request yet.", "Heart study", "Lung study", "Standing approvals"}, without: []string{"Waits for Mia", "New request"}},
		"guest": {with: []string{"have no role here"}, without: []string{"Waits for Mia", "Heart study"}},
	} {
		a := b.get(who, "/")
		if a.status != http.StatusOK {
			t.Errorf("%s: %d", who, a.status)
		}
		for _, want := range test.with {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s does not see %q", who, want)
			}
		}
		for _, secret := range test.without {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s sees %q", who, secret)
			}
		}
	}
}

func TestWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stage(airlock.InReview, content{title: "Under review"})
	b.draft(content{title: "A draft"})
	if a := b.get("olga", "/workspaces/"+here); !strings.Contains(a.body, "Under review") || !strings.Contains(a.body, "A draft") {
		t.Errorf("the owner's list: %d %s", a.status, a.body)
	}
	if a := b.get("bob", "/workspaces/"+here); !strings.Contains(a.body, "Under review") || strings.Contains(a.body, "A draft") {
		t.Errorf("a researcher's list: %d %s", a.status, a.body)
	}
	if a := b.get("olga", "/workspaces/"+here+"?status=draft"); strings.Contains(a.body, "Under review") || !strings.Contains(a.body, "A draft") {
		t.Errorf("filtered: %d %s", a.status, a.body)
	}
	for path, want := range map[string]int{"/workspaces/" + there: 404, "/workspaces/" + nowhere: 404, "/workspaces/x": 404, "/workspaces/" + here + "?status=x": 422, "/workspaces/" + here + "?after=x": 422} {
		if a := b.get("olga", path); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
}

func TestEveryPageIsInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k, draft := b.stage(airlock.InReview, content{}), b.draft(content{})
	wish, granted := b.ask(byEvent), b.decided(true)
	b.approve(workspace.Approval{Template: "study", Most: 1, Until: b.now().Add(time.Hour), Reason: "registry"})
	b.furnish()
	b.begin(system, workspace.Upgrade)
	for _, page := range []struct{ who, path string }{{"mia", "/"}, {"ann", "/"}, {"mia", at(k)}, {"ann", at(draft)}, {"adam", at(k)}, {"mia", at(k) + "/audit"},
		{"ann", "/new"}, {"olga", "/workspaces/" + here}, {"ann", "/none"}, {"ann", "/signedout"}, {"guest", "/"},
		{"adam", "/"}, {"bob", "/"}, {"adam", "/workspace-requests"}, {"adam", atWanted(wish)}, {"bob", atWanted(wish)}, {"adam", atWanted(granted)},
		{"adam", "/standing-approvals"}, {"adam", inside}, {"adam", inside + "?still"}, {"olga", inside}} {
		a := b.get(page.who, page.path)
		level := 0
		for _, found := range regexp.MustCompile(`<h([1-6])[ >]`).FindAllStringSubmatch(a.body, -1) {
			next := int(found[1][0] - '0')
			if next > level+1 {
				t.Errorf("%s: heading %d after %d", page.path, next, level)
			}
			level = next
		}
		if n := strings.Count(a.body, "<h1"); n != 1 {
			t.Errorf("%s: %d first headings", page.path, n)
		}
		for _, want := range []string{`<html lang="en">`, `href="#main"`, `<main id="main"`, "<header", "<footer", "<title>"} {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s lacks %s", page.path, want)
			}
		}
		for _, bad := range []string{"<script", " style=", " onclick", "javascript:", "https://", "<no value>", "ZgotmplZ"} {
			if strings.Contains(a.body, bad) {
				t.Errorf("%s holds %q", page.path, bad)
			}
		}
		labelled(t, page.path, a.body)
	}
}

var (
	fields = regexp.MustCompile(`<(?:textarea|select|input)[^>]*>`)
	ids    = regexp.MustCompile(` id="([^"]*)"`)
)

// labelled fails for a field without a label, and for an id that is used twice.
func labelled(t *testing.T, path, page string) {
	t.Helper()
	for _, field := range fields.FindAllString(page, -1) {
		if strings.Contains(field, `type="hidden"`) {
			continue
		}
		id := ids.FindStringSubmatch(field)
		if id == nil || !strings.Contains(page, `<label for="`+id[1]+`"`) {
			t.Errorf("%s: no label for %s", path, field)
		}
	}
	seen := map[string]bool{}
	for _, id := range ids.FindAllStringSubmatch(page, -1) {
		if seen[id[1]] {
			t.Errorf("%s: id %q twice", path, id[1])
		}
		seen[id[1]] = true
	}
}
