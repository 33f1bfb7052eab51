// Package azdead reads the events that Event Grid could not deliver, from the
// blob container it puts them into.
// https://learn.microsoft.com/azure/event-grid/manage-event-delivery
package azdead

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/aztrace"
)

// Config says where the dead letters are. Either ConnectionString is set, or
// Endpoint.
type Config struct {
	ConnectionString string                 // with an account key; one machine only
	Endpoint         string                 // blob service; asked with an identity
	Container        string                 // name of the container
	Credential       azcore.TokenCredential // that identity; nil means azidentity's default
}

// Letters are the dead letters of one container. It is safe for concurrent use.
type Letters struct {
	client *container.Client
}

// Letter is one blob of events that were given up.
type Letter struct {
	Blob   string
	Events []json.RawMessage // whole, with their data; none where the blob is no array
}

// maxBlob is the largest blob that is read, in bytes: an event has at most
// 1 MiB, and so has an array of them.
// https://learn.microsoft.com/azure/event-grid/event-schema
const maxBlob = 16 << 20

// New returns the dead letters that c names. It does not use the network.
func New(c Config) (*Letters, error) {
	options := &container.ClientOptions{ClientOptions: aztrace.Options("blob")}
	if c.ConnectionString != "" {
		client, err := container.NewClientFromConnectionString(c.ConnectionString, c.Container, options)
		if err != nil {
			return nil, fmt.Errorf("dead letters: connection string is malformed")
		}
		return &Letters{client: client}, nil
	}
	if c.Credential == nil {
		identity, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, fmt.Errorf("dead letters: %w", err)
		}
		c.Credential = identity
	}
	client, err := container.NewClient(c.Endpoint+"/"+c.Container, c.Credential, options)
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	return &Letters{client: client}, nil
}

// Take returns up to limit letters. A container that does not exist holds none;
// a blob that is no array of events is a letter without any, so that it can be
// dropped.
func (l *Letters) Take(ctx context.Context, limit int) ([]Letter, error) {
	pager := l.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: to.Ptr(int32(limit))})
	page, err := pager.NextPage(ctx)
	if bloberror.HasCode(err, bloberror.ContainerNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	var all []Letter
	for _, item := range page.Segment.BlobItems {
		events, err := l.read(ctx, *item.Name)
		if err != nil {
			return all, err
		}
		all = append(all, Letter{Blob: *item.Name, Events: events})
	}
	return all, nil
}

func (l *Letters) read(ctx context.Context, name string) ([]json.RawMessage, error) {
	got, err := l.client.NewBlobClient(name).DownloadStream(ctx, nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dead letter: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(got.Body, maxBlob))
	if closed := got.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("dead letter: %w", err)
	}
	var events []json.RawMessage
	if json.Unmarshal(text, &events) != nil {
		return nil, nil
	}
	return events, nil
}

// Drop deletes a blob of letters; repeating is harmless.
func (l *Letters) Drop(ctx context.Context, blob string) error {
	_, err := l.client.NewBlobClient(blob).Delete(ctx, nil)
	if err != nil && !bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound) {
		return fmt.Errorf("dead letter: %w", err)
	}
	return nil
}
