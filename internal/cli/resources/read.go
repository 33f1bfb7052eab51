package resources

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func (k *kind) newList(c *cli.Context) *cobra.Command {
	return k.in(c, &cobra.Command{Use: "list", Short: "List the " + k.what + "s that you may see"}, func(ctx context.Context, t target) error {
		answer, all, err := k.read(ctx, t.caller, t.path)
		if err != nil {
			return err
		}
		return c.Show(answer, func(*console.Screen) { k.drawList(c, all) })
	})
}

func (k *kind) newShow(c *cli.Context) *cobra.Command {
	return k.on(c, &cobra.Command{Use: "show", Short: "Show the " + k.what}, func(ctx context.Context, t target) error {
		answer, r, err := k.get(ctx, t.caller, t.path)
		if err != nil {
			return err
		}
		return c.Show(answer, func(*console.Screen) { drawOne(c, r) })
	})
}

// newHistory shows what a resource was before each change.
func (k *kind) newHistory(c *cli.Context) *cobra.Command {
	return k.on(c, &cobra.Command{Use: "history", Short: "Show what the " + k.what + " was before each change"}, func(ctx context.Context, t target) error {
		answer, err := t.caller.Whole(ctx, t.path+"/history", "resource_history")
		if err != nil {
			return err
		}
		var list api.ResourceHistory
		if err := json.Unmarshal(answer, &list); err != nil {
			return fmt.Errorf("history: %w", err)
		}
		return c.Show(answer, func(*console.Screen) {
			table := &cli.Table{Empty: "It was never changed.", Columns: []cli.Column{{Name: "version"}, {Name: "from"}, {Name: "by", Grow: true}, {Name: "template version"}, {Name: "enabled"}}}
			for _, s := range list.History {
				table.Row(cli.Cell{Text: fmt.Sprint(s.ResourceVersion)}, c.Time(cli.Unix(s.UpdatedWhen)), cli.Cell{Text: s.User.Name}, cli.Cell{Text: s.TemplateVersion}, enabled(s.Enabled))
			}
			c.Draw(table)
		})
	})
}

// newAudit reads the audit trail of a resource.
func (k *kind) newAudit(c *cli.Context) *cobra.Command {
	return k.on(c, &cobra.Command{Use: "audit", Short: "Show the audit trail of the " + k.what + ", and check it"}, func(ctx context.Context, t target) error {
		trail, err := t.caller.Trail(ctx, t.path)
		if err != nil {
			return fmt.Errorf("audit trail: %w", err)
		}
		return c.ShowTrail(trail)
	})
}
