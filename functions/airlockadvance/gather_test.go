package airlockadvance_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockadvance"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// aboutFile is the order that a late inspection, or a late verdict, brings.
var aboutFile = message.Advance{Workspace: roomtest.Here, Request: roomtest.RequestID, File: true, Trace: "trace"}

// count is how often a port was called.
func count(w *roomtest.World, port string) int {
	return len(slices.DeleteFunc(w.Faults.Calls(), func(p string) bool { return p != port }))
}

// A thousand late inspections, and then a thousand late verdicts, cost one
// small read each and a few looks in all.
func TestLateFactsAreGathered(t *testing.T) {
	t.Parallel()
	const files = 1000
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	blobs := make([]airlock.Blob, files)
	for i := range blobs {
		blobs[i] = w.Drop(r, fmt.Sprintf("f%04d", i), "x")
	}
	r = w.Submit(r)
	f := room(w)
	f.Page = 0
	handle := func(m message.Advance) airlockadvance.Out {
		out, err := f.Handle(w.Context("airlockadvance"), m)
		w.Must(err)
		return out
	}
	handle(order) // what the submit ordered
	clean := roomtest.Clean
	late := func(what string, fact airlock.File, stage airlock.Stage) {
		t.Helper()
		w.Faults.Fail(0, false)
		for _, b := range blobs {
			fact.Name, fact.ETag = b.Name, b.ETag
			w.Put(r, fact)
			handle(aboutFile)
		}
		if lists := count(w, "Files.List"); lists != 0 {
			t.Errorf("%s: %d listings by the messages", what, lists)
		}
		if calls := len(w.Faults.Calls()); calls > files+10 {
			t.Errorf("%s: %d calls, of which %d read open work", what, calls, count(w, "Work.Open"))
		}
		sent := w.TakeSent()
		if len(sent) != 1 {
			t.Fatalf("%s: %d looks are expected", what, len(sent))
		}
		w.Pass(sent[0].At.Sub(w.Now()))
		w.Faults.Fail(0, false)
		for m := sent[0].Message.(message.Advance); ; m = order {
			if handle(m).Advance == nil {
				break
			}
		}
		pages := files/3 + 1 // listings without a limit come in threes here
		if lists := count(w, "Files.List"); lists > 4*pages {
			t.Errorf("%s: %d listings by the look", what, lists)
		}
		if now := w.Reload(r); now.Stage != stage {
			t.Errorf("%s: is %s", what, now.Stage)
		}
	}
	w.TakeSent()
	w.Must(w.Store.Expect(t.Context(), r.Key(), time.Time{})) // as if the first look was long ago
	late("inspections", airlock.File{Inspection: w.Inspected("x")}, airlock.Gating)
	late("verdicts", airlock.File{Verdict: &clean}, airlock.InReview)
}

// The facts about a small request are looked at one by one: nobody waits.
func TestFewFactsAreNotGathered(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	b := w.Drop(r, "a", "alpha")
	r = w.Submit(r)
	clean := roomtest.Clean
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha"), Verdict: &clean})
	out, err := room(w).Handle(w.Context("airlockadvance"), aboutFile)
	w.Must(err)
	if now := w.Reload(r); now.Stage != airlock.InReview || out.Advance != nil || len(w.TakeSent()) != 0 {
		t.Errorf("is %s, ordered %q", now.Stage, short(out))
	}
}

// A note that a look is expected is not believed for ever.
func TestExpectedLookThatWasLost(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	for i := range 30 {
		w.Drop(r, fmt.Sprint("f", i), "x")
	}
	r = w.Submit(r)
	f := room(w)
	for _, tt := range []struct {
		after time.Duration
		sent  int
	}{{0, 1}, {time.Second, 0}, {roomtest.HintAfter, 0}, {3 * time.Second, 1}} {
		w.Pass(tt.after)
		_, err := f.Handle(w.Context("airlockadvance"), aboutFile)
		w.Must(err)
		if n := len(w.TakeSent()); n != tt.sent {
			t.Errorf("after %v more: %d looks ordered", tt.after, n)
		}
	}
	if n := w.Reload(r).Stage; n != airlock.Sealing {
		t.Errorf("is %s", n)
	}
}

// queue holds messages, each to be seen from a time on.
type queue struct {
	messages []message.Advance
	at       []time.Time
}

func (q *queue) push(m message.Advance, at time.Time) {
	q.messages, q.at = append(q.messages, m), append(q.at, at)
}

// pop takes any message that can be seen; time passes until there is one.
func (q *queue) pop(rng *rand.Rand, w *roomtest.World) message.Advance {
	if first := slices.MinFunc(q.at, time.Time.Compare); first.After(w.Now()) {
		w.Pass(first.Sub(w.Now()))
	}
	var due []int
	for i, at := range q.at {
		if !at.After(w.Now()) {
			due = append(due, i)
		}
	}
	i := due[rng.IntN(len(due))]
	m := q.messages[i]
	q.messages, q.at = slices.Delete(q.messages, i, i+1), slices.Delete(q.at, i, i+1)
	return m
}

// In whatever order, however often, between whichever calls of a look: after
// the last fact about a file the request is looked at, without any sweep. Where
// workers crash, each is worth one sweep at most: who dies at work on a chain of
// looks keeps others from it until then.
func TestNoFactIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		p := newStorm(t, seed)
		crashes := 0
		if seed%2 == 0 {
			crashes = 3
		}
		for sweeps := crashes; ; sweeps-- {
			p.play(t, seed, &crashes)
			if p.w.Reload(p.r).Stage == airlock.InReview || sweeps == 0 {
				break
			}
			p.w.Pass(roomtest.HintAfter)
			p.queue.push(order, p.w.Now())
		}
		if now := p.w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID}); now.Stage != airlock.InReview {
			t.Fatalf("seed %d: is %s", seed, now.Stage)
		}
	}
}

// storm is a request whose inspections and verdicts come while workers look.
type storm struct {
	w       *roomtest.World
	rng     *rand.Rand
	room    airlockadvance.Function
	r       airlock.Request
	queue   queue
	facts   []airlock.File // to come
	writing []airlock.File // their writers have read the row, and go on later
	begun   map[string]time.Time
	depth   int
}

func newStorm(t *testing.T, seed uint64) *storm {
	w := roomtest.New(t)
	p := &storm{w: w, begun: map[string]time.Time{}, rng: rand.New(rand.NewPCG(seed, 1)), room: room(w), r: w.Draft(airlock.Import)}
	clean := roomtest.Clean
	for i := range 2 + p.rng.IntN(1+p.rng.IntN(30)) {
		b := w.Drop(p.r, fmt.Sprint("f", i), "x")
		for _, f := range []airlock.File{{Inspection: w.Inspected("x")}, {Verdict: &clean}} {
			f.Name, f.ETag = b.Name, b.ETag
			p.facts = append(p.facts, f)
		}
	}
	p.rng.Shuffle(len(p.facts), func(i, j int) { p.facts[i], p.facts[j] = p.facts[j], p.facts[i] })
	for range p.rng.IntN(len(p.facts)) { // most come before
		p.fact()
	}
	p.r = w.Submit(p.r)
	p.queue.push(order, w.Now())
	p.room.Page, p.room.GatherFrom, p.room.Gather = []int{2, 5, 100}[p.rng.IntN(3)], []int{2, 5, 100}[p.rng.IntN(3)], time.Second
	for _, port := range []string{"Files.List", "Files.Put", "Work.Open", "Work.Expect", "Work.Touch", "Orders.Send", "Requests.Commit", "Vault.Copy"} {
		w.Faults.Before(port, p.meanwhile)
	}
	return p
}

// play works until nothing is left to come.
func (p *storm) play(t *testing.T, seed uint64, crashes *int) {
	for steps := 0; len(p.queue.messages) > 0 || len(p.facts) > 0 || len(p.writing) > 0; steps++ {
		if steps > 5000 {
			t.Fatalf("seed %d: work does not end", seed)
		}
		if len(p.queue.messages) == 0 || p.rng.IntN(3) == 0 {
			p.fact()
			continue
		}
		crash := 0
		if *crashes > 0 && p.rng.IntN(4) == 0 {
			crash = 1 + p.rng.IntN(30)
			*crashes--
		}
		p.w.Faults.Fail(crash, p.rng.IntN(2) == 0)
		p.work()
	}
}

// meanwhile lets others work in the middle of a call.
func (p *storm) meanwhile() {
	if p.depth > 1 {
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	for p.rng.IntN(5) == 0 {
		p.fact()
		if len(p.queue.messages) > 0 && p.rng.IntN(2) == 0 {
			p.work()
		}
	}
}

func key(f airlock.File) string { return fmt.Sprint(f.Name, f.Inspection != nil) }

// fact has a fact begun, or written with its message, as airlockinspect and
// airlockverdict do.
func (p *storm) fact() {
	if len(p.facts) > 0 && (len(p.writing) == 0 || p.rng.IntN(2) == 0) {
		f := p.facts[0]
		p.facts = p.facts[1:]
		if row, err := p.w.Store.Get(p.w.T.Context(), roomtest.Slot(p.r), f.Name, f.ETag); err == nil {
			f.Record = row.Record
		}
		p.writing, p.begun[key(f)] = append(p.writing, f), p.w.Now()
		return
	}
	if len(p.writing) == 0 {
		return
	}
	i := p.rng.IntN(len(p.writing))
	f := p.writing[i]
	p.writing = slices.Delete(p.writing, i, i+1)
	look := f.Inspection != nil || f.Record != nil || p.w.Now().Sub(p.begun[key(f)]) >= p.room.Gather
	f.Record = nil
	p.w.Put(p.r, f)
	if look {
		p.queue.push(aboutFile, p.w.Now())
	}
}

// work handles one message; one that fails comes again, some come twice.
func (p *storm) work() {
	m := p.queue.pop(p.rng, p.w)
	if p.rng.IntN(6) == 0 && m.File {
		p.queue.push(m, p.w.Now())
	}
	out, err := p.room.Handle(p.w.Context("airlockadvance"), m)
	for _, sent := range p.w.TakeSent() {
		p.queue.push(sent.Message.(message.Advance), sent.At)
	}
	switch {
	case err != nil: // the host drops what a failed call ordered
		p.queue.push(m, p.w.Now().Add(time.Second))
	case out.Advance != nil:
		p.queue.push(*out.Advance, p.w.Now())
	}
}
