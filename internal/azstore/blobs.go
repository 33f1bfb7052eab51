package azstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// saveBlob writes a blob whose name says what it holds. What is there already
// stays. The container is made where there is none.
func saveBlob(ctx context.Context, in *container.Client, name string, text []byte) error {
	to := in.NewBlockBlobClient(name)
	anything := azcore.ETagAny
	once := &blockblob.UploadOptions{AccessConditions: &blob.AccessConditions{
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &anything},
	}}
	upload := func() error {
		_, err := to.Upload(ctx, streaming.NopCloser(bytes.NewReader(text)), once)
		return err
	}
	err := upload()
	if bloberror.HasCode(err, bloberror.ContainerNotFound) {
		if _, err := in.Create(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return fmt.Errorf("container: %w", err)
		}
		err = upload()
	}
	if bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.UnauthorizedBlobOverwrite) { // the second: who may add, but not overwrite
		return nil
	}
	return err
}

// loadBlob reads a blob of at most so many bytes; airlock.ErrNotFound when
// there is none.
func loadBlob(ctx context.Context, in *container.Client, name string, most int64) ([]byte, error) {
	res, err := in.NewBlobClient(name).DownloadStream(ctx, nil)
	if err != nil {
		return nil, translate("blob", err)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("more than %d bytes: %w", most, airlock.ErrInvalid)
	}
	return text, nil
}
