package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// part is how one part of the system is: AzureTRE's status, or our verdict.
type part struct {
	Service string `json:"service"`
	Status  string `json:"status"`
	Verdict string `json:"verdict"`
	Message string `json:"message"`
}

func (p part) level() (string, console.Style) {
	switch level := orElse(p.Status, p.Verdict); level {
	case "OK", "ok":
		return level, console.Green
	case "warn":
		return level, console.Yellow
	default:
		return level, console.Red
	}
}

// details is what administrators see of the system.
type details struct {
	Verdict  string `json:"verdict"`
	Version  string `json:"version"`
	Services []part `json:"services"`
	Storage  []part `json:"workspaceStorage"`
	Queues   []struct {
		Queue   string `json:"queue"`
		Depth   int    `json:"depth"`
		Oldest  int64  `json:"oldestSeconds"`
		Poison  int    `json:"poison"`
		Verdict string `json:"verdict"`
	} `json:"queues"`
}

func newHealth(c *cli.Context) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask how the system is; ends with 1 when it is not well",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all {
				return healthDetails(cmd.Context(), c)
			}
			return health(cmd.Context(), c)
		},
	}
	cmd.Flags().BoolVar(&all, "details", false, "queues, unfinished work and more; an administrator's")
	return cmd
}

// health asks without signing in: whoever only wants to know needs no token.
func health(ctx context.Context, c *cli.Context) error {
	conn, err := c.Connect(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, conn.Base+"/health", nil)
	if err != nil {
		return err
	}
	resp, err := c.HTTP.Do(req) // 503 is an answer too
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, cli.MaxInput))
	if err != nil {
		return err
	}
	var h details
	if err := json.Unmarshal(answer, &h); err != nil || h.Services == nil {
		return &client.Refusal{Status: max(resp.StatusCode, http.StatusBadGateway), Text: "the answer is not one about health"}
	}
	if err := c.Show(answer, func(*console.Screen) { drawParts(c, h.Services) }); err != nil {
		return err
	}
	for _, p := range h.Services {
		if p.Status != "OK" {
			return cli.Exit(cli.Failed)
		}
	}
	return nil
}

func drawParts(c *cli.Context, all []part) {
	t := &cli.Table{Columns: []cli.Column{{Name: "part", Grow: true}, {Name: "state"}, {Name: "message", Grow: true}}}
	for _, p := range all {
		level, style := p.level()
		t.Row(cli.Cell{Text: p.Service}, cli.Cell{Text: level, Style: style}, cli.Cell{Text: p.Message})
	}
	c.Draw(t)
}

func healthDetails(ctx context.Context, c *cli.Context) error {
	caller, err := c.API(ctx)
	if err != nil {
		return err
	}
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: "/health/details"})
	if err != nil {
		return err
	}
	var h details
	if err := json.Unmarshal(answer.Body, &h); err != nil {
		return fmt.Errorf("health: %w", err)
	}
	err = c.Show(answer.Body, func(*console.Screen) {
		level, style := part{Verdict: h.Verdict}.level()
		c.Details(cli.Detail{Name: "System", Text: level, Style: style}, cli.Detail{Name: "Version", Text: h.Version})
		c.Title("Parts")
		drawParts(c, append(h.Services, h.Storage...))
		c.Title("Queues")
		t := &cli.Table{Empty: "None.", Columns: []cli.Column{{Name: "queue", Grow: true}, {Name: "messages"}, {Name: "oldest"}, {Name: "poison"}, {Name: "state"}}}
		for _, q := range h.Queues {
			level, style := part{Verdict: q.Verdict}.level()
			t.Row(cli.Cell{Text: q.Queue}, cli.Cell{Text: fmt.Sprint(q.Depth)}, cli.Cell{Text: fmt.Sprintf("%d s", q.Oldest)},
				cli.Cell{Text: fmt.Sprint(q.Poison)}, cli.Cell{Text: level, Style: style})
		}
		c.Draw(t)
	})
	if err == nil && h.Verdict == "bad" {
		err = cli.Exit(cli.Failed)
	}
	return err
}
