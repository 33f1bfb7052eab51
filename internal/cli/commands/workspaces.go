package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// workspace is what is shown of AzureTRE's resource.
type workspace struct {
	ID     string   `json:"id"`
	Status string   `json:"deploymentStatus"`
	Roles  []string `json:"roles"`
	ETag   string   `json:"_etag"`
	Freeze *struct {
		By struct {
			Name string `json:"name"`
		} `json:"frozenBy"`
		When   time.Time `json:"frozenWhen"`
		Reason string    `json:"reason"`
	} `json:"freeze"`
	Properties struct {
		Name        string `json:"display_name"`
		Description string `json:"description"`
		Airlock     *bool  `json:"enable_airlock"`
	} `json:"properties"`
}

func newWorkspaces(c *cli.Context) *cobra.Command {
	return cli.Family("workspaces", "The workspaces that you may see", &cobra.Command{
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
			var list struct {
				Workspaces []workspace `json:"workspaces"`
			}
			if err := json.Unmarshal(answer, &list); err != nil {
				return fmt.Errorf("workspaces: %w", err)
			}
			return c.Show(answer, func(*console.Screen) { drawWorkspaces(c, list.Workspaces, conn.Workspace) })
		},
	})
}

func drawWorkspaces(c *cli.Context, all []workspace, inUse string) {
	t := &cli.Table{Empty: "You are in no workspace: ask its owner for a role.", Columns: []cli.Column{{Name: "id"}, {Name: "name", Grow: true},
		{Name: "your roles", Grow: true}, {Name: "in use"}}}
	for _, w := range all {
		use := ""
		if w.ID == inUse {
			use = "yes"
		}
		t.Row(cli.ID(w.ID), cli.Cell{Text: w.Properties.Name}, cli.Cell{Text: strings.Join(w.Roles, ", ")}, cli.Cell{Text: use})
	}
	c.Draw(t)
}

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

func newWorkspaceShow(c *cli.Context) *cobra.Command {
	return onWorkspace(c, &cobra.Command{Use: "show", Short: "Show the workspace"},
		func(ctx context.Context, caller *client.Client, path string, _ []string) error {
			answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
			if err != nil {
				return err
			}
			var w struct {
				Workspace workspace `json:"workspace"`
			}
			if err := json.Unmarshal(answer.Body, &w); err != nil {
				return fmt.Errorf("workspace: %w", err)
			}
			return c.Show(answer.Body, func(*console.Screen) {
				p, airlock, frozen := w.Workspace.Properties, "on", ""
				if f := w.Workspace.Freeze; f != nil {
					frozen = c.Stamp(f.When) + " by " + f.By.Name + ": " + f.Reason
				}
				if p.Airlock != nil && !*p.Airlock {
					airlock = "off"
				}
				c.Details(cli.Detail{Name: "Name", Text: p.Name, Style: console.Bold}, cli.Detail{Name: "Description", Text: p.Description},
					cli.Detail{Name: "Id", Text: w.Workspace.ID}, cli.Detail{Name: "Status", Text: w.Workspace.Status},
					cli.Detail{Name: "Frozen", Text: frozen, Style: console.Red},
					cli.Detail{Name: "Airlock", Text: airlock}, cli.Detail{Name: "Your roles", Text: strings.Join(w.Workspace.Roles, ", ")})
			})
		})
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
