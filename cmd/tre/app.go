package main

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/stage"
)

func newApp() *cobra.Command {
	app := stage.App{}
	cmd := &cobra.Command{
		Use:   "app",
		Short: "Stage build/app, the folder that is deployed",
		Long: "Compiles the handler and lays out build/app as the Functions host wants it: host.json, the handler, and a folder\n" +
			"with a function.json a function. Azure runs linux/amd64; `func start` and `tre local up` run this machine's own.",
		Example: "  tre app --os linux --arch amd64",
		Args:    cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, err := azurite.FindRoot()
			if err != nil {
				return err
			}
			app.Root, app.Output = root, cmd.ErrOrStderr()
			if app.Out == "" {
				app.Out = appFolder(root)
			}
			if err := app.Build(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), app.Out, "is ready for", app.OS+"/"+app.Arch)
			return nil
		},
	}
	cmd.Flags().StringVar(&app.OS, "os", runtime.GOOS, "operating system of the handler, as Go names it")
	cmd.Flags().StringVar(&app.Arch, "arch", runtime.GOARCH, "architecture of the handler, as Go names it")
	cmd.Flags().StringVar(&app.Out, "out", "", "folder to make (default build/app in the repository)")
	return cmd
}

func appFolder(root string) string { return filepath.Join(root, "build", "app") }
