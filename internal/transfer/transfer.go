// Package transfer carries files between this machine and a request's
// container, for people at slow and broken lines: many at once, in blocks, with
// SHA-256 on the way, gone on from where an interruption left off, and the link
// renewed when it ends. It knows neither Azure nor the command line.
package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// DefaultParallel requests at once fill a line of 1 Gbit/s over 50 ms with
	// blocks of DefaultBlock, and hold 64 MiB of memory.
	DefaultParallel = 8
	// DefaultBlock is 8 MiB: what an interruption costs at most for each
	// request under way, and large enough that the request itself is no cost.
	// Files up to this size go in one request.
	DefaultBlock = 8 << 20
	// maxBlocks and maxBlock are Azure's.
	// https://learn.microsoft.com/azure/storage/blobs/scalability-targets
	maxBlocks = 50_000
	maxBlock  = 4000 << 20
)

// What the other side can answer besides success. Adapters wrap these.
var (
	// ErrLink means that the link is refused: it ended, most likely.
	ErrLink = errors.New("link is refused")
	// ErrBlocks means that a block of the list is not there any more.
	ErrBlocks = errors.New("blocks are gone")
	// ErrForeign means that another program left blocks of the same file that
	// do not go with ours.
	ErrForeign = errors.New("unfinished upload of another program is in the way")
	// ErrChanged means that the file was replaced while it was being fetched.
	ErrChanged = errors.New("file was replaced meanwhile")
	// ErrGone means that there is no such file or container.
	ErrGone = errors.New("not there any more")
)

// Busy is a failure that may pass by itself.
type Busy struct {
	Err   error
	After time.Duration // how long the other side asks to wait; 0 where it does not say
}

// Error gives the failure itself.
func (b *Busy) Error() string { return b.Err.Error() }

// Unwrap gives the failure itself.
func (b *Busy) Unwrap() error { return b.Err }

// Block is content on its way up.
type Block struct {
	Name    string      // of the file
	Content []byte      // all of it
	Moved   func(int64) // told bytes as they leave; below zero when they have to leave again
}

// Drop is a container that is written through a link and never read. Its
// errors hold no link.
type Drop interface {
	// Put writes a whole file and returns its ETag.
	Put(ctx context.Context, link, mediaType string, b Block) (etag string, err error)
	// Stage writes one block of a file, which is not seen before Commit.
	Stage(ctx context.Context, link, id string, b Block) error
	// Commit makes the file of its blocks and returns its ETag. ErrBlocks: one
	// of them is not there.
	Commit(ctx context.Context, link, mediaType, name string, ids []string) (etag string, err error)
}

// Range is a part of a file.
type Range struct {
	Name string
	At   int64
	ETag string // of the version it has to be of
}

// Listed is a file as its container lists it.
type Listed struct {
	Size int64 // bytes
	ETag string
}

// Shelf is a container that is read through a link. Its errors hold no link.
type Shelf interface {
	// List lists all files, by name.
	List(ctx context.Context, link string) (map[string]Listed, error)
	// Read fills into from the range's beginning. ErrChanged: the version is
	// not the one asked for.
	Read(ctx context.Context, link string, r Range, into []byte, moved func(int64)) error
}

// Progress is told how a transfer goes. All of it may be called by several
// goroutines at once.
type Progress interface {
	// Start says what there is to do.
	Start(files int, bytes int64)
	// File begins a file.
	File(name string, size int64) Meter
	// Say is one line for people.
	Say(text string)
}

// Meter is told how a file goes.
type Meter interface {
	Moved(bytes int64)   // over the line; below zero: they have to go again
	Skipped(bytes int64) // were there already
	End(done bool)
}

// Pace is how hard a transfer tries. All zero values are useful.
type Pace struct {
	Parallel int           // requests at once, and files; 0 means DefaultParallel
	Block    int64         // bytes in a request; 0 means DefaultBlock
	Tries    int           // of one request, when the line or the other side fails; 0 means 10: about two minutes
	Pause    time.Duration // before the second try, then twice as long each time up to 60 times; 0 means 500 ms
}

const (
	defaultTries = 10
	defaultPause = 500 * time.Millisecond
)

func (p Pace) withDefaults() Pace {
	p.Parallel = max(cmp.Or(p.Parallel, DefaultParallel), 1)
	p.Block = min(max(cmp.Or(p.Block, DefaultBlock), 1), maxBlock)
	p.Tries = max(cmp.Or(p.Tries, defaultTries), 1)
	p.Pause = cmp.Or(p.Pause, defaultPause)
	return p
}

// blockFor is how large the blocks of a file are: no file may have more than
// Azure's number.
func (p Pace) blockFor(size int64) (int64, error) {
	block := max(p.Block, (size+maxBlocks-1)/maxBlocks)
	if block > maxBlock {
		return 0, fmt.Errorf("the file has %d bytes, and no blob more than %d: split it", size, int64(maxBlock)*maxBlocks)
	}
	return block, nil
}

// FileError is what went wrong with one file.
type FileError struct {
	Name string
	Err  error
}

// Error names the file.
func (e *FileError) Error() string { return printable(e.Name) + ": " + e.Err.Error() }

// Unwrap gives what went wrong.
func (e *FileError) Unwrap() error { return e.Err }
