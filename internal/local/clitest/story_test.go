package clitest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// upload puts a file into a draft by the link that the command prints, as any
// tool does.
func (u *user) upload(request, name, content string) {
	u.t.Helper()
	link, err := url.Parse(u.must("", "airlock", "link", request))
	if err != nil {
		u.t.Fatal("link: malformed")
	}
	req, err := http.NewRequestWithContext(u.t.Context(), http.MethodPut, link.JoinPath(name).String(), bytes.NewBufferString(content))
	if err != nil {
		u.t.Fatal("link: malformed")
	}
	req.Header.Set("x-ms-blob-type", "BlockBlob")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		u.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		u.t.Fatalf("upload: %s", resp.Status)
	}
}

// wants fails unless text holds all of these.
func wants(t *testing.T, what, text string, all ...string) {
	t.Helper()
	for _, part := range all {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q: %s", what, part, text)
		}
	}
}

func importToRelease(t *testing.T) {
	researcher, manager, colleague := as(t, "heart-researcher"), as(t, "heart-manager"), as(t, "heart-colleague")
	wants(t, "workspaces", researcher.must("", "workspaces", "list"), "Heart study", "WorkspaceResearcher")
	researcher.must("", "use", "heart")
	wants(t, "workspace", researcher.must("", "workspace", "heart", "show"), "valve surgery")

	id := researcher.must("", "airlock", "new", "--type", "import", "--title", "Codebook", "--justification", "Needed to read the data", "--query", "airlockRequest.id", "-o", "raw")
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "codebook.csv"), []byte("code,meaning\n1,yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	researcher.must("", "airlock", "upload", folder+"/.", "--request", id[:8])
	researcher.upload(id, "slip.csv", "not meant for here\n")
	researcher.must("", "airlock", "remove-file", id[:8], "--file", "slip.csv")
	wants(t, "files", researcher.must("", "airlock", "files", id[:8]), "codebook.csv")
	wants(t, "list", researcher.must("", "airlock", "list", "--status", "draft"), id, "Codebook")
	if out := researcher.must("", "airlock", "submit", id, "-o", "raw", "--query", "airlockRequest.status"); out != "in_review" {
		t.Fatalf("after submit: %s", out)
	}
	wants(t, "requests to review", manager.must("", "requests", "--to-review"), id)
	wants(t, "request", manager.must("", "airlock", "show", id[:8]), "in_review", "codebook.csv")
	if code, _, errs := colleague.run("", "airlock", "approve", id, "--workspace", "heart"); code != cli.NotAllowed {
		t.Errorf("who is no airlock manager approves: exit code %d, %s", code, errs)
	}
	if out := manager.must("", "airlock", "approve", id[:8], "--reason", "Looks right", "-o", "raw", "-q", "airlockRequest.status"); out != "approved" {
		t.Fatalf("after the approval: %s", out)
	}
	wants(t, "what was followed", researcher.must("", "watch", id[:8]), "approved")
	researcher.must("", "airlock", "download", filepath.Join(folder, "out"), "--request", id[:8])
	if got, err := os.ReadFile(filepath.Join(folder, "out", "codebook.csv")); err != nil || string(got) != "code,meaning\n1,yes\n" {
		t.Errorf("downloaded %q: %v", got, err)
	}
	if code, _, errs := researcher.run("", "airlock", "submit", id); code != cli.Conflict {
		t.Errorf("submitted twice: exit code %d, %s", code, errs)
	}
	wants(t, "link", researcher.must("", "workspace", "heart", "airlock-request", id, "get-url"), "sig=")
	wants(t, "history", researcher.must("", "history", id), "draft", "in_review", "approved")
	wants(t, "audit", manager.must("", "airlock", "audit", id), "submit", "approve")
	manager.must("", "audit", "verify", "heart", id)
	wants(t, "audit lines", manager.must("", "audit", "list", "--workspace", "heart", "--request", id), "approve")
	wants(t, "audit lines as CSV", manager.must("", "audit", "list", "--workspace", "heart", "--request", id, "--csv"), "approve")
	if out := manager.must("", "airlock", "revoke", id, "--reason", "A column too many", "-o", "raw", "-q", "airlockRequest.status"); out != "revoked" {
		t.Errorf("after the revocation: %s", out)
	}
}

func otherEnds(t *testing.T) {
	researcher, manager := as(t, "lung-researcher"), as(t, "lung-manager")
	definition := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(definition, []byte(`{"type":"import","title":"Lookup","businessJustification":"For the join"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	made := func(in string, args ...string) string {
		return researcher.must(in, append([]string{"workspace", "lung", "airlock-requests", "new", "-q", "airlockRequest.id", "-o", "raw"}, args...)...)
	}
	one, two := made("", "--definition-file", definition), made(`{"type":"import","businessJustification":"x"}`, "--definition-file", "-", "--title", "Second")
	wants(t, "requests", researcher.must("", "workspace", "Lung study", "airlock-requests", "list"), one, two)
	wants(t, "request", researcher.must("", "workspace", "lung", "airlock-request", one[:8], "show"), "Lookup")

	if code, _, errs := researcher.run("", "airlock", "cancel", two); code != cli.Usage || !strings.Contains(errs, "--yes") {
		t.Errorf("cancelled unasked: exit code %d, %s", code, errs)
	}
	researcher.must("", "airlock", "cancel", two, "--yes")
	researcher.upload(one, "lookup.csv", "a,b\n")
	researcher.must("", "workspace", "lung", "airlock-request", one, "submit")
	manager.must("", "airlock", "return", one, "--reason", "Name the source")
	researcher.upload(one, "source.txt", "The national register\n")
	researcher.must("", "airlock", "submit", one)
	if code, _, _ := manager.run("", "airlock", "reject", one); code != cli.Usage {
		t.Errorf("rejected without a reason: exit code %d", code)
	}
	manager.must("", "workspace", "lung", "airlock-request", one, "review", "--reject", "--reason", "Not pseudonymised")
	if code, _, errs := manager.run("", "airlock", "reject", one, "--reason", "again"); code != cli.Conflict {
		t.Errorf("rejected twice: exit code %d, %s", code, errs)
	}
	for _, verb := range []string{"stop", "retry"} {
		args := []string{"airlock", verb, one}
		if verb == "stop" {
			args = append(args, "--reason", "Too late")
		}
		if code, _, errs := manager.run("", args...); code != cli.Conflict {
			t.Errorf("%s of what was rejected: exit code %d, %s", verb, code, errs)
		}
	}
	third := made("", "--definition-file", definition)
	if code, _, _ := researcher.run("", "workspace", "lung", "airlock-request", third, "cancel"); code != cli.Usage {
		t.Errorf("cancelled unasked in AzureTRE's words: exit code %d", code)
	}
}

func systemCommands(t *testing.T) {
	u := as(t, "admin")
	if err := stacktest.Until(t.Context(), func(context.Context) error { // other stories give the system work meanwhile
		code, out, errs := u.run("", "health")
		if code != cli.Done || !strings.Contains(out, "Tables") {
			return fmt.Errorf("health ends with %d: %s%s", code, out, errs)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	_, out, errs := u.run("", "health", "--details") // how well a stack is that has just started is another test's
	wants(t, "details of health", out+errs, "airlockadvance", "Version")
	wants(t, "status", u.must("", "auth", "status"), "TRE Administrator", "TREAdmin")
	if token := u.must("", "get-token"); strings.Count(token, ".") != 2 {
		t.Errorf("token of %d bytes", len(token))
	}
	wants(t, "ping", u.must("", "api", "GET", "/ping"), "pong")
	wants(t, "all workspaces", u.must("", "api", "get", "/api/workspaces?limit=1", "--paginate", "-q", "workspaces[].properties.display_name"), "Heart study", "Lung study")
	wants(t, "version", u.must("", "version"), "tre test")
	dir := filepath.Join(t.TempDir(), "man")
	u.must("", "man", dir)
	page, err := os.ReadFile(filepath.Join(dir, "tre-airlock-submit.1"))
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "manual page", string(page), "Hand a draft in", "--no-wait")
	u.must("", "auth", "switch", "local")
	u.env["TRE_CLIENT_SECRET"] = stack.RobotSecret
	u.must("", "login", "client-credentials", rig.APIURL(), "--client-id", stack.RobotClient, "--profile", "robot", "--insecure-storage")
	u.must("", "requests")
	u.must("", "logout")
	if code, _, _ := u.run("", "requests"); code != cli.SignedOut {
		t.Errorf("after the sign-out: exit code %d", code)
	}
	wants(t, "requests of the other profile", u.must("", "requests", "--profile", "local", "-o", "json"), "[]")
}
