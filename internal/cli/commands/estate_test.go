package commands_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// estateGoldens are command lines about workspaces and what is in them, and what
// a person at 80 columns, or a pipe, gets.
var estateGoldens = []struct {
	name string
	pipe bool
	code cli.Code
	args []string
}{
	{"workspace", false, cli.Done, []string{"workspace", "heart", "show"}},
	{"services", false, cli.Done, []string{"workspace", "heart", "workspace-services", "list"}},
	{"service-failed", false, cli.Done, []string{"workspace", "heart", "workspace-service", "desk", "show"}},
	{"machines", false, cli.Done, []string{"workspace", "heart", "workspace-service", "desk", "user-resources", "list"}},
	{"machines-pipe", true, cli.Done, []string{"workspace", "heart", "workspace-service", "desk", "user-resources", "list"}},
	{"machine", false, cli.Done, []string{"workspace", "heart", "workspace-service", desktops, "user-resource", "ann", "show"}},
	{"shared-services", false, cli.Done, []string{"shared-services", "list"}},
	{"operations-mine", false, cli.Done, []string{"operations"}},
	{"operations", false, cli.Done, []string{"workspace", "heart", "operations", "list"}},
	{"operations-pipe", true, cli.Done, []string{"workspace", "heart", "operations", "list"}},
	{"operation", false, cli.Done, []string{"workspace", "heart", "operation", "7777", "show"}},
	{"operation-failed", false, cli.Done, []string{"operation", "show", "/workspaces/" + heart + "/operations/" + failed}},
	{"operation-watched", false, cli.Broken, []string{"operation", "watch", "/workspaces/" + heart + "/operations/" + failed}},
	{"resource-history", false, cli.Done, []string{"workspace", "heart", "history"}},
	{"workspace-requests", false, cli.Done, []string{"workspace-requests", "list"}},
	{"workspace-request", false, cli.Done, []string{"workspace-requests", "show", "2026-0042"}},
	{"standing-approvals", false, cli.Done, []string{"standing-approvals", "list"}},
}

func TestWhatPeopleReadOfWorkspaces(t *testing.T) {
	t.Parallel()
	server := estate(t)
	for _, tc := range estateGoldens {
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
			for line := range strings.Lines(got.out) {
				if columns := console.Width(strings.TrimSuffix(line, "\n")); !tc.pipe && tc.name != "operation-watched" && columns > 80 {
					t.Errorf("%d columns: %s", columns, line)
				}
			}
		})
	}
}
