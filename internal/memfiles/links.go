package memfiles

import (
	"context"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// link is what a link stands for. As in Azure it names a container, so it
// works while there is one of that name.
type link struct {
	place  airlock.Place
	access airlock.Access
	until  time.Time
}

// Sign implements airlock.Desk. Links begin with mem:// and can be guessed.
func (f *Files) Sign(ctx context.Context, place airlock.Place, access airlock.Access, until time.Time) (string, error) {
	if access != airlock.WriteOnly && access != airlock.ReadOnly {
		return "", fmt.Errorf("access %q: %w", access, airlock.ErrInvalid)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.links == nil {
		f.links = map[string]link{}
	}
	f.count++
	url := fmt.Sprintf("mem://%s/%s?sig=%d", place.Account, place.Container, f.count)
	f.links[url] = link{place: place, access: access, until: until}
	return url, ctx.Err()
}

// Upload writes a file as the holder of a link does. ErrDenied: not with this
// link; ErrNotFound: the container is gone.
func (f *Files) Upload(link, name string, content []byte) (airlock.Blob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.through(link, airlock.WriteOnly)
	if err != nil {
		return airlock.Blob{}, err
	}
	if c.blobs[name].leased {
		return airlock.Blob{}, ErrDenied
	}
	return f.put(c, blob{Blob: airlock.Blob{Name: name}, content: content}), nil
}

// Download reads a file as the holder of a link does; errors as Upload's, and
// ErrNotFound for a file that is not there.
func (f *Files) Download(link, name string) ([]byte, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c, err := f.through(link, airlock.ReadOnly)
	if err != nil {
		return nil, err
	}
	b, err := c.version(airlock.Ref{Name: name})
	return b.content, err
}

// Names lists a container as the holder of any link to it can.
func (f *Files) Names(link string) ([]string, error) {
	f.mu.Lock() // it may sort
	defer f.mu.Unlock()
	c, err := f.through(link, f.links[link].access)
	if err != nil {
		return nil, err
	}
	return append([]string(nil), c.names()...), nil
}

// Erase deletes a file as the holder of a link would like to: never allowed.
func (f *Files) Erase(link, _ string) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if _, err := f.through(link, f.links[link].access); err != nil {
		return err
	}
	return ErrDenied
}

// Lease takes an endless lease on a blob, as the holder of a write link can.
// Until Remove or Purge breaks it, no link overwrites the blob.
func (f *Files) Lease(place airlock.Place, name string) error {
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
	b.leased = true
	c.blobs[name] = b
	return nil
}

// through finds the container that a link opens for this access.
func (f *Files) through(url string, access airlock.Access) (*container, error) {
	l, ok := f.links[url]
	if !ok || l.access != access || !f.Now().Before(l.until) {
		return nil, ErrDenied
	}
	return f.container(l.place)
}
