package stacktest

import (
	"context"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

// ContainersOf lists the airlock's containers in the airlock's account and in
// a workspace's that are asked for, as account/container.
func (r *Rig) ContainersOf(ctx context.Context, workspaceAccount string, wanted func(airlock.Container) bool) ([]string, error) {
	var all []string
	for _, account := range []string{r.Account(stack.AirlockAccount), workspaceAccount} {
		client, err := r.Blobs(account)
		if err != nil {
			return nil, err
		}
		for pages := client.NewListContainersPager(nil); pages.More(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, item := range page.ContainerItems {
				if c, err := airlock.ParseContainer(*item.Name); err == nil && wanted(c) {
					all = append(all, account+"/"+*item.Name)
				}
			}
		}
	}
	slices.Sort(all)
	return all, nil
}

// Blobs opens an account's blobs as the operator may, past the gateway.
func (r *Rig) Blobs(account string) (*azblob.Client, error) {
	return azblob.NewClientFromConnectionString(r.Direct.ConnectionString(account), nil)
}
