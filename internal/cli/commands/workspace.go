package commands

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/resources"
)

// newWorkspace is AzureTRE's tree below one workspace. Its name stands in the
// middle; see Arrange.
func newWorkspace(c *cli.Context) *cobra.Command {
	requests := cli.Family("airlock-requests", "Airlock requests of the workspace", newList(c), newNew(c))
	request := cli.Middle(cli.Family("airlock-request", "One airlock request: tre workspace ID airlock-request REQUEST show"), "request")
	for _, cmd := range []*cobra.Command{newShow(c), newLink(c, "get-url"), newAct(c, acts[0]), newReview(c), newAct(c, acts[1])} {
		request.AddCommand(byFlag(cmd))
	}
	cmd := cli.Middle(cli.Family("workspace", "One workspace: tre workspace ID show", requests, request, completingRequests(c), newUsers(c),
		newFreeze(c, "freeze", "Freeze the workspace: no links, no deliveries, no decisions", "The workspace is frozen."),
		newFreeze(c, "unfreeze", "Let a frozen workspace go on", "The workspace goes on.")), "workspace")
	cmd.AddCommand(resources.InWorkspace(c)...)
	cmd.Example = "  tre workspace Heart show\n  tre workspace Heart workspace-services list\n  tre workspace Heart airlock-requests list\n  tre workspace Heart airlock-request 3f2a show"
	return cmd
}

// byFlag makes a command take the request that Arrange found in the middle of
// the line.
func byFlag(cmd *cobra.Command) *cobra.Command {
	run, name := cmd.RunE, ""
	cmd.Use, _, _ = strings.Cut(cmd.Use, " ")
	cmd.Args, cmd.ValidArgsFunction = cli.Args(cobra.NoArgs), nil
	cmd.Flags().StringVar(&name, "request", "", "request, by id or title")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if name == "" {
			return cli.Misused("which request? Say `%s`", cli.Called(cmd))
		}
		return run(cmd, []string{name})
	}
	return cmd
}

func completingRequests(c *cli.Context) *cobra.Command {
	p := &place{}
	return p.flag(c, cli.Completing("airlock-request", c.CompleteRequest()))
}
