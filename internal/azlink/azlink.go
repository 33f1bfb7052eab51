// Package azlink reads and writes a container of Azure through its link alone:
// what the holder of a shared access signature can do, and no more. No error
// holds the link.
package azlink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

const (
	// defaultStall is longer than it takes a line of 1 Mbit/s to empty the
	// buffers of eight connections after the last byte was handed over.
	defaultStall = 2 * time.Minute
	dialTimeout  = 30 * time.Second
	// writeBuffer of a connection: fewer, larger writes of blocks.
	writeBuffer = 64 << 10
)

// Client is a transfer.Drop and a transfer.Shelf. Its calls are single tries.
type Client struct {
	options container.ClientOptions
	stall   time.Duration
}

// Config makes a client. The zero value is ready to use.
type Config struct {
	Parallel int           // connections that are kept; 0 means transfer.DefaultParallel
	Stall    time.Duration // a request over which nothing has moved for so long is given up; 0 means 2 min
	HTTP     *http.Client  // nil means one of its own
}

// New returns a client.
func New(c Config) *Client {
	if c.Parallel == 0 {
		c.Parallel = transfer.DefaultParallel
	}
	if c.Stall == 0 {
		c.Stall = defaultStall
	}
	if c.HTTP == nil {
		dialer := &net.Dialer{Timeout: dialTimeout}
		c.HTTP = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext,
			MaxIdleConnsPerHost: c.Parallel, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: dialTimeout, WriteBufferSize: writeBuffer}}
	}
	return &Client{stall: c.Stall, options: container.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: c.HTTP,
		Retry:     policy.RetryOptions{MaxRetries: -1}, // the transfer tries again itself
		Telemetry: policy.TelemetryOptions{ApplicationID: "tre"},
	}}}
}

// open is the container behind a link.
func (c *Client) open(link string) (*container.Client, error) {
	box, err := container.NewClientWithNoCredential(link, &c.options)
	if err != nil {
		return nil, errors.New("link: malformed") // the text holds it
	}
	return box, nil
}

// Put implements transfer.Drop.
func (c *Client) Put(ctx context.Context, link, mediaType string, b transfer.Block) (etag string, err error) {
	box, err := c.open(link)
	if err != nil {
		return "", err
	}
	err = c.watched(ctx, b.Moved, func(ctx context.Context, at func(int64)) error {
		done, err := box.NewBlockBlobClient(b.Name).Upload(ctx, body(b.Content, at), &blockblob.UploadOptions{HTTPHeaders: headers(mediaType)})
		etag = normal(done.ETag)
		return err
	})
	return etag, err
}

// Stage implements transfer.Drop.
func (c *Client) Stage(ctx context.Context, link, id string, b transfer.Block) error {
	box, err := c.open(link)
	if err != nil {
		return err
	}
	return c.watched(ctx, b.Moved, func(ctx context.Context, at func(int64)) error {
		_, err := box.NewBlockBlobClient(b.Name).StageBlock(ctx, id, body(b.Content, at), nil)
		return err
	})
}

// Commit implements transfer.Drop.
func (c *Client) Commit(ctx context.Context, link, mediaType, name string, ids []string) (etag string, err error) {
	box, err := c.open(link)
	if err != nil {
		return "", err
	}
	err = c.watched(ctx, nil, func(ctx context.Context, _ func(int64)) error {
		done, err := box.NewBlockBlobClient(name).CommitBlockList(ctx, ids, &blockblob.CommitBlockListOptions{HTTPHeaders: headers(mediaType)})
		etag = normal(done.ETag)
		return err
	})
	return etag, err
}

// List implements transfer.Shelf.
func (c *Client) List(ctx context.Context, link string) (map[string]transfer.Listed, error) {
	box, err := c.open(link)
	if err != nil {
		return nil, err
	}
	all := map[string]transfer.Listed{}
	for pages := box.NewListBlobsFlatPager(nil); pages.More(); {
		err := c.watched(ctx, nil, func(ctx context.Context, _ func(int64)) error {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, item := range page.Segment.BlobItems {
				if item.Name != nil && item.Properties != nil && item.Properties.ContentLength != nil {
					all[*item.Name] = transfer.Listed{Size: *item.Properties.ContentLength, ETag: normal(item.Properties.ETag)}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Read implements transfer.Shelf.
func (c *Client) Read(ctx context.Context, link string, r transfer.Range, into []byte, moved func(int64)) error {
	box, err := c.open(link)
	if err != nil {
		return err
	}
	quoted := azcore.ETag(`"` + r.ETag + `"`)
	return c.watched(ctx, moved, func(ctx context.Context, at func(int64)) error {
		got, err := box.NewBlobClient(r.Name).DownloadStream(ctx, &blob.DownloadStreamOptions{
			Range:            blob.HTTPRange{Offset: r.At, Count: int64(len(into))},
			AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &quoted}},
		})
		if err != nil {
			return err
		}
		_, err = io.ReadFull(streaming.NewResponseProgress(got.Body, at), into)
		_ = got.Body.Close() // all that was asked for was read, or the error says why not
		return err
	})
}

// errStalled is a request over which nothing moves.
var errStalled = errors.New("nothing has moved over the line for a while")

// watched makes a single try. It gives the try up when nothing moves, and when
// it fails takes back what was told of it.
func (c *Client) watched(ctx context.Context, moved func(int64), try func(ctx context.Context, at func(int64)) error) error {
	trying, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(c.stall, func() { cancel(errStalled) })
	defer timer.Stop()
	last := int64(0)
	err := try(trying, func(at int64) {
		timer.Reset(c.stall)
		if moved != nil {
			moved(at - last)
		}
		last = at
	})
	if err == nil {
		return nil
	}
	if moved != nil && last != 0 {
		moved(-last)
	}
	if cause := context.Cause(trying); errors.Is(cause, errStalled) {
		return &transfer.Busy{Err: cause}
	}
	return translate(ctx, err)
}

func body(content []byte, at func(int64)) io.ReadSeekCloser {
	return streaming.NewRequestProgress(streaming.NopCloser(bytes.NewReader(content)), at)
}

func headers(mediaType string) *blob.HTTPHeaders {
	if mediaType == "" {
		return nil
	}
	return &blob.HTTPHeaders{BlobContentType: &mediaType}
}

func normal(etag *azcore.ETag) string {
	if etag == nil {
		return ""
	}
	return airlock.NormalizeETag(string(*etag))
}
