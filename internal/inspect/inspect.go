// Package inspect reads a file once, as a stream and in slices, and says what
// was found: size, SHA-256, media type by content, and findings under the
// workspace's policy. Between slices everything it needs is in an
// airlock.Progress, so any process can go on where another was killed, and
// memory stays flat in the size of the file.
package inspect

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

const (
	// defaultSlice is read in 10 to 40 s at 100 to 400 MB/s: far below a
	// function's time limit, long enough that the row saved between slices
	// costs nothing. A file of Defender's 50 GiB takes 13 slices.
	defaultSlice = 4 << 30
	// defaultBuffer stays in a core's cache between the copy into it and the
	// hash over it; larger ones measured slower.
	defaultBuffer = 256 << 10
	// headBytes is how much of the beginning decides the media type: the read
	// limit of the detector. No slice is shorter, so the type does not depend
	// on where a file is cut.
	// https://pkg.go.dev/github.com/gabriel-vasile/mimetype#SetLimit
	headBytes = 4096
)

// ErrProgress means that a saved state cannot be gone on from: it is damaged,
// or was written by a program that kept it otherwise. Start over with none.
var ErrProgress = errors.New("progress cannot be continued")

// Inspector inspects. All fields but Now have useful zero values.
type Inspector struct {
	SliceBytes  int64            // most bytes a slice reads; 0 means 4 GiB, the least is 4 KiB
	BufferBytes int              // bytes read at once, and about all memory used; 0 means 256 KiB, the least is 4 KiB
	Now         func() time.Time // clock for Inspection.At
}

// Subject is one version of a file and the policy it is held against.
type Subject struct {
	Blob   airlock.Blob // as listed; its Size is the truth about where the file ends
	Policy airlock.Policy
}

// Result is what a slice came to: either Progress, to be saved and given to
// the next slice, or Inspection, when the whole file was read.
type Result struct {
	Progress   *airlock.Progress
	Inspection *airlock.Inspection
}

// Range says which bytes the next slice reads: open the file at from for count
// bytes. A nil Progress is the beginning.
func (i Inspector) Range(size int64, p *airlock.Progress) (from, count int64) {
	if p != nil {
		from = p.Offset
	}
	return from, max(0, min(i.sliceBytes(), size-from))
}

// Slice reads one slice from r, which stands at the first byte of Range and
// may hold more than the slice. It returns ErrProgress when p is not a state
// of this file, io.ErrUnexpectedEOF when r ends early, and the reader's own
// errors; then nothing is lost but the slice.
func (i Inspector) Slice(ctx context.Context, r io.Reader, s Subject, p *airlock.Progress) (Result, error) {
	run, err := resume(p, s.Blob.Size)
	if err != nil {
		return Result{}, err
	}
	_, count := i.Range(s.Blob.Size, p)
	if err := run.read(ctx, r, count, make([]byte, i.bufferBytes()+maxRecord)); err != nil {
		return Result{}, fmt.Errorf("slice at byte %d: %w", run.offset, err)
	}
	if run.offset < s.Blob.Size {
		next, err := run.save()
		return Result{Progress: next}, err
	}
	run.zip.end()
	return Result{Inspection: &airlock.Inspection{
		Size: run.offset, SHA256: hex.EncodeToString(run.hash.Sum(nil)), Type: run.media,
		Findings: findings(s, run), At: i.Now().UTC(),
	}}, nil
}

func (i Inspector) sliceBytes() int64 {
	if i.SliceBytes == 0 {
		return defaultSlice
	}
	return max(i.SliceBytes, headBytes)
}

func (i Inspector) bufferBytes() int {
	if i.BufferBytes == 0 {
		return defaultBuffer
	}
	return max(i.BufferBytes, headBytes)
}

// run is an inspection at work.
type run struct {
	offset int64
	hash   hash.Hash
	media  string
	zip    zipScan
}

// read hashes count bytes of r. The buffer keeps room at its front for the end
// of the bytes before, so that a record of a zip is seen whole.
func (n *run) read(ctx context.Context, r io.Reader, count int64, buffer []byte) error {
	for count > 0 || n.media == "" {
		if err := ctx.Err(); err != nil {
			return err
		}
		kept := copy(buffer, n.zip.tail)
		want := min(int64(len(buffer)-kept), count)
		got, err := io.ReadFull(r, buffer[kept:kept+int(want)])
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		fresh := buffer[kept : kept+got]
		n.hash.Write(fresh) // never fails: https://pkg.go.dev/hash#Hash
		n.offset, count = n.offset+want, count-want
		if n.media == "" {
			n.media = detect(fresh)
			n.zip.on = isZip(n.media)
		}
		n.zip.scan(buffer[:kept+got])
	}
	return nil
}
