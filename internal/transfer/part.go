package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	slashed "path"

	"golang.org/x/sync/errgroup"
)

// errDamaged is a file whose content is not that of the manifest.
var errDamaged = errors.New("what arrived is not what the manifest says: its SHA-256 differs; nothing of it was kept, try again, then tell an administrator")

// maxBase is how long a file's name may be, in bytes, on the usual systems.
const maxBase = 255

// partPath is where a file is kept until it is whole.
func partPath(local string) string {
	sum := sha256.Sum256([]byte(local))
	folder, base := slashed.Split(local)
	ending := "." + hex.EncodeToString(sum[:4]) + ".part" // so that no other file of the request has this name
	if len(base)+len(ending) > maxBase {
		base = hex.EncodeToString(sum[4:20])
	}
	return path(folder + base + ending)
}

// fetch fetches a file into its part, and gives it its name when its SHA-256
// is the manifest's. errDamaged: it is not, and everything is as if the file
// had never been begun.
func (d *fetching) fetch(ctx context.Context, w Wanted, etag string, meter *tally) error {
	part := partPath(w.Local)
	file, err := d.open(w, part)
	if err != nil {
		return err
	}
	sum, err := d.ranges(ctx, w, etag, file, meter)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := d.Journal.Forget(w.Name); err != nil {
		return err
	}
	if w.SHA256 != "" && sum != w.SHA256 {
		return errors.Join(errDamaged, d.Folder.Remove(part))
	}
	if _, err := d.here(w); err != nil { // somebody was quicker
		return &FileError{Name: w.Name, Err: explain(err)}
	}
	return d.Folder.Rename(part, path(w.Local))
}

// open opens the part, to go on with it if the journal knows it, else anew.
func (d *fetching) open(w Wanted, part string) (*os.File, error) {
	if folder := slashed.Dir(w.Local); folder != "." {
		if err := d.Folder.MkdirAll(path(folder), 0o777); err != nil {
			return nil, err
		}
	}
	file, err := d.Folder.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && (info.Size() != w.Size || !d.Journal.Begun(w.Name)) {
		err = errors.Join(d.Journal.Forget(w.Name), file.Truncate(0), file.Truncate(w.Size))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// ranges fetches what the part lacks, several ranges at once, and hashes what
// is there right behind them.
func (d *fetching) ranges(ctx context.Context, w Wanted, etag string, file *os.File, meter *tally) (string, error) {
	block := d.Pace.Block
	here := make([]chan struct{}, (w.Size+block-1)/block)
	for i := range here {
		here[i] = make(chan struct{})
	}
	group, ctx := errgroup.WithContext(ctx)
	sum := sha256.New()
	group.Go(func() error { return follow(ctx, sum, file, block, here) })
	for i := range here {
		at := int64(i) * block
		length := min(block, w.Size-at)
		key := fmt.Sprintf("%s %d %d", etag, at, length)
		if d.Journal.Has(w.Name, key) {
			meter.Skipped(length)
			close(here[i])
			continue
		}
		buffer, err := d.buffers.lend(ctx, length)
		if err != nil {
			break // the group knows why
		}
		group.Go(func() error {
			defer d.buffers.giveBack(buffer)
			err := d.read(ctx, Range{Name: w.Name, At: at, ETag: etag}, buffer, meter.Moved)
			if err != nil {
				return err
			}
			if _, err := file.WriteAt(buffer, at); err != nil {
				return err
			}
			defer close(here[i])
			return d.Journal.Part(w.Name, key)
		})
	}
	err := group.Wait()
	return hex.EncodeToString(sum.Sum(nil)), err
}

func (d *fetching) read(ctx context.Context, r Range, into []byte, moved func(int64)) error {
	return d.call(ctx, func(link string) error { return d.Shelf.Read(ctx, link, r, into, moved) })
}

// follow hashes block after block as they are there.
func follow(ctx context.Context, sum hash.Hash, file *os.File, block int64, here []chan struct{}) error {
	for i := range here {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-here[i]:
		}
		if _, err := io.Copy(sum, io.NewSectionReader(file, int64(i)*block, block)); err != nil {
			return err
		}
	}
	return nil
}

// sum is the SHA-256 of a file that is here.
func (d *fetching) sum(local string) (string, error) {
	file, err := d.Folder.Open(local)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, file.Close())
}
