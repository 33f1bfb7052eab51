package desk_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/people"
)

const team = "c0000000-0000-4000-8000-000000000001"

// keep writes what is kept of a person.
func (b *bench) keep(who access.Person, change func(*people.Record)) {
	b.t.Helper()
	r, err := b.store.Record(b.t.Context(), who.OID)
	b.must(err)
	change(&r)
	_, err = b.store.CommitRecord(b.t.Context(), people.RecordChange{Record: r})
	b.must(err)
}

func suspended(r *people.Record) { r.Suspended = &people.Suspension{Reason: "r"} }

func (b *bench) member(who string, role access.Role, group bool, end time.Time) {
	b.t.Helper()
	b.must(b.store.PutMember(b.t.Context(), access.Membership{Workspace: here, OID: who, Role: role, Group: group, Expires: end}))
}

// two reviewers are needed, and Mia has approved.
func (b *bench) halfApproved(first desk.Caller) airlock.Key {
	b.t.Helper()
	key, _ := b.draft(airlock.Import)
	b.drop(key, "a.txt", "content", nil)
	_, err := b.Submit(b.t.Context(), as(ann, "submit"), key)
	b.must(err)
	b.engine(key, airlock.Sealed, airlock.Passed)
	_, err = b.Decide(b.t.Context(), first, key, desk.Word{Verb: airlock.VerbApprove})
	b.must(err)
	return key
}

func twoReviewers(w *airlock.Workspace) { w.Policy.Reviewers = 2 }

// TestOnlyWhoCountsDecides: each row is a sentence about what happened to the
// first of two approvals.
func TestOnlyWhoCountsDecides(t *testing.T) {
	t.Parallel()
	inTeam := mia
	inTeam.OID, inTeam.Groups = nobod.OID, []string{team}
	for name, tt := range map[string]struct {
		first  access.Person
		happen func(b *bench)
		want   airlock.Stage
	}{
		"nothing":                    {mia, func(*bench) {}, airlock.Approving},
		"the first was suspended":    {mia, func(b *bench) { b.keep(mia, suspended) }, airlock.InReview},
		"the first one's role ended": {mia, func(b *bench) { b.member(mia.OID, access.AirlockManager, false, b.clock()) }, airlock.InReview},
		"the first one's training did": {mia, func(b *bench) {
			b.keep(mia, func(r *people.Record) { r.Expiries = []people.Expiry{{Kind: people.Training, Ends: b.clock()}} })
		}, airlock.InReview},
		"the first one's ends later": {mia, func(b *bench) { b.member(mia.OID, access.AirlockManager, false, b.clock().Add(time.Hour)) }, airlock.Approving},
		"by a group, nothing":        {inTeam, func(*bench) {}, airlock.Approving},
		"by a group that lost its role": {inTeam, func(b *bench) {
			b.must(b.store.DeleteMember(b.t.Context(), here, team, access.AirlockManager))
		}, airlock.InReview},
		"by a group, suspended": {inTeam, func(b *bench) { b.keep(inTeam, suspended) }, airlock.InReview},
	} {
		b := newBench(t, twoReviewers)
		b.member(team, access.AirlockManager, true, time.Time{})
		key := b.halfApproved(as(tt.first, "first"))
		tt.happen(b)
		if _, err := b.Decide(t.Context(), as(moe, "second"), key, desk.Word{Verb: airlock.VerbApprove}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := b.request(key).Stage; got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// TestDecisionHoldsTheGroup: one who decides by a group conflicts with whoever
// takes the group's role away at that moment.
func TestDecisionHoldsTheGroup(t *testing.T) {
	t.Parallel()
	b := newBench(t, twoReviewers)
	b.member(team, access.AirlockManager, true, time.Time{})
	key := b.halfApproved(as(mia, "first"))
	inTeam := nobod
	inTeam.Groups = []string{team}
	once := false
	b.faults.hook = func(port string) {
		if port == "Commit" && !once {
			once = true
			b.must(b.store.DeleteMember(t.Context(), here, team, access.AirlockManager))
		}
	}
	_, err := b.Decide(t.Context(), as(inTeam, "second"), key, desk.Word{Verb: airlock.VerbApprove})
	wantError(t, err, airlock.ErrNotFound) // the caller has no role here any more
	if r := b.request(key); !once || r.Stage != airlock.InReview || len(r.Reviews) != 1 {
		t.Errorf("%t, %s, %d reviews", once, r.Stage, len(r.Reviews))
	}
}

// TestSuspendedReviewerIsMissing: who is suspended is not among the reviewers
// that a submit counts on; a group may hold any number.
func TestSuspendedReviewerIsMissing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		happen func(b *bench)
		warned bool
	}{
		"nobody":       {func(*bench) {}, false},
		"two of three": {func(b *bench) { b.keep(mia, suspended); b.keep(moe, suspended) }, true},
		"two, but a group": {func(b *bench) {
			b.keep(mia, suspended)
			b.keep(moe, suspended)
			b.member(team, access.AirlockManager, true, time.Time{})
		}, false},
		"two whose time is up": {func(b *bench) {
			b.member(mia.OID, access.AirlockManager, false, b.clock())
			b.member(moe.OID, access.AirlockManager, false, b.clock())
		}, true},
	} {
		b := newBench(t, twoReviewers)
		tt.happen(b)
		key, _ := b.draft(airlock.Import)
		b.drop(key, "a.txt", "content", nil)
		view, err := b.Submit(t.Context(), as(ann, "submit"), key)
		b.must(err)
		if got := len(view.Warnings) > 0; got != tt.warned {
			t.Errorf("%s: warnings %q", name, view.Warnings)
		}
	}
}
