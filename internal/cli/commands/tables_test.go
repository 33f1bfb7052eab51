package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
)

const (
	heart = "1f2c7d64-3d0c-4f5e-9a55-7b0e0f1c2d3e"
	lung  = "1f2c7d65-3d0c-4f5e-9a55-7b0e0f1c2d3e"
	first = "3f2a0000-0000-4000-8000-000000000001"
)

// workspacesAnswer is two workspaces whose ids begin alike.
const workspacesAnswer = `{"workspaces":[
 {"id":"` + heart + `","deploymentStatus":"deployed","roles":["WorkspaceResearcher","TREUser"],"properties":{"display_name":"Heart study"}},
 {"id":"` + lung + `","deploymentStatus":"deployed","roles":["AirlockManager"],"properties":{"display_name":"Lung study with a name that is far too long for a column of a table"}}]}`

const requestAnswer = `{"id":"` + first + `","workspaceId":"` + heart + `","type":"export","title":"Figures of the first paper, third round, with the supplement","status":"in_review",
 "createdBy":{"name":"Heart Researcher"},"updatedBy":{"name":"Heart Researcher"},"createdWhen":1795341600,"updatedWhen":1795345200,"businessJustification":"Aggregates only, no cell below ten, as agreed with the data owner in spring",
 "files":[{"name":"figures.pdf","size":1048576},{"name":"tables.csv","size":2048}],"filesCount":2,"bytes":1050624,"waitsFor":"waits for an airlock manager to decide","waitsForRole":"manager","deadline":1796000000,
 "history":[{"updatedWhen":1795341600,"updatedBy":{"name":"Heart Researcher"},"properties":{"previousStatus":"draft"}},{"updatedWhen":1795342000,"updatedBy":{"name":"Heart Colleague"},"properties":{"previousStatus":"submitted"}}],
 "reviews":[{"reviewer":{"name":"Heart Airlock Manager"},"dateCreated":1795345100,"reviewDecision":"returned","decisionExplanation":"Say what the supplement is"}],"manifestDigest":"digest-of-turn"}`

func tables(t *testing.T) *fake {
	return newFake(t, map[string]answer{
		"GET /workspaces": {body: workspacesAnswer},
		"GET /workspaces/" + heart + "/requests?order_by=updatedWhen": {body: `{"airlockRequests":[{"airlockRequest":` + requestAnswer + `,"allowedUserActions":["cancel"]}]}`},
		"GET /workspaces/" + lung + "/requests?order_by=updatedWhen":  {body: `{"airlockRequests":[]}`},
		"GET /workspaces/" + heart + "/requests/" + first:             {body: `{"airlockRequest":` + requestAnswer + `,"allowedUserActions":["review"]}`},
		"GET /workspaces/" + heart + "/requests":                      {body: `{"airlockRequests":[{"airlockRequest":` + requestAnswer + `}]}`},
		"GET /requests?airlock_manager=false":                         {body: `[` + requestAnswer + `]`},
		"GET /requests?airlock_manager=true":                          {body: `[` + requestAnswer + `]`},
		"GET /workspaces/" + heart + "/requests/" + first + "/files?limit=1000": {body: `{"files":[{"name":"figures.pdf","size":1048576,"type":"application/pdf","verdict":"clean","sha256":"0123456789abcdef","findings":[]},
			{"name":"evil\u001b[31m\tname.exe","size":3,"type":"application/x-msdownload","verdict":"malware","sha256":"ff","refused":true,"findings":[{"text":"Programs may not leave"}]},{"name":"appendix.pdf","size":5,"type":"application/pdf","verdict":"clean","sha256":"aa","findings":[]}]}`},
		"GET /workspaces/" + heart + "/users": {body: `{"users":[{"id":"a0000000-0000-4000-8000-000000000001","displayName":"Heart Owner","email":"owner@heart.example","roles":[{"displayName":"WorkspaceOwner"},{"displayName":"AirlockManager","expires":"2026-11-25T00:00:00Z"}]},
			{"id":"a0000000-0000-4000-8000-000000000002","displayName":"Some Group","roles":["WorkspaceResearcher"],"heldBack":"training has ended"}]}`},
		"GET /workspaces/" + heart: {body: `{"workspace":{"id":"` + heart + `","deploymentStatus":"deployed","isEnabled":true,"roles":["WorkspaceOwner"],"properties":{"display_name":"Heart study"},
			"freeze":{"frozenBy":{"name":"TRE Administrator"},"frozenWhen":"2026-11-22T09:00:00Z","reason":"A leak is being looked into"}}}`},
		"GET /health": {status: 503, body: `{"services":[{"service":"Tables","status":"OK","message":""},{"service":"Queues","status":"Not OK","message":"Queues is not responding"}]}`},
		"GET /health/details": {body: `{"verdict":"bad","version":"1.2","services":[{"service":"Tables","verdict":"ok","message":"read and written in 8 ms"}],"workspaceStorage":[{"service":"ws1","verdict":"warn","message":"slow"}],
			"queues":[{"queue":"airlock-advance","depth":3,"oldestSeconds":61,"poison":1,"verdict":"bad"}]}`},
		"GET /people/a0000000-0000-4000-8000-000000000002": {body: `{"id":"a0000000-0000-4000-8000-000000000002","displayName":"Some One","email":"one@tre.example","training":"2026-11-23T12:00:00Z","agreement":null,"suspended":{"when":"2026-11-20T08:00:00Z","by":{"name":"TRE Administrator"},"reason":"Laptop lost"},"heldBack":"suspended"}`},
	})
}

// goldens are command lines and what a person at 80 columns, or a pipe, gets.
var goldens = []struct {
	name string
	pipe bool
	code cli.Code
	args []string
}{
	{"workspaces", false, cli.Done, []string{"workspaces", "list"}},
	{"workspaces-pipe", true, cli.Done, []string{"workspaces", "list"}},
	{"workspaces-query", false, cli.Done, []string{"workspaces", "list", "--query", "workspaces[].{name: properties.display_name, id: id}"}},
	{"workspaces-json", false, cli.Done, []string{"workspaces", "list", "-o", "json", "-q", "workspaces[0]"}},
	{"workspaces-jsonc", false, cli.Done, []string{"workspaces", "list", "-o", "jsonc", "-q", "workspaces[0].properties"}},
	{"workspaces-raw", false, cli.Done, []string{"workspaces", "list", "-o", "raw", "-q", "workspaces[1].id"}},
	{"workspaces-none", false, cli.Done, []string{"workspaces", "list", "-o", "none"}},
	{"workspace-frozen", false, cli.Done, []string{"workspace", "heart", "show"}},
	{"requests", false, cli.Done, []string{"airlock", "list", "-w", "heart"}},
	{"requests-pipe", true, cli.Done, []string{"airlock", "list", "-w", "heart"}},
	{"requests-none-there", false, cli.Done, []string{"workspace", "lung", "airlock-requests", "list"}},
	{"request", false, cli.Done, []string{"airlock", "show", "3f2a"}},
	{"request-pipe", true, cli.Done, []string{"workspace", heart, "airlock-request", first, "show"}},
	{"history", false, cli.Done, []string{"history", "figures"}},
	{"files", false, cli.Done, []string{"airlock", "files", "3f2a"}},
	{"users", false, cli.Done, []string{"users", "list", "-w", "heart"}},
	{"person", false, cli.Done, []string{"people", "show", "a0000000-0000-4000-8000-000000000002"}},
	{"health", false, cli.Failed, []string{"health"}},
	{"health-details", false, cli.Failed, []string{"health", "--details"}},
	{"exit-codes", false, cli.Done, []string{"help", "exit-codes"}},
}

func TestWhatPeopleAndProgramsRead(t *testing.T) {
	t.Parallel()
	server := tables(t)
	for _, tc := range goldens {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).at(server.Server)
			w.terminal.Out = !tc.pipe
			got := w.run(tc.args...)
			if got.code != tc.code {
				t.Fatalf("exit code %d, want %d: %s", got.code, tc.code, got.err)
			}
			text := got.out
			if got.err != "" {
				text += "--- said:\n" + got.err
			}
			golden(t, tc.name, text)
			if !tc.pipe && !strings.HasPrefix(tc.name, "workspaces-") {
				for line := range strings.Lines(got.out) {
					if columns := console.Width(strings.TrimSuffix(line, "\n")); columns > 80 {
						t.Errorf("%d columns: %s", columns, line)
					}
				}
			}
		})
	}
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: - is the file, + what is printed (-update writes it anew)\n%s", path, diff)
	}
}
