package portal_test

import (
	"cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// at is a request's page.
func at(k airlock.Key) string { return "/workspaces/" + k.Workspace + "/requests/" + k.Request }

// digest is that of the manifest under review.
func (b *bench) digest(k airlock.Key) string { return b.request(k).Manifest }

func (b *bench) request(k airlock.Key) airlock.Request {
	b.t.Helper()
	r, err := b.store.Request(b.t.Context(), k)
	b.must(err)
	return r
}

// content is a request to be made for a test.
type content struct {
	kind          airlock.Type
	title, reason string
	files         []airlock.File // name, inspection and verdict; nil means one clean file
}

// draft is a new request of Ann's.
func (b *bench) draft(c content) airlock.Key {
	b.t.Helper()
	v, err := b.desk.Create(b.t.Context(), caller("ann"), here, desk.New{Type: cmp.Or(c.kind, airlock.Import), Title: cmp.Or(c.title, "Trial data"),
		Justification: cmp.Or(c.reason, "Needed for the analysis.")})
	b.must(err)
	if c.files == nil {
		c.files = []airlock.File{clean("results/table 1.csv", 1234567)}
	}
	for _, f := range c.files {
		blob, err := b.files.Upload(v.Link.URL, f.Name, make([]byte, 7))
		b.must(err)
		f.ETag = blob.ETag
		b.must(b.store.Put(b.t.Context(), airlock.Slot{Key: v.Request.Key(), Turn: 1}, []airlock.File{f}))
	}
	return v.Request.Key()
}

func clean(name string, size int64, findings ...airlock.Finding) airlock.File {
	return airlock.File{Name: name, Verdict: &airlock.Verdict{Class: airlock.Clean},
		Inspection: &airlock.Inspection{Size: size, SHA256: airlock.Digest([]byte(name)), Type: "text/csv; charset=utf-8", Findings: findings}}
}

func caller(who string) desk.Caller { return desk.Caller{Person: people[who]} }

// stage makes a request of Ann's and takes it to a stage.
func (b *bench) stage(stage airlock.Stage, c content) airlock.Key {
	b.t.Helper()
	k := b.draft(c)
	review := []airlock.Trigger{airlock.Submit, airlock.Sealed, airlock.Passed}
	steps := map[airlock.Stage][]airlock.Trigger{
		airlock.Draft: {}, airlock.Sealing: review[:1], airlock.Gating: review[:2], airlock.InReview: review,
		airlock.Approving: append(review[:3:3], airlock.Approve),
		airlock.Approved:  append(review[:3:3], airlock.Approve, airlock.Delivered),
		airlock.Revoked:   append(review[:3:3], airlock.Approve, airlock.Delivered, airlock.Revoke),
		airlock.Rejecting: append(review[:3:3], airlock.Reject),
		airlock.Rejected:  append(review[:3:3], airlock.Reject, airlock.Withheld),
		airlock.Blocking:  {airlock.Submit, airlock.Sealed, airlock.Infected},
		airlock.Blocked:   {airlock.Submit, airlock.Sealed, airlock.Infected, airlock.Withheld},
		airlock.Cancelled: {airlock.Cancel},
		airlock.Failed:    {airlock.Submit, airlock.Broke},
	}
	for _, on := range steps[stage] {
		b.move(k, on)
	}
	return k
}

// move pulls a trigger past the portal: as Ann, Mia or the engine.
func (b *bench) move(k airlock.Key, on airlock.Trigger) {
	b.t.Helper()
	ctx := b.t.Context()
	var err error
	switch on {
	case airlock.Submit:
		_, err = b.desk.Submit(ctx, caller("ann"), k)
	case airlock.Cancel:
		_, err = b.desk.Cancel(ctx, caller("ann"), k, "")
	case airlock.Approve:
		_, err = b.desk.Decide(ctx, caller("mia"), k, desk.Word{Verb: airlock.VerbApprove})
	case airlock.Reject:
		_, err = b.desk.Decide(ctx, caller("mia"), k, desk.Word{Verb: airlock.VerbReject, Reason: "Names of patients in column 3."})
	case airlock.Revoke:
		_, err = b.desk.Revoke(ctx, caller("mia"), k, "mistake")
	default:
		err = b.engine(k, on)
	}
	b.must(err)
}

// engine makes a move of the engine's.
func (b *bench) engine(k airlock.Key, on airlock.Trigger) error {
	r := b.request(k)
	c, err := r.Apply(airlock.Move{On: on, As: []airlock.Role{airlock.Engine}, Function: "airlockadvance", At: b.now()})
	if err != nil {
		return err
	}
	if on == airlock.Sealed {
		if err := b.recorded(r); err != nil {
			return err
		}
		c.Request.Manifest = airlock.Digest([]byte(k.Request))
	}
	_, err = b.store.Commit(b.t.Context(), c)
	return err
}

// recorded writes the rows of what was handed in, as the engine does.
func (b *bench) recorded(r airlock.Request) error {
	text, err := b.store.LoadManifest(b.t.Context(), r.Key(), r.Record)
	if err != nil {
		return err
	}
	s, err := airlock.ReadSubmission(text, r)
	if err != nil {
		return err
	}
	return b.store.Put(b.t.Context(), airlock.Slot{Key: r.Key(), Turn: r.Turn}, s.Missing(nil))
}

func deskWord(verb airlock.Verb, reason string) desk.Word {
	return desk.Word{Verb: verb, Reason: reason}
}

// membership makes somebody an airlock manager too.
func membership(who string) access.Membership {
	p := people[who]
	return access.Membership{Workspace: here, OID: p.OID, Name: p.Name, Email: p.Email, Role: access.AirlockManager}
}

// upload puts a clean, inspected file into a draft of Ann's.
func (b *bench) upload(k airlock.Key, name string) {
	b.t.Helper()
	link, err := b.desk.DraftLink(b.t.Context(), caller("ann"), k)
	b.must(err)
	blob, err := b.files.Upload(link.URL, name, []byte("content"))
	b.must(err)
	f := clean(name, 7)
	f.ETag = blob.ETag
	b.must(b.store.Put(b.t.Context(), airlock.Slot{Key: k, Turn: 1}, []airlock.File{f}))
}
