package memstore

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// row is what a partition keeps of the ports of internal/workspace: the JSON of
// a value, which nobody shares with the store, and its version.
type row struct {
	text    []byte
	version string
}

// The kinds of row.
const (
	kindResource  = "resource"
	kindOperation = "operation"
	kindHistory   = "history"
	kindWanted    = "wanted"
	kindStanding  = "standing"
	kindBlock     = "block"
	kindTemplate  = "template"
	kindCurrent   = "current"
	kindName      = "name"
	kindFleet     = "fleet"
	kindDrift     = "drift"
)

// rowPrefix begins the keys of a kind's rows, those of all ids where fewer are
// given than such a key has. Ids are quoted, so that none can leave its place;
// those of UUIDs keep their order.
func rowPrefix(kind string, ids ...string) string {
	var b strings.Builder
	b.WriteString(kind)
	b.WriteByte('.')
	for _, id := range ids {
		b.WriteString(strconv.Quote(id))
	}
	return b.String()
}

// newRow is a row that has no version yet. ErrInvalid: it is too large.
func newRow(v any) (row, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return row{}, fmt.Errorf("row: %w: %w", err, airlock.ErrInvalid)
	}
	if n := units(text); n > workspace.MaxRow {
		return row{}, fmt.Errorf("row: %d characters, at most %d: %w", n, workspace.MaxRow, airlock.ErrInvalid)
	}
	return row{text: text}, nil
}

// units counts the UTF-16 units of a text, which are never more than its bytes.
func units(text []byte) int {
	if len(text) <= workspace.MaxRow {
		return len(text)
	}
	n := 0
	for _, c := range string(text) {
		n += max(utf16.RuneLen(c), 1)
	}
	return n
}

// decoded reads a row and gives it its version.
func decoded[T any](r row, versioned func(*T, string)) (T, error) {
	var v T
	err := json.Unmarshal(r.text, &v)
	versioned(&v, r.version)
	return v, err
}

// The ways to give a value its version.
var (
	resourceVersion  = func(r *workspace.Resource, v string) { r.Version = v }
	operationVersion = func(o *workspace.Operation, v string) { o.Version = v }
	requestVersion   = func(r *workspace.Request, v string) { r.Version = v }
	approvalVersion  = func(a *workspace.Approval, v string) { a.Version = v }
	blockVersion     = func(b *workspace.Block, v string) { b.Version = v }
	fleetVersion     = func(f *workspace.Fleet, v string) { f.Version = v }
)

// unversioned is for what is never replaced.
func unversioned[T any](*T, string) {}

// readRow reads a row of a partition; ErrNotFound when there is none.
func readRow[T any](s *Store, partition, key string, versioned func(*T, string)) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.partition(partition).rows.get(key)
	if !ok {
		var none T
		return none, fmt.Errorf("%s in %q: %w", key, partition, airlock.ErrNotFound)
	}
	return decoded(r, versioned)
}

// listRows reads a page of the rows of a partition whose keys begin with
// prefix, in the order of their keys.
func listRows[T any](s *Store, partition, prefix string, page airlock.Page, versioned func(*T, string)) ([]T, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var (
		rows   []T
		last   string
		next   string
		failed error
		most   = limit(page)
	)
	s.partition(partition).rows.after(prefix+page.After, func(key string, r row) bool {
		if !strings.HasPrefix(key, prefix) {
			return false
		}
		if len(rows) == most {
			next = last
			return false
		}
		v, err := decoded(r, versioned)
		rows, last, failed = append(rows, v), strings.TrimPrefix(key, prefix), err
		return err == nil
	})
	return rows, next, failed
}
