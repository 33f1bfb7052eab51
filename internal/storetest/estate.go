package storetest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// newResource is a workspace, or a service in the workspace of that id, with the
// least that a resource has.
func newResource(within string) workspace.Resource {
	r := workspace.Resource{ID: uuid.NewString(), Kind: workspace.Workspace, Status: workspace.AwaitingDeployment, CreatedAt: at, UpdatedAt: at}
	if within != "" {
		r.Kind, r.Workspace = workspace.Service, within
	}
	return r
}

func newOperation(of workspace.Key) workspace.Operation {
	return workspace.Operation{ID: uuid.NewString(), Resource: of, Action: workspace.Install, Status: workspace.AwaitingDeployment, CreatedAt: at, UpdatedAt: at}
}

func newBlock(net string) workspace.Block {
	return workspace.Block{Block: address.Block{Net: netip.MustParsePrefix(net)}}
}

// told is an audit line.
func told(what string) audit.Line { return audit.Line{At: at, Action: what} }

// made is a change that makes a resource and an operation on it, with their
// audit lines and a row of open work.
func made(r workspace.Resource) workspace.Change {
	c := workspace.Change{Partition: r.Key().Partition}
	o := newOperation(r.Key())
	r.Operation = o.ID
	c.Resource(r, told("create"))
	c.Operation(o, at, told("ask"))
	return c
}

// whole is a change of the TRE's partition with every kind of row, and blocks
// of these networks.
func whole(nets ...string) workspace.Change {
	r := newResource("")
	c := made(r)
	c.Request(workspace.Request{ID: r.ID, Status: workspace.Asked}, at, told("request"))
	c.Approval(workspace.Approval{ID: uuid.NewString(), Most: 1}, told("approve"))
	for _, net := range nets {
		c.Blocks = append(c.Blocks, newBlock(net))
	}
	c.History = []workspace.Snapshot{{ID: uuid.NewString(), Resource: r.Key(), Revision: 1}}
	c.Card = &airlock.Workspace{ID: r.ID, DisplayName: "card"}
	return c
}

func change(t *testing.T, s Store, c workspace.Change) workspace.Change {
	t.Helper()
	saved, err := s.CommitChange(t.Context(), c)
	check(t, err)
	return saved
}

// kept is everything of a partition that changes write.
type kept struct {
	Resources  []workspace.Resource
	Operations []workspace.Operation
	History    []workspace.Snapshot
	Requests   []workspace.Request
	Approvals  []workspace.Approval
	Blocks     []workspace.Block
	Cards      []airlock.Workspace
	Lines      []audit.Line
	Open       []airlock.Open
}

// estate reads everything of a partition that changes write.
func estate(t *testing.T, s Store, partition string) kept {
	t.Helper()
	k := kept{
		Resources: pages(t, 0, func(p airlock.Page) ([]workspace.Resource, string, error) {
			return s.Resources(t.Context(), partition, p)
		}),
		Requests: pages(t, 0, func(p airlock.Page) ([]workspace.Request, string, error) {
			return s.WorkspaceRequests(t.Context(), p)
		}),
		Approvals: pages(t, 0, func(p airlock.Page) ([]workspace.Approval, string, error) { return s.Approvals(t.Context(), p) }),
		Cards:     pages(t, 0, func(p airlock.Page) ([]airlock.Workspace, string, error) { return s.Workspaces(t.Context(), p) }),
		Lines:     query(t, s, partition, airlock.AuditFilter{}, 0),
		Open: pages(t, 0, func(p airlock.Page) ([]airlock.Open, string, error) {
			return s.Due(t.Context(), partition, at.Add(100*time.Hour), p)
		}),
	}
	for _, r := range k.Resources {
		k.Operations = append(k.Operations, pages(t, 0, func(p airlock.Page) ([]workspace.Operation, string, error) {
			return s.Operations(t.Context(), r.Key(), p)
		})...)
		k.History = append(k.History, pages(t, 0, func(p airlock.Page) ([]workspace.Snapshot, string, error) {
			return s.History(t.Context(), r.Key(), p)
		})...)
	}
	var err error
	k.Blocks, err = s.Blocks(t.Context())
	check(t, err)
	return k
}
