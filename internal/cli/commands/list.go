package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// filter are the filters of lists of requests, with AzureTRE's names.
type filter struct {
	kind, status, orderBy string
	descending            bool
}

func (f *filter) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.kind, "type", "", "only import or export")
	cmd.Flags().StringVar(&f.status, "status", "", "only those with this status, such as in_review")
	cmd.Flags().StringVar(&f.orderBy, "order-by", "updatedWhen", "field to sort by, such as createdWhen or title")
	cmd.Flags().BoolVar(&f.descending, "descending", false, "the last first")
	var statuses []string
	for _, s := range airlock.Statuses {
		statuses = append(statuses, string(s))
	}
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions([]string{"import", "export"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(statuses, cobra.ShellCompDirectiveNoFileComp))
}

// query is the filter as the API takes it.
func (f *filter) query(more url.Values) (string, error) {
	if f.status != "" && !slices.Contains(airlock.Statuses, airlock.Status(f.status)) {
		return "", cli.Misused("--status: %q is none of %v", f.status, airlock.Statuses)
	}
	if f.kind != "" && f.kind != "import" && f.kind != "export" {
		return "", cli.Misused("--type: %q is neither import nor export", f.kind)
	}
	for name, value := range map[string]string{"type": f.kind, "status": f.status, "order_by": f.orderBy} {
		if value != "" {
			more.Set(name, value)
		}
	}
	if f.descending {
		more.Set("order_ascending", "false")
	}
	return "?" + more.Encode(), nil
}

func newList(c *cli.Context) *cobra.Command {
	var (
		p place
		f filter
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the requests of a workspace",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			query, err := f.query(url.Values{})
			if err != nil {
				return err
			}
			workspace, err := c.Workspace(ctx, p.workspace)
			if err != nil {
				return err
			}
			caller, err := c.API(ctx)
			if err != nil {
				return err
			}
			answer, err := caller.Whole(ctx, client.Requests(workspace)+query, "airlockRequests")
			if err != nil {
				return err
			}
			var list api.Requests
			if err := json.Unmarshal(answer, &list); err != nil {
				return fmt.Errorf("requests: %w", err)
			}
			return c.Show(answer, func(*console.Screen) {
				var all []api.Request
				for _, r := range list.Requests {
					all = append(all, r.Request)
				}
				drawRequests(c, all, "No requests here. `tre airlock new` makes one.")
			})
		},
	}
	f.flags(cmd)
	return p.flag(c, cmd)
}

func newRequests(c *cli.Context) *cobra.Command {
	var (
		f        filter
		toReview bool
	)
	cmd := &cobra.Command{
		Use:     "requests",
		Short:   "List my requests in all workspaces, or those that wait for my review",
		Example: "  tre requests --to-review",
		Args:    cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if toReview && f.status == "" {
				f.status = string(airlock.StatusInReview)
			}
			query, err := f.query(url.Values{"airlock_manager": {fmt.Sprint(toReview)}})
			if err != nil {
				return err
			}
			caller, err := c.API(cmd.Context())
			if err != nil {
				return err
			}
			answer, err := caller.Whole(cmd.Context(), "/requests"+query, "")
			if err != nil {
				return err
			}
			var all []api.Request
			if err := json.Unmarshal(answer, &all); err != nil {
				return fmt.Errorf("requests: %w", err)
			}
			return c.Show(answer, func(*console.Screen) { drawRequests(c, all, "No requests.") })
		},
	}
	cmd.Flags().BoolVar(&toReview, "to-review", false, "those of the workspaces whose airlock manager I am, in review unless --status says otherwise")
	f.flags(cmd)
	return cmd
}

func newHistory(c *cli.Context) *cobra.Command {
	return onRequest(c, &cobra.Command{Use: "history", Short: "Show how a request came to where it stands"},
		func(ctx context.Context, caller *client.Client, key airlock.Key) error {
			var r struct {
				Request api.Request `json:"airlockRequest"`
			}
			if err := caller.Do(ctx, http.MethodGet, client.Request(key.Workspace, key.Request), nil, &r); err != nil {
				return err
			}
			return c.ShowValue(r.Request.History, func(*console.Screen) { drawHistory(c, r.Request) })
		})
}
