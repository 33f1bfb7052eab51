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
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func newAirlock(c *cli.Context) *cobra.Command {
	cmd := family("airlock", "Bring data in and take results out",
		newShow(c))
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

// onRequest runs do with the client and the key of the request that the only
// argument names.
func onRequest(c *cli.Context, p *place, do func(ctx context.Context, api *client.Client, key airlock.Key) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
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
}

func newShow(c *cli.Context) *cobra.Command {
	var p place
	cmd := &cobra.Command{
		Use:   "show REQUEST",
		Short: "Show a request: where it stands and what it waits for",
		Args:  cli.Args(cobra.ExactArgs(1)),
		RunE: onRequest(c, &p, func(ctx context.Context, caller *client.Client, key airlock.Key) error {
			answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: client.Request(key.Workspace, key.Request)})
			if err != nil {
				return err
			}
			return showRequest(c, answer.Body)
		}),
	}
	return p.flag(c, cmd)
}

// showRequest writes a request as the API answered it.
func showRequest(c *cli.Context, answer []byte) error {
	var r api.WithActions
	if err := json.Unmarshal(answer, &r); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	return c.Show(answer, func(*console.Screen) { drawRequest(c, r) })
}

func drawRequest(c *cli.Context, r api.WithActions) {
	q := r.Request
	c.Details(
		cli.Detail{Name: "Title", Text: q.Title, Style: console.Bold},
		cli.Detail{Name: "Status", Text: string(q.Status)},
		cli.Detail{Name: "Id", Text: q.ID},
	)
}
