package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// newExtend puts off what would stop a machine.
func newExtend(c *cli.Context) *cobra.Command {
	var hours float64
	cmd := owned.on(c, &cobra.Command{Use: "extend", Short: "Put off the stop of a machine that is idle, or has a schedule"}, func(ctx context.Context, t target) error {
		if hours <= 0 {
			return cli.Misused("--hours: more than 0")
		}
		body, err := json.Marshal(map[string]float64{"hours": hours})
		if err != nil {
			return err
		}
		answer, err := t.caller.Send(ctx, client.Call{Method: http.MethodPost, Path: t.path + "/extend", Body: body, Header: http.Header{"Idempotency-Key": {uuid.NewString()}}})
		if err != nil {
			return err
		}
		var in api.UserResourceIn
		if err := json.Unmarshal(answer.Body, &in); err != nil {
			return fmt.Errorf("user resource: %w", err)
		}
		return c.Show(answer.Body, func(*console.Screen) { drawOne(c, in.Resource) })
	})
	cmd.Flags().Float64Var(&hours, "hours", 4, "how long from now nothing stops it")
	return cmd
}

// machineActions are what can be done to a machine: the command, the template's
// action, and what it does.
var machineActions = []struct{ name, action, short string }{
	{"start", "start", "Start the machine"},
	{"stop", "stop", "Stop the machine and give its processors back, so that only its disk costs"},
	{"restart", "restart", "Restart the machine"},
	{"resize", "resize", "Give the machine another size; it restarts"},
	{"redeploy", "redeploy", "Move the machine to another host; what is on its temporary disk is lost"},
	{"reset-password", "reset_password", "Give the machine the password that the vault holds"},
}

// machines are short names of the actions that templates of machines have.
func (k *kind) machines(c *cli.Context) []*cobra.Command {
	var all []*cobra.Command
	for _, a := range machineActions {
		var (
			w    waiting
			size string
		)
		cmd := k.on(c, &cobra.Command{Use: a.name, Short: a.short}, func(ctx context.Context, t target) error {
			var parameters map[string]string
			if a.action == "resize" {
				parameters = map[string]string{"size": size}
			}
			return invoke(ctx, c, &w, t, a.action, parameters)
		})
		if a.action == "resize" {
			cmd.Flags().StringVar(&size, "size", "", "one of the sizes of the template, such as \"4 CPU | 16GB RAM\" (required)")
			_ = cmd.MarkFlagRequired("size") // fails only for unknown flags
		}
		w.flags(cmd)
		all = append(all, cmd)
	}
	return all
}
