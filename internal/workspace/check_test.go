package workspace_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	shared := workspace.Resource{ID: "r", Kind: workspace.SharedService}
	service := workspace.Resource{ID: "r", Kind: workspace.Service, Workspace: "w"}
	block := workspace.Block{Block: address.Block{Net: netip.MustParsePrefix("10.0.0.0/16")}}
	many := func(n int) []string {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprint(i)
		}
		return ids
	}
	for name, tt := range map[string]struct {
		change workspace.Change
		good   bool
	}{
		"nothing at all": {workspace.Change{}, true},
		"every kind of row once, in the partition of the TRE": {workspace.Change{Partition: workspace.System,
			Resources: []workspace.Resource{shared}, Operations: []workspace.Operation{{ID: "r", Resource: shared.Key()}},
			Requests: []workspace.Request{{ID: "r"}}, Approvals: []workspace.Approval{{ID: "r"}}, Blocks: []workspace.Block{block},
			History: []workspace.Snapshot{{Resource: shared.Key()}}, Card: &airlock.Workspace{ID: "r"},
			Lines: []audit.Line{{Workspace: workspace.System, Request: "r", Seq: 1}},
			Open:  []airlock.Open{{Key: airlock.Key{Workspace: workspace.System, Request: "r"}}}, Closed: []string{"other"}}, true},
		"a service in its workspace":          {workspace.Change{Partition: "w", Resources: []workspace.Resource{service}}, true},
		"a service in another workspace":      {workspace.Change{Partition: "x", Resources: []workspace.Resource{service}}, false},
		"a service among the TRE's resources": {workspace.Change{Partition: workspace.System, Resources: []workspace.Resource{service}}, false},
		"an operation elsewhere":              {workspace.Change{Partition: "w", Operations: []workspace.Operation{{Resource: shared.Key()}}}, false},
		"a request in a workspace":            {workspace.Change{Partition: "w", Requests: []workspace.Request{{ID: "r"}}}, false},
		"an approval in a workspace":          {workspace.Change{Partition: "w", Approvals: []workspace.Approval{{ID: "r"}}}, false},
		"a block in a workspace":              {workspace.Change{Partition: "w", Blocks: []workspace.Block{block}}, false},
		"a card in a workspace":               {workspace.Change{Partition: "w", Card: &airlock.Workspace{ID: "w"}}, false},
		"history elsewhere":                   {workspace.Change{Partition: "w", History: []workspace.Snapshot{{Resource: shared.Key()}}}, false},
		"a line elsewhere":                    {workspace.Change{Partition: "w", Lines: []audit.Line{{Workspace: "x"}}}, false},
		"open work elsewhere":                 {workspace.Change{Partition: "w", Open: []airlock.Open{{Key: airlock.Key{Workspace: "x"}}}}, false},
		"in no partition":                     {workspace.Change{Resources: []workspace.Resource{{ID: "r", Kind: workspace.Service}}}, false},
		"a resource twice":                    {workspace.Change{Partition: "w", Resources: []workspace.Resource{service, service}}, false},
		"a block twice":                       {workspace.Change{Partition: workspace.System, Blocks: []workspace.Block{block, block}}, false},
		"open work that is closed too": {workspace.Change{Partition: "w", Closed: []string{"o"},
			Open: []airlock.Open{{Key: airlock.Key{Workspace: "w", Request: "o"}}}}, false},
		"100 rows": {workspace.Change{Partition: "w", Closed: many(workspace.MaxRows)}, true},
		"101 rows": {workspace.Change{Partition: "w", Closed: many(workspace.MaxRows + 1)}, false},
	} {
		if err := tt.change.Check(); (err == nil) != tt.good || err != nil && !errors.Is(err, airlock.ErrInvalid) {
			t.Errorf("%s: %v, want good %t", name, err, tt.good)
		}
	}
}
