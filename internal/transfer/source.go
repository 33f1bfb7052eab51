package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"golang.org/x/sync/errgroup"
)

const (
	// headBytes of a file tell its media type.
	headBytes = 4096
	// idBytes of a block's id: all ids of a file must have one length, of at
	// most 64 bytes.
	// https://learn.microsoft.com/rest/api/storageservices/put-block#uri-parameters
	idBytes = 24
)

// errMoved is a file that is not the same at the end of reading it as it was
// at the beginning.
var errMoved = errors.New("the file changed while it was read; upload it again when nothing writes to it")

// source is a file of this machine that is being read.
type source struct {
	Source
	file     *os.File
	size     int64
	modified int64 // nanoseconds since 1970
	hash     hash.Hash
	head     []byte
}

func openSource(s Source) (*source, error) {
	file, err := os.Open(s.Path)
	if err != nil {
		return nil, &FileError{Name: s.Name, Err: bare(err)}
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(&FileError{Name: s.Name, Err: bare(err)}, file.Close())
	}
	return &source{Source: s, file: file, size: info.Size(), modified: info.ModTime().UnixNano(), hash: sha256.New()}, nil
}

func (r *source) close() { _ = r.file.Close() } // it was only read

// rewind begins anew.
func (r *source) rewind() error {
	r.hash.Reset()
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return &FileError{Name: r.Name, Err: bare(err)}
	}
	return nil
}

// blocks reads the file from its beginning to its end into buffers, hashes it,
// and gives each block away, buffer and all, with where it begins.
func (r *source) blocks(ctx context.Context, buffers pool, block int64, give func(at int64, content []byte) error) error {
	for at := int64(0); at < r.size; {
		content, err := buffers.lend(ctx, min(block, r.size-at))
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(r.file, content); err != nil {
			buffers.giveBack(content)
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = errMoved
			}
			return &FileError{Name: r.Name, Err: bare(err)}
		}
		if at == 0 {
			r.head = append(r.head[:0], content[:min(len(content), headBytes)]...)
		}
		r.hash.Write(content) // never fails: https://pkg.go.dev/hash#Hash
		if err := give(at, content); err != nil {
			return err
		}
		at += int64(len(content))
	}
	return nil
}

// unchanged returns an error if the file is not what it was when it was opened.
func (r *source) unchanged() error {
	info, err := r.file.Stat()
	if err != nil {
		return &FileError{Name: r.Name, Err: bare(err)}
	}
	if info.Size() != r.size || info.ModTime().UnixNano() != r.modified {
		return &FileError{Name: r.Name, Err: errMoved}
	}
	return nil
}

// sent is what there is to remember of the file.
func (r *source) sent(etag string) Sent {
	return Sent{Name: r.Name, Size: r.size, Modified: r.modified, SHA256: hex.EncodeToString(r.hash.Sum(nil)), ETag: etag}
}

// id names a block by everything up to its end, so that a block is never taken
// for one of another content, and one of the same content never sent twice.
func (r *source) id(at int64, length int) string {
	text := binary.BigEndian.AppendUint64(nil, uint64(at))
	text = binary.BigEndian.AppendUint64(text, uint64(length))
	sum := sha256.Sum256(r.hash.Sum(text))
	return base64.StdEncoding.EncodeToString(sum[:idBytes])
}

// sendBlocks sends a large file, several blocks of it at once, and makes it of
// them if it did not change meanwhile. What the journal knows to be there is
// read, for the hash, and not sent.
func (u *sending) sendBlocks(ctx context.Context, r *source, block int64, meter *tally) (Sent, error) {
	var ids []string
	group, staging := errgroup.WithContext(ctx)
	err := r.blocks(staging, u.buffers, block, func(at int64, content []byte) error {
		id := r.id(at, len(content))
		ids = append(ids, id)
		if u.Journal.Has(r.Name, id) {
			u.buffers.giveBack(content)
			meter.Skipped(int64(len(content)))
			return nil
		}
		group.Go(func() error {
			defer u.buffers.giveBack(content)
			return u.stage(staging, id, Block{Name: r.Name, Content: content, Moved: meter.Moved})
		})
		return nil
	})
	if staged := group.Wait(); staged != nil {
		err = staged
	}
	if err == nil {
		err = r.unchanged()
	}
	if err != nil {
		return Sent{}, err
	}
	etag := ""
	err = u.call(ctx, func(link string) error {
		var err error
		etag, err = u.Drop.Commit(ctx, link, u.mediaType(r), r.Name, ids)
		return err
	})
	if err != nil {
		return Sent{}, fmt.Errorf("putting %d blocks together: %w", len(ids), err)
	}
	return r.sent(etag), nil
}

func (u *sending) stage(ctx context.Context, id string, b Block) error {
	err := u.call(ctx, func(link string) error { return u.Drop.Stage(ctx, link, id, b) })
	if err != nil {
		return err
	}
	return u.Journal.Part(b.Name, id)
}
