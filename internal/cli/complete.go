package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// completeTime is how long a shell waits for names to complete.
const completeTime = 3 * time.Second

// Completer completes a word from what the API knows. Trouble offers nothing: a
// shell has no room for errors.
func (c *Context) Completer(names func(ctx context.Context, cmd *cobra.Command) ([]Named, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
		defer cancel()
		found, err := names(ctx, cmd)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var all []cobra.Completion
		for _, n := range found {
			all = append(all, cobra.CompletionWithDesc(n.ID, oneLine(n.Name)))
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteWorkspace completes the id of a workspace.
func (c *Context) CompleteWorkspace() cobra.CompletionFunc {
	return c.Completer(func(ctx context.Context, _ *cobra.Command) ([]Named, error) {
		caller, err := c.API(ctx)
		if err != nil {
			return nil, err
		}
		return Workspaces(ctx, caller)
	})
}

// CompleteRequest completes the id of a request as the first argument, within
// --workspace where the command has one.
func (c *Context) CompleteRequest() cobra.CompletionFunc {
	complete := c.Completer(func(ctx context.Context, cmd *cobra.Command) ([]Named, error) {
		name := ""
		if flag := cmd.Flags().Lookup("workspace"); flag != nil {
			name = flag.Value.String()
		}
		known, err := c.known(ctx, name)
		var all []Named
		for _, r := range known {
			all = append(all, Named{ID: r.ID, Name: r.Title + ", " + string(r.Status)})
		}
		return all, err
	})
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, word)
	}
}
