package azfiles

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

// maxPage is the most names in a page that airlock.Page allows.
const maxPage = 1000

// Janitor implements airlock.Janitor. It is safe for concurrent use.
type Janitor struct {
	Accounts *azblobs.Accounts
}

// Purge implements airlock.Janitor.
// https://learn.microsoft.com/rest/api/storageservices/delete-container
func (j *Janitor) Purge(ctx context.Context, place airlock.Place) (gone bool, err error) {
	c, err := j.Accounts.Container(place)
	if err != nil {
		return false, err
	}
	_, err = c.Delete(ctx, nil)
	if azblobs.Leased(err) {
		if err = breakContainer(ctx, c); err == nil {
			_, err = c.Delete(ctx, nil)
		}
	}
	if azblobs.Leased(err) {
		if err = breakBlobs(ctx, c); err == nil {
			_, err = c.Delete(ctx, nil)
		}
	}
	switch {
	case err == nil, azblobs.HasCode(err, bloberror.ContainerBeingDeleted):
		return false, nil
	case errors.Is(azblobs.Translate(err), airlock.ErrNotFound):
		return true, nil
	}
	return false, fmt.Errorf("purge of %s: %w", place.Container, azblobs.Translate(err))
}

// breakContainer ends the container's own lease at once; where there is none,
// a blob's stood in the way.
func breakContainer(ctx context.Context, c *container.Client) error {
	client, err := lease.NewContainerClient(c, nil)
	if err != nil {
		return err
	}
	_, err = client.BreakLease(ctx, &lease.ContainerBreakOptions{BreakPeriod: to.Ptr(int32(0))})
	if azblobs.Leased(err) {
		return nil
	}
	return err
}

// breakBlobs ends the leases of all blobs.
func breakBlobs(ctx context.Context, c *container.Client) error {
	for pages := c.NewListBlobsFlatPager(nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, item := range page.Segment.BlobItems {
			if value(item.Properties.LeaseState) != lease.StateTypeLeased {
				continue
			}
			if err := breakLease(ctx, c.NewBlobClient(value(item.Name)), ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// Containers implements airlock.Janitor. A page may be short where the service
// says that there is more.
func (j *Janitor) Containers(ctx context.Context, account string, page airlock.Page) ([]airlock.Found, string, error) {
	client, err := j.Accounts.Service(account)
	if err != nil {
		return nil, "", err
	}
	limit := page.Limit
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	options := &service.ListContainersOptions{MaxResults: to.Ptr(int32(limit))}
	if page.After != "" {
		options.Marker = &page.After
	}
	got, err := client.NewListContainersPager(options).NextPage(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("containers of %s: %w", account, azblobs.Translate(err))
	}
	found := make([]airlock.Found, len(got.ContainerItems))
	for i, item := range got.ContainerItems {
		found[i].Name = value(item.Name)
		if item.Properties != nil && item.Properties.LastModified != nil {
			found[i].Modified = item.Properties.LastModified.UTC()
		}
	}
	return found, value(got.NextMarker), nil
}
