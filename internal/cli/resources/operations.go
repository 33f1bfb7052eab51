package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// listed reads a list of operations.
func listed(ctx context.Context, caller *client.Client, path string) ([]byte, []api.Operation, error) {
	answer, err := caller.Whole(ctx, path, "operations")
	if err != nil {
		return nil, nil, err
	}
	var list api.Operations
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, nil, fmt.Errorf("operations: %w", err)
	}
	return answer, list.Operations, nil
}

// Mine are the caller's operations that are under way.
func Mine(ctx context.Context, caller *client.Client) ([]api.Operation, error) {
	_, all, err := listed(ctx, caller, "/operations")
	if err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	return all, nil
}

// Names are what operations can be named by: their ids, and what they do.
func Names(all []api.Operation) []cli.Named {
	var names []cli.Named
	for _, o := range all {
		names = append(names, cli.Named{ID: o.ID, Name: mainTitle(o)})
	}
	return names
}

// Address is the address of an operation below the base address, where text is
// one as commands and the API's Location header give it; else "".
func Address(base, text string) string {
	path := strings.TrimPrefix(text, base)
	if rest, ok := strings.CutPrefix(path, "/api/"); ok {
		path = "/" + rest
	}
	if !strings.HasPrefix(path, "/") || !strings.Contains(path, "/operations/") || strings.ContainsAny(path, "?#") || strings.Contains(path, "..") {
		return ""
	}
	return path
}

// find is the address of the operation that a person names: by its address, or
// by its id or the beginning of it among those of theirs that are under way.
func find(ctx context.Context, c *cli.Context, name string) (string, error) {
	conn, err := c.Connect(ctx)
	if err != nil {
		return "", err
	}
	if path := Address(conn.Base, name); path != "" {
		return path, nil
	}
	all, err := Mine(ctx, c.Client(conn))
	if err != nil {
		return "", err
	}
	found, err := cli.Pick("operations of yours that are under way", name, Names(all))
	if err != nil {
		return "", &cli.Error{Code: cli.CodeOf(err), Err: err, Hint: "one that has ended, or somebody else's, is named by its address: /workspaces/ID/operations/ID"}
	}
	for _, o := range all {
		if o.ID == found.ID {
			return client.OperationPath(o), nil
		}
	}
	return "", err
}

// Operations lists the caller's operations that are under way.
func Operations(c *cli.Context) *cobra.Command {
	return &cobra.Command{
		Use:   "operations",
		Short: "List my operations that are under way",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			caller, err := c.API(cmd.Context())
			if err != nil {
				return err
			}
			answer, all, err := listed(cmd.Context(), caller, "/operations")
			if err != nil {
				return err
			}
			return c.Show(answer, func(*console.Screen) { drawOperations(c, all, "Nothing of yours is under way.") })
		},
	}
}

// Operation is the family of commands about one operation of whatever resource.
func Operation(c *cli.Context) *cobra.Command {
	named := func(ctx context.Context, c *cli.Context, cmd *cobra.Command) (string, error) {
		if args := cmd.Flags().Args(); len(args) > 0 {
			return find(ctx, c, args[0])
		}
		return "", cli.Misused("which operation?")
	}
	complete := c.Completer(func(ctx context.Context, _ *cobra.Command) ([]cli.Named, error) {
		caller, err := c.API(ctx)
		if err != nil {
			return nil, err
		}
		all, err := Mine(ctx, caller)
		return Names(all), err
	})
	cmd := cli.Family("operation", "One operation: show, follow, stop, try again")
	for _, below := range onOperation(c, named) {
		below.Use += " OPERATION"
		below.Args, below.ValidArgsFunction = cli.Args(cobra.ExactArgs(1)), complete
		cmd.AddCommand(below)
	}
	cmd.Long = "One operation: show, follow, stop, try again.\n\nOne of yours that is under way is named by its id, or the beginning of it, see `tre operations`; any other by its address,\n" +
		"which commands print and the API gives: /workspaces/ID/operations/ID."
	return cmd
}

// operations are AzureTRE's commands about the operations on one resource.
func (k *kind) operations(c *cli.Context) []*cobra.Command {
	list := k.on(c, &cobra.Command{Use: "list", Short: "List the operations on the " + k.what}, func(ctx context.Context, t target) error {
		answer, all, err := listed(ctx, t.caller, t.path+"/operations")
		if err != nil {
			return err
		}
		return c.Show(answer, func(*console.Screen) { drawOperations(c, all, "Nothing was ever done to it.") })
	})
	known := func(ctx context.Context, cmd *cobra.Command) (string, []api.Operation, error) {
		path, err := k.address(ctx, c, cmd)
		if err != nil {
			return "", nil, err
		}
		caller, err := c.API(ctx)
		if err != nil {
			return "", nil, err
		}
		_, all, err := listed(ctx, caller, path+"/operations")
		return path, all, err
	}
	one := cli.Middle(cli.Family("operation", "One operation on the "+k.what, onOperation(c, func(ctx context.Context, c *cli.Context, cmd *cobra.Command) (string, error) {
		name := named(cmd, "operation")
		if name == "" {
			return "", cli.Misused("which operation? Say `%s`", cli.Called(cmd))
		}
		if cli.IsID(name) {
			path, err := k.address(ctx, c, cmd)
			return path + "/operations/" + strings.ToLower(name), err
		}
		path, all, err := known(ctx, cmd)
		if err != nil {
			return "", err
		}
		found, err := cli.Pick("operations on it", name, Names(all))
		return path + "/operations/" + found.ID, err
	})...), "operation")
	complete := cli.Completing("operation", c.Completer(func(ctx context.Context, cmd *cobra.Command) ([]cli.Named, error) {
		_, all, err := known(ctx, cmd)
		return Names(all), err
	}))
	return []*cobra.Command{cli.Family("operations", "Operations on the "+k.what, list), one, complete}
}

// address finds an operation from the line.
type address func(ctx context.Context, c *cli.Context, cmd *cobra.Command) (string, error)

// onOperation are the commands about one operation.
func onOperation(c *cli.Context, find address) []*cobra.Command {
	show := at(c, &cobra.Command{Use: "show", Short: "Show an operation with its steps"}, find, func(ctx context.Context, t target) error {
		o, err := t.caller.Operation(ctx, t.path)
		if err != nil {
			return err
		}
		return c.Show(o.Body, func(*console.Screen) { drawOperation(c, o.Operation, true) })
	})
	var again waiting
	retry := at(c, &cobra.Command{Use: "retry", Short: "Try a failed operation again, as a new one that goes on where it failed"}, find,
		func(ctx context.Context, t target) error {
			return again.order(ctx, c, t.caller, client.Call{Method: http.MethodPost, Path: t.path + "/retry"})
		})
	again.flags(retry)
	return []*cobra.Command{show, retry, newCancel(c, find), newWatch(c, find)}
}

// newCancel stops an operation.
func newCancel(c *cli.Context, find address) *cobra.Command {
	var (
		w      waiting
		reason string
	)
	cmd := at(c, &cobra.Command{Use: "cancel", Short: "Stop an operation; it then ends as failed, with who asked"}, find, func(ctx context.Context, t target) error {
		body, err := json.Marshal(map[string]string{"reason": reason})
		if err != nil {
			return err
		}
		o, err := t.caller.Order(ctx, client.Call{Method: http.MethodPost, Path: t.path + "/cancel", Body: body})
		if err != nil {
			return err
		}
		if w.not {
			return w.until(ctx, c, t.caller, o)
		}
		p := &Progress{C: c}
		last, err := followed(ctx, p, t.caller, o)
		if err != nil {
			return err
		}
		if err := c.Show(last.Body, func(*console.Screen) { drawOperation(c, last.Operation, !p.Drawn()) }); err != nil {
			return err
		}
		if !last.Operation.Status.Failed() {
			c.Say(console.Yellow, fmt.Sprintf("It ended before it could be stopped: %s.", last.Operation.Status))
			return cli.Exit(cli.Failed)
		}
		c.Say(console.Green, "It is stopped.")
		return nil
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept in the audit trail")
	w.flags(cmd)
	return cmd
}
