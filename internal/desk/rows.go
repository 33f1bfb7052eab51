package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// eachRow calls do with every file row of a slot that is selected.
func (d *Desk) eachRow(ctx context.Context, slot airlock.Slot, which airlock.Which, do func(airlock.File)) error {
	err := pages(func(after string) (string, error) {
		rows, next, err := d.Ports.Files.List(ctx, slot, airlock.Selection{Which: which}, airlock.Page{After: after})
		for _, row := range rows {
			do(row)
		}
		return next, err
	})
	if err != nil {
		return fmt.Errorf("files of %s: %w", slot.Key.Request, err)
	}
	return nil
}

// known reads the rows of the wanted versions. Usually a slot holds little
// else, and pages of it cost the least; where somebody uploaded the same names
// again and again, what is still missing then is read row by row.
func (d *Desk) known(ctx context.Context, slot airlock.Slot, wanted []version) (map[version]airlock.File, error) {
	rows := make(map[version]airlock.File, len(wanted))
	looked, enough := 0, 2*(len(wanted)/MaxPage+1)
	whole := true
	err := pages(func(after string) (string, error) {
		some, next, err := d.Ports.Files.List(ctx, slot, airlock.Selection{}, airlock.Page{After: after})
		for _, row := range some {
			rows[version{row.Name, row.ETag}] = row
		}
		if looked++; looked >= enough && next != "" {
			whole = false
			return "", err
		}
		return next, err
	})
	if err != nil {
		return nil, fmt.Errorf("files of %s: %w", slot.Key.Request, err)
	}
	if whole {
		return rows, nil
	}
	return rows, d.fill(ctx, slot, rows, wanted)
}

// fill reads the wanted rows that are still missing, one by one.
func (d *Desk) fill(ctx context.Context, slot airlock.Slot, rows map[version]airlock.File, wanted []version) error {
	missing := slices.DeleteFunc(slices.Clone(wanted), func(v version) bool { _, have := rows[v]; return have })
	got := make([]airlock.File, len(missing))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	for i, v := range missing {
		group.Go(func() error {
			row, err := d.Ports.Files.Get(ctx, slot, v.name, v.etag)
			if errors.Is(err, airlock.ErrNotFound) {
				return nil
			}
			got[i] = row
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("files of %s: %w", slot.Key.Request, err)
	}
	for i, v := range missing {
		rows[v] = got[i]
	}
	return nil
}
