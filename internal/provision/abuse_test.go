package provision_test

import (
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// whatever size is named beside it, or that the template gives.
func TestNamedRangeIsNotCovered(t *testing.T) {
	t.Parallel()
	for _, size := range []any{"small", nil} {
		b := newBed(t)
		open := newPack("workspace", "open", "0.1.0", object{"address_space_size": text(nil), "address_space": text(nil)})
		b.push(open)
		p, err := b.Approve(t.Context(), because(adam, "the registry"), workspace.Approval{ID: id(), Template: "open", Most: 3, Sizes: []string{"small"}, Until: now.AddDate(0, 1, 0)})
		b.must(err)
		properties := named(map[string]any{"address_space": "10.8.0.0/14"})
		if size != nil {
			properties["address_space_size"] = size
		}
		r := asked(nil)
		r.Template, r.Properties = "open", properties
		r, err = b.Ask(t.Context(), r)
		b.must(err)
		if p, err = b.store.Approval(t.Context(), p.ID); err != nil || r.Status != workspace.Asked || p.Used != 0 {
			t.Errorf("size %v with a range of /14: %s, used %d, %v", size, r.Status, p.Used, err)
		}
	}
}
