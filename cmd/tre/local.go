package main

import (
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/child"
)

func newLocal() *cobra.Command {
	local := &cobra.Command{
		Use:   "local",
		Short: "Azure on this machine",
		Args:  cli.Args(cobra.NoArgs),
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
		Args:    cli.Args(cobra.MinimumNArgs(1)),
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

// endTime is how long the command and what it started may take to end.
const endTime = 10 * time.Second

// withAzurite runs the command to its end. It has a process group of its own, so
// that a signal to us reaches all that it started, such as tests below `go test`.
func withAzurite(cmd *cobra.Command, server *azurite.Server, args []string) error {
	command := exec.CommandContext(cmd.Context(), args[0], args[1:]...)
	child.Tie(command)
	command.Cancel = func() error { return child.Interrupt(command) }
	command.WaitDelay = endTime
	command.Stdout, command.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
	command.Env = append(os.Environ(), server.Environ())
	err := command.Run()
	if cmd.Context().Err() != nil && command.Process != nil {
		child.Kill(command) // who did not listen
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return cli.Exit(exit.ExitCode())
	}
	return err
}
