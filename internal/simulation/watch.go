package simulation

import (
	"context"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// watcher looks at every commit as it happens.
type watcher struct {
	approved map[airlock.Key]map[string]bool // name and SHA-256 of every file that was ever approved
	moves    map[airlock.Key][]move
	malware  map[airlock.Key]map[string]bool // SHA-256 of what the scanner's word on was kept
}

// move is a change of stage, or an endorsement.
type move struct {
	on   airlock.Trigger
	from airlock.Stage
	to   airlock.Stage
	by   string // object id; "" for the engine
	turn int
}

func (o *watcher) init() {
	o.approved, o.moves = map[airlock.Key]map[string]bool{}, map[airlock.Key][]move{}
	o.malware = map[airlock.Key]map[string]bool{}
}

// watched shows the watcher every commit.
type watched struct {
	w  *World
	to airlock.Requests
}

func (o watched) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	return o.to.Request(ctx, key)
}

func (o watched) Requests(ctx context.Context, workspace string, page airlock.Page) ([]airlock.Request, string, error) {
	return o.to.Requests(ctx, workspace, page)
}

// Commit implements airlock.Requests.
func (o watched) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	before := o.w.request(c.Request.Key())
	saved, err := o.to.Commit(ctx, c)
	if err == nil && saved.Version != before.Version {
		o.w.committed(before, saved, c)
	}
	return saved, err
}

// committed holds a change that was written against the rules.
func (w *World) committed(before, now airlock.Request, c airlock.Change) {
	w.tracef("  committed: %s → %s turn %d attempt %d, notices %d, containers %v", before.Stage, now.Stage, now.Turn, now.Attempt,
		len(now.Notices), now.Containers)
	key := now.Key()
	for _, line := range c.Lines {
		w.secrets.check(w, "audit line "+line.Action, line.Reason+line.Detail+line.Actor.Name)
		if on := airlock.Trigger(line.Action); slices.Contains(airlock.Triggers, on) {
			w.watch.moves[key] = append(w.watch.moves[key], move{on, airlock.Stage(line.From), airlock.Stage(line.To), line.Actor.OID, before.Turn})
		}
	}
	if before.Version == "" {
		return
	}
	if before.Stage != now.Stage {
		w.checkMove(before, now, c)
	}
	switch {
	case before.Stage != now.Stage && now.Stage == airlock.Sealing && before.Stage == airlock.Draft:
		w.checkRecord(now)
	case before.Stage == airlock.Sealing && now.Stage == airlock.Gating:
		w.checkRows(now)
	case slices.Contains([]airlock.Stage{airlock.Sealing, airlock.Gating}, before.Stage) && now.Stage == airlock.InReview:
		if before.Stage == airlock.Sealing {
			w.checkRows(now)
		}
		w.checkSealed(now, "as the review begins")
		w.checkScanned(now)
	case before.Stage == airlock.InReview && now.Stage == airlock.Approving:
		w.checkApproval(before, now, c)
		w.checkSealed(now, "as it is approved")
		w.remember(now)
	case now.Stage == airlock.Approved && before.Stage != airlock.Approved:
		w.checkReleased(now, "as the delivery ends")
	}
}

// checkMove is I7: moves of the table, each with its line in the same commit.
func (w *World) checkMove(before, now airlock.Request, c airlock.Change) {
	at := before.Stage
	for _, line := range c.Lines {
		if row, ok := airlock.Steps.Next(at, airlock.Trigger(line.Action)); ok && line.From == string(at) && line.To == string(row.To) {
			at = row.To
		}
	}
	if at != now.Stage {
		w.fail("I7 every move has its audit line", "%s → %s", before.Stage, now.Stage)
	}
}

// checkRecord: what was there when the submit began is handed in, and what was
// removed before is not.
func (w *World) checkRecord(r airlock.Request) {
	submission, ok := w.submission(r)
	if !ok || len(submission.Files) != r.Files || submission.Bytes() != r.Bytes {
		w.fail("the record is what was committed", "%d files in it, the request says %d", len(submission.Files), r.Files)
	}
	i := slices.IndexFunc(w.people.errands, func(e *errand) bool { return e.key == r.Key() })
	if i < 0 || w.people.errands[i].tabs {
		return
	}
	listed := map[string]bool{}
	for _, f := range submission.Files {
		listed[f.Name] = true
	}
	h := w.people.errands[i].handed
	for name := range h.removed {
		if listed[name] {
			w.fail("removed files are not handed in", "%q", name)
		}
	}
	for name := range h.there {
		if !listed[name] {
			w.fail("nothing that was uploaded is lost", "%q is not in the record", name)
		}
	}
}

// checkRows: once everything is sealed, the listed rows are what the one
// submit that committed handed in, less what was removed as it did, whatever
// else was being handed in.
func (w *World) checkRows(r airlock.Request) {
	submission, _ := w.submission(r)
	handed, known := map[string]bool{}, map[string]bool{}
	for _, f := range submission.Files {
		handed[f.Name] = true
	}
	for _, f := range w.rows(r, airlock.Everything) {
		known[f.Name] = known[f.Name] || f.Record != nil && (f.Listed() || f.Removal != nil)
		if f.Listed() && !handed[f.Name] {
			w.fail("the rows are those of the record", "%q was not handed in", f.Name)
		}
	}
	for name := range handed {
		if !known[name] {
			w.fail("the rows are those of the record", "%q was handed in", name)
		}
	}
}

// checkApproval is I4: N different people, none of them the requester, all
// airlock managers now, for the manifest under review.
func (w *World) checkApproval(before, now airlock.Request, c airlock.Change) {
	who := map[string]bool{}
	for _, m := range w.watch.moves[now.Key()] {
		if m.turn == before.Turn && (m.on == airlock.Endorse || m.on == airlock.Approve) {
			who[m.by] = true
		}
	}
	valid := 0
	for _, m := range w.members() {
		if who[m.OID] && m.Role == access.AirlockManager && m.OID != now.CreatedBy.OID && m.OID != now.SubmittedBy.OID {
			valid++
		}
	}
	if need := w.people.home.Policy.Reviewers; valid < need {
		w.fail("I4 enough people approve", "%d of %d that count; approved by %v", valid, need, who)
	}
	if c.Decision == nil {
		w.fail("I4 enough people approve", "no decision was written")
	}
}

// remember notes what was approved.
func (w *World) remember(r airlock.Request) {
	m, ok := w.manifest(r.Key(), r.Manifest)
	if !ok {
		w.fail("I2 manifests are kept", "none of digest %s", r.Manifest)
	}
	if w.watch.approved[r.Key()] == nil {
		w.watch.approved[r.Key()] = map[string]bool{}
	}
	for _, e := range m.Files {
		w.watch.approved[r.Key()][e.Name+"\x00"+e.SHA256] = true
	}
}

// checkSealed is I2 and I3: what is sealed is what the manifest says.
func (w *World) checkSealed(r airlock.Request, when string) {
	w.checkContainer(r, r.Place(airlock.SealedFiles, r.Turn), "I2 sealed is what the manifest says, "+when)
}

// checkReleased is I1 and I2 on the other side.
func (w *World) checkReleased(r airlock.Request, when string) {
	w.checkContainer(r, r.Place(airlock.ReleasedFiles, r.Attempt), "I1 released is what was approved, "+when)
}

func (w *World) checkContainer(r airlock.Request, place airlock.Place, check string) {
	m, ok := w.manifest(r.Key(), r.Manifest)
	if !ok {
		w.fail(check, "there is no manifest %s", r.Manifest)
		return
	}
	if len(m.Files) == 0 || !w.exists(place) {
		w.fail(check, "%d files in the manifest, container there: %v", len(m.Files), w.exists(place))
	}
	for _, e := range m.Files {
		if got := sha(w.content(place, e.Name)); got != e.SHA256 {
			w.fail(check, "%q is %s, not %s", e.Name, got[:8], e.SHA256[:min(8, len(e.SHA256))])
		}
	}
	if blobs := w.list(place); len(blobs) != len(m.Files) {
		w.fail(check, "%d files in the container, %d in the manifest", len(blobs), len(m.Files))
	}
}

// checkScanned is I6: nothing comes before a reviewer that the scanner did not
// find clean.
func (w *World) checkScanned(r airlock.Request) {
	if w.people.home.Policy.SkipScan {
		return
	}
	m, _ := w.manifest(r.Key(), r.Manifest)
	for _, e := range m.Files {
		if !w.scanner.clean[e.SHA256] {
			w.fail("I6 only what was scanned clean passes", "%q", e.Name)
		}
		if e.Verdict != airlock.Clean {
			w.fail("I6 only what was scanned clean passes", "%q is in the manifest as %q", e.Name, e.Verdict)
		}
	}
}
