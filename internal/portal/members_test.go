package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	rules "github.com/trefoil-tre/trefoil/internal/people"
)

// book is a directory of one.
type book struct{}

const newcomer = "b0000000-0000-4000-8000-000000000001"

func (book) Search(_ context.Context, prefix string, _ int) ([]rules.Entry, error) {
	switch prefix {
	case "new":
		return []rules.Entry{{OID: newcomer, Name: "New <b>comer</b>", PrincipalName: "new@example.org", Enabled: true}}, nil
	case "down":
		return nil, rules.ErrUnavailable
	}
	return nil, nil
}

func (book) Entry(_ context.Context, oid string) (rules.Entry, error) {
	if oid != newcomer {
		return rules.Entry{}, rules.ErrNotFound
	}
	return rules.Entry{OID: oid, Name: "New <b>comer</b>", Email: "new@example.org", Enabled: true}, nil
}

const members = "/workspaces/" + here + "/members"

// roles are the roles somebody has here.
func (b *bench) roles(oid string) (all []string) {
	b.t.Helper()
	found, err := b.store.MembershipsOf(b.t.Context(), here, oid)
	b.must(err)
	for _, m := range found {
		all = append(all, string(m.Role)+" "+m.Expires.Format("2006-01-02"))
	}
	return all
}

// TestMembers adds somebody through a search and takes the role away again.
func TestMembers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if a := b.get("olga", "/workspaces/"+here); !strings.Contains(a.body, members) {
		t.Error("no way to the members for an owner")
	}
	if a := b.get("ann", "/workspaces/"+here); strings.Contains(a.body, members) {
		t.Error("a way to the members for a researcher")
	}
	a := b.get("olga", members+"?find=new")
	if a.status != http.StatusOK || !strings.Contains(a.body, "New &lt;b&gt;comer") || !strings.Contains(a.body, newcomer) || strings.Contains(a.body, "<b>comer") {
		t.Fatalf("search: %d %s", a.status, a.body)
	}
	a = b.post("olga", members+"/add", url.Values{"person": {newcomer}, "role": {"WorkspaceResearcher"}, "expires": {"2099-01-31"}, "reason": {"a term"}})
	if a.status != http.StatusSeeOther || len(b.roles(newcomer)) != 1 || b.roles(newcomer)[0] != "WorkspaceResearcher 2099-02-01" {
		t.Fatalf("add: %d %s %v", a.status, a.body, b.roles(newcomer))
	}
	if a := b.get("olga", strings.TrimPrefix(a.header.Get("Location"), "/portal")); !strings.Contains(a.body, "The role is given") || !strings.Contains(a.body, "New &lt;b&gt;comer") {
		t.Errorf("after it: %d %s", a.status, a.body)
	}
	a = b.post("olga", members+"/remove", url.Values{"person": {newcomer}, "role": {"WorkspaceResearcher"}, "reason": {"over"}})
	if a.status != http.StatusSeeOther || len(b.roles(newcomer)) != 0 {
		t.Errorf("remove: %d %v", a.status, b.roles(newcomer))
	}
}

// TestMembersRefused: each row is a sentence; nothing changes, and the page
// says why.
func TestMembersRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		who, path string
		form      url.Values
		status    int
		says      string
	}{
		"the page, for a researcher":      {"ann", members, nil, 403, ""},
		"the page of another's workspace": {"olga", "/workspaces/" + there + "/members", nil, 404, ""},
		"nobody found":                    {"olga", members + "?find=xyz", nil, 200, "Nobody of that name"},
		"no directory now":                {"olga", members + "?find=down", nil, 503, ""},
		"by a researcher":                 {"ann", members + "/add", url.Values{"person": {newcomer}, "role": {"WorkspaceOwner"}}, 403, ""},
		"a role that is none":             {"olga", members + "/add", url.Values{"person": {newcomer}, "role": {"TREAdmin"}}, 422, "role"},
		"a day that is past":              {"olga", members + "/add", url.Values{"person": {newcomer}, "role": {"WorkspaceOwner"}, "expires": {"2020-01-01"}}, 422, "past"},
		"who is not in the directory":     {"olga", members + "/add", url.Values{"person": {"b0000000-0000-4000-8000-000000000009"}, "role": {"WorkspaceOwner"}}, 422, "directory"},
		"the last owner":                  {"adam", members + "/remove", url.Values{"person": {people["olga"].OID}, "role": {"WorkspaceOwner"}}, 409, "without an owner"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			before, err := b.store.Members(t.Context(), here)
			b.must(err)
			a := b.get(tt.who, tt.path)
			if tt.form != nil {
				a = b.post(tt.who, tt.path, tt.form)
			}
			after, err := b.store.Members(t.Context(), here)
			b.must(err)
			if a.status != tt.status || !strings.Contains(a.body, tt.says) || len(before) != len(after) {
				t.Errorf("%d %s, want %d and %q; %d members of %d", a.status, a.body, tt.status, tt.says, len(after), len(before))
			}
		})
	}
}

// TestFrozenPage: a frozen workspace says so, by whom and why.
func TestFrozenPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	_, err := b.store.CommitRoll(t.Context(), rules.Change{Workspace: here, Roll: rules.Roll{Freeze: &airlock.Freeze{
		By: access.Person{Name: "Olga"}, Role: access.WorkspaceOwner, At: b.now(), Reason: "an <i>incident</i>"}}})
	b.must(err)
	for _, path := range []string{"/workspaces/" + here, members} {
		if a := b.get("olga", path); !strings.Contains(a.body, "This workspace is frozen") || !strings.Contains(a.body, "an &lt;i&gt;incident") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	a := b.post("mia", at(k)+"/approve", url.Values{"manifest": {b.digest(k)}})
	if a.status != http.StatusConflict || !strings.Contains(a.body, "This workspace is frozen") || b.request(k).Stage != airlock.InReview {
		t.Errorf("approve: %d %s", a.status, a.body)
	}
	if a := b.get("mia", at(k)); !strings.Contains(a.body, "frozen by Olga") || strings.Contains(a.body, "/approve") {
		t.Errorf("the request: %s", a.body)
	}
}
