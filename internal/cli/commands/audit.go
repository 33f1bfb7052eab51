package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func newAudit(c *cli.Context) *cobra.Command {
	return cli.Family("audit", "What happened, and proof that nothing was changed since", newAuditList(c), newVerify(c))
}

func newVerify(c *cli.Context) *cobra.Command {
	return &cobra.Command{
		Use:   "verify WORKSPACE REQUEST",
		Short: "Check the audit trail of a request",
		Long: "Reads the audit trail page by page, computes its hash chain anew, and prints it. Ends with 1 when a line was changed,\n" +
			"taken out or put in. Whether the last lines were cut off only the request itself knows: the API compares that.",
		Args: cli.Args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			key, err := c.Request(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			caller, err := c.API(ctx)
			if err != nil {
				return err
			}
			return verify(ctx, c, caller, key)
		},
	}
}

// newRequestAudit is verify of a request that is named as the others are.
func newRequestAudit(c *cli.Context) *cobra.Command {
	return onRequest(c, &cobra.Command{Use: "audit", Short: "Show the audit trail of a request, and check it"},
		func(ctx context.Context, caller *client.Client, key airlock.Key) error {
			return verify(ctx, c, caller, key)
		})
}

func verify(ctx context.Context, c *cli.Context, caller *client.Client, key airlock.Key) error {
	trail, err := caller.Audit(ctx, key.Workspace, key.Request)
	if err != nil {
		return fmt.Errorf("audit trail: %w", err)
	}
	return c.ShowTrail(trail)
}

// search are the filters of audit lines.
type search struct {
	from, to, actor, action, request, person string
	limit                                    int
	csv                                      bool
}

func newAuditList(c *cli.Context) *cobra.Command {
	var (
		p   place
		s   search
		all bool
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Search audit lines: of a workspace, or with --all of everything",
		Example: "  tre audit list --from 2026-11-01 --action approve\n" +
			"  tre audit list --all --person 8f1d… --csv > audit.csv",
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := "/audit"
			if !all {
				workspace, err := c.Workspace(cmd.Context(), p.workspace)
				if err != nil {
					return err
				}
				path = "/workspaces/" + workspace + "/audit"
			}
			if s.csv && !cmd.Flags().Changed("limit") {
				s.limit = 0 // a table that is kept is whole
			}
			return s.run(cmd.Context(), c, path)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, "of all workspaces and people; an administrator's")
	f.StringVar(&s.from, "from", "", "not before this date or time, such as 2026-11-01 or 2026-11-01T12:00")
	f.StringVar(&s.to, "to", "", "before this date or time")
	f.StringVar(&s.actor, "actor", "", "object id of who did it")
	f.StringVar(&s.action, "action", "", "what was done, such as submit")
	f.StringVar(&s.request, "request", "", "id of the request it is about")
	f.StringVar(&s.person, "person", "", "object id of whom it is about")
	f.IntVar(&s.limit, "limit", defaultLines, "at most so many lines, the newest; 0 for all, as --csv does where it is absent")
	f.BoolVar(&s.csv, "csv", false, "write CSV, whatever --output says")
	return p.flag(c, cmd)
}

// defaultLines is how many audit lines a person reads at once.
const defaultLines = 100

// maxPage is the most entries that the API gives at once.
const maxPage = 1000

func (s *search) query(c *cli.Context) (url.Values, error) {
	q := url.Values{}
	if s.limit < 0 {
		return nil, cli.Misused("--limit: %d is less than nothing; 0 means all", s.limit)
	}
	if s.action != "" {
		q.Set("action", s.action)
	}
	for name, value := range map[string]string{"actor": s.actor, "request": s.request, "person": s.person} {
		switch {
		case value == "":
		case !cli.IsID(value): // the API would find nothing, which is no answer to rely on
			return nil, cli.Misused("--%s: %q is no id in full; -o json shows them so", name, value)
		default:
			q.Set(name, value)
		}
	}
	for name, value := range map[string]string{"from": s.from, "to": s.to} {
		if value == "" {
			continue
		}
		at, err := moment(value, c.Zone)
		if err != nil {
			return nil, cli.Misused("--%s: %w", name, err)
		}
		q.Set(name, at.UTC().Format(time.RFC3339))
	}
	return q, nil
}

// moment reads a date or a time, in the local zone unless it names another.
func moment(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date such as 2026-11-01, and no time such as 2026-11-01T12:00", text)
}

func (s *search) run(ctx context.Context, c *cli.Context, path string) error {
	q, err := s.query(c)
	if err != nil {
		return err
	}
	caller, err := c.API(ctx)
	if err != nil {
		return err
	}
	if s.csv {
		return s.table(ctx, c, caller, path, q)
	}
	lines := []audit.Line{}
	for cursor := ""; ; {
		size := maxPage
		if s.limit > 0 {
			size = min(size, s.limit-len(lines))
		}
		q.Set("limit", strconv.Itoa(size))
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path + "?" + q.Encode()})
		if err != nil {
			return err
		}
		var page struct {
			Lines []audit.Line `json:"lines"`
			Next  string       `json:"nextCursor"`
		}
		if err := json.Unmarshal(answer.Body, &page); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		lines = append(lines, page.Lines...)
		if page.Next == "" || page.Next == cursor || s.limit > 0 && len(lines) >= s.limit {
			break
		}
		cursor = page.Next
	}
	return c.ShowValue(map[string]any{"lines": lines}, func(*console.Screen) { drawLines(c, lines) })
}

// drawLines draws the audit lines of many requests.
func drawLines(c *cli.Context, lines []audit.Line) {
	t := &cli.Table{Empty: "No lines.", Columns: []cli.Column{{Name: "time"}, {Name: "who", Grow: true}, {Name: "did", Grow: true}, {Name: "about"},
		{Name: "state", Grow: true}, {Name: "reason", Grow: true}}}
	for _, l := range lines {
		t.Row(c.Time(l.At), cli.Cell{Text: l.Actor.Name}, cli.Cell{Text: l.Action}, cli.ID(l.Request), cli.Cell{Text: cli.Moves(l)}, cli.Cell{Text: l.Reason})
	}
	c.Draw(t)
}
