package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
)

const inHeart = "/workspaces/" + heart + "/requests"

// status is an answer with a request in that status.
func status(s string) answer {
	return answer{body: strings.Replace(`{"airlockRequest":`+requestAnswer+`,"allowedUserActions":[]}`, `"in_review"`, `"`+s+`"`, 1)}
}

func TestWhatTheAPIIsAsked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		args     []string
		want     string // the last call
	}{
		{"submit", "", []string{"airlock", "submit", first}, "POST " + inHeart + "/" + first + "/submit"},
		{"approve names the files that are under review", "", []string{"airlock", "approve", first}, "POST " + inHeart + "/" + first + `/review {"approval":true,"manifestDigest":"digest-of-turn"}`},
		{"approve names the files that were seen", "", []string{"airlock", "approve", first, "--digest", "seen"}, "POST " + inHeart + "/" + first + `/review {"approval":true,"manifestDigest":"seen"}`},
		{"reject asks why", "Cells below ten\n", []string{"airlock", "reject", first}, "POST " + inHeart + "/" + first + `/review {"approval":false,"decisionExplanation":"Cells below ten","manifestDigest":"digest-of-turn"}`},
		{"AzureTRE's review", "", []string{"workspace", heart, "airlock-request", first, "review", "--reject", "--reason", "no"}, "POST " + inHeart + "/" + first + `/review {"approval":false,"decisionExplanation":"no","manifestDigest":"digest-of-turn"}`},
		{"cancel asks", "n\n", []string{"airlock", "cancel", first}, ""},
		{"cancel goes on after a yes", "Yes\n", []string{"airlock", "cancel", first}, "POST " + inHeart + "/" + first + "/cancel"},
		{"new asks for what is missing, again where it has to", "sideways\nexp\n\nFor the paper\n", []string{"airlock", "new"}, "POST " + inHeart + ` {"type":"export","title":"Airlock Request","businessJustification":"For the paper"}`},
		{"flags win over the definition", "", []string{"airlock", "new", "--definition", `{"type":"import","title":"a","businessJustification":"b","properties":{"k":1}}`, "--title", "c"}, "POST " + inHeart + ` {"type":"import","title":"c","businessJustification":"b","properties":{"k":1}}`},
		{"remove a file", "", []string{"airlock", "remove-file", first, "--file", "a b.csv"}, "POST " + inHeart + "/" + first + `/files/remove {"name":"a b.csv"}`},
		{"audit lines", "", []string{"audit", "list", "--from", "2026-11-01", "--action", "submit", "--limit", "5"}, "GET /workspaces/" + heart + "/audit?action=submit&from=2026-11-01T00%3A00%3A00Z&limit=5"},
		{"a member who looks up", "", []string{"users", "add", "Some One", "--role", "researcher", "--expires", "2027-01-31"}, "POST /workspaces/" + heart + `/users/assign {"expires":"2027-01-31","role_id":"WorkspaceResearcher","user_ids":["a0000000-0000-4000-8000-000000000009"]}`},
		{"a role taken away", "", []string{"users", "remove", "some group"}, "DELETE /workspaces/" + heart + "/users/assign?role_id=WorkspaceResearcher&user_id=a0000000-0000-4000-8000-000000000002"},
		{"an end taken away", "", []string{"users", "update", "a0000000-0000-4000-8000-000000000002", "--expires", "never"}, "PATCH /workspaces/" + heart + `/users/a0000000-0000-4000-8000-000000000002 {"expires":"","role_id":"WorkspaceResearcher"}`},
		{"one expiry leaves the other", "", []string{"people", "expiries", "a0000000-0000-4000-8000-000000000002", "--agreement", "2027-01-31"}, `PUT /people/a0000000-0000-4000-8000-000000000002/expiries {"agreement":"2027-01-31","reason":"","training":"2026-11-23T12:00:00Z"}`},
		{"any address", "", []string{"api", "patch", "/api/anything?x=1", "--data", `{"a":1}`}, `PATCH /anything?x=1 {"a":1}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := newFake(t, map[string]answer{
				"GET /workspaces/" + heart + "/users":                                              {body: `{"users":[{"id":"a0000000-0000-4000-8000-000000000002","displayName":"Some Group","roles":["WorkspaceResearcher"]}]}`},
				"GET /workspaces/" + heart + "/assignable-users?filter=Some+One&maxResultCount=20": {body: `{"assignable_users":[{"id":"a0000000-0000-4000-8000-000000000009","displayName":"Some One"},{"id":"a0000000-0000-4000-8000-000000000008","displayName":"Some One Else"}]}`},
				"GET /people/a0000000-0000-4000-8000-000000000002":                                 {body: `{"id":"x","training":"2026-11-23T12:00:00Z"}`},
				"GET " + inHeart + "/" + first:                                                     status("in_review"),
			})
			w := newWorld(t).at(server.Server)
			w.env["TRE_WORKSPACE"] = heart
			if tc.in != "" {
				w.person()
				w.in = tc.in
			}
			w.run(tc.args...) // the answer to the change is another test's
			lines := strings.Split(strings.TrimSpace(server.asked()), "\n")
			if last := lines[len(lines)-1]; last != tc.want {
				t.Errorf("the last call is\n%s\nwant\n%s", last, tc.want)
			}
		})
	}
}

func TestWaitingForTheSystem(t *testing.T) {
	t.Parallel()
	path := inHeart + "/" + first
	for _, tc := range []struct {
		name, submitted, after string
		args                   []string
		code                   cli.Code
		want                   string
	}{
		{"until it is in review", "submitted", "in_review", nil, cli.Done, "in_review"},
		{"or not at all", "submitted", "in_review", []string{"--no-wait"}, cli.Done, "submitted"},
		{"until it is blocked", "submitted", "blocked_by_scan", nil, cli.Failed, "blocked_by_scan"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := newFake(t, map[string]answer{"POST " + path + "/submit": status(tc.submitted), "GET " + path: status(tc.after)})
			w := newWorld(t).at(server.Server)
			got := w.run(append([]string{"airlock", "submit", first, "-w", heart, "-o", "raw", "-q", "airlockRequest.status"}, tc.args...)...)
			if got.code != tc.code || strings.TrimSpace(got.out) != tc.want {
				t.Errorf("exit code %d, printed %q, said %q", got.code, got.out, got.err)
			}
		})
	}
}

func TestAnswersAndExitCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		code   cli.Code
	}{{400, cli.Conflict}, {401, cli.SignedOut}, {403, cli.NotAllowed}, {404, cli.NotAllowed}, {405, cli.Conflict}, {409, cli.Conflict}, {412, cli.Conflict},
		{417, cli.Conflict}, {418, cli.Failed}, {422, cli.Usage}, {429, cli.Unreachable}, {500, cli.Unreachable}, {503, cli.Unreachable}} {
		server := newFake(t, map[string]answer{"POST /x": {status: tc.status, body: "the \x1b[31mreason", header: map[string]string{"X-Request-Id": "call-7"}}})
		got := newWorld(t).at(server.Server).run("api", "POST", "/x")
		if got.code != tc.code || !strings.Contains(got.err, "reason") || strings.Contains(got.err, "\x1b") {
			t.Errorf("%d: exit code %d, want %d, said %q", tc.status, got.code, tc.code, got.err)
		}
		if named := strings.Contains(got.err, "call-7"); named != (tc.status >= 500) {
			t.Errorf("%d: the call's id is named: %v", tc.status, named)
		}
	}
	w := newWorld(t)
	w.env["TRE_URL"], w.env["TRE_TOKEN"] = "http://127.0.0.1:1", "token"
	if got := w.run("requests"); got.code != cli.Unreachable || !strings.Contains(got.err, "check the address") {
		t.Errorf("nobody there: %+v", got)
	}
}

func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	server := tables(t)
	for _, tc := range []struct {
		name string
		args []string
		code cli.Code
		said string
	}{
		{"an unknown command", []string{"fly"}, cli.Usage, "see `tre --help`"},
		{"an unknown flag", []string{"airlock", "list", "--fast"}, cli.Usage, "see `tre airlock list --help`"},
		{"an unknown format", []string{"workspaces", "list", "-o", "yaml"}, cli.Usage, "none of table, json"},
		{"a broken query", []string{"workspaces", "list", "-q", "["}, cli.Usage, "--query"},
		{"no workspace", []string{"airlock", "list"}, cli.Usage, "which workspace?"},
		{"an unknown workspace", []string{"airlock", "list", "-w", "liver"}, cli.NotAllowed, `called "liver"`},
		{"two workspaces at once", []string{"airlock", "list", "-w", "1f2c7d6"}, cli.Usage, "Heart study"},
		{"a status that is none", []string{"airlock", "list", "-w", "heart", "--status", "done"}, cli.Usage, "--status"},
		{"a request that is none", []string{"airlock", "show", "zzz"}, cli.NotAllowed, `"zzz"`},
		{"new, and nobody can be asked", []string{"airlock", "new", "-w", "heart"}, cli.Usage, "--type is missing"},
		{"a definition with an unknown field", []string{"airlock", "new", "-w", "heart", "--definition", `{"kind":"import"}`}, cli.Usage, "kind"},
		{"two definitions", []string{"airlock", "new", "--definition", "{}", "--definition-file", "x"}, cli.Usage, "definition"},
		{"a review that says nothing", []string{"workspace", heart, "airlock-request", first, "review"}, cli.Usage, "approve reject"},
		{"cancelled, and nobody can be asked", []string{"airlock", "cancel", "3f2a"}, cli.Usage, "--yes"},
		{"a strange method", []string{"api", "FETCH", "/x"}, cli.Usage, "no method"},
		{"another system's address", []string{"api", "GET", "https://elsewhere.example/api/x"}, cli.Usage, "not below"},
		{"a token of one's own making", []string{"api", "GET", "/x", "-H", "Authorization: Bearer x"}, cli.Usage, "--header"},
		{"a date that is none", []string{"audit", "list", "-w", "heart", "--from", "soon"}, cli.Usage, "--from"},
		{"a person by name where an id is needed", []string{"people", "show", "Ann"}, cli.Usage, "no object id"},
		{"nothing to enter", []string{"people", "expiries", "a0000000-0000-4000-8000-000000000002"}, cli.Usage, "nothing to enter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := newWorld(t).at(server.Server).run(tc.args...); got.code != tc.code || !strings.Contains(got.err, tc.said) || got.out != "" {
				t.Errorf("exit code %d, want %d; said %q, printed %q", got.code, tc.code, got.err, got.out)
			}
		})
	}
}

func TestPagesAreFollowed(t *testing.T) {
	t.Parallel()
	page := func(next string) map[string]string { return map[string]string{"Link": `<` + next + `>; rel="next"`} }
	server := newFake(t, map[string]answer{
		"GET /requests?limit=1":          {body: `[{"id":"a"}]`, header: page("/api/requests?cursor=2&limit=1")},
		"GET /requests?cursor=2&limit=1": {body: `[{"id":"b"}]`, header: page("HERE/api/requests?cursor=3")},
		"GET /requests?cursor=3":         {body: `[{"id":"c"}]`},
		"GET /away":                      {body: `[]`, header: page("https://elsewhere.example/api/x")},
		"GET /round":                     {body: `{"list":[1],"nextCursor":"x"}`, header: page("/api/round")},
	})
	w := newWorld(t).at(server.Server)
	if got := w.must("api", "GET", "/requests?limit=1", "--paginate", "-o", "raw", "-q", "join(',', [].id)"); strings.TrimSpace(got.out) != "a,b,c" {
		t.Errorf("printed %q", got.out)
	}
	if got := w.run("api", "GET", "/away", "--paginate"); got.code != cli.Failed || !strings.Contains(got.err, "elsewhere") {
		t.Errorf("a link to another system: %+v", got)
	}
	if got := w.run("api", "GET", "/round", "--paginate"); got.code != cli.Failed || !strings.Contains(got.err, "same page") {
		t.Errorf("a list without an end: %+v", got)
	}
}

func TestBodiesFromFiles(t *testing.T) {
	t.Parallel()
	server := newFake(t, map[string]answer{"POST /x": {body: `{"done":true}`}})
	path := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(path, []byte(`{"from":"file"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t).at(server.Server)
	w.must("api", "POST", server.URL+"/api/x", "-d", "@"+path, "-H", "Idempotency-Key: one")
	w.in = `{"from":"input"}`
	w.must("api", "POST", "x", "-d", "-")
	if diff := cmp.Diff("POST /x {\"from\":\"file\"}\nPOST /x {\"from\":\"input\"}\n", server.asked()); diff != "" {
		t.Error(diff)
	}
}

func TestNamesInTheMiddle(t *testing.T) {
	t.Parallel()
	root := commands.Root(&cli.Context{Getenv: os.Getenv})
	for _, tc := range []struct{ line, want string }{
		{"workspace W show", "workspace show --workspace=W"},
		{"-o json workspace W show", "-o json workspace show --workspace=W"},
		{"--output=json workspace W airlock-requests list --status draft", "--output=json workspace airlock-requests list --status draft --workspace=W"},
		{"workspace W airlock-request R review --approve --reason workspace", "workspace airlock-request review --approve --reason workspace --workspace=W --request=R"},
		{"workspace show", "workspace show"},
		{"workspace", "workspace"},
		{"airlock list -w workspace", "airlock list -w workspace"},
		{"local azurite -- workspace W show", "local azurite -- workspace W show"},
		{"__complete workspace W airl", "__complete workspace --workspace=W airl"},
		{"__complete workspace W", "__complete workspace-id W"},
		{"__complete workspace W airlock-request R", "__complete workspace airlock-request-id --workspace=W R"},
	} {
		if got := strings.Join(commands.Arrange(root, strings.Fields(tc.line)), " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.line, got, tc.want)
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	server := tables(t)
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"__complete", "air"}, "airlock\tBring data in"},
		{[]string{"__complete", "workspace", ""}, heart + "\tHeart study"},
		{[]string{"__complete", "workspace", "heart", "airlock-requests", "l"}, "list\tList the requests"},
		{[]string{"__complete", "airlock", "list", "--workspace", ""}, lung},
		{[]string{"__complete", "airlock", "show", ""}, first + "\tFigures of"},
		{[]string{"__complete", "workspace", "heart", "airlock-request", ""}, first},
		{[]string{"__complete", "airlock", "list", "--status", ""}, "in_review"},
		{[]string{"__complete", "health", "--output", ""}, "jsonc"},
	} {
		if got := newWorld(t).at(server.Server).must(tc.args...); !strings.Contains(got.out, tc.want) {
			t.Errorf("%v: %s%s", tc.args, got.out, got.err)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := newWorld(t).must("completion", shell); !strings.Contains(got.out, "__complete") {
			t.Errorf("%s: %d bytes", shell, len(got.out))
		}
	}
}
