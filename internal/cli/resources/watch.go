package resources

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// leastInterval keeps one person below what the API lets one person call.
const leastInterval = 500 * time.Millisecond

// newWatch follows an operation.
func newWatch(c *cli.Context, find address) *cobra.Command {
	var interval, timeout time.Duration
	cmd := at(c, &cobra.Command{Use: "watch", Short: "Follow an operation to its end, step by step"}, find, func(ctx context.Context, t target) error {
		if interval < leastInterval {
			return cli.Misused("--interval: at least %s", leastInterval)
		}
		return Watch(ctx, c, t.caller, Watching{Path: t.path, Interval: interval, Timeout: timeout})
	})
	cmd.Flags().DurationVar(&interval, "interval", 2*time.Second, "between two looks at most")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "end after so long; 0 means never")
	return cmd
}

// Watching says what is watched, and how.
type Watching struct {
	Path     string        // of the operation, below the base address
	Interval time.Duration // between two looks at most
	Timeout  time.Duration // 0 means none
}

// Watch follows an operation to its end. The changes are the result; the error
// says how it ended, see Outcome.
func Watch(ctx context.Context, c *cli.Context, caller *client.Client, w Watching) error {
	within, cancel := ctx, func() {}
	if w.Timeout > 0 {
		within, cancel = context.WithTimeout(ctx, w.Timeout)
	}
	defer cancel()
	last, err := Follow(within, &Progress{C: c, Result: true}, caller, w.Path, w.Interval)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && within.Err() != nil {
		c.Screen.Line("after %s it is still %s", w.Timeout, last.Operation.Status)
		return cli.Exit(cli.TimeIsUp)
	}
	if err != nil {
		return err
	}
	if !c.Plain() {
		if err := c.Show(last.Body, nil); err != nil {
			return err
		}
	}
	code := Outcome(last.Operation)
	if code == cli.Done {
		c.Say(console.Green, "Done: "+string(last.Operation.Status)+"."+lasted(last.Operation))
		return nil
	}
	c.Say(console.Red, "It failed: "+last.Operation.Message)
	return cli.Exit(code)
}

// Outcome is what `tre watch` ends with.
func Outcome(o api.Operation) cli.Code {
	switch {
	case !o.Status.Failed():
		return cli.Done
	case o.Cancel != nil:
		return cli.Cancelled
	}
	return cli.Broken
}
