package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func newWorkspacesList(c *cli.Context) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the workspaces that you may see",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			conn, err := c.Connect(ctx)
			if err != nil {
				return err
			}
			answer, err := c.Client(conn).Whole(ctx, "/workspaces", "workspaces")
			if err != nil {
				return err
			}
			var list api.Workspaces
			if err := json.Unmarshal(answer, &list); err != nil {
				return fmt.Errorf("workspaces: %w", err)
			}
			return c.Show(answer, func(*console.Screen) { drawWorkspaces(c, list.Workspaces, conn.Workspace) })
		},
	}
}

func drawWorkspaces(c *cli.Context, all []api.Workspace, inUse string) {
	t := &cli.Table{Empty: "You are in no workspace: ask its owner for a role.", Columns: []cli.Column{{Name: "id"}, {Name: "name", Grow: true},
		{Name: "your roles", Grow: true}, {Name: "in use"}, {Name: "status"}}}
	for _, w := range all {
		use := ""
		if w.ID == inUse {
			use = "yes"
		}
		t.Row(cli.ID(w.ID), cli.Cell{Text: display(w.Resource)}, cli.Cell{Text: strings.Join(w.Roles, ", ")}, cli.Cell{Text: use}, statusCell(w.Status))
	}
	c.Draw(t)
}

func newWorkspaceShow(c *cli.Context) *cobra.Command {
	return workspaces.on(c, &cobra.Command{Use: "show", Short: "Show the workspace"}, func(ctx context.Context, t target) error {
		answer, err := t.caller.Send(ctx, client.Call{Method: http.MethodGet, Path: t.path})
		if err != nil {
			return err
		}
		var in api.WorkspaceIn
		if err := json.Unmarshal(answer.Body, &in); err != nil {
			return fmt.Errorf("workspace: %w", err)
		}
		return c.Show(answer.Body, func(*console.Screen) {
			w, airlock, frozen := in.Workspace, "on", ""
			if f := w.Freeze; f != nil {
				frozen = c.Stamp(f.When) + " by " + f.By.Name + ": " + f.Reason
			}
			if on, given := w.Properties["enable_airlock"].(bool); given && !on {
				airlock = "off"
			}
			drawOne(c, w.Resource, cli.Detail{Name: "Frozen", Text: frozen, Style: console.Red}, cli.Detail{Name: "Airlock", Text: airlock},
				cli.Detail{Name: "Your roles", Text: strings.Join(w.Roles, ", ")})
		})
	})
}
