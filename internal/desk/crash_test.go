package desk_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// repeatable are calls that change something, each with what has to be there
// before it.
var repeatable = []struct {
	name   string
	before func(b *bench) airlock.Key
	call   func(b *bench, key airlock.Key) error
	status airlock.Status
}{
	{"create", func(*bench) airlock.Key { return airlock.Key{} }, func(b *bench, _ airlock.Key) error {
		view, err := b.Create(b.t.Context(), as(ann, "op"), here, desk.New{Type: airlock.Import, Justification: "because"})
		if err == nil && view.Link == nil {
			return fmt.Errorf("no link")
		}
		return err
	}, airlock.StatusDraft},
	{"submit", func(b *bench) airlock.Key {
		key, _ := b.draft(airlock.Import)
		b.drop(key, "a.txt", "a", nil)
		b.drop(key, "b.txt", "b", func(f *airlock.File) { f.Inspection = nil })
		return key
	}, func(b *bench, key airlock.Key) error {
		_, err := b.Submit(b.t.Context(), as(ann, "op"), key)
		return err
	}, airlock.StatusSubmitted},
	{"remove", func(b *bench) airlock.Key {
		key, _ := b.draft(airlock.Export)
		b.drop(key, "a.txt", "a", nil)
		return key
	}, func(b *bench, key airlock.Key) error { return b.RemoveFile(b.t.Context(), as(ann, "op"), key, "a.txt") }, airlock.StatusDraft},
	{"cancel", func(b *bench) airlock.Key { return b.inReview(airlock.Import) }, func(b *bench, key airlock.Key) error {
		_, err := b.Cancel(b.t.Context(), as(ann, "op"), key, "")
		return err
	}, airlock.StatusCancelled},
	{"approve", func(b *bench) airlock.Key { return b.inReview(airlock.Import) }, func(b *bench, key airlock.Key) error {
		_, err := b.Decide(b.t.Context(), as(mia, "op"), key, desk.Word{Verb: airlock.VerbApprove, Digest: "digest-of-turn-1"})
		return err
	}, airlock.StatusApprovalInProgress},
	{"reject", func(b *bench) airlock.Key { return b.inReview(airlock.Export) }, func(b *bench, key airlock.Key) error {
		_, err := b.Decide(b.t.Context(), as(mia, "op"), key, desk.Word{Verb: airlock.VerbReject, Reason: "no"})
		return err
	}, airlock.StatusRejectionInProg},
	{"return", func(b *bench) airlock.Key { return b.inReview(airlock.Import) }, func(b *bench, key airlock.Key) error {
		_, err := b.Decide(b.t.Context(), as(mia, "op"), key, desk.Word{Verb: airlock.VerbReturn, Reason: "mend it"})
		return err
	}, airlock.StatusDraft},
	{"revoke", func(b *bench) airlock.Key { return b.approved(airlock.Import) }, func(b *bench, key airlock.Key) error {
		_, err := b.Revoke(b.t.Context(), as(moe, "op"), key, "mistake")
		return err
	}, airlock.StatusRevoked},
	{"stop", func(b *bench) airlock.Key {
		key := b.inReview(airlock.Import)
		_, err := b.Decide(b.t.Context(), as(mia, "approve"), key, desk.Word{Verb: airlock.VerbApprove})
		b.must(err)
		return key
	}, func(b *bench, key airlock.Key) error {
		_, err := b.Stop(b.t.Context(), as(moe, "op"), key, "wrong one")
		return err
	}, airlock.StatusFailed},
	{"retry a draft", func(b *bench) airlock.Key {
		key, _ := b.draft(airlock.Import)
		b.engine(key, airlock.Overflowed)
		return key
	}, func(b *bench, key airlock.Key) error {
		_, err := b.Retry(b.t.Context(), as(mia, "op"), key)
		return err
	}, airlock.StatusDraft},
}

// TestCrash fails every port call of every changing method once, before and
// after its work, and repeats the method with the same operation: the end is
// that of an undisturbed call, and nothing is there twice.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, tt := range repeatable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calm := newBench(t)
			key := tt.before(calm)
			calm.orders.clear()
			calm.faults.arm(0, false)
			calm.must(tt.call(calm, key))
			calls, want := calm.faults.count(), calm.snapshot()
			if calls == 0 {
				t.Fatal("no port was called")
			}
			for n := 1; n <= calls; n++ {
				for _, did := range []bool{false, true} {
					b := newBench(t)
					key := tt.before(b)
					b.orders.clear()
					b.faults.arm(n, did)
					first := tt.call(b, key)
					if b.faults.hit == "Commit" && did && first != nil {
						t.Fatalf("a commit whose answer was lost was not found: %v", first)
					}
					b.faults.arm(0, false)
					if err := tt.call(b, key); err != nil {
						t.Fatalf("call %d, done %v: the repeat fails: %v (first: %v)", n, did, err, first)
					}
					if diff := cmp.Diff(want, b.snapshot()); diff != "" {
						t.Fatalf("call %d, done %v, first said %v:\n%s", n, did, first, diff)
					}
				}
			}
		})
	}
}

// TestRepeatAfterTheEngineMoved repeats calls whose outcome the engine has
// built on already.
func TestRepeatAfterTheEngineMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	b.drop(key, "a.txt", "a", nil)
	submit := func() (desk.View, error) { return b.Submit(t.Context(), as(ann, "op"), key) }
	_, err := submit()
	b.must(err)
	b.engine(key, airlock.Sealed, airlock.Passed)
	before := b.snapshot()
	view, err := submit()
	b.must(err)
	if got := view.Request.Stage; got != airlock.InReview {
		t.Errorf("stage is %s", got)
	}
	if diff := cmp.Diff(before, b.snapshot()); diff != "" {
		t.Errorf("the repeat changed something:\n%s", diff)
	}
	if len(b.orders.queues()) != 0 {
		t.Errorf("the repeat ordered %v", b.orders.queues())
	}
	_, err = b.Cancel(t.Context(), as(olga, "op"), key, "") // another person's call
	b.must(err)
	if view, err = submit(); err != nil || view.Request.Stage != airlock.Cancelled {
		t.Errorf("the repeat after that: %s, %v", view.Request.Stage, err)
	}
	_, err = b.Submit(t.Context(), as(ann, "another"), key)
	wantError(t, err, airlock.ErrIllegal)
}

// TestStatusAfter says what each call leads to, and that the chain holds.
func TestStatusAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range repeatable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			tt.before(b)
			all, _, err := b.store.Requests(t.Context(), here, airlock.Page{})
			b.must(err)
			var key airlock.Key
			if len(all) == 1 {
				key = all[0].Key()
			}
			b.must(tt.call(b, key))
			all, _, err = b.store.Requests(t.Context(), here, airlock.Page{})
			b.must(err)
			if len(all) != 1 || all[0].Stage.Status() != tt.status {
				t.Fatalf("%d requests, status %s, want %s", len(all), all[0].Stage.Status(), tt.status)
			}
			trail, err := b.Audit(t.Context(), as(mia, ""), all[0].Key(), airlock.Page{})
			if all[0].Stage == airlock.Draft && all[0].SubmittedBy.OID == "" {
				trail, err = b.Audit(t.Context(), as(olga, ""), all[0].Key(), airlock.Page{})
			}
			b.must(err)
			if !trail.Verified || len(trail.Lines) == 0 {
				t.Errorf("trail of %d lines, verified %v", len(trail.Lines), trail.Verified)
			}
		})
	}
}

// snapshot is everything that lasts, of both workspaces.
func (b *bench) snapshot() map[string]any {
	b.t.Helper()
	s := map[string]any{}
	for _, w := range []string{here, there} {
		all, _, err := b.store.Requests(b.t.Context(), w, airlock.Page{})
		b.must(err)
		for _, r := range all {
			lines, _, err := b.store.Lines(b.t.Context(), r.Key(), airlock.Page{})
			b.must(err)
			open, err := b.store.Open(b.t.Context(), r.Key())
			text, _ := json.Marshal([]any{r, lines, open, err == nil})
			s["request "+r.ID] = string(text)
			for turn := 1; turn <= r.Turn; turn++ {
				at := r
				at.Turn = turn
				rows, _ := json.Marshal(b.rows(at, airlock.Everything))
				s[fmt.Sprintf("files %s %d", r.ID, turn)] = string(rows)
			}
		}
	}
	for _, account := range []string{airlock.AirlockAccount, "stgwshere", "stgwsthere"} {
		found, _, err := b.files.Containers(b.t.Context(), account, airlock.Page{})
		b.must(err)
		var names []string
		for _, f := range found {
			names = append(names, f.Name)
		}
		slices.Sort(names)
		s["containers "+account] = names
	}
	return s
}
