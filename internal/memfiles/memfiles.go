// Package memfiles keeps containers and blobs in memory: airlock.Desk, Vault
// and Janitor for tests, simulations and a laptop without storage. It behaves
// as Azure Blob does where the airlock can tell, ETags, leases and held names
// included. Contents are kept by reference: nobody may change them afterwards.
package memfiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// maxPage is how many rows a page has at most.
const maxPage = 1000

// What memory refuses that the airlock has no word for.
var (
	// ErrBeingDeleted means that a container's name is still held by the one
	// deleted before, as Azure's 409 ContainerBeingDeleted.
	ErrBeingDeleted = errors.New("container is being deleted")
	// ErrArchived means that a blob cannot be read, as Azure's 409 BlobArchived.
	ErrArchived = fmt.Errorf("blob is archived: %w", airlock.ErrUnread)
	// ErrDenied means that a link is none, does not allow this, or has expired,
	// or that somebody's lease is in the way.
	ErrDenied = errors.New("not allowed")
)

// Files is all accounts. The zero value with a clock is ready to use.
type Files struct {
	Now func() time.Time // clock for modified times, links and held names
	// HoldName is how long the name of a deleted container stays taken. Zero:
	// not at all. Azure: 30 s or more.
	HoldName time.Duration
	// SliceBytes is what one slice of a copy moves. Zero: everything at once.
	SliceBytes int64

	mu         sync.RWMutex
	containers map[airlock.Place]*container
	held       map[airlock.Place]time.Time // until when a name is taken
	links      map[string]link
	count      uint64 // of ETags and links given
}

type container struct {
	made   time.Time
	blobs  map[string]blob
	sorted []string                   // names in order; nil after a change
	staged map[version]map[int64]bool // slices of copies that are not complete
}

// version names what a copy makes: a blob from one version of a source.
type version struct{ name, source string }

type blob struct {
	airlock.Blob
	content []byte
	source  string // ETag of what it was copied from
	leased  bool
}

// Create implements airlock.Desk.
func (f *Files) Create(ctx context.Context, place airlock.Place) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case f.containers[place] != nil:
		return nil
	case f.Now().Before(f.held[place]):
		return fmt.Errorf("container %s: %w", place.Container, ErrBeingDeleted)
	case f.containers == nil:
		f.containers, f.held = map[airlock.Place]*container{}, map[airlock.Place]time.Time{}
	}
	f.containers[place] = &container{made: f.Now().UTC(), blobs: map[string]blob{}, staged: map[version]map[int64]bool{}}
	return nil
}

// List implements airlock.Desk.
func (f *Files) List(ctx context.Context, place airlock.Place, page airlock.Page) ([]airlock.Blob, string, error) {
	f.mu.Lock() // it may sort
	defer f.mu.Unlock()
	c, err := f.open(ctx, place)
	if err != nil {
		return nil, "", err
	}
	names, next := cut(c.names(), page)
	blobs := make([]airlock.Blob, len(names))
	for i, name := range names {
		blobs[i] = c.blobs[name].Blob
	}
	return blobs, next, nil
}

// Purge implements airlock.Janitor. A name that is held is not gone yet.
func (f *Files) Purge(ctx context.Context, place airlock.Place) (gone bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if f.containers[place] == nil {
		return !f.Now().Before(f.held[place]), nil
	}
	delete(f.containers, place)
	f.held[place] = f.Now().Add(f.HoldName)
	return false, nil
}

// Containers implements airlock.Janitor. A container is modified when it is
// made; what happens to its blobs does not count, as in Azure.
func (f *Files) Containers(ctx context.Context, account string, page airlock.Page) ([]airlock.Found, string, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var names []string
	for place := range f.containers {
		if place.Account == account {
			names = append(names, place.Container)
		}
	}
	slices.Sort(names)
	names, next := cut(names, page)
	found := make([]airlock.Found, len(names))
	for i, name := range names {
		found[i] = airlock.Found{Name: name, Modified: f.containers[airlock.Place{Account: account, Container: name}].made}
	}
	return found, next, ctx.Err()
}

// Put writes a blob as somebody with the account's key would; an overwrite
// breaks no lease and asks for none.
func (f *Files) Put(place airlock.Place, name string, content []byte) (airlock.Blob, error) {
	return f.PutBlob(place, airlock.Blob{Name: name}, content)
}

// PutBlob is Put for a blob with a content type, blob type, tier or customer
// key of its own. Size, ETag and Modified are set here.
func (f *Files) PutBlob(place airlock.Place, b airlock.Blob, content []byte) (airlock.Blob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.container(place)
	if err != nil {
		return airlock.Blob{}, err
	}
	return f.put(c, blob{Blob: b, content: content}), nil
}

// Delete removes a blob as somebody with the account's key would. ErrDenied:
// it is leased.
func (f *Files) Delete(place airlock.Place, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.container(place)
	if err != nil {
		return err
	}
	b, err := c.version(airlock.Ref{Name: name})
	if err != nil {
		return err
	}
	if b.leased {
		return ErrDenied
	}
	c.delete(name)
	return nil
}

// put stores a blob under a new ETag.
func (f *Files) put(c *container, b blob) airlock.Blob {
	f.count++
	b.ETag = fmt.Sprintf("0x8DE%012X", f.count)
	b.Size, b.Modified = int64(len(b.content)), f.Now().UTC()
	b.BlobType = cmp.Or(b.BlobType, "BlockBlob")
	b.Tier = cmp.Or(b.Tier, "Hot")
	b.ContentType = cmp.Or(b.ContentType, "application/octet-stream")
	if _, ok := c.blobs[b.Name]; !ok {
		c.sorted = nil
	}
	c.blobs[b.Name] = b
	return b.Blob
}

func (c *container) delete(name string) {
	delete(c.blobs, name)
	c.sorted = nil
}

func (c *container) names() []string {
	if c.sorted == nil {
		c.sorted = slices.Sorted(maps.Keys(c.blobs))
	}
	return c.sorted
}

// open is container for a caller who may have gone away.
func (f *Files) open(ctx context.Context, place airlock.Place) (*container, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return f.container(place)
}

// container returns ErrNotFound when there is none; also one being deleted is
// none to whoever asks for its files.
func (f *Files) container(place airlock.Place) (*container, error) {
	c := f.containers[place]
	if c == nil {
		return nil, fmt.Errorf("container %s: %w", place.Container, airlock.ErrNotFound)
	}
	return c, nil
}

// cut is one page of sorted names; the cursor is the last name given.
func cut(names []string, page airlock.Page) (part []string, next string) {
	if page.After != "" {
		at, found := slices.BinarySearch(names, page.After)
		if found {
			at++
		}
		names = names[at:]
	}
	limit := page.Limit
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	if len(names) <= limit {
		return names, ""
	}
	return names[:limit], names[limit-1]
}
