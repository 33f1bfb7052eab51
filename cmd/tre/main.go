// Command tre is Trefoil's command line: the client of the API, the whole system
// on one machine, and the folder that is deployed.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
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
	c := cli.New(os.Stdin, os.Stdout, os.Stderr, os.Getenv, time.Now)
	c.Version = version
	root := newRoot(c)
	root.SetArgs(commands.Arrange(root, os.Args[1:]))
	err := root.ExecuteContext(ctx)
	stop()
	os.Exit(int(cli.Explain(os.Stderr, c.Written(err))))
}

func newRoot(c *cli.Context) *cobra.Command {
	root := commands.Root(c)
	for _, cmd := range []*cobra.Command{newLocal(), newApp()} {
		cmd.GroupID = commands.GroupLocal
		root.AddCommand(cmd)
	}
	return root
}
