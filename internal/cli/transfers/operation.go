package transfers

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/resources"
	"github.com/trefoil-tre/trefoil/internal/client"
)

// operation is the address of the operation that a person names, by its address
// or among theirs that are under way; "" when the name is no operation's.
func (w *watching) operation(ctx context.Context, caller *client.Client, name string) (string, error) {
	if path := resources.Address(caller.Base, name); path != "" {
		return path, nil
	}
	all, err := resources.Mine(ctx, caller)
	if err != nil {
		if refusal, ok := client.Refused(err); ok && cli.CodeOf(refusal) == cli.NotAllowed {
			return "", nil // who has no operations may still have requests
		}
		return "", err
	}
	found, err := cli.Pick("operations", name, resources.Names(all))
	switch {
	case cli.CodeOf(err) == cli.NotAllowed: // it is none of them
		return "", nil
	case err != nil:
		return "", err
	}
	if !cli.IsID(name) {
		if key, err := w.c.Request(ctx, w.workspace, name); err == nil {
			return "", cli.Misused("%q fits the operation %s and the request %s: give more of the id", name, found.ID, key.Request)
		}
	}
	for _, o := range all {
		if o.ID == found.ID {
			return client.OperationPath(o), nil
		}
	}
	return "", fmt.Errorf("operation %s: it ended just now", found.ID)
}

// follow follows an operation to its end.
func (w *watching) follow(ctx context.Context, caller *client.Client, path string, err error) error {
	if err != nil {
		return err
	}
	if len(w.until) > 0 {
		return cli.Misused("--until: an operation is followed to its end; statuses to wait for are those of requests")
	}
	return resources.Watch(ctx, w.c, caller, resources.Watching{Path: path, Interval: w.interval, Timeout: w.timeout})
}
