package funchost

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

// lock is a blob lease that at most one host holds (SingletonManager).
type lock struct {
	blobs *azblob.Client
	name  string
	term  time.Duration
}

func newLock(blobs *azblob.Client, name string, term time.Duration) *lock {
	return &lock{blobs: blobs, name: name, term: term}
}

// hold acquires the lease and runs work, whose context ends when the lease is
// lost or listen ends. held is false when somebody else has the lease. A host
// whose life ended gives nothing back: the lease has to run out.
func (l *lock) hold(life, listen context.Context, work func(context.Context)) (held bool, err error) {
	client, err := l.acquire(life)
	if bloberror.HasCode(err, bloberror.LeaseAlreadyPresent) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lease %s: %w", l.name, err)
	}
	lead, stop := context.WithCancel(listen)
	renewed := make(chan error, 1)
	go func() {
		defer stop()
		renewed <- l.keep(lead, life, client)
	}()
	work(lead)
	stop()
	err = <-renewed
	if life.Err() == nil {
		_, _ = client.ReleaseLease(life, nil) // or it runs out by itself
	}
	return true, err
}

func (l *lock) acquire(ctx context.Context) (*lease.BlobClient, error) {
	if err := ensureContainer(ctx, l.blobs); err != nil {
		return nil, err
	}
	b := l.blobs.ServiceClient().NewContainerClient(hostContainer).NewBlockBlobClient(l.name)
	absent := &blockblob.UploadBufferOptions{AccessConditions: &blob.AccessConditions{
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)},
	}}
	_, err := b.UploadBuffer(ctx, nil, absent)
	if err != nil && !bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.LeaseIDMissing, bloberror.ConditionNotMet) {
		return nil, err
	}
	client, err := lease.NewBlobClient(b, nil)
	if err != nil {
		return nil, err
	}
	_, err = client.AcquireLease(ctx, wholeSeconds(l.term), nil)
	return client, err
}

// keep renews the lease at half its term until lead ends; an error means it
// is lost.
func (l *lock) keep(lead, life context.Context, client *lease.BlobClient) error {
	for sleep(lead, l.term/2) {
		if _, err := client.RenewLease(life, nil); err != nil {
			return fmt.Errorf("lease %s: lost: %w", l.name, err)
		}
	}
	return nil
}
