package airlock_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

const (
	workspaceID = "0b9d3a2e-6f0c-4a55-9f1c-2f6f3a4f1d11"
	requestID   = "ffffffff-ffff-4fff-bfff-ffffffffffff"
	manifestOne = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
)

// pace is the time between two moves of a story.
const pace = time.Minute

// noon is when every story starts.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The people of the stories.
var (
	ada   = access.Person{OID: "oid-ada", Name: "Ada", Email: "ada@example.org"}       // researcher, makes requests
	olga  = access.Person{OID: "oid-olga", Name: "Olga", Email: "olga@example.org"}    // workspace owner
	mira  = access.Person{OID: "oid-mira", Name: "Mira", Email: "mira@example.org"}    // airlock manager
	maxi  = access.Person{OID: "oid-max", Name: "Max", Email: "max@example.org"}       // airlock manager
	moe   = access.Person{OID: "oid-moe", Name: "Moe", Email: "moe@example.org"}       // airlock manager
	admin = access.Person{OID: "oid-admin", Name: "Admin", Email: "admin@example.org"} // TRE administrator
)

// people by the capacity in which they act.
var actors = map[airlock.Role]access.Person{airlock.Creator: ada, airlock.Owner: olga, airlock.Manager: mira, airlock.Admin: admin, airlock.Engine: {}}

// managed makes airlock managers of people.
func managed(people ...access.Person) []access.Membership {
	var all []access.Membership
	for _, p := range people {
		all = append(all, access.Membership{Workspace: workspaceID, OID: p.OID, Name: p.Name, Role: access.AirlockManager, ETag: "e-" + p.OID})
	}
	return all
}

// fresh is Ada's import, just made.
func fresh() airlock.Request {
	return airlock.Request{ID: requestID, Workspace: workspaceID, WorkspaceAccount: "stwsone", Type: airlock.Import, Title: "t",
		Stage: airlock.Draft, Since: noon, CreatedBy: ada, CreatedAt: noon, UpdatedBy: ada, UpdatedAt: noon, Turn: 1,
	}.Making(airlock.DraftFiles, 1)
}

// ways lead from a fresh draft to every stage.
var ways = map[airlock.Stage][]airlock.Trigger{
	airlock.Draft:     {},
	airlock.Sealing:   {airlock.Submit},
	airlock.Gating:    {airlock.Submit, airlock.Sealed},
	airlock.InReview:  {airlock.Submit, airlock.Sealed, airlock.Passed},
	airlock.Approving: {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve},
	airlock.Approved:  {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve, airlock.Delivered},
	airlock.Rejecting: {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Reject},
	airlock.Rejected:  {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Reject, airlock.Withheld},
	airlock.Blocking:  {airlock.Submit, airlock.Sealed, airlock.Infected},
	airlock.Blocked:   {airlock.Submit, airlock.Sealed, airlock.Infected, airlock.Withheld},
	airlock.Cancelled: {airlock.Cancel},
	airlock.Failed:    {airlock.Submit, airlock.Broke},
	airlock.Revoked:   {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve, airlock.Delivered, airlock.Revoke},
}

// failures are the stages in which a request can fail, what makes it fail
// there, and the retry that leads back.
var failures = []struct {
	from  airlock.Stage
	by    airlock.Trigger
	retry airlock.Trigger
}{
	{airlock.Draft, airlock.Overflowed, airlock.RetryDraft},
	{airlock.Sealing, airlock.Broke, airlock.RetrySeal},
	{airlock.Gating, airlock.Broke, airlock.RetryGate},
	{airlock.InReview, airlock.Broke, airlock.RetryReview},
	{airlock.Approving, airlock.Broke, airlock.RetryDeliver},
	{airlock.Approving, airlock.Stop, airlock.RetryDeliver},
	{airlock.Rejecting, airlock.Broke, airlock.RetryReject},
	{airlock.Blocking, airlock.Broke, airlock.RetryBlock},
}

// verbs are the decisions behind triggers.
var verbs = map[airlock.Trigger]airlock.Verb{airlock.Endorse: airlock.VerbApprove, airlock.Approve: airlock.VerbApprove,
	airlock.Reject: airlock.VerbReject, airlock.Return: airlock.VerbReturn}

// pull makes a move as whoever may make it, a minute after the last.
func pull(r airlock.Request, on airlock.Trigger) (airlock.Change, error) {
	at := r.UpdatedAt.Add(pace)
	if verb, ok := verbs[on]; ok {
		needed := 1
		if on == airlock.Endorse {
			needed = 3
		}
		return r.Decide(airlock.Decision{ID: "d", Verb: verb, By: mira, Digest: r.Manifest, Reason: "because", At: at, Operation: "op-d"}, managed(mira, maxi, moe), needed)
	}
	role := airlock.Engine
	if row, ok := airlock.Steps.Next(r.Stage, on); ok {
		role = row.By[0]
	}
	c, err := r.Apply(airlock.Move{On: on, By: actors[role], As: []airlock.Role{role}, At: at, Reason: "because", Function: "test", Operation: "op-" + string(on)})
	if err == nil && on == airlock.Sealed {
		c.Request.Manifest = manifestOne
	}
	return c, err
}

// told follows the triggers and returns the request at the end of the story.
func told(t *testing.T, r airlock.Request, story ...airlock.Trigger) airlock.Request {
	t.Helper()
	for _, on := range story {
		c, err := pull(r, on)
		if err != nil {
			t.Fatalf("%s in %s: %v", on, r.Stage, err)
		}
		r = c.Request
	}
	return r
}

// in is a request in a stage.
func in(t *testing.T, stage airlock.Stage) airlock.Request {
	t.Helper()
	r := told(t, fresh(), ways[stage]...)
	if r.Stage != stage {
		t.Fatalf("the way to %s leads to %s", stage, r.Stage)
	}
	return r
}

// broken is a request that failed.
func broken(t *testing.T, from airlock.Stage, by airlock.Trigger) airlock.Request {
	t.Helper()
	return told(t, in(t, from), by)
}
