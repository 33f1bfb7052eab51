package azstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Request returns airlock.ErrNotFound when the workspace has no such request.
func (s *Store) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	r, err := s.get(ctx, key.Workspace, kindRequest+part(key.Request))
	if err != nil {
		return airlock.Request{}, translate(fmt.Sprintf("request %q", key.Request), err)
	}
	return r.request()
}

// Requests lists a workspace's requests in the order of their ids.
func (s *Store) Requests(ctx context.Context, workspace string, page airlock.Page) ([]airlock.Request, string, error) {
	rows, next, err := s.page(ctx, span{workspace: workspace, prefix: kindRequest}, page)
	if err != nil {
		return nil, "", translate("requests", err)
	}
	all := make([]airlock.Request, len(rows))
	for i, r := range rows {
		if all[i], err = r.request(); err != nil {
			return nil, "", err
		}
	}
	return all, next, nil
}

func (r row) request() (airlock.Request, error) {
	var q airlock.Request
	err := r.read(&q)
	q.Version = r.etag()
	return q, err
}

// Commit writes a change in one entity-group transaction. See airlock.Requests.
func (s *Store) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	what := fmt.Sprintf("request %q", c.Request.ID)
	actions, err := commitActions(c)
	if err != nil {
		return airlock.Request{}, fmt.Errorf("%s: %w", what, err)
	}
	etags, err := s.transact(ctx, actions)
	if last := len(actions) - 1; noneToRemove(err, actions[last], last) {
		etags, err = s.transact(ctx, actions[:last])
	}
	switch {
	case err == nil && etags[0] == "": // the service did not say
		return s.Request(ctx, c.Request.Key())
	case err == nil:
		r := actions[0].row
		r["odata.etag"] = etags[0]
		return r.request()
	}
	if absent(err) { // a row that was read is gone
		err = fmt.Errorf("%s: %w", what, airlock.ErrConflict)
	} else {
		err = translate(what, err)
	}
	if !errors.Is(err, airlock.ErrConflict) {
		return airlock.Request{}, err
	}
	return s.already(ctx, c.Request.Key(), actions[0].row, err)
}

// noneToRemove tells that a commit failed only because there was no open-work
// row to remove. It is made and removed only together with its request's row,
// so under that row's ETag it stays absent.
func noneToRemove(err error, last action, index int) bool {
	failed, ok := errors.AsType[*rowError](err)
	return ok && (failed.index == index || failed.index < 0) && failed.code == string(aztables.ResourceNotFound) &&
		last.kind == aztables.TransactionTypeDelete
}

// already settles a conflict: where exactly this row is stored, the commit
// happened and only its answer was lost. It returns conflict otherwise.
func (s *Store) already(ctx context.Context, key airlock.Key, wanted row, conflict error) (airlock.Request, error) {
	stored, err := s.get(ctx, key.Workspace, kindRequest+part(key.Request))
	switch {
	case absent(err):
		return airlock.Request{}, conflict
	case err != nil:
		return airlock.Request{}, errors.Join(conflict, err)
	case stored.data() != wanted.data():
		return airlock.Request{}, conflict
	}
	return stored.request()
}

// commitActions are the rows of a change: first the request's, last that of its
// open work.
func commitActions(c airlock.Change) ([]action, error) {
	q := c.Request
	r, err := newRow(q.Workspace, kindRequest+part(q.ID)).withData(q)
	if err != nil {
		return nil, err
	}
	actions := []action{insert(r)}
	if q.Version != "" {
		actions[0] = replace(r, q.Version)
	}
	for _, line := range c.Lines {
		r, err := auditRow(q.Workspace, auditKey(q.ID, line.Seq), line)
		if err != nil {
			return nil, err
		}
		actions = append(actions, insert(r))
	}
	if d := c.Decision; d != nil {
		r, err := newRow(q.Workspace, decisionKey(q.ID, *d)).withData(d)
		if err != nil {
			return nil, err
		}
		actions = append(actions, insert(r))
	}
	members, err := memberActions(q.Workspace, c.Members)
	if err != nil {
		return nil, err
	}
	actions = append(actions, members...)
	switch {
	case c.Open != nil:
		actions = append(actions, upsert(openRow(q.Key(), *c.Open)))
	case q.Version != "": // a new request has none
		actions = append(actions, remove(newRow(q.Workspace, kindOpen+part(q.ID))))
	}
	return actions, nil
}

// memberActions hold the rows of memberships in a transaction: merging nothing
// fails once the row is another, or gone.
func memberActions(workspace string, members []access.Membership) ([]action, error) {
	var actions []action
	held := map[string]string{} // a transaction takes a row once
	for _, m := range members {
		key := memberKey(m.Row(), m.Role)
		etag, again := held[key]
		if m.ETag == "" || again && etag != m.ETag { // without a condition the merge would make the row
			return nil, fmt.Errorf("membership %s of %s: %w", m.Role, m.OID, airlock.ErrConflict)
		}
		if !again {
			actions = append(actions, merge(newRow(workspace, key), m.ETag))
		}
		held[key] = m.ETag
	}
	return actions, nil
}
