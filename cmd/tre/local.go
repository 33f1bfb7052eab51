package main

import (
	"errors"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

func newLocal() *cobra.Command {
	local := &cobra.Command{
		Use:   "local",
		Short: "Azure on this machine",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	local.AddCommand(newUp(), newAzurite())
	return local
}

// newAzurite gives a command one Azurite for as long as it runs, as `make test`
// does for all tests.
func newAzurite() *cobra.Command {
	return &cobra.Command{
		Use:     "azurite -- COMMAND [ARGUMENT]...",
		Short:   "Run a command with an Azurite of its own",
		Long:    "Starts an Azurite, tells the command about it in " + azurite.EnvName + ", and ends with the command's exit code.",
		Example: "  tre local azurite -- go test ./...",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := prepare(cmd, "")
			if err != nil {
				return err
			}
			server, err := azurite.Start(cmd.Context(), azurite.Config{Root: root})
			if err != nil {
				return err
			}
			return errors.Join(withAzurite(cmd, server, args), server.Stop())
		},
	}
}

// withAzurite runs the command to its end. Signals of a terminal reach it by
// themselves; one that only we get is passed on.
func withAzurite(cmd *cobra.Command, server *azurite.Server, args []string) error {
	child := exec.CommandContext(cmd.Context(), args[0], args[1:]...)
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.Stdin, child.Stdout, child.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	child.Env = append(os.Environ(), server.Environ())
	err := child.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exitError(exit.ExitCode())
	}
	return err
}
