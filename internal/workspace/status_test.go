package workspace_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// grid is the table of what may happen to a resource, written a second time, by
// hand: what each trigger does in each status. "-" is refused: no late message
// overwrites an end (W4).
const grid = `
	status               install              upgrade          uninstall          action           starts           succeeds          fails              drops              completes         spoils
	awaiting_deployment  -                    -                -                  -                deploying        -                 -                  deployment_failed  deployed          -
	deploying            -                    -                -                  -                -                deployed          deployment_failed  -                  -                 -
	deployed             -                    awaiting_update  awaiting_deletion  awaiting_action  -                -                 -                  -                  -                 deployment_failed
	deployment_failed    awaiting_deployment  awaiting_update  awaiting_deletion  -                -                -                 -                  -                  -                 -
	awaiting_update      -                    -                -                  -                updating         -                 -                  updating_failed    updated           -
	updating             -                    -                -                  -                -                updated           updating_failed    -                  -                 -
	updated              -                    awaiting_update  awaiting_deletion  awaiting_action  -                -                 -                  -                  -                 updating_failed
	updating_failed      -                    awaiting_update  awaiting_deletion  awaiting_action  -                -                 -                  -                  -                 -
	awaiting_deletion    -                    -                -                  -                deleting         -                 -                  deleting_failed    deleted           -
	deleting             -                    -                -                  -                -                deleted           deleting_failed    -                  -                 -
	deleted              -                    -                -                  -                -                -                 -                  -                  -                 -
	deleting_failed      -                    awaiting_update  awaiting_deletion  -                -                -                 -                  -                  -                 -
	awaiting_action      -                    -                -                  -                invoking_action  -                 -                  action_failed      action_succeeded  -
	invoking_action      -                    -                -                  -                -                action_succeeded  action_failed      -                  -                 -
	action_succeeded     -                    awaiting_update  awaiting_deletion  awaiting_action  -                -                 -                  -                  -                 action_failed
	action_failed        -                    awaiting_update  awaiting_deletion  awaiting_action  -                -                 -                  -                  -                 -
`

func TestGrid(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(grid), "\n")
	triggers := strings.Fields(lines[0])[1:]
	var seen []workspace.Status
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		from := workspace.Status(cells[0])
		seen = append(seen, from)
		for i, want := range cells[1:] {
			row, ok := workspace.Steps.Next(from, workspace.Trigger(triggers[i]))
			if got := string(row.To); ok != (want != "-") || ok && got != want {
				t.Errorf("%s in %s leads to %q, want %s", triggers[i], from, got, want)
			}
		}
	}
	if states := workspace.Steps.States(); len(states) != len(seen) {
		t.Errorf("the table knows %d statuses, the grid %d", len(states), len(seen))
	}
	for _, row := range workspace.Steps {
		if !strings.Contains(lines[0]+" ", " "+string(row.On)+" ") {
			t.Errorf("trigger %s is not in the grid", row.On)
		}
	}
	if err := workspace.Steps.Check(workspace.AwaitingDeployment); err != nil {
		t.Error(err)
	}
}

// Every status but the last has a way on: for the engine while something is
// under way, for people when it ended (I9).
func TestEveryStatusHasAnExit(t *testing.T) {
	t.Parallel()
	for _, s := range workspace.Steps.States() {
		by := workspace.ByEngine
		if s.Ended() {
			by = workspace.ByPeople
		}
		if s != workspace.Deleted && len(workspace.Steps.Allowed(s, by)) == 0 {
			t.Errorf("%s: nobody gets out of it", s)
		}
	}
	if on := workspace.Steps.Allowed(workspace.Deleted, workspace.ByEngine, workspace.ByPeople); len(on) > 0 {
		t.Errorf("deleted is not the end: %v", on)
	}
}

func TestActionNames(t *testing.T) {
	t.Parallel()
	for action, want := range map[workspace.Action]string{
		workspace.Install:   "awaiting_deployment deploying deployed deployment_failed",
		workspace.Upgrade:   "awaiting_update updating updated updating_failed",
		workspace.Uninstall: "awaiting_deletion deleting deleted deleting_failed",
		"start":             "awaiting_action invoking_action action_succeeded action_failed",
	} {
		for i, name := range strings.Fields(want) {
			s := action.Status(workspace.Phase(i))
			if string(s) != name {
				t.Errorf("%s, phase %d: %s, want %s", action, i, s, name)
			}
			if s.Ended() != (i >= int(workspace.Succeeded)) || s.Failed() != (i == int(workspace.Failed)) {
				t.Errorf("%s: ended %t, failed %t", s, s.Ended(), s.Failed())
			}
		}
		if action.Custom() != (action == "start") {
			t.Errorf("%s: custom %t", action, action.Custom())
		}
	}
}
