package azfiles_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
	"github.com/trefoil-tre/trefoil/internal/azfiles"
	"github.com/trefoil-tre/trefoil/internal/filestest"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

var (
	_ airlock.Desk    = (*azdesk.Desk)(nil)
	_ airlock.Vault   = (*azfiles.Vault)(nil)
	_ airlock.Janitor = (*azfiles.Janitor)(nil)
)

// world is two accounts of Azurite behind a storage gateway.
type world struct {
	gateway        *gateway.Gateway
	accounts       *azblobs.Accounts
	account, other string
}

func newWorld(t *testing.T) world {
	t.Helper()
	e := azuritetest.Start(t)
	account, other := azuritetest.Own(t, e), azuritetest.Own(t, e)
	g, err := gateway.Start(gateway.Config{Upstream: e.Blob, Accounts: e.Accounts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return world{gateway: g, accounts: reach(t, e.WithBlob(g.URL()), account, other), account: account, other: other}
}

// reach is the way to two accounts by connection string.
func reach(t *testing.T, e azurite.Endpoints, names ...string) *azblobs.Accounts {
	t.Helper()
	c := azblobs.Config{AirlockConnection: e.ConnectionString(names[0]), Now: time.Now}
	for _, name := range names {
		c.WorkspaceConnections = append(c.WorkspaceConnections, e.ConnectionString(name))
	}
	accounts, err := azblobs.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return accounts
}

func (w world) vault() *azfiles.Vault {
	return &azfiles.Vault{Accounts: w.accounts, Now: time.Now, PutBlobMax: 10_000, BlockBytes: 4096, BlocksPerSlice: 2, Parallel: 3}
}

func (w world) harness() filestest.Harness {
	return filestest.Harness{
		Desk: azdesk.New(w.accounts), Vault: w.vault(), Janitor: &azfiles.Janitor{Accounts: w.accounts},
		Account: w.account, Other: w.other, Outside: outside{w.accounts}, Holder: holder{},
		Now: time.Now, Large: 30_000, Settle: func() {},
	}
}

// place makes a container of a fresh name.
func (w world) place(t *testing.T, account string) airlock.Place {
	t.Helper()
	p := airlock.Place{Account: account, Container: "c" + azuritetest.Suffix(t)}
	if err := azdesk.New(w.accounts).Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (w world) put(t *testing.T, place airlock.Place, name string, content []byte) airlock.Ref {
	t.Helper()
	etag, err := outside{w.accounts}.Put(t.Context(), place, name, content, "text/csv")
	if err != nil {
		t.Fatal(err)
	}
	return airlock.Ref{Place: place, Name: name, ETag: etag}
}

type outside struct{ accounts *azblobs.Accounts }

func (o outside) Put(ctx context.Context, place airlock.Place, name string, content []byte, mediaType string) (string, error) {
	c, err := o.accounts.Container(place)
	if err != nil {
		return "", err
	}
	got, err := c.NewBlockBlobClient(name).Upload(ctx, stream(content), &blockblob.UploadOptions{HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &mediaType}})
	if err != nil {
		return "", err
	}
	return airlock.NormalizeETag(string(*got.ETag)), nil
}

func (o outside) Delete(ctx context.Context, place airlock.Place, name string) error {
	c, err := o.accounts.Container(place)
	if err != nil {
		return err
	}
	_, err = c.NewBlobClient(name).Delete(ctx, nil)
	return err
}

func (o outside) Lease(ctx context.Context, place airlock.Place, name string) error {
	c, err := o.accounts.Container(place)
	if err != nil {
		return err
	}
	if name == "" {
		client, err := lease.NewContainerClient(c, nil)
		if err != nil {
			return err
		}
		_, err = client.AcquireLease(ctx, -1, nil)
		return err
	}
	client, err := lease.NewBlobClient(c.NewBlobClient(name), nil)
	if err != nil {
		return err
	}
	_, err = client.AcquireLease(ctx, -1, nil)
	return err
}

// holder has a link and the SDK, as azcopy and the like.
type holder struct{}

func (holder) Try(ctx context.Context, link string, d filestest.Deed) (a filestest.Answer, err error) {
	c, err := container.NewClientWithNoCredential(link, nil)
	if err != nil {
		return a, err
	}
	switch d.Verb {
	case filestest.PutFile:
		_, err = c.NewBlockBlobClient(d.Name).Upload(ctx, stream(d.Content), nil)
	case filestest.PutBlocks:
		err = putBlocks(ctx, c.NewBlockBlobClient(d.Name), d.Content)
	case filestest.ReadFile:
		a.Content, err = download(ctx, c.NewBlobClient(d.Name))
	case filestest.DeleteFile:
		_, err = c.NewBlobClient(d.Name).Delete(ctx, nil)
	case filestest.ListFiles:
		var page container.ListBlobsFlatResponse
		page, err = c.NewListBlobsFlatPager(nil).NextPage(ctx)
		if err == nil {
			for _, item := range page.Segment.BlobItems {
				a.Names = append(a.Names, *item.Name)
			}
		}
	}
	if answer, ok := errors.AsType[*azcore.ResponseError](err); ok && answer.StatusCode == http.StatusForbidden {
		err = fmt.Errorf("%s: %w", answer.ErrorCode, filestest.ErrDenied)
	}
	return a, err
}

func putBlocks(ctx context.Context, b *blockblob.Client, content []byte) error {
	half := len(content) / 2
	ids := []string{base64.StdEncoding.EncodeToString([]byte("1")), base64.StdEncoding.EncodeToString([]byte("2"))}
	for i, part := range [][]byte{content[:half], content[half:]} {
		if len(part) == 0 {
			part = []byte("x")
		}
		if _, err := b.StageBlock(ctx, ids[i], stream(part), nil); err != nil {
			return err
		}
	}
	_, err := b.CommitBlockList(ctx, ids, nil)
	return err
}

func download(ctx context.Context, b *blob.Client) ([]byte, error) {
	got, err := b.DownloadStream(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	return io.ReadAll(got.Body)
}

func stream(content []byte) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader(content)) }
