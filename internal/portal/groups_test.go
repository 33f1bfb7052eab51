package portal_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// directory is one under a test's control.
type directory struct {
	mu     sync.Mutex
	groups []string
	away   bool
	asked  int
}

func (d *directory) fill(_ context.Context, p access.Person) access.Person {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	p.Groups, p.GroupsUnknown = d.groups, d.away
	return p
}

func (d *directory) set(away bool, groups ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.groups, d.away = groups, away
}

func (d *directory) times() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

// TestGroupsOfASession: a session is long, so that the groups in it are those
// that the directory knows now, not those of the sign-in.
func TestGroupsOfASession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: team, Name: "Team", Role: access.WorkspaceResearcher, Group: true}))
	page := "/workspaces/" + here
	for _, step := range []struct {
		name, who, page string
		away            bool
		groups          []string
		want            int
	}{
		{name: "in the group", who: "gina", page: page, groups: []string{team}, want: http.StatusOK},
		{name: "out of it, in the same session", who: "gina", page: page, want: http.StatusNotFound},
		{name: "nobody can tell", who: "gina", page: page, away: true, want: http.StatusServiceUnavailable},
		{name: "nobody can tell, and no group could help", who: "gina", page: "/workspaces/" + there, away: true, want: http.StatusNotFound},
		{name: "nobody can tell: the first page leaves out what only a group gives", who: "gina", page: "/", away: true, want: http.StatusOK},
		{name: "in the group again", who: "gina", page: page, groups: []string{team}, want: http.StatusOK},
	} {
		b.directory.set(step.away, step.groups...)
		if got := b.get(step.who, step.page); got.status != step.want {
			t.Errorf("%s: %d, want %d", step.name, got.status, step.want)
		}
	}
	asked := b.directory.times()
	if got := b.get("ann", page); got.status != http.StatusOK || b.directory.times() != asked {
		t.Errorf("who is in no group: %d, asked %d times", got.status, b.directory.times()-asked)
	}
}
