package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// approvalsPath is where standing approvals are.
const approvalsPath = "/standing-approvals"

// Approvals are the commands about standing approvals.
func Approvals(c *cli.Context) *cobra.Command {
	cmd := cli.Family("standing-approvals", "Approvals of workspaces that are given beforehand", newApprovalsList(c), newApprove(c), newTakeBack(c))
	cmd.Long = "Approvals of workspaces that are given beforehand.\n\nA request that one covers is granted when it comes: that is how a study registry provisions by itself."
	return cmd
}

func readApprovals(ctx context.Context, caller *client.Client) ([]byte, []api.StandingApproval, error) {
	answer, err := caller.Whole(ctx, approvalsPath, "standingApprovals")
	if err != nil {
		return nil, nil, err
	}
	var list api.StandingApprovals
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, nil, fmt.Errorf("standing approvals: %w", err)
	}
	return answer, list.Approvals, nil
}

func newApprovalsList(c *cli.Context) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List standing approvals, ended ones too", Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			caller, err := c.API(cmd.Context())
			if err != nil {
				return err
			}
			answer, all, err := readApprovals(cmd.Context(), caller)
			if err != nil {
				return err
			}
			return c.Show(answer, func(*console.Screen) {
				t := &cli.Table{Empty: "No standing approvals.", Columns: []cli.Column{{Name: "id"}, {Name: "template", Grow: true}, {Name: "sizes", Grow: true}, {Name: "used"}, {Name: "until"}, {Name: "state"}, {Name: "reason", Grow: true}}}
				for _, a := range all {
					state := approvalState(c, a)
					t.Row(cli.ID(a.ID), cli.Cell{Text: a.TemplateName}, cli.Cell{Text: sizes(a)}, cli.Cell{Text: fmt.Sprintf("%d of %d", a.Used, a.Most)}, c.Time(a.Until), state, cli.Cell{Text: a.Reason})
				}
				c.Draw(t)
			})
		}}
}

// approvalState is whether an approval still covers anything.
func approvalState(c *cli.Context, a api.StandingApproval) cli.Cell {
	switch {
	case a.Ended != nil:
		return cli.Cell{Text: "ended", Style: console.Dim}
	case a.Used >= a.Most:
		return cli.Cell{Text: "used up", Style: console.Dim}
	case !a.Until.After(c.Now()):
		return cli.Cell{Text: "over", Style: console.Dim}
	}
	return cli.Cell{Text: "stands", Style: console.Green}
}

func sizes(a api.StandingApproval) string {
	if len(a.Sizes) == 0 {
		return "all but custom"
	}
	return strings.Join(a.Sizes, ", ")
}

func drawApproval(c *cli.Context, a api.StandingApproval) {
	requesters := strings.Join(a.Requesters, ", ")
	if requesters == "" {
		requesters = "anybody"
	}
	ended := ""
	if a.Ended != nil {
		ended = by(c, &a.Ended.By, a.Ended.When) + ": " + a.Ended.Explanation
	}
	state := approvalState(c, a)
	c.Details(
		cli.Detail{Name: "Id", Text: a.ID},
		cli.Detail{Name: "State", Text: state.Text, Style: state.Style},
		cli.Detail{Name: "Template", Text: a.TemplateName},
		cli.Detail{Name: "Sizes", Text: sizes(a)},
		cli.Detail{Name: "For", Text: requesters},
		cli.Detail{Name: "Used", Text: fmt.Sprintf("%d of %d", a.Used, a.Most)},
		cli.Detail{Name: "Until", Text: c.Stamp(a.Until)},
		cli.Detail{Name: "Reason", Text: a.Reason},
		cli.Detail{Name: "Given", Text: by(c, &a.By, a.When)},
		cli.Detail{Name: "Ended", Text: ended},
	)
}

// showApproval shows the standing approval of an answer.
func showApproval(c *cli.Context, answer *client.Answer, err error) error {
	if err != nil {
		return err
	}
	var in api.StandingApprovalIn
	if err := json.Unmarshal(answer.Body, &in); err != nil {
		return fmt.Errorf("standing approval: %w", err)
	}
	return c.Show(answer.Body, func(*console.Screen) { drawApproval(c, in.Approval) })
}

// approving is a standing approval that is to be given, with the API's names.
type approving struct {
	Template   string   `json:"templateName"`
	Sizes      []string `json:"addressSpaceSizes,omitempty"`
	Requesters []string `json:"requesters,omitempty"`
	Most       int      `json:"most"`
	Until      string   `json:"until"`
	Reason     string   `json:"reason"`
}

func newApprove(c *cli.Context) *cobra.Command {
	var a approving
	cmd := &cobra.Command{Use: "new", Short: "Approve workspaces beforehand", Args: cli.Args(cobra.NoArgs),
		Example: "  tre standing-approvals new --template tre-workspace-base --size small --most 10 --until 2027-01-31 --reason \"Trials of the registry\"",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if a.Most < 1 {
				return cli.Misused("--most: how many workspaces? At least 1")
			}
			for _, q := range []struct {
				value *string
				cli.Question
			}{
				{&a.Template, cli.Question{Flag: "template", Text: "Template that it is for"}},
				{&a.Until, cli.Question{Flag: "until", Text: "Date after which it ends"}},
				{&a.Reason, cli.Question{Flag: "reason", Text: "Why? It is kept in the audit trail"}},
			} {
				var err error
				if *q.value, err = c.Ask(ctx, *q.value, q.Question); err != nil {
					return err
				}
			}
			body, err := json.Marshal(a)
			if err != nil {
				return err
			}
			caller, err := c.API(ctx)
			if err != nil {
				return err
			}
			answer, err := caller.Send(ctx, client.Call{Method: http.MethodPost, Path: approvalsPath, Body: body, Header: http.Header{"Idempotency-Key": {uuid.NewString()}}})
			return showApproval(c, answer, err)
		}}
	f := cmd.Flags()
	f.StringVar(&a.Template, "template", "", "template that it is for (required)")
	f.StringSliceVar(&a.Sizes, "size", nil, "address space that it is for: small, medium, large or custom; may be given again (default all but custom)")
	f.StringSliceVar(&a.Requesters, "requester", nil, "object id of whom it is for; may be given again (default anybody)")
	f.IntVar(&a.Most, "most", 0, "workspaces in all (required)")
	f.StringVar(&a.Until, "until", "", "date after which it ends, such as 2027-01-31 (required)")
	f.StringVar(&a.Reason, "reason", "", "why; it is kept in the audit trail (required)")
	_ = cmd.RegisterFlagCompletionFunc("size", cobra.FixedCompletions([]string{"small", "medium", "large", "custom"}, cobra.ShellCompDirectiveNoFileComp)) // fails only for unknown flags
	return cmd
}

func newTakeBack(c *cli.Context) *cobra.Command {
	var reason string
	names := func(ctx context.Context, caller *client.Client) ([]cli.Named, error) {
		_, all, err := readApprovals(ctx, caller)
		var names []cli.Named
		for _, a := range all {
			names = append(names, cli.Named{ID: a.ID, Name: a.Reason})
		}
		return names, err
	}
	cmd := &cobra.Command{Use: "end APPROVAL", Short: "Take a standing approval back; what it granted before stays", Args: cli.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			caller, err := c.API(ctx)
			if err != nil {
				return err
			}
			found := cli.Named{ID: strings.ToLower(args[0])}
			if !cli.IsID(args[0]) {
				all, err := names(ctx, caller)
				if err != nil {
					return err
				}
				if found, err = cli.Pick("standing approvals", args[0], all); err != nil {
					return err
				}
			}
			path := approvalsPath + "/" + found.ID
			if reason != "" {
				path += "?" + url.Values{"reason": {reason}}.Encode()
			}
			answer, err := caller.Send(ctx, client.Call{Method: http.MethodDelete, Path: path})
			return showApproval(c, answer, err)
		}}
	cmd.ValidArgsFunction = c.Completer(func(ctx context.Context, _ *cobra.Command) ([]cli.Named, error) {
		caller, err := c.API(ctx)
		if err != nil {
			return nil, err
		}
		return names(ctx, caller)
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept in the audit trail")
	return cmd
}
