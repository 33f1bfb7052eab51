// Package memstore keeps everything that the rulebooks of the airlock and of
// workspaces ask of their ports in memory: for tests, simulations and
// benchmarks. It passes the same conformance suite as the store on Azure
// Tables.
package memstore

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Store implements the storage ports of internal/airlock and
// internal/workspace in memory. The zero
// value is empty and ready; it is safe for concurrent use. What goes in and
// comes out is copied, so that no caller shares memory with the store.
type Store struct {
	mu         sync.Mutex
	version    int // of the row written last; every row's version is another
	workspaces sorted[airlock.Workspace]
	partitions map[string]*partition
	strange    map[string]audit.Line
	keys       map[keyID]calls.Key
	buckets    map[string]calls.Bucket
	people     sorted[*chained[people.Record]]
	heartbeats map[string]health.Heartbeat
	packages   map[string]map[string][]byte // by digest
}

// partition holds the rows of one workspace.
type partition struct {
	requests  sorted[*request]
	open      sorted[airlock.Open]
	files     map[slot]*files
	members   sorted[access.Membership]
	roll      chained[people.Roll]
	manifests map[manifest]string
	letters   map[letter]time.Time
	rows      sorted[row]          // of the ports of internal/workspace
	trails    sorted[[]audit.Line] // of their objects, by id
}

// request is a request's row and what is kept under its id.
type request struct {
	row       airlock.Request
	lines     []audit.Line
	decisions map[decision]bool
}

type (
	slot struct {
		request string
		turn    int
	}
	decision struct {
		turn int
		oid  string
		verb airlock.Verb
	}
	manifest struct{ request, digest string }
	letter   struct{ request, id string }
)

// partition returns the rows of a workspace; one that was never written to is
// empty.
func (s *Store) partition(workspace string) *partition {
	if p, ok := s.partitions[workspace]; ok {
		return p
	}
	return &partition{}
}

// makePartition is partition for a caller that writes.
func (s *Store) makePartition(workspace string) *partition {
	if p, ok := s.partitions[workspace]; ok {
		return p
	}
	if s.partitions == nil {
		s.partitions = map[string]*partition{}
	}
	p := &partition{
		files: map[slot]*files{}, manifests: map[manifest]string{}, letters: map[letter]time.Time{},
	}
	s.partitions[workspace] = p
	return p
}

// nextVersion is the version of the row about to be written.
func (s *Store) nextVersion() string {
	s.version++
	return strconv.Itoa(s.version)
}

// maxPage is how many rows a page holds at most, and when no limit is given:
// as many as Azure Tables return.
// https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
const maxPage = 1000

// limit is how many rows the page may hold.
func limit(page airlock.Page) int {
	if page.Limit <= 0 || page.Limit > maxPage {
		return maxPage
	}
	return page.Limit
}

// Workspace returns ErrNotFound when there is none of that id.
func (s *Store) Workspace(_ context.Context, id string) (airlock.Workspace, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.workspaces.get(id)
	if !ok {
		return airlock.Workspace{}, fmt.Errorf("workspace %q: %w", id, airlock.ErrNotFound)
	}
	w = cloneWorkspace(w)
	roll, err := copied(s.partition(id).roll.row)
	w.Policy.Hold = roll.Hold()
	return w, err
}

// Workspaces lists them in the order of their ids.
func (s *Store) Workspaces(_ context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, last := list(&s.workspaces, page, cloneWorkspace)
	return found, last, nil
}

// PutWorkspace writes what is known of a workspace, whether it exists or not.
func (s *Store) PutWorkspace(_ context.Context, w airlock.Workspace) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putWorkspace(w)
	return nil
}

func (s *Store) putWorkspace(w airlock.Workspace) {
	w.Policy.Hold = airlock.Hold{} // the roll says that
	s.workspaces.put(w.ID, cloneWorkspace(w))
}
