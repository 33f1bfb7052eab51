package azstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

// probeBlob is overwritten by every probe, whoever's it is, so that probes
// leave one blob behind.
const probeBlob = "health/probe.txt"

// ProbeBlobs writes a small blob beside the manifests and reads it back.
func (s *Store) ProbeBlobs(ctx context.Context) error {
	to, text := s.Manifests.NewBlockBlobClient(probeBlob), []byte("written by the health check\n")
	upload := func() error {
		_, err := to.Upload(ctx, streaming.NopCloser(bytes.NewReader(text)), nil)
		return err
	}
	err := upload()
	if bloberror.HasCode(err, bloberror.ContainerNotFound) {
		if _, err := s.Manifests.Create(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return fmt.Errorf("probe: %w", err)
		}
		err = upload()
	}
	if err != nil {
		return fmt.Errorf("probe: write: %w", err)
	}
	res, err := to.DownloadStream(ctx, nil)
	if err != nil {
		return fmt.Errorf("probe: read: %w", err)
	}
	got, err := io.ReadAll(io.LimitReader(res.Body, int64(len(text))+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("probe: read: %w", err)
	}
	if !bytes.Equal(got, text) {
		return fmt.Errorf("probe: %d bytes read are not the %d written", len(got), len(text))
	}
	return nil
}
