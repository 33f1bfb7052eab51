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
