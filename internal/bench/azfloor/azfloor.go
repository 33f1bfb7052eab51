// Package azfloor asks tables the plainest way there is, with no logic and
// without looking at what comes back: the floor that reads are held against.
package azfloor

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// Table is a table asked plainly.
type Table struct{ client *aztables.Client }

// Open returns a table of the account of a connection string.
func Open(connection, name string) (Table, error) {
	service, err := aztables.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		return Table{}, fmt.Errorf("tables: %w", err)
	}
	return Table{service.NewClient(name)}, nil
}

// Rows counts the rows of a partition whose keys begin with prefix, page after
// page.
func (t Table) Rows(ctx context.Context, partition, prefix string) (n int, err error) {
	filter := fmt.Sprintf("PartitionKey eq '%s' and RowKey gt '%s' and RowKey lt '%s~'", partition, prefix, prefix)
	for pager := t.client.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter}); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return n, fmt.Errorf("rows: %w", err)
		}
		n += len(page.Entities)
	}
	return n, nil
}

// Row reads one row.
func (t Table) Row(ctx context.Context, partition, key string) error {
	if _, err := t.client.GetEntity(ctx, partition, key, nil); err != nil {
		return fmt.Errorf("row: %w", err)
	}
	return nil
}
