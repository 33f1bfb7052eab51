package roster_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// whole is all that a test could tell apart.
func (b *bench) whole() map[string]any {
	b.t.Helper()
	roll, err := b.store.Roll(b.t.Context(), here)
	b.must(err)
	lines, _, err := b.store.Lines(b.t.Context(), people.RollKey(here), airlock.Page{})
	b.must(err)
	b.must(audit.Verify(lines, roll.Head))
	members, err := b.store.Members(b.t.Context(), here)
	b.must(err)
	for i := range members {
		members[i].ETag = ""
	}
	all := map[string]any{"members": members, "lines": len(lines), "frozen": roll.Freeze != nil, "notices": len(roll.Notices)}
	for _, p := range []access.Person{ann, mia, nina} {
		r, err := b.store.Record(b.t.Context(), p.OID)
		b.must(err)
		theirs, _, err := b.store.Lines(b.t.Context(), r.Key(), airlock.Page{})
		b.must(err)
		b.must(audit.Verify(theirs, r.Head))
		all[p.Name] = fmt.Sprint(r.Suspended != nil, r.Expiries, len(r.Notices), len(theirs))
	}
	return all
}

func as(p access.Person) desk.Caller { return desk.Caller{Person: p, Operation: "operation"} }

// deeds are every way to change something.
var deeds = map[string]func(ctx context.Context, b *bench) error{
	"assign": func(ctx context.Context, b *bench) error {
		return b.Assign(ctx, as(olga), here, roster.Assignment{Role: access.AirlockManager, Users: []string{nina.OID, ann.OID}, Reason: "r"})
	},
	"amend": func(ctx context.Context, b *bench) error {
		return b.Amend(ctx, as(olga), here, ann.OID, access.WorkspaceResearcher, people.Amendment{Role: access.AirlockManager}, "r")
	},
	"remove": func(ctx context.Context, b *bench) error {
		return b.Remove(ctx, as(olga), here, ann.OID, access.WorkspaceResearcher, "r")
	},
	"freeze": func(ctx context.Context, b *bench) error {
		_, err := b.Freeze(ctx, as(olga), here, "r")
		return err
	},
	"suspend": func(ctx context.Context, b *bench) error {
		_, err := b.Suspend(ctx, as(adam), mia.OID, "r")
		return err
	},
	"expiries": func(ctx context.Context, b *bench) error {
		_, err := b.SetExpiries(ctx, as(adam), mia.OID, "r", map[people.Kind]time.Time{people.Training: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		return err
	},
}

// TestEveryFault lets every port call of every deed fail once, before and after
// its work; then the call is repeated. The end is that of one that met no fault.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for name, do := range deeds {
		calm := newBench(t)
		calm.arm(0, false)
		calm.must(do(t.Context(), calm))
		want, calls := calm.whole(), calm.calls
		if len(calls) < 5 || len(calm.orders) == 0 {
			t.Fatalf("%s: %v, orders %v", name, calls, calm.orders)
		}
		for n := range calls {
			for _, did := range []bool{false, true} {
				b := newBench(t)
				b.arm(n+1, did)
				_ = do(t.Context(), b)
				b.arm(0, false)
				if err := do(t.Context(), b); err != nil {
					t.Errorf("%s, call %d %s, done %t: %v", name, n+1, calls[n], did, err)
				}
				if diff := cmp.Diff(want, b.whole()); diff != "" || len(b.orders) == 0 {
					t.Errorf("%s, call %d %s, done %t: %d orders, the end is another (-want +got)\n%s", name, n+1, calls[n], did, len(b.orders), diff)
				}
			}
		}
	}
}

// TestTwoOwnersLeaveAtOnce: what is allowed one by one cannot together leave
// the workspace ownerless.
func TestTwoOwnersLeaveAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	once := false
	b.hook = func(port string) {
		if port == "CommitRoll" && !once {
			once = true
			b.must(b.Remove(t.Context(), desk.Caller{Person: otto}, here, otto.OID, access.WorkspaceOwner, "r"))
		}
	}
	err := b.Remove(t.Context(), desk.Caller{Person: olga}, here, olga.OID, access.WorkspaceOwner, "r")
	members, _ := b.store.Members(t.Context(), here)
	if !errors.Is(err, airlock.ErrConflict) || len(members) != 3 {
		t.Errorf("%v, %d members", err, len(members))
	}
}

// TestOwnerLosesTheRoleMeanwhile: who is an owner no more when it commits does
// not get through, though they were let in.
func TestOwnerLosesTheRoleMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	once := false
	b.hook = func(port string) {
		if port == "Roll" && !once {
			once = true
			b.must(b.Remove(t.Context(), desk.Caller{Person: otto}, here, olga.OID, access.WorkspaceOwner, "r"))
		}
	}
	err := b.Assign(t.Context(), desk.Caller{Person: olga}, here, roster.Assignment{Role: access.WorkspaceOwner, Users: []string{nina.OID}})
	if !errors.Is(err, airlock.ErrRefused) || !once {
		t.Errorf("%t, %v", once, err)
	}
}

// TestSuspensionDisturbs: the rows by which somebody may decide are others
// after a suspension, so that a decision that read them before conflicts.
func TestSuspensionDisturbs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	group := access.Membership{Workspace: here, OID: there, Role: access.AirlockManager, Group: true}
	b.must(b.store.PutMember(t.Context(), group))
	etags := func() map[string]string {
		all := map[string]string{}
		members, err := b.store.Members(t.Context(), here)
		b.must(err)
		for _, m := range members {
			all[m.OID] = m.ETag
		}
		return all
	}
	before := etags()
	_, err := b.Suspend(t.Context(), as(adam), mia.OID, "r")
	b.must(err)
	after := etags()
	for oid, changed := range map[string]bool{mia.OID: true, group.OID: true, olga.OID: false, ann.OID: false} {
		if (before[oid] != after[oid]) != changed {
			t.Errorf("%s: %s became %s", oid, before[oid], after[oid])
		}
	}
}

// TestNoDirectory: without one, roles are given by object id, and a search says
// that there is none.
func TestNoDirectory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Ports.Directory = nil
	if _, err := b.Assignable(t.Context(), as(olga), here, "x", 5); !errors.Is(err, airlock.ErrInvalid) {
		t.Errorf("search: %v", err)
	}
	b.must(b.Assign(t.Context(), as(olga), here, roster.Assignment{Role: access.AirlockManager, Users: []string{ann.OID, nina.OID}}))
	users, err := b.Users(t.Context(), as(olga), here)
	b.must(err)
	names := map[string]string{}
	for _, u := range users {
		names[u.OID] = u.Name
	}
	if names[ann.OID] != "ann" || names[nina.OID] != "" || len(users) != 5 {
		t.Errorf("users: %v", names)
	}
}
