package azstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// CommitChange writes a change in one entity-group transaction. See
// workspace.Store.
func (s *Store) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	what := fmt.Sprintf("change in %q", c.Partition)
	if err := c.Check(); err != nil {
		return c, err
	}
	w, err := changeActions(c)
	if err != nil {
		return c, fmt.Errorf("%s: %w", what, err)
	}
	if len(w.actions) == 0 {
		return c, nil
	}
	etags, err := s.closing(ctx, w.actions, len(c.Closed))
	if err == nil {
		return s.asStored(ctx, c, w.actions[:w.rows], etags)
	}
	if absent(err) { // a row that was read is gone
		err = fmt.Errorf("%s: %w", what, airlock.ErrConflict)
	} else {
		err = translate(what, err)
	}
	if !errors.Is(err, airlock.ErrConflict) {
		return c, err
	}
	switch happened, readErr := s.happened(ctx, w.proof()); {
	case readErr != nil:
		return c, errors.Join(err, readErr)
	case !happened:
		return c, err
	}
	return s.asStored(ctx, c, w.actions[:w.rows], nil)
}

// closing does actions, the last of which remove rows of open work. A
// transaction that removes a row which is not there is refused whole; then it is
// done without those.
func (s *Store) closing(ctx context.Context, actions []action, closed int) ([]string, error) {
	for {
		etags, err := s.transact(ctx, actions)
		from := len(actions) - closed
		failed, ok := errors.AsType[*rowError](err)
		if !ok || failed.code != string(aztables.ResourceNotFound) || failed.index >= 0 && failed.index < from {
			return etags, err
		}
		there := slices.Clone(actions[:from])
		for _, a := range actions[from:] {
			_, readErr := s.get(ctx, a.row.text("PartitionKey"), a.row.key())
			if readErr == nil {
				there = append(there, a)
			} else if !absent(readErr) {
				return nil, errors.Join(err, readErr)
			}
		}
		switch len(there) {
		case len(actions): // it is another row that is not there
			return nil, err
		case 0:
			return nil, nil
		}
		actions, closed = there, len(there)-from
	}
}

// happened tells that a refused change was written before, and only its answer
// was lost: its first row is stored as it is here, under a new version, and so
// are its audit lines.
func (s *Store) happened(ctx context.Context, proof []action) (bool, error) {
	for _, a := range proof {
		stored, err := s.get(ctx, a.row.text("PartitionKey"), a.row.key())
		if absent(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if stored.etag() == a.ifMatch || stored.data() != a.row.data() {
			return false, nil
		}
	}
	return len(proof) > 0, nil
}

// asStored is the change with its rows as they are stored: as they were
// written, under these ETags, or as they are read where it is not known.
func (s *Store) asStored(ctx context.Context, c workspace.Change, written []action, etags []string) (workspace.Change, error) {
	rows := make([]row, len(written))
	for i, a := range written {
		rows[i] = a.row
		if i < len(etags) && etags[i] != "" {
			rows[i]["odata.etag"] = etags[i]
			continue
		}
		var err error
		if rows[i], err = s.get(ctx, c.Partition, a.row.key()); absent(err) {
			return c, fmt.Errorf("%s: %w", a.row.key(), airlock.ErrConflict)
		} else if err != nil {
			return c, translate(a.row.key(), err)
		}
	}
	var errs [6]error
	c.Resources, errs[0] = take(&rows, len(c.Resources), resourceVersion)
	c.Operations, errs[1] = take(&rows, len(c.Operations), operationVersion)
	c.Requests, errs[2] = take(&rows, len(c.Requests), requestVersion)
	c.Approvals, errs[3] = take(&rows, len(c.Approvals), approvalVersion)
	c.Blocks, errs[4] = take(&rows, len(c.Blocks), blockVersion)
	c.Fleets, errs[5] = take(&rows, len(c.Fleets), fleetVersion)
	return c, errors.Join(errs[:]...)
}

// take reads the first n rows and leaves the others.
func take[T any](rows *[]row, n int, set func(*T, string)) ([]T, error) {
	all := make([]T, n)
	for i := range all {
		var err error
		if all[i], err = versioned((*rows)[i], set); err != nil {
			return nil, err
		}
	}
	*rows = (*rows)[n:]
	return all, nil
}

// changing is a change as a transaction.
type changing struct {
	actions []action // the rows that have versions, history, lines, the card, open work, and last what is removed
	rows    int      // how many have versions
	history int      // how many follow that are history
	lines   int      // how many follow that are audit lines
	err     error    // the first
}

// proof are the actions that tell whether the change was written: the first
// row, and the lines.
func (w *changing) proof() []action {
	from := w.rows + w.history
	return slices.Concat(w.actions[:min(1, from)], w.actions[from:from+w.lines])
}

// add adds a row that replaces the one of its version, or is new.
func (w *changing) add(partition, key, version string, v any) {
	r, err := newRow(partition, key).withData(v)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", key, err)
	}
	a := insert(r)
	if version != "" {
		a = replace(r, version)
	}
	w.actions = append(w.actions, a)
}

func changeActions(c workspace.Change) (*changing, error) {
	w := &changing{history: len(c.History), lines: len(c.Lines)}
	for _, r := range c.Resources {
		w.add(c.Partition, kindResource+part(r.ID), r.Version, r)
	}
	for _, o := range c.Operations {
		w.add(c.Partition, operationsPrefix(o.Resource.ID)+part(o.ID), o.Version, o)
	}
	for _, r := range c.Requests {
		w.add(c.Partition, kindWanted+part(r.ID), r.Version, r)
	}
	for _, a := range c.Approvals {
		w.add(c.Partition, kindStanding+part(a.ID), a.Version, a)
	}
	for _, b := range c.Blocks {
		w.add(c.Partition, blockKey(b.Net), b.Version, b.Block)
	}
	for _, f := range c.Fleets {
		w.add(c.Partition, keyFleet, f.Version, f)
	}
	w.rows = len(w.actions)
	for _, h := range c.History {
		w.add(c.Partition, fmt.Sprintf("%s%08d", historyPrefix(h.Resource.ID), h.Revision), "", h)
	}
	return w, errors.Join(w.err, w.beside(c))
}

// beside adds what has no version: audit lines, the card, open work.
func (w *changing) beside(c workspace.Change) error {
	for _, line := range c.Lines {
		r, err := auditRow(c.Partition, auditKey(line.Request, line.Seq), line)
		if err != nil {
			return err
		}
		w.actions = append(w.actions, insert(r))
	}
	if c.Card != nil {
		r, err := newRow(system, kindWorkspace+part(c.Card.ID)).withData(c.Card)
		if err != nil {
			return err
		}
		w.actions = append(w.actions, upsertWhole(r))
	}
	for _, o := range c.Open {
		w.actions = append(w.actions, upsert(openRow(o.Key, o)))
	}
	for _, id := range c.Closed {
		w.actions = append(w.actions, remove(newRow(c.Partition, kindOpen+part(id))))
	}
	return nil
}
