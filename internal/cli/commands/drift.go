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

// drift is how Azure differs from what is kept.
type drift struct {
	When     float64 `json:"when"`
	Stacks   int     `json:"stacks"`
	Groups   int     `json:"resourceGroups"`
	Machines int     `json:"machines"`
	Findings []struct {
		Kind    string `json:"kind"`
		Name    string `json:"name"`
		Path    string `json:"resourcePath"`
		AzureID string `json:"azureId"`
		Detail  string `json:"detail"`
		Advice  string `json:"advice"`
	} `json:"findings"`
	Left     int      `json:"left"`
	Problems []string `json:"problems"`
}

func newAdmin(c *cli.Context) *cobra.Command {
	return cli.Family("admin", "For administrators: how Azure differs from what is kept", newDrift(c))
}

// driftPause is between two looks for a report that was ordered.
const driftPause = 2 * time.Second

func newDrift(c *cli.Context) *cobra.Command {
	var (
		fresh   bool
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Show how Azure differs from what is kept; ends with 1 when something does",
		Long:  "Shows the last report of the engine, or with --fresh has it make one and waits for it. Nothing is changed in Azure.",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			caller, err := c.API(ctx)
			if err != nil {
				return err
			}
			answer, d, err := readDrift(ctx, caller, fresh)
			if err != nil {
				return err
			}
			if err := c.Show(answer, func(*console.Screen) { drawDrift(c, d) }); err != nil {
				return err
			}
			if len(d.Findings) > 0 || len(d.Problems) > 0 {
				return cli.Exit(cli.Failed)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&fresh, "fresh", false, "have Azure compared now, and wait for the report")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "wait no longer than this")
	return cmd
}

// readDrift reads the report; a fresh one is ordered first.
func readDrift(ctx context.Context, caller *client.Client, fresh bool) ([]byte, drift, error) {
	var ordered struct {
		When float64 `json:"orderedWhen"`
	}
	if fresh {
		if err := caller.Do(ctx, http.MethodPost, "/drift", map[string]string{}, &ordered); err != nil {
			return nil, drift{}, err
		}
	}
	for {
		var d drift
		answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: "/drift"})
		switch refusal, refused := client.Refused(err); {
		case err == nil:
			if err := json.Unmarshal(answer.Body, &d); err != nil {
				return nil, d, fmt.Errorf("drift: %w", err)
			}
			if d.When >= ordered.When {
				return answer.Body, d, nil
			}
		case !fresh || !refused || refusal.Status != http.StatusNotFound: // there may be no report yet
			return nil, d, err
		}
		select {
		case <-ctx.Done():
			return nil, d, ctx.Err()
		case <-time.After(driftPause):
		}
	}
}

func drawDrift(c *cli.Context, d drift) {
	c.Details(cli.Detail{Name: "Looked", Text: both(c, cli.Unix(d.When))},
		cli.Detail{Name: "Seen", Text: fmt.Sprintf("%s, %s, %s", count(d.Stacks, "stack"), count(d.Groups, "resource group"), count(d.Machines, "machine"))},
		cli.Detail{Name: "Not seen", Text: strings.Join(d.Problems, "; "), Style: console.Yellow})
	c.Gap()
	t := &cli.Table{Empty: "Nothing differs.", Columns: []cli.Column{{Name: "what"}, {Name: "of", Grow: true}, {Name: "in Azure", Grow: true}, {Name: "Azure says", Grow: true}, {Name: "what to do", Grow: true}}}
	for _, f := range d.Findings {
		t.Row(cli.Cell{Text: f.Kind, Style: console.Yellow}, cli.Cell{Text: f.Name, Whole: f.Path}, cli.Cell{Text: f.AzureID[strings.LastIndexByte(f.AzureID, '/')+1:], Whole: f.AzureID},
			cli.Cell{Text: f.Detail}, cli.Cell{Text: f.Advice})
	}
	c.Draw(t)
	if d.Left > 0 {
		c.Say(console.Dim, fmt.Sprintf("and %d more", d.Left))
	}
}
