// Package commands are the commands of tre that call the API, each group in a
// file of its own.
package commands

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/resources"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
	"github.com/trefoil-tre/trefoil/internal/cli/templates"
	"github.com/trefoil-tre/trefoil/internal/cli/transfers"
)

// The groups of the help page.
const (
	groupAirlock = "airlock"
	groupEstate  = "estate"
	groupPeople  = "people"
	groupSystem  = "system"
	// GroupLocal is the group of commands that need no API.
	GroupLocal = "local"
)

// Root is the program's command, with everything that calls the API below it.
func Root(c *cli.Context) *cobra.Command {
	root := &cobra.Command{
		Use:   "tre",
		Short: "Trefoil: a Trusted Research Environment in small functions",
		Long: "Trefoil: a Trusted Research Environment in small functions.\n\n" +
			"Nothing gets in or out of a workspace but through the airlock. `tre local up` shows all of it on this machine.",
		Example: "  tre login https://tre.example.org   sign in\n" +
			"  tre airlock new                     ask for an import or export\n" +
			"  tre requests --to-review            what waits for my review\n" +
			"  tre local up                        the whole system on this machine, with a walk-through",
		Version:       c.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cli.Args(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil { // cobra's own look at them gives no hint, and no code
				return cli.Hint(cmd, err)
			}
			return c.Check()
		},
	}
	root.SetVersionTemplate("tre {{.Version}}\n")
	root.SetFlagErrorFunc(cli.Hint)
	root.AddGroup(&cobra.Group{ID: groupAirlock, Title: "Airlock:"}, &cobra.Group{ID: groupEstate, Title: "Workspaces:"}, &cobra.Group{ID: groupPeople, Title: "People:"},
		&cobra.Group{ID: groupSystem, Title: "Sign-in and system:"}, &cobra.Group{ID: GroupLocal, Title: "This machine:"})
	c.Persist(root)
	root.SetOut(c.Out)
	root.SetErr(c.Err)
	root.SetIn(c.In)
	signer := signin.New(c)
	c.Sign = signer
	add(root, groupAirlock, newAirlock(c), newRequests(c), newHistory(c), newAudit(c), transfers.Watch(c))
	allShared, oneShared, completeShared := resources.Shared(c)
	add(root, groupEstate, resources.Workspaces(c), newWorkspace(c), newUse(c, signer), resources.Asked(c), resources.Approvals(c), allShared, oneShared,
		resources.Operations(c), resources.Operation(c), templates.Template(c))
	add(root, groupEstate, templates.Lists(c)...)
	add(root, groupPeople, newUsers(c), newRoles(c), newPeople(c))
	add(root, groupSystem, newLogin(c, signer), newLogout(c, signer), newAuth(c, signer), newGetToken(c), newCall(c), newHealth(c), newAdmin(c))
	root.AddCommand(cli.Completing("workspace", c.CompleteWorkspace()), completeShared, newVersion(c), newMan(c))
	root.AddCommand(topics()...)
	fit(c, root)
	return root
}

// add puts commands into a group of the help page.
func add(root *cobra.Command, group string, cmds ...*cobra.Command) {
	for _, cmd := range cmds {
		cmd.GroupID = group
		root.AddCommand(cmd)
	}
}
