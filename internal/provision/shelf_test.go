package provision_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// counted are packages that count how often they are read, and answer once they
// may.
type counted struct {
	workspace.Packages
	reads atomic.Int64
	may   chan struct{}
	err   error
}

func (c *counted) LoadPackage(_ context.Context, digest string) (map[string][]byte, error) {
	c.reads.Add(1)
	<-c.may
	return map[string][]byte{"main.json": []byte(digest)}, c.err
}

// TestShelf: a hundred who come at once have a package read once, and one that
// could not be read is read again.
func TestShelf(t *testing.T) {
	t.Parallel()
	c := &counted{may: make(chan struct{})}
	s := provision.NewShelf(c)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if files, err := s.LoadPackage(t.Context(), "one"); err != nil || string(files["main.json"]) != "one" {
				t.Errorf("read %q, %v", files, err)
			}
		})
	}
	close(c.may)
	all.Wait()
	if n := c.reads.Load(); n != 1 {
		t.Errorf("read %d times, want once", n)
	}
	c.err = errors.New("away")
	for range 2 {
		if _, err := s.LoadPackage(t.Context(), "two"); !errors.Is(err, c.err) {
			t.Errorf("%v, want what was wrong", err)
		}
	}
	if n := c.reads.Load(); n != 3 {
		t.Errorf("read %d times, want again after an error", n)
	}
}

// TestShelfIsBounded: however many packages there are, few are remembered, and each
// is found.
func TestShelfIsBounded(t *testing.T) {
	t.Parallel()
	c := &counted{may: make(chan struct{})}
	close(c.may)
	s := provision.NewShelf(c)
	const many = 40
	for range 2 {
		for i := range many {
			digest := fmt.Sprint(i)
			if files, err := s.LoadPackage(t.Context(), digest); err != nil || string(files["main.json"]) != digest {
				t.Errorf("%s: %q, %v", digest, files, err)
			}
		}
	}
	if n := c.reads.Load(); n <= many {
		t.Errorf("read %d times: all of %d are remembered", n, many)
	}
}
