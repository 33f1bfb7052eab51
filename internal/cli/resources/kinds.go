// Package resources are the commands about workspaces, the services in them,
// people's resources in a service, services that all share, and the operations
// on any of them: AzureTRE's tree, and what is ours beside it.
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
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// kind is one of the four kinds of resource, as commands and the API call it.
type kind struct {
	workspace.Kind
	name   string // of the command about one
	flag   string // that holds the name in the middle
	what   string // it is, in a sentence
	list   string // of the command about all, and in addresses
	one    string // field of answers about one
	all    string // field of lists
	parent *kind  // that it is in; nil for none
}

var (
	workspaces = &kind{workspace.Workspace, "workspace", "workspace", "workspace", "workspaces", "workspace", "workspaces", nil}
	services   = &kind{workspace.Service, "workspace-service", "service", "service", "workspace-services", "workspaceService", "workspaceServices", workspaces}
	owned      = &kind{workspace.UserResource, "user-resource", "resource", "user resource", "user-resources", "userResource", "userResources", services}
	shared     = &kind{workspace.SharedService, "shared-service", "shared", "shared service", "shared-services", "sharedService", "sharedServices", nil}
)

// named is what stands in the middle of the line for a kind.
func named(cmd *cobra.Command, flag string) string {
	name, _ := cmd.Flags().GetString(flag) // "" where the command has no such flag
	return name
}

// collection is the address of all that are where the line says.
func (k *kind) collection(ctx context.Context, c *cli.Context, cmd *cobra.Command) (string, error) {
	if k.parent == nil {
		return "/" + k.list, nil
	}
	in, err := k.parent.address(ctx, c, cmd)
	return in + "/" + k.list, err
}

// address is the address of the one that the line names, by id, by name, or by
// the beginning of either.
func (k *kind) address(ctx context.Context, c *cli.Context, cmd *cobra.Command) (string, error) {
	name := named(cmd, k.flag)
	if k == workspaces {
		id, err := c.Workspace(ctx, name)
		return "/workspaces/" + id, err
	}
	if name == "" {
		return "", cli.Misused("which %s? Say `%s`", k.what, cli.Called(cmd))
	}
	in, err := k.collection(ctx, c, cmd)
	if err != nil {
		return "", err
	}
	if cli.IsID(name) {
		return in + "/" + strings.ToLower(name), nil
	}
	all, err := k.known(ctx, c, in)
	if err != nil {
		return "", err
	}
	found, err := cli.Pick(strings.ReplaceAll(k.list, "-", " "), name, all)
	return in + "/" + found.ID, err
}

// known are the ids and names of all at an address.
func (k *kind) known(ctx context.Context, c *cli.Context, in string) ([]cli.Named, error) {
	caller, err := c.API(ctx)
	if err != nil {
		return nil, err
	}
	_, list, err := k.read(ctx, caller, in)
	var all []cli.Named
	for _, r := range list {
		all = append(all, cli.Named{ID: r.ID, Name: display(r)})
	}
	return all, err
}

// read reads all at an address.
func (k *kind) read(ctx context.Context, caller *client.Client, in string) ([]byte, []api.Resource, error) {
	answer, err := caller.Whole(ctx, in, k.all)
	if err != nil {
		return nil, nil, err
	}
	list := map[string]json.RawMessage{}
	var all []api.Resource
	if err = json.Unmarshal(answer, &list); err == nil {
		err = json.Unmarshal(list[k.all], &all)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.list, err)
	}
	return answer, all, nil
}

// get reads one.
func (k *kind) get(ctx context.Context, caller *client.Client, path string) ([]byte, api.Resource, error) {
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
	if err != nil {
		return nil, api.Resource{}, err
	}
	in := map[string]api.Resource{}
	if err := json.Unmarshal(answer.Body, &in); err != nil {
		return nil, api.Resource{}, fmt.Errorf("%s: %w", k.what, err)
	}
	return answer.Body, in[k.one], nil
}

// display is what people call a resource.
func display(r api.Resource) string {
	name, _ := r.Properties["display_name"].(string)
	return name
}

// target is the resource that a command is about.
type target struct {
	cmd    *cobra.Command
	caller *client.Client
	path   string // under the base address
	args   []string
}

// on makes a command one about the resource that its line names.
func (k *kind) on(c *cli.Context, cmd *cobra.Command, do func(ctx context.Context, t target) error) *cobra.Command {
	if k == workspaces {
		cmd.Flags().StringP("workspace", "w", "", "workspace, by id or name (default the one in use)")
		_ = cmd.RegisterFlagCompletionFunc("workspace", c.CompleteWorkspace()) // fails only for unknown flags
	}
	return at(c, cmd, k.address, do)
}

// in makes a command one about all resources where its line says.
func (k *kind) in(c *cli.Context, cmd *cobra.Command, do func(ctx context.Context, t target) error) *cobra.Command {
	return at(c, cmd, k.collection, do)
}

func at(c *cli.Context, cmd *cobra.Command, address func(context.Context, *cli.Context, *cobra.Command) (string, error), do func(context.Context, target) error) *cobra.Command {
	if cmd.Args == nil {
		cmd.Args = cli.Args(cobra.NoArgs)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		path, err := address(ctx, c, cmd)
		if err != nil {
			return err
		}
		caller, err := c.API(ctx)
		if err != nil {
			return err
		}
		return do(ctx, target{cmd, caller, path, args})
	}
	return cmd
}

// completing completes the names of a kind in the middle of a line.
func (k *kind) completing(c *cli.Context) *cobra.Command {
	return cli.Completing(k.name, c.Completer(func(ctx context.Context, cmd *cobra.Command) ([]cli.Named, error) {
		in, err := k.collection(ctx, c, cmd)
		if err != nil {
			return nil, err
		}
		return k.known(ctx, c, in)
	}))
}
