package portal_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// counted counts what is asked of members.
type counted struct {
	store
	asked atomic.Int32
}

type store airlock.Members

func (c *counted) MembershipsOf(ctx context.Context, in, oid string) ([]access.Membership, error) {
	c.asked.Add(1)
	return c.store.MembershipsOf(ctx, in, oid)
}

// TestHomeAsksOnce: the first page asks once a workspace what somebody is in it,
// however many lists it shows.
func TestHomeAsksOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 30 {
		b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: uuid.NewString(), DisplayName: fmt.Sprintf("Study %d", i), Deployed: true}))
	}
	members := &counted{store: b.desk.Ports.Members}
	b.desk.Ports.Members = members
	for _, who := range []string{"ann", "adam", "mia"} {
		b.get(who, "/") // signs in
		before := members.asked.Load()
		if a := b.get(who, "/"); a.status != 200 || members.asked.Load()-before != 32 {
			t.Errorf("%s: %d, %d queries for 32 workspaces", who, a.status, members.asked.Load()-before)
		}
	}
}

var moreWorkspaces = regexp.MustCompile(`href="/portal(/\?after=[^"]+)">More workspaces`)

// TestHomePages: an administrator pages through all workspaces.
func TestHomePages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 120 {
		b.put(workspace.Resource{ID: uuid.NewString(), Kind: workspace.Workspace, Properties: map[string]any{"display_name": fmt.Sprintf("Study <%03d>", i)}})
	}
	a := b.get("adam", "/")
	next := moreWorkspaces.FindStringSubmatch(a.body)
	if next == nil || !strings.Contains(a.body, "Study &lt;000&gt;") || strings.Contains(a.body, "Study &lt;119&gt;") {
		t.Fatalf("the first page: %v", next)
	}
	a = b.get("adam", next[1])
	if a.status != 200 || !strings.Contains(a.body, "Study &lt;119&gt;") || strings.Contains(a.body, "Study &lt;000&gt;") || !strings.Contains(a.body, "First workspaces") || moreWorkspaces.MatchString(a.body) {
		t.Errorf("the second page: %d", a.status)
	}
	if a := b.get("adam", "/?after=nonsense"); a.status != 422 {
		t.Errorf("a cursor that is none: %d", a.status)
	}
}

// TestHomeWhenThereIsNothing: whoever has nothing reads what to do.
func TestHomeWhenThereIsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if a := b.get("gina", "/"); !strings.Contains(a.body, "You belong to no workspace yet.") || !strings.Contains(a.body, `href="/portal/new-workspace"`) {
		t.Error(a.body)
	}
	if a := b.get("ann", "/"); strings.Contains(a.body, "You belong to no workspace") || !strings.Contains(a.body, inside) {
		t.Error(a.body)
	}
	if a := b.get("guest", "/"); strings.Contains(a.body, "new-workspace") {
		t.Error("whoever has no role is led to ask")
	}
}
