package resources

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/follow"
)

// Follow watches an operation until it has ended, and shows how it goes on. It
// returns what was seen last. What may pass, such as a network that is gone for
// a moment, does not end it: the operation goes on meanwhile.
func Follow(ctx context.Context, p *Progress, caller *client.Client, path string, interval time.Duration) (client.Ordered, error) {
	c, last := p.C, client.Ordered{Path: path}
	f := follow.Operation{Now: c.Now, Interval: interval,
		Get: func(ctx context.Context) (api.Operation, error) {
			o, err := caller.Operation(ctx, path)
			if err == nil {
				last = o
			}
			return o.Operation, err
		},
		Passing: func(err error) bool { return cli.CodeOf(err) == cli.Unreachable },
		Troubled: func(err error) {
			p.Anew()
			c.Say(console.Yellow, "Nobody answers, trying again: "+err.Error())
		},
	}
	_, err := f.Until(ctx, p.Tell)
	return last, err
}

// waiting follows an operation that a command set going.
type waiting struct{ not bool }

func (w *waiting) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.not, "no-wait", false, "do not wait until the operation has ended")
}

// order makes a call that sets an operation going, and follows that to its end.
// An operation that fails is a failure.
func (w *waiting) order(ctx context.Context, c *cli.Context, caller *client.Client, call client.Call) error {
	o, err := caller.Order(ctx, call)
	if err != nil {
		return err
	}
	return w.until(ctx, c, caller, o)
}

func (w *waiting) until(ctx context.Context, c *cli.Context, caller *client.Client, o client.Ordered) error {
	if w.not {
		return c.Show(o.Body, func(*console.Screen) {
			drawOperation(c, o.Operation, true)
			c.Say(console.Dim, "It goes on by itself: `tre watch "+cli.ID(o.Operation.ID).Text+"` follows it.")
		})
	}
	p := &Progress{C: c}
	last, err := followed(ctx, p, caller, o)
	if err != nil {
		return err
	}
	if err := c.Show(last.Body, func(*console.Screen) { drawOperation(c, last.Operation, !p.Drawn()) }); err != nil {
		return err
	}
	return judge(c, last)
}

// followed follows what was ordered just now.
func followed(ctx context.Context, p *Progress, caller *client.Client, o client.Ordered) (client.Ordered, error) {
	p.Tell(o.Operation)
	if o.Operation.Status.Ended() {
		return o, nil
	}
	last, err := Follow(ctx, p, caller, o.Path, 0)
	switch {
	case err == nil:
		return last, nil
	case errors.Is(err, context.Canceled):
		command(p.C, "It goes on by itself. To follow it:", "tre watch "+o.Path)
		return last, err
	}
	return last, fmt.Errorf("it is under way, but cannot be followed: %w", err)
}

// judge says how it ended.
func judge(c *cli.Context, o client.Ordered) error {
	op := o.Operation
	if op.Status.Failed() {
		c.Say(console.Red, "It failed: "+op.Message)
		command(c, "To go on where it failed:", "tre operation retry "+o.Path)
		return cli.Exit(cli.Failed)
	}
	c.Say(console.Green, fmt.Sprintf("Done: %s.%s", op.Status, lasted(op)))
	return nil
}

// command says which command line comes next, in one piece so that it can be
// copied.
func command(c *cli.Context, text, line string) {
	c.Say(console.Dim, text)
	if c.Options.Output != "none" {
		c.Screen.Line("  %s", console.Clean(line))
	}
}

// lasted says how long an operation took, where that is worth it.
func lasted(o api.Operation) string {
	long := cli.Unix(o.UpdatedWhen).Sub(cli.Unix(o.CreatedWhen))
	if long < time.Second {
		return ""
	}
	return " It took " + console.Took(long) + "."
}
