package resources

import (
	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

// changes are the commands that every kind has about one of it, beside show.
func (k *kind) changes(c *cli.Context) []*cobra.Command {
	return append([]*cobra.Command{k.newUpdate(c), k.newSetEnabled(c), k.newDelete(c), k.newInvoke(c), k.newHistory(c)}, k.operations(c)...)
}

// family is the commands about all of a kind, about one, and the one that
// completes names.
func (k *kind) family(c *cli.Context, example string) (all, one, completing *cobra.Command) {
	all = cli.Family(k.list, "The "+k.what+"s that you may see", k.newList(c), k.newNew(c))
	one = cli.Middle(cli.Family(k.name, "One "+k.what+": "+example, k.newShow(c), k.newAudit(c)), k.flag)
	one.AddCommand(k.changes(c)...)
	one.Example = "  " + example
	return all, one, k.completing(c)
}

// InWorkspace are the commands below `tre workspace ID` about the workspace as a
// resource, and about what is in it.
func InWorkspace(c *cli.Context) []*cobra.Command {
	allOwned, oneOwned, completeOwned := owned.family(c, "tre workspace ID workspace-service ID user-resource ID show")
	oneOwned.AddCommand(append(owned.machines(c), newExtend(c))...)
	all, one, complete := services.family(c, "tre workspace ID workspace-service ID show")
	one.AddCommand(allOwned, oneOwned, completeOwned)
	return append(workspaces.changes(c), newWorkspaceShow(c), all, one, complete)
}

// Workspaces are the commands about all workspaces.
func Workspaces(c *cli.Context) *cobra.Command {
	return cli.Family("workspaces", "The workspaces that you may see", newWorkspacesList(c), workspaces.newNew(c))
}

// Shared are the commands about shared services: about all, about one, and the
// one that completes names.
func Shared(c *cli.Context) (all, one, completing *cobra.Command) {
	return shared.family(c, "tre shared-service ID show")
}
