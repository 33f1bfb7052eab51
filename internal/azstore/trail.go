package azstore

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Lines lists a request's audit lines in order.
func (s *Store) Lines(ctx context.Context, key airlock.Key, page airlock.Page) ([]audit.Line, string, error) {
	rows, next, err := s.page(ctx, span{workspace: key.Workspace, prefix: auditPrefix(key.Request)}, page)
	if err != nil {
		return nil, "", translate(fmt.Sprintf("audit lines of request %q", key.Request), err)
	}
	lines, err := decode[audit.Line](rows)
	return lines, next, err
}

// Strange keeps a line about something refused or foreign, in the partition
// "system"; id makes a repeat harmless.
func (s *Store) Strange(ctx context.Context, id string, line audit.Line) error {
	_, err := s.Refused(ctx, id, line)
	return err
}

// Restate keeps a line like Strange, in place of the one of that id.
func (s *Store) Restate(ctx context.Context, id string, line audit.Line) error {
	r, err := auditRow(system, kindStrange+part(id), line)
	if err != nil {
		return err
	}
	return s.write(ctx, "strange line", r)
}

// Refused is Strange, and tells whether the line was kept.
func (s *Store) Refused(ctx context.Context, id string, line audit.Line) (kept bool, err error) {
	r, err := auditRow(system, kindStrange+part(id), line)
	if err != nil {
		return false, err
	}
	text, err := r.json()
	if err != nil {
		return false, err
	}
	err = s.withTable(ctx, func() error {
		_, err := s.Table.AddEntity(ctx, text, nil)
		return err
	})
	if status(err) == http.StatusConflict {
		return false, nil
	}
	return err == nil, translateNil("strange line", err)
}

// StrangeLines lists what Strange kept, in the order of the ids.
func (s *Store) StrangeLines(ctx context.Context) ([]audit.Line, error) {
	rows, err := s.every(ctx, span{workspace: system, prefix: kindStrange})
	if err != nil {
		return nil, translate("strange lines", err)
	}
	return decode[audit.Line](rows)
}

// Sent tells whether the mail of this id was recorded as sent.
func (s *Store) Sent(ctx context.Context, key airlock.Key, id string) (bool, error) {
	_, err := s.get(ctx, key.Workspace, letterKey(key.Request, id))
	if absent(err) {
		return false, nil
	}
	return err == nil, translateNil(fmt.Sprintf("mail of request %q", key.Request), err)
}

// MarkSent records a mail as sent; repeating is harmless.
func (s *Store) MarkSent(ctx context.Context, key airlock.Key, id string, at time.Time) error {
	r := newRow(key.Workspace, letterKey(key.Request, id))
	r["sent"] = stamp(at)
	return s.write(ctx, fmt.Sprintf("mail of request %q", key.Request), r)
}

// write replaces a row, or makes it.
func (s *Store) write(ctx context.Context, what string, r row) error {
	text, err := r.json()
	if err != nil {
		return err
	}
	return translateNil(what, s.withTable(ctx, func() error {
		_, err := s.Table.UpsertEntity(ctx, text, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
		return err
	}))
}
