package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/transfers"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func newAirlock(c *cli.Context) *cobra.Command {
	cmd := cli.Family("airlock", "Bring data in and take results out",
		newList(c), newNew(c), newShow(c), newFiles(c), newRemoveFile(c), transfers.Upload(c), transfers.Download(c), newLink(c, "link"), newRequestAudit(c))
	for _, a := range acts {
		cmd.AddCommand(newAct(c, a))
	}
	cmd.Long = "Bring data in and take results out.\n\nA request is named by its id or title, or by the beginning of either. The workspace is the one given\n" +
		"with --workspace, else the one in use (`tre use`); without either, requests are looked for among yours."
	return cmd
}

// place is the workspace that a command is about.
type place struct{ workspace string }

// flag adds --workspace to a command.
func (p *place) flag(c *cli.Context, cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVarP(&p.workspace, "workspace", "w", "", "workspace, by id or name (default the one in use)")
	_ = cmd.RegisterFlagCompletionFunc("workspace", c.CompleteWorkspace()) // fails only for unknown flags
	return cmd
}

// doing is what a command does to a request.
type doing func(ctx context.Context, caller *client.Client, key airlock.Key) error

// onRequest makes a command one about the request that its only argument names.
func onRequest(c *cli.Context, cmd *cobra.Command, do doing) *cobra.Command {
	p := &place{}
	cmd.Use += " REQUEST"
	cmd.Args = cli.Args(cobra.ExactArgs(1))
	cmd.ValidArgsFunction = c.CompleteRequest()
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		key, err := c.Request(ctx, p.workspace, args[0])
		if err != nil {
			return err
		}
		caller, err := c.API(ctx)
		if err != nil {
			return err
		}
		return do(ctx, caller, key)
	}
	return p.flag(c, cmd)
}

func newShow(c *cli.Context) *cobra.Command {
	return onRequest(c, &cobra.Command{Use: "show", Short: "Show a request: where it stands and what it waits for"},
		func(ctx context.Context, caller *client.Client, key airlock.Key) error {
			answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: client.Request(key.Workspace, key.Request)})
			if err != nil {
				return err
			}
			return showRequest(c, answer.Body)
		})
}

// showRequest writes a request as the API answered it.
func showRequest(c *cli.Context, answer []byte) error {
	var r api.WithActions
	if err := json.Unmarshal(answer, &r); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	return c.Show(answer, func(*console.Screen) { drawRequest(c, r) })
}
