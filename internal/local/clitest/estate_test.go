package clitest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/infra/skeletons"
	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// words are the arguments of a line, without quotes.
func words(line string, more ...string) []string { return append(strings.Fields(line), more...) }

// definition writes the body of a registration of a skeleton, as AzureTRE's
// scripts do, with our ARM template.
func definition(t *testing.T, kind workspace.Kind, name string) string {
	t.Helper()
	files, err := skeletons.Files(string(kind))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"name": name, "version": "1.0.0", "current": true, "customActions": []any{},
		"json_schema": json.RawMessage(files["template_schema.json"]), "template": json.RawMessage(files["main.json"])})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".json")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// templatesOfAllKinds are listed, shown, registered from bodies, and pushed from
// a folder that was started from a skeleton.
func templatesOfAllKinds(t *testing.T) {
	admin := as(t, "admin")
	wants(t, "templates", admin.must("", words("workspace-templates list")...), "tre-workspace-base")
	for kind, name := range map[workspace.Kind]string{workspace.Workspace: "cli-workspace", workspace.Service: "cli-service", workspace.SharedService: "cli-shared"} {
		admin.must("", string(kind)+"-templates", "new", "--definition-file", definition(t, kind, name))
		wants(t, "list", admin.must("", string(kind)+"-templates", "list"), name, "1.0.0")
		wants(t, "template", admin.must("", string(kind)+"-template", name, "show", "--version", "1.0.0"), name, "Digest")
	}
	admin.must("", words("workspace-service-template cli-service user-resource-templates new --definition-file", definition(t, workspace.UserResource, "cli-resource"))...)
	wants(t, "list", admin.must("", words("workspace-service-template cli-service user-resource-templates list")...), "cli-resource")
	wants(t, "template", admin.must("", words("workspace-service-template cli-service user-resource-template cli-resource show")...), "cli-resource")

	dir := filepath.Join(t.TempDir(), "ours")
	admin.must("", words("template new cli-pushed --kind workspace-service --dir", dir)...)
	first := admin.must("", "template", "push", dir)
	if code, again, errs := admin.run("", "template", "push", dir); code != cli.Done || strings.TrimSpace(again) != first || !strings.Contains(errs, "Already registered") {
		t.Errorf("pushed again: exit code %d, %s%s, the first time %s", code, again, errs, first)
	}
	for _, ours := range templates.Names() { // the stack registered them as it started, as they stand in the folders
		if code, _, errs := admin.run("", "template", "push", filepath.Join("../../../infra/templates", ours)); code != cli.Done || !strings.Contains(errs, "Already registered") {
			t.Errorf("%s as it is: exit code %d: %s", ours, code, errs)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "template_schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "template_schema.json"), []byte(strings.Replace(string(text), "A service", "Another service", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := admin.run("", "template", "push", dir); code != cli.Conflict {
		t.Errorf("changed without another version: exit code %d: %s", code, errs)
	}
	if code, _, errs := as(t, "heart-owner").run("", "template", "push", dir); code != cli.NotAllowed {
		t.Errorf("pushed by who is no administrator: exit code %d: %s", code, errs)
	}
}

// ask asks for a workspace and returns the request's id.
func (u *user) ask(name string) string {
	u.t.Helper()
	return u.must("", words("workspaces new --template tre-workspace-base --description d --reason why -o raw -q workspaceRequest.id --display-name", name)...)
}

// requestsForWorkspaces are made, decided on, and covered beforehand.
func requestsForWorkspaces(t *testing.T) {
	admin, person := as(t, "admin"), as(t, "lung-researcher")
	one, two := person.ask("Not this one"), person.ask("Nor this one")
	if code, out, errs := person.run("", words("workspaces new --template tre-workspace-base --display-name Third --description d")...); code != cli.Done || !strings.Contains(errs, "waits for an administrator") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	wants(t, "requests", person.must("", words("workspace-requests list --status in_review")...), one, two)
	wants(t, "request", admin.must("", "workspace-requests", "show", one), "Not this one", "in_review")
	if code, _, errs := person.run("", "workspace-requests", "approve", one); code != cli.NotAllowed {
		t.Errorf("approved by who asked: exit code %d: %s", code, errs)
	}
	wants(t, "rejected", admin.must("", "workspace-requests", "reject", one, "--reason", "Enough for this year"), "rejected", "Enough for this year")
	wants(t, "cancelled", person.must("", "workspace-requests", "cancel", two, "--yes"), "cancelled")
	if code, _, errs := admin.run("", "workspace-requests", "approve", two); code != cli.Conflict {
		t.Errorf("approved after it was taken back: exit code %d: %s", code, errs)
	}
	standing := admin.must("", words("standing-approvals new --template tre-workspace-base --size small --most 2 --reason Registry -o raw -q standingApproval.id --until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))...)
	wants(t, "standing approvals", admin.must("", words("standing-approvals list")...), standing, "0 of 2", "stands")
	wants(t, "taken back", admin.must("", "standing-approvals", "end", standing, "--reason", "Over"), "ended")
	if code, _, errs := person.run("", words("standing-approvals list")...); code != cli.NotAllowed {
		t.Errorf("standing approvals of who is no administrator: exit code %d: %s", code, errs)
	}
}

// reads are what everybody may see of a resource that they may see.
func (u *user) reads(line ...string) {
	u.t.Helper()
	run := func(more ...string) string {
		u.t.Helper()
		return u.must("", append(append([]string{}, line...), more...)...)
	}
	wants(u.t, "resource", run("show"), "Id")
	operation := run("operations", "list", "-o", "raw", "-q", "operations[-1].id")
	wants(u.t, "operation", run("operation", operation, "show"), "install", "deployed")
	wants(u.t, "what was followed", run("operation", operation, "watch"), "deployed")
	for _, verb := range []string{"cancel", "retry"} {
		if code, _, errs := u.run("", append(append([]string{}, line...), "operation", operation, verb)...); code != cli.Conflict {
			u.t.Errorf("%s of what has ended: exit code %d: %s", verb, code, errs)
		}
	}
	run("update", "--property", "description=Another")
	wants(u.t, "history", run("history", "-o", "json"), `"description": "d"`)
	if line[len(line)-2] != "workspace" { // a workspace's is `tre audit list`
		wants(u.t, "audit trail", run("audit"), "install")
	}
	if code, _, errs := u.run("", append(append([]string{}, line...), "invoke-action", "dance")...); code != cli.Conflict {
		u.t.Errorf("an action that is none: exit code %d: %s", code, errs)
	}
}

// workspaceFromRequestToRemoval: asked for, granted, used and taken away again.
func workspaceFromRequestToRemoval(t *testing.T) {
	admin, owner := as(t, "admin"), as(t, "heart-both")
	id := owner.ask("Spleen study")
	wants(t, "granted", admin.must("", "workspace-requests", "approve", id), "approved")
	operation := admin.must("", "workspace", id, "operations", "list", "-o", "raw", "-q", "operations[0].id")
	address := "/workspaces/" + id + "/operations/" + operation
	wants(t, "followed", admin.must("", "watch", address), "deployed")
	wants(t, "operation", admin.must("", "operation", "show", address), "deployed")
	admin.must("", "operation", "watch", address)
	for _, verb := range []string{"cancel", "retry"} {
		if code, _, errs := admin.run("", "operation", verb, address); code != cli.Conflict {
			t.Errorf("%s of what has ended: exit code %d: %s", verb, code, errs)
		}
	}
	if out := owner.must("", "operations"); strings.Contains(out, operation) {
		t.Errorf("under way: %s", out)
	}
	in := []string{"workspace", id}
	admin.reads(in...)
	owner.must("", append(in, words("workspace-services new --template tre-service-guacamole --display-name Desktops --description d")...)...)
	wants(t, "services", owner.must("", append(in, "workspace-services", "list")...), "Desktops", "deployed")
	service := []string{"workspace", id, "workspace-service", "desk"}
	owner.reads(service...)
	owner.machine(service)
	owner.must("", append(service, "set-enabled", "--disable")...)
	wants(t, "deleted", owner.must("", append(service, "delete", "--yes", "--ensure-disabled")...), "deleted")
	admin.must("", append(in, "set-enabled", "--disable")...)
	wants(t, "deleted", admin.must("", append(in, "delete", "--yes")...), "deleted")
	if code, _, errs := owner.run("", append(in, "show")...); code != cli.NotAllowed {
		t.Errorf("a deleted workspace: exit code %d: %s", code, errs)
	}
	made := admin.must("", words("workspaces new --template tre-workspace-base --display-name Admins --description d -o raw -q operation.resourceId")...)
	admin.must("", "workspace", made, "delete", "--yes", "--ensure-disabled")
}

// machine makes a machine in a service and does all that can be done to one.
func (u *user) machine(service []string) {
	u.t.Helper()
	u.must("", append(append([]string{}, service...), words("user-resources new --template tre-service-guacamole-linuxvm --display-name Mine --description d")...)...)
	wants(u.t, "machines", u.must("", append(append([]string{}, service...), "user-resources", "list")...), "Mine", "deployed")
	mine := append(append([]string{}, service...), "user-resource", "mine")
	u.reads(mine...)
	for _, line := range []string{"stop", "start", "restart", "redeploy", "reset-password"} {
		wants(u.t, line, u.must("", append(mine, line)...), "action_succeeded")
	}
	code, out, errs := u.run("", append(mine, "extend", "--hours", "2")...) // whether it runs is known from the last look of a timer
	if code != cli.Done && (code != cli.Conflict || !strings.Contains(errs, "start it first")) {
		u.t.Errorf("put off: exit code %d: %s%s", code, out, errs)
	}
	u.must("", append(mine, "resize", "--size", "4 CPU | 16GB RAM")...)
	wants(u.t, "the size", u.must("", append(mine, "show")...), "4 CPU | 16GB RAM")
	u.must("", append(mine, "set-enabled", "--disable")...)
	wants(u.t, "deleted", u.must("", append(mine, "delete", "--yes")...), "deleted")
}

// driftIsRead: other stories make and delete meanwhile, so that something may
// well differ.
func driftIsRead(t *testing.T) {
	code, out, errs := as(t, "admin").run("", "admin", "drift", "--fresh")
	if code != cli.Done && code != cli.Failed || !strings.Contains(out, "Looked") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if code, _, errs := as(t, "visitor").run("", "admin", "drift"); code != cli.NotAllowed {
		t.Errorf("read by who is no administrator: exit code %d: %s", code, errs)
	}
}

// sharedService is made from a template of ours.
func sharedService(t *testing.T) {
	admin := as(t, "admin")
	dir := filepath.Join(t.TempDir(), "ours")
	admin.must("", words("template new cli-mirror --kind shared-service --dir", dir)...)
	admin.must("", "template", "push", dir)
	admin.must("", words("shared-services new --template cli-mirror --display-name Mirror --description d")...)
	wants(t, "shared services", as(t, "visitor").must("", "shared-services", "list"), "Mirror")
	admin.reads("shared-service", "mirror")
	admin.must("", words("shared-service mirror set-enabled --disable")...)
	wants(t, "deleted", admin.must("", words("shared-service mirror delete --yes")...), "deleted")
}
