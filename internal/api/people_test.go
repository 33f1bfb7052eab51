package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/api"
	rules "github.com/trefoil-tre/trefoil/internal/people"
)

// book is the directory: everybody of the bench, and two others.
type book struct{}

const (
	newcomer = "b0000000-0000-4000-8000-000000000001"
	leaver   = "b0000000-0000-4000-8000-000000000002" // whose account is disabled
	team     = "c0000000-0000-4000-8000-000000000001" // a group
)

func (book) Search(_ context.Context, prefix string, limit int) ([]rules.Entry, error) {
	if prefix == "down" {
		return nil, rules.ErrUnavailable
	}
	all := []rules.Entry{{OID: newcomer, Name: "Newcomer", PrincipalName: "new@example.org", Email: "new@example.org", Enabled: true}}
	return all[:min(limit, len(all))], nil
}

func (book) Entry(_ context.Context, oid string) (rules.Entry, error) {
	for _, p := range people {
		if p.OID == oid {
			return rules.Entry{OID: oid, Name: p.Name, Email: p.Email, Enabled: true}, nil
		}
	}
	switch oid {
	case newcomer:
		return rules.Entry{OID: oid, Name: "Newcomer", PrincipalName: "new@example.org", Email: "new@example.org", Enabled: true}, nil
	case leaver:
		return rules.Entry{OID: oid, Name: "Leaver"}, nil
	case none:
		return rules.Entry{}, rules.ErrUnavailable
	}
	return rules.Entry{}, rules.ErrNotFound
}

const (
	ws           = "/api/workspaces/" + here
	person       = "/api/people/"
	ownerID      = "WorkspaceOwner"
	researcherID = "WorkspaceResearcher"
	because      = `{"reason":"because"}`
)

func assign(role string, more string, users ...string) string {
	text, err := json.Marshal(users)
	if err != nil {
		panic(err)
	}
	return `{"role_id":"` + role + `","user_ids":` + string(text) + more + `}`
}

// TestUsersAsAzureTRE are AzureTRE's tests of its routes on users
// (api_app/tests_ma/test_api/test_routes/test_workspace_users.py), and what
// follows from them.
func TestUsersAsAzureTRE(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	researcher := rules.RoleID(access.WorkspaceResearcher)

	var users api.WorkspaceUsers
	b.get(ws+"/users", "adam", &users)
	var rita api.WorkspaceUser
	for _, u := range users.Users {
		if u.ID == people["rita"].OID {
			rita = u
		}
	}
	if len(users.Users) != 5 || len(rita.Roles) != 2 || rita.Roles[0].DisplayName == "" || rita.Roles[0].ID == "" {
		t.Errorf("users: %+v", users)
	}

	for name, who := range map[string][]string{"one": {newcomer}, "two": {newcomer, people["sam"].OID}} {
		w := b.call("POST", ws+"/users/assign", "adam", assign(researcher, "", who...))
		var got api.Assigned
		b.must(json.Unmarshal(w.Body.Bytes(), &got))
		if diff := cmp.Diff(api.Assigned{Users: who, RoleID: researcher}, got); diff != "" || w.Code != http.StatusAccepted {
			t.Errorf("assign %s: %d %s", name, w.Code, diff)
		}
	}
	b.get(ws+"/users", "ann", &users)
	if len(users.Users) != 7 {
		t.Errorf("%d users after the assignments", len(users.Users))
	}

	w := b.call("DELETE", ws+"/users/assign?user_id="+newcomer+"&role_id="+researcher+"&assignmentType=ApplicationRole", "adam", "")
	if w.Code != http.StatusAccepted {
		t.Errorf("remove: %d %s", w.Code, w.Body)
	}
	if w := b.call("DELETE", ws+"/users/assign?user_id="+newcomer+"&role_id="+researcher, "adam", ""); w.Code != http.StatusNotFound {
		t.Errorf("remove again: %d %s", w.Code, w.Body)
	}

	var found struct {
		Users []map[string]string `json:"assignable_users"`
	}
	b.get(ws+"/assignable-users", "adam", &found)
	want := []map[string]string{{"id": newcomer, "displayName": "Newcomer", "userPrincipalName": "new@example.org", "email": "new@example.org"}}
	if diff := cmp.Diff(want, found.Users); diff != "" {
		t.Errorf("assignable: %s", diff)
	}

	var roles api.WorkspaceRoles
	b.get(ws+"/roles", "adam", &roles)
	if len(roles.Roles) != 3 || roles.Roles[1] != (api.WorkspaceRole{ID: researcher, DisplayName: researcherID}) {
		t.Errorf("roles: %+v", roles)
	}
}

func (b *bench) get(path, who string, into any) {
	b.t.Helper()
	w := b.call("GET", path, who, "")
	if w.Code != http.StatusOK {
		b.t.Fatalf("GET %s as %s: %d %s", path, who, w.Code, w.Body)
	}
	b.must(json.Unmarshal(w.Body.Bytes(), into))
}

// peopleGrid says what the routes on people answer to everybody: the columns
// are those of the other grids. No cell sees what another one changed.
const peopleGrid = `
	GET    /users                 200 200 200 200 200 200 404
	GET    /roles                 403 403 200 403 403 200 404
	GET    /assignable-users      403 403 200 403 403 200 404
	POST   /users/assign          403 403 202 403 403 202 404
	DELETE /users/assign          403 403 202 403 403 202 404
	PATCH  /users/{}              403 403 200 403 403 200 404
	POST   /freeze                403 403 200 403 403 200 404
	POST   /unfreeze              403 403 200 403 403 200 404
	GET    /people/{}             404 200 404 404 404 200 404
	PUT    /people/{}/expiries    403 403 403 403 403 200 403
	POST   /people/{}/suspend     403 403 403 403 403 200 403
	POST   /people/{}/reinstate   403 403 403 403 403 200 403
	GET    /people/{}/audit       403 403 403 403 403 200 403
`

func TestPeopleGrid(t *testing.T) {
	t.Parallel()
	bob := people["bob"].OID
	deeds := map[string]struct{ path, body, before string }{
		"POST /users/assign":        {ws + "/users/assign", assign(ownerID, "", newcomer), ""},
		"DELETE /users/assign":      {ws + "/users/assign?role_id=" + researcherID + "&user_id=" + bob, "", ""},
		"PATCH /users/{}":           {ws + "/users/" + bob, `{"role_id":"WorkspaceResearcher","expires":"2027-01-31"}`, ""},
		"POST /freeze":              {ws + "/freeze", because, ""},
		"POST /unfreeze":            {ws + "/unfreeze", because, "freeze"},
		"GET /people/{}":            {person + bob, "", ""},
		"PUT /people/{}/expiries":   {person + bob + "/expiries", `{"training":"2027-01-31"}`, ""},
		"POST /people/{}/suspend":   {person + bob + "/suspend", because, ""},
		"POST /people/{}/reinstate": {person + bob + "/reinstate", because, "suspend"},
		"GET /people/{}/audit":      {person + bob + "/audit", "", ""},
	}
	rows := 0
	for line := range strings.Lines(peopleGrid) {
		words := strings.Fields(line)
		if len(words) != len(columns)+2 {
			continue
		}
		rows++
		deed, ok := deeds[words[0]+" "+words[1]]
		if !ok {
			deed.path = ws + words[1]
		}
		var b *bench
		var before []string
		for i, who := range columns {
			if b == nil {
				b = newBench(t)
				switch deed.before {
				case "freeze":
					b.call("POST", ws+"/freeze", "olga", because)
				case "suspend":
					b.call("POST", person+bob+"/suspend", "adam", because)
				}
				before = b.everything()
			}
			want := words[2+i]
			w := b.call(words[0], deed.path, who, deed.body)
			if strconv.Itoa(w.Code) != want && (deed.before != "suspend" || who != "bob") {
				t.Errorf("%s %s as %s: %d, want %s: %s", words[0], words[1], who, w.Code, want, w.Body)
			}
			if w.Code < 400 && words[0] != http.MethodGet {
				b = nil
			} else { // what is refused, and a read, leaves everything as it was
				b.unchanged(before, words[0]+" "+words[1]+" as "+who)
			}
		}
	}
	if all := len(api.MemberRoutes()); rows != all {
		t.Errorf("%d rows for %d routes", rows, all)
	}
}

// TestPeopleCodes: each row is a sentence about one call.
func TestPeopleCodes(t *testing.T) {
	t.Parallel()
	bob, olga, sam := people["bob"].OID, people["olga"].OID, people["sam"].OID
	for name, tt := range map[string]struct {
		method, path, who, body string
		want                    int
		says                    string
	}{
		"a role by its id":                 {"POST", ws + "/users/assign", "olga", assign(rules.RoleID(access.AirlockManager), "", newcomer), 202, ""},
		"with an end and a reason":         {"POST", ws + "/users/assign", "olga", assign(researcherID, `,"expires":"2027-01-31T12:00:00Z","reason":"a term"`, newcomer), 202, ""},
		"who has it already":               {"POST", ws + "/users/assign", "olga", assign(researcherID, "", bob), 202, ""},
		"an end in the past":               {"POST", ws + "/users/assign", "olga", assign(researcherID, `,"expires":"2020-01-31"`, newcomer), 422, "expires"},
		"an end that is no date":           {"POST", ws + "/users/assign", "olga", assign(researcherID, `,"expires":"soon"`, newcomer), 422, "2027-01-31"},
		"a role that is none":              {"POST", ws + "/users/assign", "olga", assign("TREAdmin", "", newcomer), 422, "role_id"},
		"nobody":                           {"POST", ws + "/users/assign", "olga", assign(researcherID, ""), 422, "user_ids"},
		"no id":                            {"POST", ws + "/users/assign", "olga", assign(researcherID, "", "ann"), 422, "UUID"},
		"who is not in the directory":      {"POST", ws + "/users/assign", "olga", assign(researcherID, "", team), 422, "directory"},
		"whose account is disabled":        {"POST", ws + "/users/assign", "olga", assign(researcherID, "", leaver), 422, "disabled"},
		"while the directory is down":      {"POST", ws + "/users/assign", "olga", assign(researcherID, "", none), 503, ""},
		"oneself":                          {"POST", ws + "/users/assign", "olga", assign("AirlockManager", "", olga), 403, "themselves"},
		"a group, by an owner":             {"POST", ws + "/users/assign", "olga", `{"role_id":"AirlockManager","group_ids":["` + team + `"]}`, 403, "administrator"},
		"a group, by an administrator":     {"POST", ws + "/users/assign", "adam", `{"role_id":"AirlockManager","group_ids":["` + team + `"]}`, 202, ""},
		"the last owner gets no end":       {"PATCH", ws + "/users/" + olga, "adam", `{"role_id":"WorkspaceOwner","expires":"2027-01-31"}`, 409, "owner"},
		"the last owner is not demoted":    {"PATCH", ws + "/users/" + olga, "adam", `{"role_id":"WorkspaceOwner","new_role_id":"WorkspaceResearcher"}`, 409, "owner"},
		"the last owner is not removed":    {"DELETE", ws + "/users/assign?role_id=WorkspaceOwner&user_id=" + olga, "adam", "", 409, "owner"},
		"the last owner does not leave":    {"DELETE", ws + "/users/assign?role_id=WorkspaceOwner&user_id=" + olga, "olga", "", 409, "owner"},
		"another role instead":             {"PATCH", ws + "/users/" + bob, "olga", `{"role_id":"WorkspaceResearcher","new_role_id":"AirlockManager"}`, 200, rules.RoleID(access.AirlockManager)},
		"a role the person has not":        {"PATCH", ws + "/users/" + bob, "olga", `{"role_id":"AirlockManager","expires":""}`, 404, "user_id"},
		"somebody of another workspace":    {"PATCH", ws + "/users/" + sam, "olga", `{"role_id":"WorkspaceOwner","expires":""}`, 404, ""},
		"no role":                          {"PATCH", ws + "/users/" + bob, "olga", `{}`, 422, "role_id"},
		"remove without a role":            {"DELETE", ws + "/users/assign?user_id=" + bob, "olga", "", 422, "role_id"},
		"a search while it is down":        {"GET", ws + "/assignable-users?filter=down", "olga", "", 503, ""},
		"too many wanted":                  {"GET", ws + "/assignable-users?maxResultCount=51", "olga", "", 422, "maxResultCount"},
		"freeze without a reason":          {"POST", ws + "/freeze", "olga", "{}", 422, "reason"},
		"unfreeze what is not frozen":      {"POST", ws + "/unfreeze", "olga", because, 409, "not frozen"},
		"suspend without a reason":         {"POST", person + bob + "/suspend", "adam", "{}", 422, "reason"},
		"suspend oneself":                  {"POST", person + people["adam"].OID + "/suspend", "adam", because, 403, "themselves"},
		"suspend nobody":                   {"POST", person + team + "/suspend", "adam", because, 404, ""},
		"reinstate who is not suspended":   {"POST", person + bob + "/reinstate", "adam", because, 409, "not suspended"},
		"a training that is no date":       {"PUT", person + bob + "/expiries", "adam", `{"training":"31.1.2027"}`, 422, "training"},
		"a person who does not exist":      {"GET", person + team, "adam", "", 404, ""},
		"oneself, in another way to write": {"GET", person + strings.ToUpper(bob), "bob", "", 200, `"suspended":null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			w := b.call(tt.method, tt.path, tt.who, tt.body)
			if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("%d %s, want %d and %q", w.Code, w.Body, tt.want, tt.says)
			}
		})
	}
}
