package clitest

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
)

func membersAndFreeze(t *testing.T) {
	const w = "c1177e57-0000-4000-8000-000000000001"
	if err := rig.Workspace(t.Context(), w, rig.Account("ws1"), airlock.Policy{}); err != nil {
		t.Fatal(err)
	}
	owner, visitor := as(t, "heart-owner"), as(t, "visitor")
	owner.must("", "use", w)
	wants(t, "members", owner.must("", "users", "list"), "Heart Owner", "WorkspaceOwner")
	wants(t, "roles", owner.must("", "roles"), "AirlockManager", "WorkspaceResearcher")
	if out := visitor.must("", "workspaces", "list"); strings.Contains(out, w) {
		t.Errorf("a visitor sees %s", out)
	}
	wants(t, "people", owner.must("", "users", "find", "Visitor"), "visitor@tre.example")
	owner.must("", "users", "add", "Visitor", "--role", "researcher", "--expires", "2099-01-31", "--reason", "Joins the study")
	wants(t, "the new member's workspaces", visitor.must("", "workspaces", "list"), w, "WorkspaceResearcher")
	owner.must("", "users", "update", "visitor", "--expires", "2098-06-30")
	wants(t, "members with dates", owner.must("", "workspace", w, "users", "list"), "Visitor Without Workspace", "2098-0")
	visitor.must("", "airlock", "new", "-w", w, "--type", "import", "--justification", "A table")
	owner.must("", "workspace", w, "freeze", "--reason", "Looking into something")
	if code, _, errs := visitor.run("", "airlock", "new", "-w", w, "--type", "import", "--justification", "Another"); code != cli.Conflict {
		t.Errorf("in a frozen workspace: exit code %d: %s", code, errs)
	}
	owner.must("", "workspace", w, "unfreeze", "--reason", "All is well")
	owner.must("", "users", "remove", "visitor", "--reason", "Left")
	if code, _, errs := visitor.run("", "airlock", "list", "-w", w); code != cli.NotAllowed {
		t.Errorf("after the removal: exit code %d: %s", code, errs)
	}
	wants(t, "audit lines", owner.must("", "audit", "list", "-w", w), "Joins the study")
}

func personEverywhere(t *testing.T) {
	admin, colleague := as(t, "admin"), as(t, "lung-owner")
	id := rig.Person("lung-owner").OID
	wants(t, "oneself", colleague.must("", "people", "show", "me"), id)
	admin.must("", "people", "expiries", id, "--training", "2099-01-31", "--reason", "Course taken")
	wants(t, "expiries", admin.must("", "people", "expiries", id, "--agreement", "2098-01-31"), "2099-0", "2098-0")
	admin.must("", "people", "suspend", id, "--reason", "Laptop lost")
	if code, _, errs := colleague.run("", "airlock", "list", "-w", "lung"); code != cli.NotAllowed {
		t.Errorf("suspended: exit code %d: %s", code, errs)
	}
	wants(t, "the suspension", admin.must("", "people", "show", id), "Laptop lost")
	admin.must("", "people", "reinstate", id, "--reason", "Laptop found")
	colleague.must("", "airlock", "list", "-w", "lung")
	wants(t, "audit lines", admin.must("", "audit", "list", "--all", "--person", id), "Laptop lost")
}

// signInsElsewhere are tried in internal/cli/commands and internal/cli/signin,
// against the same provider: they need a browser, a person, or a machine in
// Azure.
var signInsElsewhere = []string{"tre login device-code", "tre login interactive", "tre login managed-identity"}

// TestCommands runs all stories, and then looks whether one of them ran each
// command.
func TestCommands(t *testing.T) {
	t.Run("stories", func(t *testing.T) {
		for name, story := range map[string]func(*testing.T){
			"an import from draft to release":           importToRelease,
			"everything else that happens to a request": otherEnds,
			"commands about the system":                 systemCommands,
			"members and freeze":                        membersAndFreeze,
			"a person everywhere":                       personEverywhere,
			"templates of all kinds":                    templatesOfAllKinds,
			"requests for workspaces":                   requestsForWorkspaces,
			"a workspace from request to removal":       workspaceFromRequestToRemoval,
			"a shared service":                          sharedService,
			"how Azure differs":                         driftIsRead,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				story(t)
			})
		}
	})
	if flag.Lookup("test.run").Value.String() == "" { // all of them ran
		everyCommandWasRun(t)
	}
}

func everyCommandWasRun(t *testing.T) {
	c, _, _ := (&user{t: t}).context("")
	for _, path := range leaves(commands.Root(c)) {
		same := strings.Replace(path, "tre workspace users", "tre users", 1) // one command in two places
		_, ok := used.Load(path)
		if _, there := used.Load(same); ok || there || slices.Contains(signInsElsewhere, path) || strings.HasPrefix(path, "tre completion") {
			continue
		}
		t.Errorf("%s was never run", path)
	}
}
