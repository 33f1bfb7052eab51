package walk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// file is one that crosses, or not.
type file struct {
	name    string
	content []byte
}

func (f file) sha256() string {
	sum := sha256.Sum256(f.content)
	return hex.EncodeToString(sum[:])
}

// upload drops files through a link, as any client of Azure Storage does.
func upload(ctx context.Context, link string, files []file) error {
	box, err := container.NewClientWithNoCredential(link, nil)
	if err != nil {
		return errLink
	}
	for _, f := range files {
		if _, err := box.NewBlockBlobClient(f.name).UploadBuffer(ctx, f.content, nil); err != nil {
			return fmt.Errorf("upload: %w", plain(err))
		}
	}
	return nil
}

// download reads everything behind a link and returns names and SHA-256 sums.
func download(ctx context.Context, link string) (map[string]string, error) {
	box, err := container.NewClientWithNoCredential(link, nil)
	if err != nil {
		return nil, errLink
	}
	sums := map[string]string{}
	for pager := box.NewListBlobsFlatPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list: %w", plain(err))
		}
		for _, item := range page.Segment.BlobItems {
			if sums[*item.Name], err = sum(ctx, box, *item.Name); err != nil {
				return nil, err
			}
		}
	}
	return sums, nil
}

func sum(ctx context.Context, box *container.Client, name string) (string, error) {
	resp, err := box.NewBlobClient(name).DownloadStream(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("download: %w", plain(err))
	}
	hash := sha256.New()
	_, err = io.Copy(hash, resp.Body)
	_ = resp.Body.Close() // all of it was read, or err says why not
	return hex.EncodeToString(hash.Sum(nil)), err
}
