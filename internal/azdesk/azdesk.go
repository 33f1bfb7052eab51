// Package azdesk is the file port of the app that faces outside, on Azure
// Blob: it makes containers, lists names and signs links, and nothing that can
// read, copy or delete a byte is within its reach.
package azdesk

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

// maxPage is the most names in a page that airlock.Page allows.
const maxPage = 1000

// permissions are what links allow, as letters of a shared access signature.
// https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#specify-permissions
var permissions = map[airlock.Access]string{
	airlock.WriteOnly: "cwl", // create, write, list; blocks need write
	airlock.ReadOnly:  "rl",  // read, list
}

// Desk implements airlock.Desk. It is safe for concurrent use.
type Desk struct {
	open func(airlock.Place) (containers, error)
	sign func(context.Context, azblobs.Grant) (string, error)
}

// containers is all that the desk can do with a container.
type containers interface {
	Create(ctx context.Context, o *container.CreateOptions) (container.CreateResponse, error)
	NewListBlobsFlatPager(o *container.ListBlobsFlatOptions) *runtime.Pager[container.ListBlobsFlatResponse]
}

// New returns a desk for these accounts.
func New(accounts *azblobs.Accounts) *Desk {
	return &Desk{
		open: func(place airlock.Place) (containers, error) { return accounts.Container(place) },
		sign: accounts.Sign,
	}
}

// Create implements airlock.Desk. While a container of that name is being
// deleted it fails with the service's 409, which passes with time.
func (d *Desk) Create(ctx context.Context, place airlock.Place) error {
	c, err := d.open(place)
	if err != nil {
		return err
	}
	switch _, err = c.Create(ctx, nil); {
	case err == nil, azblobs.HasCode(err, bloberror.ContainerAlreadyExists):
		return nil
	case azblobs.HasCode(err, bloberror.ContainerBeingDeleted):
		return fmt.Errorf("container %s: a former one is still being deleted", place.Container)
	}
	return fmt.Errorf("container %s: %w", place.Container, azblobs.Translate(err))
}

// List implements airlock.Desk. A page may be short, and even empty, where the
// service says that there is more.
func (d *Desk) List(ctx context.Context, place airlock.Place, page airlock.Page) ([]airlock.Blob, string, error) {
	c, err := d.open(place)
	if err != nil {
		return nil, "", err
	}
	limit := page.Limit
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	options := &container.ListBlobsFlatOptions{MaxResults: to.Ptr(int32(limit))}
	if page.After != "" {
		options.Marker = &page.After
	}
	got, err := c.NewListBlobsFlatPager(options).NextPage(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("list of %s: %w", place.Container, azblobs.Translate(err))
	}
	blobs := make([]airlock.Blob, len(got.Segment.BlobItems))
	for i, item := range got.Segment.BlobItems {
		blobs[i] = entry(item)
	}
	return blobs, value(got.NextMarker), nil
}

// Sign implements airlock.Desk.
func (d *Desk) Sign(ctx context.Context, place airlock.Place, access airlock.Access, until time.Time) (string, error) {
	letters, ok := permissions[access]
	if !ok {
		return "", fmt.Errorf("access %.20q: %w", access, airlock.ErrInvalid)
	}
	link, err := d.sign(ctx, azblobs.Grant{Place: place, Permissions: letters, Until: until})
	if err != nil {
		return "", fmt.Errorf("link to %s: %w", place.Container, err)
	}
	return link, nil
}

func entry(item *container.BlobItem) airlock.Blob {
	p := item.Properties
	b := airlock.Blob{
		Name: value(item.Name), Size: value(p.ContentLength), ContentType: value(p.ContentType),
		BlobType: string(value(p.BlobType)), Tier: string(value(p.AccessTier)),
		ETag: airlock.NormalizeETag(string(value(p.ETag))), CustomerKey: value(p.CustomerProvidedKeySHA256) != "",
	}
	if p.LastModified != nil {
		b.Modified = p.LastModified.UTC()
	}
	return b
}

// value is what a pointer of the SDK points to, or zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
