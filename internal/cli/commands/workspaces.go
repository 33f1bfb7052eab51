package commands

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// onWorkspace makes a command one about the workspace that --workspace names.
func onWorkspace(c *cli.Context, cmd *cobra.Command, do func(ctx context.Context, caller *client.Client, path string, args []string) error) *cobra.Command {
	p := &place{}
	if cmd.Args == nil {
		cmd.Args = cli.Args(cobra.NoArgs)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := c.Workspace(cmd.Context(), p.workspace)
		if err != nil {
			return err
		}
		caller, err := c.API(cmd.Context())
		if err != nil {
			return err
		}
		return do(cmd.Context(), caller, "/workspaces/"+id, args)
	}
	return p.flag(c, cmd)
}

func newFreeze(c *cli.Context, name, short, said string) *cobra.Command {
	var reason string
	cmd := onWorkspace(c, &cobra.Command{Use: name, Short: short}, func(ctx context.Context, caller *client.Client, path string, _ []string) error {
		why, err := c.Ask(ctx, reason, cli.Question{Flag: "reason", Text: "Why? Everybody in the workspace is told"})
		if err != nil {
			return err
		}
		return change(ctx, c, caller, http.MethodPost, path+"/"+name, map[string]string{"reason": why}, said)
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; everybody in the workspace is told")
	return cmd
}

// change makes a call that changes something, and says that it was done.
func change(ctx context.Context, c *cli.Context, caller *client.Client, method, path string, body any, said string) error {
	call := client.Call{Method: method, Path: path}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		call.Body = text
	}
	answer, err := caller.Send(ctx, call)
	if err != nil {
		return err
	}
	if c.Plain() || len(answer.Body) == 0 {
		c.Say(console.Green, said)
		return nil
	}
	return c.Show(answer.Body, nil)
}
