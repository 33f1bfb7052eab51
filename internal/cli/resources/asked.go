package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// askedPath is where requests for workspaces are.
const askedPath = "/workspace-requests"

// askedStatuses are those of requests for workspaces.
var askedStatuses = []string{string(workspace.Asked), string(workspace.Granted), string(workspace.Declined), string(workspace.Withdrawn)}

func styleOfAsked(s workspace.RequestStatus) console.Style {
	switch s {
	case workspace.Granted:
		return console.Green
	case workspace.Declined:
		return console.Red
	case workspace.Withdrawn:
		return console.Dim
	case workspace.Asked:
	}
	return console.Yellow
}

// ShowAsked shows a request that was just made, and says that it waits.
func ShowAsked(c *cli.Context, answer []byte, r api.WorkspaceRequest) error {
	if err := c.Show(answer, func(*console.Screen) { drawAsked(c, r) }); err != nil {
		return err
	}
	if r.Status == workspace.Asked {
		c.Say(console.Yellow, "It waits for an administrator: nothing is made before one grants it. They are told by mail, and so are you when it is decided.")
		c.Say(console.Dim, fmt.Sprintf("`tre workspace-requests show %s` says where it stands.", cli.ID(r.ID).Text))
	}
	return nil
}

// readAsked reads requests for workspaces; status "" is all.
func readAsked(ctx context.Context, caller *client.Client, status string) ([]byte, []api.WorkspaceRequest, error) {
	path := askedPath
	if status != "" {
		path += "?" + url.Values{"status": {status}}.Encode()
	}
	answer, err := caller.Whole(ctx, path, "workspaceRequests")
	if err != nil {
		return nil, nil, err
	}
	var list api.WorkspaceRequests
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, nil, fmt.Errorf("requests for workspaces: %w", err)
	}
	return answer, list.Requests, nil
}

// Asked are the commands about requests for workspaces.
func Asked(c *cli.Context) *cobra.Command {
	cmd := cli.Family("workspace-requests", "Requests for workspaces: mine, or all for an administrator", newAskedList(c),
		onAsked(c, &cobra.Command{Use: "show", Short: "Show a request for a workspace"}, func(ctx context.Context, t target) error {
			answer, err := t.caller.Send(ctx, client.Call{Method: http.MethodGet, Path: t.path})
			return showAsked(c, answer, err)
		}),
		newDecide(c, true), newDecide(c, false), newWithdraw(c))
	cmd.Long = "Requests for workspaces: mine, or all for an administrator.\n\nA request is named by its id, which is that of the workspace that it becomes, by the name of that workspace, or by the\nbeginning of either. `tre workspaces new` makes one."
	return cmd
}

func newAskedList(c *cli.Context) *cobra.Command {
	var status string
	cmd := &cobra.Command{Use: "list", Short: "List my requests for workspaces, or all for an administrator", Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if status != "" && !slices.Contains(askedStatuses, status) {
				return cli.Misused("--status: %q is none of %s", status, strings.Join(askedStatuses, ", "))
			}
			caller, err := c.API(cmd.Context())
			if err != nil {
				return err
			}
			answer, all, err := readAsked(cmd.Context(), caller, status)
			if err != nil {
				return err
			}
			return c.Show(answer, func(*console.Screen) {
				t := &cli.Table{Empty: "No requests for workspaces.", Columns: []cli.Column{{Name: "id"}, {Name: "name", Grow: true}, {Name: "status"}, {Name: "by", Grow: true}, {Name: "from"}, {Name: "asked"}, {Name: "reason", Grow: true}}}
				for _, r := range all {
					t.Row(cli.ID(r.ID), cli.Cell{Text: askedName(r)}, cli.Cell{Text: string(r.Status), Style: styleOfAsked(r.Status)}, cli.Cell{Text: r.Requester.Name},
						cli.Cell{Text: string(r.Source)}, c.Time(cli.Unix(r.CreatedWhen)), cli.Cell{Text: r.Reason})
				}
				c.Draw(t)
			})
		}}
	cmd.Flags().StringVar(&status, "status", "", "only those with this status, such as in_review")
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(askedStatuses, cobra.ShellCompDirectiveNoFileComp)) // fails only for unknown flags
	return cmd
}

func askedName(r api.WorkspaceRequest) string {
	name, _ := r.Properties["display_name"].(string)
	return name
}

func namesOfAsked(all []api.WorkspaceRequest) []cli.Named {
	var names []cli.Named
	for _, r := range all {
		names = append(names, cli.Named{ID: r.ID, Name: askedName(r), Also: r.Reference})
	}
	return names
}

// onAsked makes a command one about the request that its argument names.
func onAsked(c *cli.Context, cmd *cobra.Command, do func(ctx context.Context, t target) error) *cobra.Command {
	cmd.Use += " REQUEST"
	cmd.Args = cli.Args(cobra.ExactArgs(1))
	cmd.ValidArgsFunction = c.Completer(func(ctx context.Context, _ *cobra.Command) ([]cli.Named, error) {
		caller, err := c.API(ctx)
		if err != nil {
			return nil, err
		}
		_, all, err := readAsked(ctx, caller, "")
		return namesOfAsked(all), err
	})
	return at(c, cmd, func(ctx context.Context, c *cli.Context, cmd *cobra.Command) (string, error) {
		name := cmd.Flags().Arg(0)
		if cli.IsID(name) {
			return askedPath + "/" + strings.ToLower(name), nil
		}
		caller, err := c.API(ctx)
		if err != nil {
			return "", err
		}
		_, all, err := readAsked(ctx, caller, "")
		if err != nil {
			return "", err
		}
		found, err := cli.Pick("requests for workspaces", name, namesOfAsked(all))
		return askedPath + "/" + found.ID, err
	}, do)
}

// showAsked shows the request of an answer.
func showAsked(c *cli.Context, answer *client.Answer, err error) error {
	if err != nil {
		return err
	}
	var in api.WorkspaceRequestIn
	if err := json.Unmarshal(answer.Body, &in); err != nil {
		return fmt.Errorf("request for a workspace: %w", err)
	}
	return c.Show(answer.Body, func(*console.Screen) { drawAsked(c, in.Request) })
}

// newDecide approves or rejects.
func newDecide(c *cli.Context, grant bool) *cobra.Command {
	cmd, why := &cobra.Command{Use: "approve", Short: "Approve a request for a workspace: it is made at once"}, "why (optional)"
	if !grant {
		cmd, why = &cobra.Command{Use: "reject", Short: "Reject a request for a workspace"}, "why; the requester is told (required)"
	}
	var reason string
	onAsked(c, cmd, func(ctx context.Context, t target) error {
		var err error
		if !grant {
			if reason, err = c.Ask(ctx, reason, cli.Question{Flag: "reason", Text: "Why? The requester is told"}); err != nil {
				return err
			}
		}
		body, err := json.Marshal(map[string]any{"approval": grant, "decisionExplanation": reason})
		if err != nil {
			return err
		}
		answer, err := t.caller.Send(ctx, client.Call{Method: http.MethodPost, Path: t.path + "/review", Body: body})
		if err := showAsked(c, answer, err); err != nil || !grant {
			return err
		}
		id := strings.TrimPrefix(t.path, askedPath+"/")
		c.Say(console.Dim, fmt.Sprintf("The workspace is being made; `tre operations`, or `tre workspace %s operations list`, has the operation.", cli.ID(id).Text))
		return nil
	})
	cmd.Flags().StringVar(&reason, "reason", "", why)
	return cmd
}

// newWithdraw takes a request back.
func newWithdraw(c *cli.Context) *cobra.Command {
	var (
		reason string
		yes    bool
	)
	cmd := onAsked(c, &cobra.Command{Use: "cancel", Short: "Take a request for a workspace back, before it is decided"}, func(ctx context.Context, t target) error {
		if err := c.Sure(ctx, yes, "Take this request back?"); err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"reason": reason})
		if err != nil {
			return err
		}
		answer, err := t.caller.Send(ctx, client.Call{Method: http.MethodPost, Path: t.path + "/cancel", Body: body})
		return showAsked(c, answer, err)
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept in the audit trail")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// drawAsked draws all of a request for a workspace.
func drawAsked(c *cli.Context, r api.WorkspaceRequest) {
	source := string(r.Source)
	if r.Source == workspace.FromEvent {
		source += ", which proves nothing about who sent it"
	}
	var members []string
	for _, m := range r.Members {
		members = append(members, strings.TrimSpace(m.Name+" "+m.ID)+" ("+m.Role+")")
	}
	decided := ""
	if d := r.Decision; d != nil {
		decided = by(c, &d.By, d.When)
		if d.Explanation != "" {
			decided += ": " + d.Explanation
		}
		if d.Approval != "" {
			decided += ", by standing approval " + d.Approval
		}
	}
	c.Details(
		cli.Detail{Name: "Name", Text: askedName(r), Style: console.Bold},
		cli.Detail{Name: "Status", Text: string(r.Status), Style: styleOfAsked(r.Status)},
		cli.Detail{Name: "Message", Text: r.StatusMessage},
		cli.Detail{Name: "Decided", Text: decided},
		cli.Detail{Name: "Id", Text: r.ID},
		cli.Detail{Name: "Template", Text: strings.TrimSpace(r.TemplateName + " " + r.TemplateVersion)},
		cli.Detail{Name: "Reason", Text: r.Reason},
		cli.Detail{Name: "Requester", Text: r.Requester.Name},
		cli.Detail{Name: "Members", Text: strings.Join(members, ", ")},
		cli.Detail{Name: "Came from", Text: source, Style: sourceStyle(r)},
		cli.Detail{Name: "Reference", Text: r.Reference},
		cli.Detail{Name: "Asked", Text: c.Stamp(cli.Unix(r.CreatedWhen))},
	)
	drawProperties(c, r.Properties)
}

func sourceStyle(r api.WorkspaceRequest) console.Style {
	if r.Source == workspace.FromEvent && r.Status == workspace.Asked {
		return console.Yellow
	}
	return ""
}
