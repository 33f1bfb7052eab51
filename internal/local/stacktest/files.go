package stacktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// box opens a container through a link, as any client of Azure does.
func box(link string) (*container.Client, error) {
	c, err := container.NewClientWithNoCredential(link, nil)
	if err != nil {
		return nil, errors.New("link: malformed") // the text holds it
	}
	return c, nil
}

// Drop uploads a file through the draft's link with Azure's own client.
func (q *Request) Drop(ctx context.Context, name string, content []byte) error {
	c, err := box(q.Link)
	if err != nil {
		return err
	}
	if _, err := c.NewBlockBlobClient(name).UploadBuffer(ctx, content, nil); err != nil {
		return fmt.Errorf("upload of %q: %w", name, err)
	}
	return nil
}

// Put uploads a file by a plain HTTP PUT, as curl does, and returns the status.
func (q *Request) Put(ctx context.Context, name string, content []byte, headers ...string) (int, error) {
	at, err := url.Parse(q.Link)
	if err != nil {
		return 0, errors.New("link: malformed")
	}
	at = at.JoinPath(strings.Split(name, "/")...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, at.String(), bytes.NewReader(content))
	if err != nil {
		return 0, errors.New("link: malformed")
	}
	req.Header.Set("x-ms-blob-type", "BlockBlob")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := q.Rig.http.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// LinkAs asks for a link as a person: verb is link or sealed-link.
func (q *Request) LinkAs(ctx context.Context, by, verb string) (string, error) {
	var out api.Link
	answer, err := q.Rig.Call(ctx, by, http.MethodGet, q.Path()+"/"+verb, nil)
	if err == nil {
		err = answer.Into(&out)
	}
	return out.ContainerURL, err
}

// Fetch downloads everything behind a link.
func Fetch(ctx context.Context, link string) (map[string][]byte, error) {
	c, err := box(link)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for pages := c.NewListBlobsFlatPager(nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing: %w", err)
		}
		for _, item := range page.Segment.BlobItems {
			res, err := c.NewBlobClient(*item.Name).DownloadStream(ctx, nil)
			if err != nil {
				return nil, fmt.Errorf("download of %q: %w", *item.Name, err)
			}
			content, err := io.ReadAll(res.Body)
			if err = errors.Join(err, res.Body.Close()); err != nil {
				return nil, fmt.Errorf("download of %q: %w", *item.Name, err)
			}
			all[*item.Name] = content
		}
	}
	return all, nil
}

// Released downloads what came out on the other side.
func (q *Request) Released(ctx context.Context) (map[string][]byte, error) {
	link, err := q.LinkAs(ctx, q.By, "link")
	if err != nil {
		return nil, fmt.Errorf("link to released files: %w", err)
	}
	return Fetch(ctx, link)
}

// Containers lists the containers of the request that exist, as
// account/container, without going through the gateway.
func (q *Request) Containers(ctx context.Context) ([]string, error) {
	r, err := q.Stored(ctx)
	if err != nil {
		return nil, err
	}
	return q.Rig.ContainersOf(ctx, r.WorkspaceAccount, func(c airlock.Container) bool { return c.Key == q.Key })
}
