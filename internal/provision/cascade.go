package provision

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// perPage is how many resources one commit disables: each takes a row, a line
// and a page of history, of the 100 rows of a transaction.
const perPage = 30

// disable disables what is in a resource and is not yet, page by page. Once
// more, it finds nothing left to do. What is under way in them goes on.
func (b *Builder) disable(ctx context.Context, act workspace.Act, r workspace.Resource) error {
	if r.Kind != workspace.Workspace && r.Kind != workspace.Service {
		return nil
	}
	for try := 0; ; {
		all, err := b.list(ctx, r.Within())
		if err != nil {
			return err
		}
		c := workspace.Change{Partition: r.Within()}
		for _, child := range r.Under(all) {
			if child.Enabled && len(c.Resources) < perPage {
				disabled(&c, act, child, r)
			}
		}
		if len(c.Resources) == 0 {
			return nil
		}
		_, err = b.Ports.Store.CommitChange(ctx, c)
		switch {
		case err == nil:
			continue
		case !busy(err):
			return fmt.Errorf("disabling what is in %s: commit: %w", r.Path(), err)
		case try+1 >= manyTries:
			return fmt.Errorf("what is in %s is being changed by others, try again: %w", r.Path(), airlock.ErrConflict)
		}
		try++
		if err := b.pause(ctx, try); err != nil {
			return err
		}
	}
}

// disabled adds a resource that is disabled with the one it is in.
func disabled(c *workspace.Change, act workspace.Act, child, with workspace.Resource) {
	c.History = append(c.History, snapshot(act, child))
	child.Enabled = false
	child.Revision++
	child.UpdatedBy, child.UpdatedAt, child.Call = person(act.By), act.At.UTC(), act.Operation
	c.Resource(child, lineOf(act, "disable", child.Status, child.Status, "with "+with.Path()))
}

// marks yields the JSON pointers at which the mark of a secret stands.
func marks(v any, pointer string) iter.Seq[string] {
	return func(yield func(string) bool) { eachMark(v, pointer, yield) }
}

func eachMark(v any, pointer string, yield func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return v != workspace.Redacted || yield(pointer)
	case []any:
		for i, item := range v {
			if !eachMark(item, pointer+"/"+strconv.Itoa(i), yield) {
				return false
			}
		}
	case map[string]any:
		for name, item := range v {
			if !eachMark(item, pointer+"/"+escape(name), yield) {
				return false
			}
		}
	}
	return true
}
