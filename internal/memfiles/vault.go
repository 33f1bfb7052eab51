package memfiles

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Open implements airlock.Vault.
func (f *Files) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c, err := f.open(ctx, ref.Place)
	if err != nil {
		return airlock.Content{}, err
	}
	b, err := c.version(ref)
	if err != nil {
		return airlock.Content{}, err
	}
	if b.Tier == "Archive" {
		return airlock.Content{}, ErrArchived
	}
	from = min(max(0, from), b.Size)
	part := b.content[from : from+min(max(0, count), b.Size-from)]
	return airlock.Content{ReadCloser: io.NopCloser(bytes.NewReader(part)), ETag: b.ETag, Size: b.Size, Type: b.ContentType}, nil
}

// version finds a blob at the ETag of the ref, or at any when it names none.
func (c *container) version(ref airlock.Ref) (blob, error) {
	b, ok := c.blobs[ref.Name]
	if !ok {
		return blob{}, fmt.Errorf("blob: %w", airlock.ErrNotFound)
	}
	if ref.ETag != "" && ref.ETag != b.ETag {
		return blob{}, fmt.Errorf("blob: %w", airlock.ErrChanged)
	}
	return b, nil
}

// Copy implements airlock.Vault. A slice that should be the last but finds
// others missing answers with offset 0: begin again.
func (f *Files) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	if c.From.ETag == "" {
		return airlock.Copied{}, fmt.Errorf("copy without the source's ETag: %w", airlock.ErrInvalid)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	to, err := f.open(ctx, c.To.Place)
	if err != nil {
		return airlock.Copied{}, err
	}
	if done, ok := to.blobs[c.To.Name]; ok && done.source == c.From.ETag && done.Size == c.Size {
		return airlock.Copied{Offset: c.Size, ETag: done.ETag}, nil
	}
	from, err := f.container(c.From.Place)
	if err != nil {
		return airlock.Copied{}, err
	}
	source, err := from.version(c.From)
	if err != nil {
		return airlock.Copied{}, err
	}
	if source.Tier == "Archive" {
		return airlock.Copied{}, ErrArchived
	}
	if f.SliceBytes > 0 && source.Size > f.SliceBytes {
		if next := to.stage(version{c.To.Name, c.From.ETag}, c.Offset, source.Size, f.SliceBytes); next < source.Size {
			return airlock.Copied{Offset: next}, nil
		}
	}
	made := f.put(to, blob{
		Blob:    airlock.Blob{Name: c.To.Name, ContentType: source.ContentType, Tier: source.Tier},
		content: source.content, source: source.ETag,
	})
	delete(to.staged, version{c.To.Name, c.From.ETag})
	return airlock.Copied{Offset: made.Size, ETag: made.ETag}, nil
}

// stage notes the slice at offset and returns where the next one begins: the
// file's size when all are there, 0 when the last came and one is missing.
func (c *container) stage(v version, offset, size, slice int64) int64 {
	slices := c.staged[v]
	if slices == nil {
		slices = map[int64]bool{}
		c.staged[v] = slices
	}
	at := min(max(0, offset), size-1) / slice
	slices[at] = true
	switch next := (at + 1) * slice; {
	case next < size:
		return next
	case int64(len(slices)) < (size+slice-1)/slice:
		return 0
	}
	return size
}

// Remove implements airlock.Vault.
func (f *Files) Remove(ctx context.Context, ref airlock.Ref) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	c := f.containers[ref.Place]
	if c == nil {
		return nil
	}
	if _, err := c.version(ref); err == nil {
		c.delete(ref.Name)
	}
	return nil
}
