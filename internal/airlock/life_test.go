package airlock_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

const settle = 10 * time.Minute

var cadence = airlock.Cadence{Hint: time.Minute, Draft: time.Hour, Settle: settle}

// life is a request to which anything may happen, and what was ever seen of it.
type life struct {
	r        airlock.Request
	now      time.Time
	lines    []audit.Line
	disowned map[airlock.Container]bool
}

// TestAnyLife lets anybody do anything in any order: what is refused changes
// nothing, and what is allowed keeps the airlock's promises.
func TestAnyLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := &life{r: fresh(), now: noon, disowned: map[airlock.Container]bool{}}
		turn := rapid.SampledFrom([]int{1, 1, 1, airlock.MaxNumber - 1}).Draw(t, "turn")
		l.r.Turn, l.r.Containers = turn, nil
		l.r = l.r.Making(airlock.DraftFiles, turn)
		t.Repeat(map[string]func(*rapid.T){
			"":       l.check,
			"likely": l.likely,
			"move":   l.move,
			"decide": l.decide,
			"rescan": l.rescan,
			"purge":  l.purge,
			"note":   func(*rapid.T) { l.commit(l.r.Note(audit.Line{Action: "note", At: l.now})) },
			"mark":   func(*rapid.T) { l.r, _ = l.r.Marked(airlock.Mark{Queue: "airlockadvance", At: l.now}, 3) },
			"tell": func(*rapid.T) {
				if len(l.r.Notices) > 0 {
					l.r = l.r.Told(l.r.Notices[0])
				}
			},
		})
	})
}

func (l *life) commit(c airlock.Change) { l.r, l.lines = c.Request, append(l.lines, c.Lines...) }

// likely makes one of the moves that the table allows now.
func (l *life) likely(t *rapid.T) {
	var rows []airlock.Step
	for _, row := range airlock.Steps {
		if row.From == l.r.Stage {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return
	}
	row := rapid.SampledFrom(rows).Draw(t, "row")
	before := copied(t, l.r)
	l.now = l.now.Add(pace)
	if c, err := pull(l.r, row.On); err == nil {
		l.commit(c)
	} else {
		unchanged(t, before, l.r, c, err)
	}
}

// move pulls any trigger as anybody.
func (l *life) move(t *rapid.T) {
	role := rapid.SampledFrom(airlock.Roles).Draw(t, "role")
	by := rapid.SampledFrom([]access.Person{actors[role], ada, {}}).Draw(t, "by")
	m := airlock.Move{On: rapid.SampledFrom(airlock.Triggers).Draw(t, "on"), By: by, As: []airlock.Role{role},
		At: l.now, Reason: rapid.SampledFrom([]string{"", "because"}).Draw(t, "reason")}
	before := copied(t, l.r)
	c, err := l.r.Apply(m)
	if err != nil {
		unchanged(t, before, l.r, c, err)
		return
	}
	if cmp.Diff(before, l.r, cmpopts.EquateEmpty()) != "" {
		t.Fatal("a move changed the request it was made on")
	}
	if c.Request.Stage == airlock.Approving && before.Stage != airlock.Failed {
		t.Fatal("approved without a decision")
	}
	l.commit(c)
}

// decide lets anybody decide with any digest.
func (l *life) decide(t *rapid.T) {
	d := airlock.Decision{Verb: rapid.SampledFrom([]airlock.Verb{airlock.VerbApprove, airlock.VerbApprove, airlock.VerbReject, airlock.VerbReturn, "shrug"}).Draw(t, "verb"),
		By:     rapid.SampledFrom([]access.Person{ada, olga, mira, maxi, moe, {}}).Draw(t, "by"),
		Digest: rapid.SampledFrom([]string{"", l.r.Manifest, "other"}).Draw(t, "digest"), Reason: "because", At: l.now}
	before := copied(t, l.r)
	c, err := l.r.Decide(d, managed(ada, mira, maxi, moe), 2)
	if err != nil {
		unchanged(t, before, l.r, c, err)
		return
	}
	if d.By.OID == ada.OID || d.By.OID == olga.OID || d.Digest == "other" || d.Digest == "" && l.r.Turn > 1 {
		t.Fatalf("%s decided with digest %q in turn %d", d.By.Name, d.Digest, l.r.Turn)
	}
	if c.Request.Stage == airlock.Approving && len(c.Members) != 2 {
		t.Fatalf("approved by %d", len(c.Members))
	}
	l.commit(c)
}

func (l *life) rescan(*rapid.T) {
	if l.r.Stage == airlock.Gating {
		l.r = l.r.Making(airlock.RescanFiles, l.r.Turn)
	}
}

// purge sees every disowned container gone, or still there.
func (l *life) purge(t *rapid.T) {
	l.now = l.now.Add(rapid.SampledFrom([]time.Duration{time.Second, settle}).Draw(t, "later"))
	for _, m := range l.r.Purges() {
		if rapid.Bool().Draw(t, "gone") {
			l.r = l.r.SeenAbsent(m, l.now, settle)
		} else {
			l.r = l.r.SeenPresent(m)
		}
	}
}

// check holds the request against the promises.
func (l *life) check(t *rapid.T) {
	l.checkContainers(t)
	l.checkWaiting(t)
	if err := audit.Verify(l.lines, l.r.Head); err != nil {
		t.Fatal(err)
	}
	if l.r.Turn > airlock.MaxNumber || l.r.Attempt > airlock.MaxNumber {
		t.Fatalf("turn %d, attempt %d", l.r.Turn, l.r.Attempt)
	}
	if retry, ok := l.r.RetryOf(); ok {
		if row, there := airlock.Steps.Next(airlock.Failed, retry); !there || row.To != l.r.FailedFrom {
			t.Fatalf("failed from %s, %s leads to %s", l.r.FailedFrom, retry, row.To)
		}
	}
	if (l.r.FailedFrom != "") != (l.r.Stage == airlock.Failed) || l.r.Stopped && l.r.FailedFrom != airlock.Approving {
		t.Fatalf("%s, failed from %q, stopped %t", l.r.Stage, l.r.FailedFrom, l.r.Stopped)
	}
}

func (l *life) checkContainers(t *rapid.T) {
	named := func(m airlock.Made) airlock.Container {
		c := airlock.Container{Kind: m.Kind, Key: l.r.Key(), Number: m.Number}
		if back, err := airlock.ParseContainer(c.String()); err != nil || back != c {
			t.Fatalf("container %s: %v", c, err)
		}
		return c
	}
	owned, purged := l.r.Owns(), l.r.Purges()
	for _, m := range purged {
		l.disowned[named(m)] = true
	}
	for _, m := range owned {
		if l.disowned[named(m)] {
			t.Fatalf("%s: container %s is owned again", l.r.Stage, named(m))
		}
	}
	for _, m := range l.r.Containers {
		if same := func(o airlock.Made) bool { return o.Kind == m.Kind && o.Number == m.Number }; slices.ContainsFunc(owned, same) == slices.ContainsFunc(purged, same) {
			t.Fatalf("%s: container %s is owned and purged, or neither", l.r.Stage, named(m))
		}
	}
	if l.r.Retired && len(owned) > 0 {
		t.Fatalf("retired, and owns %v", owned)
	}
}

func (l *life) checkWaiting(t *rapid.T) {
	open, isOpen := l.r.OpenWork(airlock.Policy{}, cadence)
	w := l.r.Waits(airlock.Policy{})
	if w.For == "" {
		t.Fatalf("%s waits for nothing we can say", l.r.Stage)
	}
	if isOpen && open.Due.IsZero() {
		t.Fatalf("%s: open work that is never due", l.r.Stage)
	}
	if (len(l.r.Notices) > 0 || len(l.r.Purges()) > 0) && !isOpen {
		t.Fatalf("%s: notices or purges are left, and no open work", l.r.Stage)
	}
	if !l.r.Stage.Unfinished() {
		return
	}
	people := airlock.Steps.Allowed(l.r.Stage, airlock.Creator, airlock.Owner, airlock.Manager, airlock.Admin)
	engine := slices.ContainsFunc(airlock.Steps.Allowed(l.r.Stage, airlock.Engine), func(on airlock.Trigger) bool {
		row, _ := airlock.Steps.Next(l.r.Stage, on)
		return row.To != l.r.Stage
	})
	if w.Owner == "" || !w.Deadline.After(l.r.Since) || !isOpen || open.Rests || len(people) == 0 && !engine {
		t.Fatalf("%s: %+v, open %t: an unfinished stage without owner, deadline or exit", l.r.Stage, w, isOpen)
	}
}

func copied(t *rapid.T, r airlock.Request) airlock.Request {
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back airlock.Request
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("does not survive being stored\n%s", diff)
	}
	return back
}

func unchanged(t *rapid.T, before, after airlock.Request, c airlock.Change, err error) {
	if diff := cmp.Diff(before, after, cmpopts.EquateEmpty()) + cmp.Diff(airlock.Change{}, c); diff != "" {
		t.Fatalf("%v, and yet\n%s", err, diff)
	}
	for _, known := range []error{airlock.ErrIllegal, airlock.ErrRefused, airlock.ErrInvalid, airlock.ErrConflict} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Fatalf("%v is none of the rulebook's errors", err)
}
