package azstore

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Roll returns the zero Roll of a workspace that has none.
func (s *Store) Roll(ctx context.Context, workspace string) (people.Roll, error) {
	var roll people.Roll
	r, err := s.get(ctx, workspace, keyRoll)
	if absent(err) {
		return roll, nil
	}
	if err != nil {
		return roll, translate(fmt.Sprintf("roll of workspace %q", workspace), err)
	}
	err = r.read(&roll)
	roll.Version = r.etag()
	return roll, err
}

// CommitRoll writes a change in one entity-group transaction. See people.Rolls.
func (s *Store) CommitRoll(ctx context.Context, c people.Change) (people.Roll, error) {
	w := writing{what: fmt.Sprintf("roll of workspace %q", c.Workspace), key: people.RollKey(c.Workspace), version: c.Roll.Version,
		lines: c.Lines, open: c.Open}
	var err error
	if w.row, err = newRow(c.Workspace, keyRoll).withData(c.Roll); err != nil {
		return c.Roll, err
	}
	for _, m := range c.Put {
		r, err := newRow(c.Workspace, memberKey(m.OID, m.Role)).withData(m)
		if err != nil {
			return c.Roll, err
		}
		w.more = append(w.more, upsertWhole(r))
	}
	for _, m := range c.Remove {
		w.more = append(w.more, remove(newRow(c.Workspace, memberKey(m.OID, m.Role))))
	}
	r, err := s.commitRow(ctx, w)
	if err != nil {
		return c.Roll, err
	}
	var saved people.Roll
	err = r.read(&saved)
	saved.Version = r.etag()
	return saved, err
}

// Record returns a Record with nothing but its OID for somebody of whom nothing
// is kept.
func (s *Store) Record(ctx context.Context, oid string) (people.Record, error) {
	r, err := s.get(ctx, people.Partition, kindPerson+part(oid))
	if absent(err) {
		return people.Record{OID: oid}, nil
	}
	if err != nil {
		return people.Record{}, translate(fmt.Sprintf("person %q", oid), err)
	}
	return r.person()
}

// Records lists everybody of whom something is kept, in the order of their
// object ids.
func (s *Store) Records(ctx context.Context, page airlock.Page) ([]people.Record, string, error) {
	rows, next, err := s.page(ctx, span{workspace: people.Partition, prefix: kindPerson}, page)
	if err != nil {
		return nil, "", translate("people", err)
	}
	all := make([]people.Record, len(rows))
	for i, r := range rows {
		if all[i], err = r.person(); err != nil {
			return nil, "", err
		}
	}
	return all, next, nil
}

func (r row) person() (people.Record, error) {
	var p people.Record
	err := r.read(&p)
	p.Version = r.etag()
	return p, err
}

// CommitRecord writes a change in one entity-group transaction. See
// people.Records.
func (s *Store) CommitRecord(ctx context.Context, c people.RecordChange) (people.Record, error) {
	w := writing{what: fmt.Sprintf("person %q", c.Record.OID), key: c.Record.Key(), version: c.Record.Version, lines: c.Lines, open: c.Open}
	var err error
	if w.row, err = newRow(people.Partition, kindPerson+part(c.Record.OID)).withData(c.Record); err != nil {
		return c.Record, err
	}
	r, err := s.commitRow(ctx, w)
	if err != nil {
		return c.Record, err
	}
	return r.person()
}

// writing is a row to be written under its version, with audit lines, other
// rows, and its row of open work.
type writing struct {
	what    string
	key     airlock.Key // of the lines and the open work
	row     row
	version string
	lines   []audit.Line
	more    []action
	open    *airlock.Open
}

// commitRow commits and returns the row as it is stored then. A commit whose
// answer was lost is found again by its row.
func (s *Store) commitRow(ctx context.Context, w writing) (row, error) {
	actions, err := w.actions()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.what, err)
	}
	etags, err := s.transact(ctx, actions)
	if last := len(actions) - 1; noneToRemove(err, actions[last], last) && w.open == nil && w.version != "" {
		etags, err = s.transact(ctx, actions[:last])
	}
	if err == nil && etags[0] != "" {
		w.row["odata.etag"] = etags[0]
		return w.row, nil
	}
	stored, readErr := s.get(ctx, w.row.text("PartitionKey"), w.row.key())
	switch {
	case readErr == nil && (err == nil || stored.data() == w.row.data()):
		return stored, nil
	case absent(err): // a row that was read is gone
		return nil, fmt.Errorf("%s: %w", w.what, airlock.ErrConflict)
	case err == nil:
		return nil, translate(w.what, readErr)
	case absent(readErr):
		readErr = nil
	}
	return nil, errors.Join(translate(w.what, err), readErr)
}

// actions are the row first, the row of open work last.
func (w writing) actions() ([]action, error) {
	actions := []action{insert(w.row)}
	if w.version != "" {
		actions[0] = replace(w.row, w.version)
	}
	for _, line := range w.lines {
		r, err := auditRow(w.key.Workspace, auditKey(w.key.Request, line.Seq), line)
		if err != nil {
			return nil, err
		}
		actions = append(actions, insert(r))
	}
	actions = append(actions, w.more...)
	switch {
	case w.open != nil:
		actions = append(actions, upsert(openRow(w.key, *w.open)))
	case w.version != "":
		actions = append(actions, remove(newRow(w.key.Workspace, kindOpen+part(w.key.Request))))
	}
	return actions, nil
}

// held reads a workspace's row and, beside it, its roll, which says whether it
// is frozen.
func (s *Store) held(ctx context.Context, id string) (w airlock.Workspace, err error) {
	var roll people.Roll
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		r, err := s.get(ctx, system, kindWorkspace+part(id))
		if err != nil {
			return translate(fmt.Sprintf("workspace %q", id), err)
		}
		return r.read(&w)
	})
	group.Go(func() (err error) {
		roll, err = s.Roll(ctx, id)
		return err
	})
	err = group.Wait()
	w.Policy.Hold = roll.Hold()
	return w, err
}
