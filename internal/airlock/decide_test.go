package airlock_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func TestDecideRefuses(t *testing.T) {
	t.Parallel()
	review := in(t, airlock.InReview)
	turnTwo := told(t, review, airlock.Return, airlock.Submit, airlock.Sealed, airlock.Passed)
	owners := review
	owners.CreatedBy, owners.SubmittedBy = moe, ada
	everybody := managed(ada, mira, maxi, moe)
	approve := airlock.Decision{Verb: airlock.VerbApprove, By: mira}
	with := func(change func(*airlock.Decision)) airlock.Decision {
		d := approve
		d.Reason = "because"
		change(&d)
		return d
	}
	tests := []struct {
		name     string
		r        airlock.Request
		d        airlock.Decision
		managers []access.Membership
		want     error
	}{
		{name: "turn 1 without a digest", r: review, d: approve, managers: everybody},
		{name: "turn 1 with the digest", r: review, d: with(func(d *airlock.Decision) { d.Digest = manifestOne }), managers: everybody},
		{name: "turn 1 with another digest", r: review, d: with(func(d *airlock.Decision) { d.Digest = "other" }), managers: everybody, want: airlock.ErrConflict},
		{name: "reject with another digest", r: review, d: with(func(d *airlock.Decision) { d.Verb, d.Digest = airlock.VerbReject, "other" }), managers: everybody, want: airlock.ErrConflict},
		{name: "turn 2 without a digest", r: turnTwo, d: approve, managers: everybody, want: airlock.ErrInvalid},
		{name: "turn 2, return without a digest", r: turnTwo, d: with(func(d *airlock.Decision) { d.Verb = airlock.VerbReturn }), managers: everybody, want: airlock.ErrInvalid},
		{name: "turn 2 with the digest", r: turnTwo, d: with(func(d *airlock.Decision) { d.Digest = manifestOne }), managers: everybody},
		{name: "no verb", r: review, d: with(func(d *airlock.Decision) { d.Verb = "" }), managers: everybody, want: airlock.ErrInvalid},
		{name: "a trigger as verb", r: review, d: with(func(d *airlock.Decision) { d.Verb = "delivered" }), managers: everybody, want: airlock.ErrInvalid},
		{name: "the creator", r: review, d: with(func(d *airlock.Decision) { d.By = ada }), managers: everybody, want: airlock.ErrRefused},
		{name: "the creator rejects", r: review, d: with(func(d *airlock.Decision) { d.By, d.Verb = ada, airlock.VerbReject }), managers: everybody, want: airlock.ErrRefused},
		{name: "who submitted", r: owners, d: with(func(d *airlock.Decision) { d.By = ada }), managers: everybody, want: airlock.ErrRefused},
		{name: "who created, not submitted", r: owners, d: with(func(d *airlock.Decision) { d.By = moe }), managers: everybody, want: airlock.ErrRefused},
		{name: "no manager", r: review, d: with(func(d *airlock.Decision) { d.By = olga }), managers: everybody, want: airlock.ErrRefused},
		{name: "another role", r: review, d: approve, managers: []access.Membership{{OID: mira.OID, Role: access.WorkspaceOwner}}, want: airlock.ErrRefused},
		{name: "no managers at all", r: review, d: approve, want: airlock.ErrRefused},
		{name: "nobody", r: review, d: airlock.Decision{Verb: airlock.VerbApprove}, managers: append(everybody, access.Membership{Role: access.AirlockManager}), want: airlock.ErrRefused},
		{name: "reason too long", r: review, d: with(func(d *airlock.Decision) { d.Reason = strings.Repeat("x", airlock.MaxReason+1) }), managers: everybody, want: airlock.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := tt.r.Decide(tt.d, tt.managers, 1)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || err != nil && cmp.Diff(airlock.Change{}, c) != "" {
				t.Errorf("got %v and %+v, want %v", err, c, tt.want)
			}
		})
	}
}

func TestDecideOnlyInReview(t *testing.T) {
	t.Parallel()
	for _, stage := range airlock.Stages {
		for _, verb := range []airlock.Verb{airlock.VerbApprove, airlock.VerbReject, airlock.VerbReturn} {
			_, err := in(t, stage).Decide(airlock.Decision{Verb: verb, By: mira, Reason: "x", Digest: manifestOne}, managed(mira), 1)
			if (stage == airlock.InReview) != (err == nil) || err != nil && !errors.Is(err, airlock.ErrIllegal) {
				t.Errorf("%s in %s: %v", verb, stage, err)
			}
		}
	}
}

// word is one decision in a story of reviewing.
type word struct {
	by   access.Person
	verb airlock.Verb
	now  []access.Membership // the managers at that time
	want airlock.Stage       // "" when refused
	rows int                 // memberships that the commit holds to
}

func TestQuorum(t *testing.T) {
	t.Parallel()
	all := managed(ada, mira, maxi, moe)
	yes, no, back := airlock.VerbApprove, airlock.VerbReject, airlock.VerbReturn
	tests := []struct {
		name   string
		needed int
		words  []word
	}{
		{"one of one", 1, []word{{mira, yes, all, airlock.Approving, 1}}},
		{"none needed is one needed", 0, []word{{mira, yes, all, airlock.Approving, 1}}},
		{"fewer than none", -3, []word{{mira, yes, all, airlock.Approving, 1}}},
		{"two of two", 2, []word{{mira, yes, all, airlock.InReview, 1}, {maxi, yes, all, airlock.Approving, 2}}},
		{"one person twice is one", 2, []word{{mira, yes, all, airlock.InReview, 1}, {mira, yes, all, "", 0}, {maxi, yes, all, airlock.Approving, 2}}},
		{"one person with two rows is one", 2, []word{{mira, yes, managed(mira, mira, mira), airlock.InReview, 1}}},
		{"three of three", 3, []word{{mira, yes, all, airlock.InReview, 1}, {maxi, yes, all, airlock.InReview, 2}, {moe, yes, all, airlock.Approving, 3}}},
		{"role lost before the last", 2, []word{{mira, yes, all, airlock.InReview, 1}, {maxi, yes, managed(maxi, moe), airlock.InReview, 1}, {moe, yes, managed(maxi, moe), airlock.Approving, 2}}},
		{"role lost and given back", 2, []word{{mira, yes, all, airlock.InReview, 1}, {maxi, yes, all, airlock.Approving, 2}}},
		{"role changed to owner", 2, []word{{mira, yes, all, airlock.InReview, 1},
			{maxi, yes, append(managed(maxi), access.Membership{OID: mira.OID, Role: access.WorkspaceOwner}), airlock.InReview, 1}}},
		{"one reject is enough", 3, []word{{mira, yes, all, airlock.InReview, 1}, {maxi, no, all, airlock.Rejecting, 1}}},
		{"one return is enough", 3, []word{{mira, yes, all, airlock.InReview, 1}, {maxi, back, all, airlock.Draft, 1}}},
		{"who approved may still reject", 2, []word{{mira, yes, all, airlock.InReview, 1}, {mira, no, all, airlock.Rejecting, 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := in(t, airlock.InReview)
			for i, w := range tt.words {
				c, err := r.Decide(airlock.Decision{ID: "d", Verb: w.verb, By: w.by, Reason: "because", At: noon}, w.now, tt.needed)
				if err != nil {
					if w.want != "" || !errors.Is(err, airlock.ErrRefused) {
						t.Fatalf("word %d: %v", i, err)
					}
					continue
				}
				if c.Request.Stage != w.want || len(c.Members) != w.rows {
					t.Fatalf("word %d: %s with %d members, want %s with %d", i, c.Request.Stage, len(c.Members), w.want, w.rows)
				}
				distinct(t, c.Members)
				r = c.Request
			}
		})
	}
}

func distinct(t *testing.T, members []access.Membership) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range members {
		if seen[m.OID] || m.OID == "" || m.ETag == "" {
			t.Errorf("members %+v are not so many people", members)
		}
		seen[m.OID] = true
	}
}

// What was approved in an earlier turn, or of another manifest, counts no more.
func TestApprovalsCountPerTurn(t *testing.T) {
	t.Parallel()
	all := managed(mira, maxi, moe)
	r := in(t, airlock.InReview)
	decide := func(r airlock.Request, by access.Person, verb airlock.Verb) airlock.Change {
		t.Helper()
		c, err := r.Decide(airlock.Decision{Verb: verb, By: by, Digest: r.Manifest, Reason: "because", At: noon}, all, 2)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	r = decide(r, mira, airlock.VerbApprove).Request
	r = decide(r, maxi, airlock.VerbReturn).Request
	r = told(t, r, airlock.Submit, airlock.Sealed, airlock.Passed)
	c := decide(r, moe, airlock.VerbApprove)
	if c.Request.Stage != airlock.InReview {
		t.Fatalf("one approval in turn 2 leads to %s", c.Request.Stage)
	}
	if again := decide(c.Request, mira, airlock.VerbApprove); again.Request.Stage != airlock.Approving {
		t.Errorf("who approved turn 1 cannot approve turn 2: %s", again.Request.Stage)
	}
	changed := c.Request
	changed.Manifest = "of other files"
	if other := decide(changed, mira, airlock.VerbApprove); other.Request.Stage != airlock.InReview {
		t.Errorf("an approval of another manifest was counted: %s", other.Request.Stage)
	}
	failed := told(t, c.Request, airlock.Broke, airlock.RetryReview)
	if after := decide(failed, maxi, airlock.VerbApprove); after.Request.Stage != airlock.Approving {
		t.Errorf("a failure and its retry lost an approval: %s", after.Request.Stage)
	}
}

func TestDecisionIsKept(t *testing.T) {
	t.Parallel()
	words := map[airlock.Verb]struct{ review, detail string }{
		airlock.VerbApprove: {"approved", "manifest " + manifestOne + ", approval 1 of 2"},
		airlock.VerbReject:  {"rejected", "manifest " + manifestOne},
		airlock.VerbReturn:  {"returned", "manifest " + manifestOne},
	}
	for verb, want := range words {
		r := in(t, airlock.InReview)
		c, err := r.Decide(airlock.Decision{ID: "id-1", Verb: verb, By: mira, Reason: "because", At: noon, Operation: "op"}, managed(mira, maxi), 2)
		if err != nil {
			t.Fatal(err)
		}
		review := airlock.Review{ID: "id-1", Reviewer: mira, At: noon, Decision: want.review, Reason: "because", Turn: 1, Digest: manifestOne}
		if diff := cmp.Diff([]airlock.Review{review}, c.Request.Reviews); diff != "" {
			t.Errorf("review\n%s", diff)
		}
		row := &airlock.Decision{ID: "id-1", Verb: verb, By: mira, Turn: 1, Digest: manifestOne, Reason: "because", At: noon, Operation: "op"}
		if diff := cmp.Diff(row, c.Decision); diff != "" {
			t.Errorf("decision\n%s", diff)
		}
		if got := c.Lines[0].Detail; got != want.detail || c.Request.Operation != "op" || len(r.Reviews) != 0 {
			t.Errorf("%s: detail %q, want %q", verb, got, want.detail)
		}
	}
}

func TestEligible(t *testing.T) {
	t.Parallel()
	r := in(t, airlock.InReview)
	r.SubmittedBy = moe
	members := append(managed(ada, mira, maxi, moe), access.Membership{OID: olga.OID, Role: access.WorkspaceOwner})
	if diff := cmp.Diff(managed(mira, maxi), r.Eligible(members)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := r.Eligible(managed(ada)); len(got) != 0 {
		t.Errorf("%v may decide", got)
	}
}

// TestAProgramNeverDecides proves that a reviewer is a person, whatever role a
// program was given.
func TestAProgramNeverDecides(t *testing.T) {
	t.Parallel()
	r := in(t, airlock.InReview)
	robot := mira
	robot.App = true
	for _, verb := range []airlock.Verb{airlock.VerbApprove, airlock.VerbReject, airlock.VerbReturn} {
		d := airlock.Decision{ID: "d", Verb: verb, By: robot, Reason: "because", At: noon}
		if _, err := r.Decide(d, managed(mira), 1); !errors.Is(err, airlock.ErrRefused) {
			t.Errorf("%s by a program: %v, want %v", verb, err, airlock.ErrRefused)
		}
	}
}
