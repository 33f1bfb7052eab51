package azstore

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// The columns of an open-work row.
const (
	colRequest = "request"
	colStage   = "stage"
	colDue     = "due" // as stamp writes it, so that a filter compares it
	colLooked  = "looked"
	colRests   = "rests"
	colAbout   = "resource" // "" for what is about no resource
	colTell    = "tell"

	colExpected = "expected" // "" when no look is
)

// openRow is the row of open work. A zero Looked is left out, which keeps the
// stored one.
func openRow(key airlock.Key, o airlock.Open) row {
	r := newRow(key.Workspace, kindOpen+part(key.Request))
	r[colRequest], r[colStage], r[colDue], r[colRests], r[colAbout] = key.Request, string(o.Stage), stamp(o.Due), o.Rests, o.Resource
	r[colTell] = o.Tell
	if !o.Looked.IsZero() {
		r[colLooked] = stamp(o.Looked)
	}
	return r
}

func (r row) open(workspace string) (airlock.Open, error) {
	due, err := r.stamped(colDue)
	if err != nil {
		return airlock.Open{}, err
	}
	looked, err := r.stamped(colLooked)
	if err != nil {
		return airlock.Open{}, err
	}
	expected, err := r.stamped(colExpected)
	return airlock.Open{
		Key:   airlock.Key{Workspace: workspace, Request: r.text(colRequest)},
		Stage: airlock.Stage(r.text(colStage)), Due: due, Looked: looked, Rests: r.flag(colRests), Expected: expected,
		Resource: r.text(colAbout), Tell: r.flag(colTell),
	}, err
}

// Due lists open work whose Due is not after at, in the order of the requests'
// ids. Rows that are not due are passed over by the service.
func (s *Store) Due(ctx context.Context, workspace string, at time.Time, page airlock.Page) ([]airlock.Open, string, error) {
	rows, next, err := s.page(ctx, span{workspace, kindOpen, colDue + " le " + quote(stamp(at))}, page)
	if err != nil {
		return nil, "", translate("open work", err)
	}
	all := make([]airlock.Open, len(rows))
	for i, r := range rows {
		if all[i], err = r.open(workspace); err != nil {
			return nil, "", err
		}
	}
	return all, next, nil
}

// Open returns the row of one request; airlock.ErrNotFound when it has none.
func (s *Store) Open(ctx context.Context, key airlock.Key) (airlock.Open, error) {
	r, err := s.get(ctx, key.Workspace, kindOpen+part(key.Request))
	if err != nil {
		return airlock.Open{}, translate(fmt.Sprintf("open work of request %q", key.Request), err)
	}
	return r.open(key.Workspace)
}

// Touch writes Due and Looked of an existing row and nothing else; a row that
// is gone stays gone, without error.
func (s *Store) Touch(ctx context.Context, o airlock.Open) error {
	r := newRow(o.Key.Workspace, kindOpen+part(o.Key.Request))
	r[colDue], r[colLooked] = stamp(o.Due), stamp(o.Looked)
	return s.update(ctx, o.Key, r)
}

// Expect writes Expected of an existing row and nothing else; a row that is
// gone stays gone, without error.
func (s *Store) Expect(ctx context.Context, key airlock.Key, at time.Time) error {
	r := newRow(key.Workspace, kindOpen+part(key.Request))
	if r[colExpected] = ""; !at.IsZero() {
		r[colExpected] = stamp(at)
	}
	return s.update(ctx, key, r)
}

// update merges columns into a row of open work that exists.
func (s *Store) update(ctx context.Context, key airlock.Key, r row) error {
	text, err := r.part().json()
	if err != nil {
		return err
	}
	_, err = s.Table.UpdateEntity(ctx, text, &aztables.UpdateEntityOptions{
		IfMatch: entityTag(string(azcore.ETagAny)), UpdateMode: aztables.UpdateModeMerge,
	})
	if err == nil || absent(err) {
		return nil
	}
	return translate(fmt.Sprintf("open work of request %q", key.Request), err)
}
