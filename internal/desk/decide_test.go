package desk_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// inReview is a request of Ann's with one file, under review.
func (b *bench) inReview(kind airlock.Type) airlock.Key {
	b.t.Helper()
	key, _ := b.draft(kind)
	b.drop(key, "a.txt", "content", nil)
	_, err := b.Submit(b.t.Context(), as(ann, "submit"), key)
	b.must(err)
	b.engine(key, airlock.Sealed, airlock.Passed)
	return key
}

// approved is a request of Ann's that was delivered.
func (b *bench) approved(kind airlock.Type) airlock.Key {
	b.t.Helper()
	key := b.inReview(kind)
	_, err := b.Decide(b.t.Context(), as(mia, "approve"), key, desk.Word{Verb: airlock.VerbApprove})
	b.must(err)
	b.engine(key, airlock.Delivered)
	return key
}

func TestDecide(t *testing.T) {
	t.Parallel()
	approve := desk.Word{Verb: airlock.VerbApprove}
	tests := []struct {
		name string
		who  access.Person
		word desk.Word
		err  error
		want airlock.Stage
	}{
		{"approve", mia, approve, nil, airlock.Approving},
		{"approve what was seen", mia, desk.Word{Verb: airlock.VerbApprove, Digest: "digest-of-turn-1"}, nil, airlock.Approving},
		{"approve something else", mia, desk.Word{Verb: airlock.VerbApprove, Digest: "another"}, airlock.ErrConflict, airlock.InReview},
		{"reject", mia, desk.Word{Verb: airlock.VerbReject, Reason: "no"}, nil, airlock.Rejecting},
		{"reject without a reason", mia, desk.Word{Verb: airlock.VerbReject}, airlock.ErrInvalid, airlock.InReview},
		{"return", mia, desk.Word{Verb: airlock.VerbReturn, Reason: "mend"}, nil, airlock.Draft},
		{"return without a reason", mia, desk.Word{Verb: airlock.VerbReturn, Reason: "  "}, airlock.ErrInvalid, airlock.InReview},
		{"a reason too long", mia, desk.Word{Verb: airlock.VerbReject, Reason: strings.Repeat("ä", 2001)}, airlock.ErrInvalid, airlock.InReview},
		{"a reason with hidden characters", mia, desk.Word{Verb: airlock.VerbReject, Reason: "fine\u202ekcab"}, airlock.ErrInvalid, airlock.InReview},
		{"lines in a reason", mia, desk.Word{Verb: airlock.VerbReject, Reason: "one\r\ntwo\tthree"}, nil, airlock.Rejecting},
		{"no verb", mia, desk.Word{}, airlock.ErrInvalid, airlock.InReview},
		{"the requester", ann, approve, airlock.ErrRefused, airlock.InReview},
		{"a researcher", bob, approve, airlock.ErrRefused, airlock.InReview},
		{"the owner", olga, approve, airlock.ErrRefused, airlock.InReview},
		{"the administrator", adam, approve, airlock.ErrRefused, airlock.InReview},
		{"a manager of another workspace", sam, approve, airlock.ErrNotFound, airlock.InReview},
		{"who claims roles in the token", liar, approve, airlock.ErrNotFound, airlock.InReview},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			key := b.inReview(airlock.Import)
			_, err := b.Decide(t.Context(), as(tt.who, "op"), key, tt.word)
			wantError(t, err, tt.err)
			if r := b.request(key); r.Stage != tt.want || tt.err == nil && len(r.Reviews) != 1 {
				t.Errorf("stage is %s with %d reviews", r.Stage, len(r.Reviews))
			}
		})
	}
}

// TestOwnRequest: who is researcher and manager cannot decide on what they
// made, nor get a link to it while others review it.
func TestOwnRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: rita.OID, Role: access.WorkspaceOwner}))
	view, err := b.Create(t.Context(), as(rita, "op"), here, desk.New{Type: airlock.Import, Justification: "j"})
	b.must(err)
	key := view.Request.Key()
	b.drop(key, "a", "x", nil)
	_, err = b.Submit(t.Context(), as(rita, "op"), key)
	b.must(err)
	b.engine(key, airlock.Sealed, airlock.Passed)
	_, err = b.Decide(t.Context(), as(rita, "op"), key, desk.Word{Verb: airlock.VerbApprove})
	wantError(t, err, airlock.ErrRefused)
	_, err = b.Link(t.Context(), as(rita, ""), key)
	wantError(t, err, airlock.ErrRefused)
	_, err = b.SealedLink(t.Context(), as(rita, ""), key)
	wantError(t, err, airlock.ErrRefused)
	view, err = b.Get(t.Context(), as(rita, ""), key)
	b.must(err)
	if slices.Contains(view.Actions, "review") || slices.Contains(view.Actions, "return") {
		t.Errorf("actions: %v", view.Actions)
	}
}

// TestNReviewers: as many people as the policy says, each once, and only
// while they are managers.
func TestNReviewers(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.Reviewers = 2 })
	key := b.inReview(airlock.Export)
	approve := desk.Word{Verb: airlock.VerbApprove}
	view, err := b.Decide(t.Context(), as(mia, "1"), key, approve)
	b.must(err)
	if view.Request.Stage != airlock.InReview || slices.Contains(view.Actions, "review") {
		t.Errorf("after one of two: %s, %v", view.Request.Stage, view.Actions)
	}
	_, err = b.Decide(t.Context(), as(mia, "2"), key, approve)
	wantError(t, err, airlock.ErrRefused)
	b.must(b.store.DeleteMember(t.Context(), here, mia.OID, access.AirlockManager)) // her word counts no more
	view, err = b.Decide(t.Context(), as(moe, "1"), key, approve)
	b.must(err)
	if view.Request.Stage != airlock.InReview {
		t.Errorf("one manager is left of two approvals: %s", view.Request.Stage)
	}
	view, err = b.Decide(t.Context(), as(rita, "1"), key, approve)
	b.must(err)
	if view.Request.Stage != airlock.Approving || !slices.Contains(b.orders.queues(), "airlockdeliver") {
		t.Errorf("two managers approved: %s, orders %v", view.Request.Stage, b.orders.queues())
	}
}

// TestRoleTakenWhileDeciding: the membership is part of the commit.
func TestRoleTakenWhileDeciding(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.inReview(airlock.Import)
	b.faults.hook = func(name string) {
		if name == "Commit" {
			b.faults.hook = nil
			b.must(b.store.DeleteMember(t.Context(), here, mia.OID, access.AirlockManager))
		}
	}
	_, err := b.Decide(t.Context(), as(mia, "op"), key, desk.Word{Verb: airlock.VerbApprove})
	wantError(t, err, airlock.ErrNotFound)
	if r := b.request(key); r.Stage != airlock.InReview {
		t.Errorf("stage is %s", r.Stage)
	}
}

// TestTurnTwoNeedsTheDigest: AzureTRE's clients name none; after a return that
// would approve what nobody saw.
func TestTurnTwoNeedsTheDigest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.returned()
	_, err := b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	b.engine(key, airlock.Sealed, airlock.Passed)
	for digest, want := range map[string]error{"": airlock.ErrInvalid, "digest-of-turn-1": airlock.ErrConflict} {
		_, err = b.Decide(t.Context(), as(moe, ""), key, desk.Word{Verb: airlock.VerbApprove, Digest: digest})
		wantError(t, err, want)
	}
	_, err = b.Decide(t.Context(), as(moe, ""), key, desk.Word{Verb: airlock.VerbApprove, Digest: "digest-of-turn-2"})
	b.must(err)
}

// TestDecideAtTheSameTime: every approval is counted, none twice.
func TestDecideAtTheSameTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.Reviewers = 3 })
	key := b.inReview(airlock.Import)
	var all sync.WaitGroup
	for _, who := range []access.Person{mia, moe, rita} {
		all.Go(func() {
			if _, err := b.Decide(t.Context(), as(who, "op"), key, desk.Word{Verb: airlock.VerbApprove}); err != nil {
				t.Errorf("%s: %v", who.Name, err)
			}
		})
	}
	all.Wait()
	if r := b.request(key); r.Stage != airlock.Approving || len(r.Reviews) != 3 || r.Attempt != 1 {
		t.Errorf("%s, %d reviews, attempt %d", r.Stage, len(r.Reviews), r.Attempt)
	}
}

// TestConflict: who loses again and again is told, and nothing is half done.
func TestConflict(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.inReview(airlock.Import)
	b.faults.hook = func(name string) {
		if name == "Commit" {
			_, err := b.store.Commit(t.Context(), b.request(key).Note().WithOpen(airlock.Policy{}, b.Cadence))
			b.must(err)
		}
	}
	_, err := b.Cancel(t.Context(), as(ann, "op"), key, "")
	wantError(t, err, airlock.ErrConflict)
	b.faults.hook = nil
	_, err = b.Cancel(t.Context(), as(ann, "op"), key, "")
	b.must(err)
}

// Malware known at the moment of a decision: it cannot be approved, whoever
// asks, in whichever turn, and also where no scan is waited for, and the engine is sent to look. The other
// decisions release nothing.
func TestDecideOnMalware(t *testing.T) {
	t.Parallel()
	for verb, want := range map[airlock.Verb]error{airlock.VerbApprove: airlock.ErrConflict, airlock.VerbReject: nil, airlock.VerbReturn: nil} {
		for _, skip := range []bool{false, true} {
			b := newBench(t, func(w *airlock.Workspace) { w.Policy.SkipScan = skip })
			key := b.inReview(airlock.Import)
			r := b.request(key)
			f := b.rows(r, airlock.Listed)[0]
			b.must(b.store.Put(t.Context(), airlock.Slot{Key: key, Turn: r.Turn}, []airlock.File{f.Recorded(airlock.Verdict{Class: airlock.Malicious}, "")}))
			_, err := b.Decide(t.Context(), as(mia, "op"), key, desk.Word{Verb: verb, Reason: "because"})
			wantError(t, err, want)
			if want != nil && (!strings.Contains(err.Error(), "malware was found in 1 file") || b.request(key).Stage != airlock.InReview) {
				t.Errorf("%s: %v, stage %s", verb, err, b.request(key).Stage)
			}
		}
	}
}
