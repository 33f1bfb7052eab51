package azstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// maxPage is how many rows a page holds at most, and when no limit is given.
// https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
const maxPage = 1000

// span is a range of rows of one partition: those whose keys begin with prefix
// and that pass the filter.
type span struct {
	workspace string
	prefix    string
	filter    string // OData, on columns that every such row has; "" for all
}

// get reads one row.
func (s *Store) get(ctx context.Context, workspace, key string) (row, error) {
	res, err := s.Table.GetEntity(ctx, part(workspace), key, nil)
	if err != nil {
		return nil, err
	}
	return parseRow(res.Value)
}

// page reads one page of a span. The cursor is what follows the prefix in the
// last row's key, so that no cursor leads out of the span.
func (s *Store) page(ctx context.Context, of span, page airlock.Page) ([]row, string, error) {
	most := page.Limit
	if most <= 0 || most > maxPage {
		most = maxPage
	}
	filter := of.odata(page.After)
	var rows []row
	ctx = collecting(ctx, &rows)
	var partition, next *string
	for {
		top := int32(most - len(rows))
		res, err := s.Table.NewListEntitiesPager(&aztables.ListEntitiesOptions{
			Filter: &filter, Top: &top, NextPartitionKey: partition, NextRowKey: next,
		}).NextPage(ctx)
		if code(err) == string(aztables.TableNotFound) {
			return nil, "", nil
		} else if err != nil {
			return nil, "", err
		}
		if len(res.Entities) > 0 {
			return nil, "", errors.New("rows: the table's client was made without azstore.Options")
		}
		partition, next = res.NextPartitionKey, res.NextRowKey
		if empty(partition) && empty(next) {
			return rows, "", nil
		}
		if len(rows) >= most {
			return rows, strings.TrimPrefix(rows[len(rows)-1].key(), of.prefix), nil
		}
	}
}

func empty(s *string) bool { return s == nil || *s == "" }

// every reads all rows of a span.
func (s *Store) every(ctx context.Context, of span) ([]row, error) {
	var all []row
	for page := (airlock.Page{}); ; {
		rows, next, err := s.page(ctx, of, page)
		if err != nil {
			return nil, err
		}
		if all = append(all, rows...); next == "" {
			return all, nil
		}
		page.After = next
	}
}

// odata is the span behind a cursor as a filter. "~" sorts after everything
// that our keys hold.
func (of span) odata(after string) string {
	filter := fmt.Sprintf("PartitionKey eq %s and RowKey gt %s and RowKey lt %s",
		quote(part(of.workspace)), quote(of.prefix+after), quote(of.prefix+"~"))
	if of.filter != "" {
		filter += " and (" + of.filter + ")"
	}
	return filter
}

// quote writes a text as OData does.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// decode reads the data of every row.
func decode[T any](rows []row) ([]T, error) {
	all := make([]T, len(rows))
	for i, r := range rows {
		if err := r.read(&all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
