package commands

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func newAudit(c *cli.Context) *cobra.Command {
	return family("audit", "What happened, and proof that nothing was changed since", newVerify(c))
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
			trail, err := caller.Audit(ctx, key.Workspace, key.Request)
			if err != nil {
				return fmt.Errorf("audit trail: %w", err)
			}
			return report(c, trail)
		},
	}
}

// report writes the trail and says what is to be said of its chain: the lines
// are hashed here, and must end where the request says.
func report(c *cli.Context, trail api.Trail) error {
	if err := c.ShowValue(trail, func(*console.Screen) { drawTrail(c, trail.Lines) }); err != nil {
		return err
	}
	err := audit.Verify(trail.Lines, trail.Head)
	switch {
	case err != nil:
		c.Say(console.Red, "broken: "+err.Error())
		return cli.Exit(cli.Failed)
	case !trail.Verified:
		c.Say(console.Red, "broken: the API itself found the trail broken")
		return cli.Exit(cli.Failed)
	}
	c.Say(console.Green, fmt.Sprintf("unbroken: %d lines, the last is %s", len(trail.Lines), trail.Head.Hash))
	return nil
}

// drawTrail draws audit lines as a table.
func drawTrail(c *cli.Context, lines []audit.Line) {
	t := &cli.Table{Empty: "No lines.", Columns: []cli.Column{{Name: "#"}, {Name: "time"}, {Name: "who", Grow: true}, {Name: "did"},
		{Name: "state", Grow: true}, {Name: "reason", Grow: true}}}
	for _, l := range lines {
		to := l.To
		if l.From != "" && l.From != l.To {
			to = l.From + " → " + l.To
		}
		t.Row(cli.Cell{Text: fmt.Sprint(l.Seq)}, c.Time(l.At), cli.Cell{Text: l.Actor.Name}, cli.Cell{Text: l.Action}, cli.Cell{Text: to}, cli.Cell{Text: l.Reason})
	}
	c.Draw(t)
}
