package commands

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
)

// newUse chooses the workspace that commands are about where none is named.
func newUse(c *cli.Context, signer *signin.Signer) *cobra.Command {
	return &cobra.Command{
		Use:               "use [WORKSPACE]",
		Short:             "Choose the workspace for commands that name none; without a name forget it",
		Args:              cli.Args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: c.CompleteWorkspace(),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, _, err := signer.Profile()
			if err != nil {
				return err
			}
			id := ""
			if len(args) > 0 {
				if id, err = c.Workspace(cmd.Context(), args[0]); err != nil {
					return err
				}
			}
			store, err := signer.Store()
			if err != nil {
				return err
			}
			err = store.Change(cmd.Context(), func(f *profile.File) error {
				if !slices.Contains(f.Names(), name) {
					return cli.NotSignedIn()
				}
				p := f.Profiles[name]
				p.Workspace = id
				f.Profiles[name] = p
				return nil
			})
			if err != nil {
				return err
			}
			if id == "" {
				c.Say("", "No workspace is in use now.")
				return nil
			}
			c.Say("", "Using the workspace "+id+" from now on.")
			return nil
		},
	}
}
