// Command tre is Trefoil's command line: the whole system on one machine, the
// folder that is deployed, and what a client of the API needs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

func main() {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // under nohup it is, and stays so
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	root := newRoot()
	err := root.ExecuteContext(ctx)
	stop()
	os.Exit(exitCode(err))
}

// exitError is an end with an exit code, about which all has been said.
type exitError int

// Error names the code.
func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exitUsage is the code for a command that cannot be understood, as in the
// shell: https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html
const exitUsage = 2

// usageError is a command that cannot be understood.
type usageError struct{ error }

// exitCode says why the command ended; what was not said yet is said.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "tre:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tre",
		Short: "Trefoil: a Trusted Research Environment in small functions",
		Long: "Trefoil: a Trusted Research Environment in small functions.\n\n" +
			"Nothing gets in or out of a workspace but through the airlock. `tre local up` shows all of it on this machine.",
		Example:       "  tre local up               the whole system on this machine, with a walk-through\n  tre app                    stage build/app, the folder that is deployed\n  tre audit verify W R …     check the audit trail of request R in workspace W",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          usage(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("tre {{.Version}}\n")
	root.SetFlagErrorFunc(hint)
	root.AddCommand(newLocal(), newApp(), newAudit())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// usage makes a check of arguments one whose errors say where help is.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return hint(cmd, err)
		}
		return nil
	}
}

func hint(cmd *cobra.Command, err error) error {
	return usageError{fmt.Errorf("%w: see `%s --help`", err, cmd.CommandPath())}
}
