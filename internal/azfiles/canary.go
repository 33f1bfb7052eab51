package azfiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

// Canary tries the way of files between the airlock and a workspace with a tiny
// file of its own, before anybody's depends on it. It is safe for concurrent
// use.
type Canary struct {
	Vault   *Vault
	Janitor *Janitor
}

// song is what the file says.
const song = "trefoil"

// errSong means that what came back is not what went in.
var errSong = errors.New("what came back is not what was sent")

// Cross copies the file from the airlock's account into a workspace's and back,
// as the service copies every file, and removes it in both. key names the
// containers, which scanners and events leave alone: it must be fresh, because a
// deleted name is taken for a while. What a crash leaves behind is a container
// that no request owns, which retain purges.
func (c *Canary) Cross(ctx context.Context, account string, key airlock.Key) (err error) {
	box := airlock.Container{Kind: airlock.ReleasedFiles, Key: key, Number: 1}.String()
	outside, inside := airlock.Place{Account: airlock.AirlockAccount, Container: box}, airlock.Place{Account: account, Container: box}
	for _, place := range []airlock.Place{outside, inside} {
		if err := c.open(ctx, place); err != nil {
			return err
		}
		defer func() {
			if _, gone := c.Janitor.Purge(context.WithoutCancel(ctx), place); gone != nil {
				err = errors.Join(err, gone)
			}
		}()
	}
	etag, err := c.drop(ctx, airlock.Ref{Place: outside, Name: "in"})
	if err != nil {
		return fmt.Errorf("test file in the airlock's account: %w", err)
	}
	back := airlock.Ref{Place: outside, Name: "back"}
	for _, way := range []struct{ from, to airlock.Ref }{
		{airlock.Ref{Place: outside, Name: "in"}, airlock.Ref{Place: inside, Name: "in"}},
		{airlock.Ref{Place: inside, Name: "in"}, back},
	} {
		way.from.ETag = etag
		copied, err := c.Vault.Copy(ctx, airlock.Copy{From: way.from, To: way.to, Size: int64(len(song))})
		if err != nil {
			return fmt.Errorf("test file from account %s to %s: %w", way.from.Place.Account, way.to.Place.Account, err)
		}
		etag = copied.ETag
	}
	back.ETag = etag
	return c.hear(ctx, back)
}

// open makes a container.
func (c *Canary) open(ctx context.Context, place airlock.Place) error {
	client, err := c.Vault.Accounts.Container(place)
	if err != nil {
		return err
	}
	if _, err := client.Create(ctx, nil); err != nil && !azblobs.HasCode(err, bloberror.ContainerAlreadyExists) {
		return fmt.Errorf("container in account %s: %w", place.Account, azblobs.Translate(err))
	}
	return nil
}

// drop writes the file.
func (c *Canary) drop(ctx context.Context, ref airlock.Ref) (etag string, err error) {
	target, err := c.Vault.block(ref)
	if err != nil {
		return "", err
	}
	made, err := target.Upload(ctx, streaming.NopCloser(bytes.NewReader([]byte(song))), &blockblob.UploadOptions{})
	if err != nil {
		return "", azblobs.Translate(err)
	}
	return normal(made.ETag), nil
}

// hear compares the file with what was sent.
func (c *Canary) hear(ctx context.Context, ref airlock.Ref) error {
	content, err := c.Vault.Open(ctx, ref, 0, int64(len(song)))
	if err != nil {
		return fmt.Errorf("test file that came back: %w", err)
	}
	defer content.Close()
	text, err := io.ReadAll(content)
	if err != nil {
		return fmt.Errorf("test file that came back: %w", err)
	}
	if string(text) != song {
		return errSong
	}
	return nil
}
