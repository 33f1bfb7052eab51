// Package filestest is what every airlock.Desk, Vault and Janitor must do:
// one conformance suite, run by the one in memory and the one on Azure Blob.
package filestest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// ErrDenied is what a Holder returns for what its link does not allow.
var ErrDenied = errors.New("denied")

// Harness is one implementation, ready to be tried, and the ways in which
// others touch its files.
type Harness struct {
	Desk    airlock.Desk
	Vault   airlock.Vault
	Janitor airlock.Janitor

	Account, Other string           // two accounts
	Outside        Outside          // somebody with the account's key
	Holder         Holder           // somebody with nothing but a link
	Now            func() time.Time // the implementation's clock
	// Large is the size of a file that Copy moves in three slices or more.
	Large int64
	// Settle lets time pass for a container that is being deleted.
	Settle func()
}

// Outside acts on files with the account's key, past the ports.
type Outside interface {
	// Put writes a file, or overwrites it, and returns its normalised ETag.
	Put(ctx context.Context, place airlock.Place, name string, content []byte, mediaType string) (string, error)
	// Delete deletes a file; it fails while the file is leased.
	Delete(ctx context.Context, place airlock.Place, name string) error
	// Lease takes an endless lease on a file; on the container when name is
	// empty and the implementation knows such leases.
	Lease(ctx context.Context, place airlock.Place, name string) error
}

// Verb is something that the holder of a link tries.
type Verb string

// The verbs.
const (
	PutFile    Verb = "put"
	PutBlocks  Verb = "put blocks" // the content in several blocks, then their list
	ReadFile   Verb = "read"
	ListFiles  Verb = "list"
	DeleteFile Verb = "delete"
)

// Deed is one try.
type Deed struct {
	Verb    Verb
	Name    string // of the file; not for ListFiles
	Content []byte // for the puts
}

// Answer is what came back.
type Answer struct {
	Content []byte   // of ReadFile
	Names   []string // of ListFiles
}

// Holder does what can be done with a link alone. It returns ErrDenied where
// the link forbids it, any other error where the link is dead.
type Holder interface {
	Try(ctx context.Context, link string, deed Deed) (Answer, error)
}

// Run checks an implementation, once per rule, in parallel. open is called for
// every rule; containers have names that nobody else uses.
func Run(t *testing.T, open func(*testing.T) Harness) {
	for name, test := range map[string]func(suite){
		"create twice":              suite.createTwice,
		"list":                      suite.list,
		"list pages":                suite.listPages,
		"names":                     suite.names,
		"links":                     suite.links,
		"links end":                 suite.linksEnd,
		"open ranges":               suite.openRanges,
		"open versions":             suite.openVersions,
		"copy":                      suite.copySmall,
		"copy of nothing":           suite.copyEmpty,
		"copy under conditions":     suite.copyConditions,
		"copy over another":         suite.copyOver,
		"large copy":                suite.copyLarge,
		"large copy, repeated":      suite.copyRepeated,
		"large copy, concurrent":    suite.copyConcurrent,
		"large copy, slice missing": suite.copyMissingSlice,
		"large copy, overwritten":   suite.copyOverwritten,
		"remove":                    suite.remove,
		"purge":                     suite.purge,
		"purge leased":              suite.purgeLeased,
		"containers":                suite.listContainers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(suite{T: t, Harness: open(t)})
		})
	}
}

// suite is one rule at work.
type suite struct {
	*testing.T
	Harness
}

// place makes a container of a fresh name in an account.
func (s suite) place(account string) airlock.Place {
	s.Helper()
	p := airlock.Place{Account: account, Container: s.fresh()}
	if err := s.Desk.Create(s.Context(), p); err != nil {
		s.Fatal(err)
	}
	return p
}

func (s suite) fresh() string {
	random := make([]byte, 8)
	rand.Read(random) // never fails
	return "c" + hex.EncodeToString(random)
}

func (s suite) put(place airlock.Place, name string, content []byte) airlock.Ref {
	s.Helper()
	etag, err := s.Outside.Put(s.Context(), place, name, content, "text/csv")
	if err != nil {
		s.Fatal(err)
	}
	return airlock.Ref{Place: place, Name: name, ETag: etag}
}

func (s suite) sign(place airlock.Place, access airlock.Access) string {
	s.Helper()
	link, err := s.Desk.Sign(s.Context(), place, access, s.Now().Add(time.Hour))
	if err != nil {
		s.Fatal(err)
	}
	return link
}

// read opens a whole file of at most 16 MiB.
func (s suite) read(ref airlock.Ref) ([]byte, airlock.Content) {
	s.Helper()
	c, err := s.Vault.Open(s.Context(), ref, 0, 16<<20)
	if err != nil {
		s.Fatalf("open: %v", err)
	}
	defer c.Close()
	content, err := io.ReadAll(c)
	if err != nil {
		s.Fatalf("read: %v", err)
	}
	return content, c
}

// holds fails the test unless the file is there with this content.
func (s suite) holds(ref airlock.Ref, want []byte) {
	s.Helper()
	if got, c := s.read(ref); !bytes.Equal(got, want) || c.Size != int64(len(want)) {
		s.Errorf("%.40q holds %d bytes, says %d; want %d", ref.Name, len(got), c.Size, len(want))
	}
}

// absent fails the test unless opening says that there is nothing.
func (s suite) absent(ref airlock.Ref) {
	s.Helper()
	c, err := s.Vault.Open(s.Context(), ref, 0, 1)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, airlock.ErrNotFound) {
		s.Errorf("open of nothing: %v", err)
	}
}

// all lists a container to its end.
func (s suite) all(place airlock.Place, limit int) []airlock.Blob {
	s.Helper()
	var blobs []airlock.Blob
	for page := (airlock.Page{Limit: limit}); ; {
		part, next, err := s.Desk.List(s.Context(), place, page)
		if err != nil {
			s.Fatal(err)
		}
		if limit > 0 && len(part) > limit {
			s.Errorf("page of %d rows, asked for %d", len(part), limit)
		}
		blobs = append(blobs, part...)
		if page.After = next; next == "" {
			return blobs
		}
	}
}

// random is content that no compression or cache could make up.
func random(seed byte, n int64) []byte {
	content := make([]byte, n)
	source := mathrand.NewChaCha8([32]byte{seed})
	_, _ = source.Read(content) // never fails
	return content
}
