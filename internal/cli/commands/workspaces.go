package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
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
	return family("workspaces", "The workspaces that you may see", &cobra.Command{
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

// newWorkspace is AzureTRE's tree below one workspace. Its name stands in the
// middle; see Arrange.
func newWorkspace(c *cli.Context) *cobra.Command {
	requests := family("airlock-requests", "Airlock requests of the workspace", newList(c), newNew(c))
	request := family("airlock-request", "One airlock request: tre workspace ID airlock-request REQUEST show")
	for _, cmd := range []*cobra.Command{newShow(c), newLink(c, "get-url"), newAct(c, acts[0]), newReview(c), newAct(c, acts[1])} {
		request.AddCommand(byFlag(cmd))
	}
	cmd := family("workspace", "One workspace: tre workspace ID show", newWorkspaceShow(c), requests, request, hiddenRequestIDs(c), newUsers(c),
		newFreeze(c, "freeze", "Freeze the workspace: no links, no deliveries, no decisions", "The workspace is frozen."),
		newFreeze(c, "unfreeze", "Let a frozen workspace go on", "The workspace goes on."))
	for flag := range maps.Values(placed) { // so that Arrange's are known where help and completion stop half-way
		cmd.PersistentFlags().String(flag, "", "")
		_ = cmd.PersistentFlags().MarkHidden(flag) // fails only for unknown flags
	}
	cmd.Example = "  tre workspace Heart show\n  tre workspace Heart airlock-requests list\n  tre workspace Heart airlock-request 3f2a show"
	return cmd
}

// byFlag makes a command take the request that Arrange found in the middle of
// the line.
func byFlag(cmd *cobra.Command) *cobra.Command {
	run, name := cmd.RunE, ""
	cmd.Use, _, _ = strings.Cut(cmd.Use, " ")
	cmd.Args, cmd.ValidArgsFunction = cli.Args(cobra.NoArgs), nil
	cmd.Flags().StringVar(&name, "request", "", "request, by id or title")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if name == "" {
			return cli.Misused("which request? Say `tre workspace ID airlock-request REQUEST %s`", cmd.Name())
		}
		return run(cmd, []string{name})
	}
	return cmd
}

// hiddenIDs are the commands that complete the names in the middle of a line.
func hiddenIDs(c *cli.Context) *cobra.Command {
	return &cobra.Command{Use: "workspace-id", Hidden: true, ValidArgsFunction: c.CompleteWorkspace(), RunE: help}
}

func hiddenRequestIDs(c *cli.Context) *cobra.Command {
	p := &place{}
	return p.flag(c, &cobra.Command{Use: "airlock-request-id", Hidden: true, ValidArgsFunction: c.CompleteRequest(), RunE: help})
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

// newUse chooses the workspace that commands are about where none is named.
func newUse(c *cli.Context, signer *signin.Signer) *cobra.Command {
	return &cobra.Command{
		Use:               "use [WORKSPACE]",
		Short:             "Choose the workspace for commands that name none; without a name forget it",
		Args:              cli.Args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: c.CompleteWorkspace(),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, _, err := signer.Profile()
			if err != nil {
				return err
			}
			id := ""
			if len(args) > 0 {
				if id, err = c.Workspace(cmd.Context(), args[0]); err != nil {
					return err
				}
			}
			store, err := signer.Store()
			if err != nil {
				return err
			}
			err = store.Change(cmd.Context(), func(f *profile.File) error {
				if !slices.Contains(f.Names(), name) {
					return cli.NotSignedIn()
				}
				p := f.Profiles[name]
				p.Workspace = id
				f.Profiles[name] = p
				return nil
			})
			if err != nil {
				return err
			}
			if id == "" {
				c.Say("", "No workspace is in use now.")
				return nil
			}
			c.Say("", "Using the workspace "+id+" from now on.")
			return nil
		},
	}
}
