package simulation

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// checkSettled is what must hold once the weather has been good for a while.
func (w *World) checkSettled() {
	for _, e := range w.people.errands {
		if !e.made {
			w.fail("I8 nothing is stuck", "%s could not even make a request", e.by.Name)
			continue
		}
		r := w.request(e.key)
		switch r.Stage {
		case airlock.Sealing, airlock.Gating, airlock.Approving, airlock.Rejecting, airlock.Blocking:
			w.fail("I8 nothing is stuck", "request is %s since %v: %s", r.Stage, w.now.Sub(r.Since), r.Waits(w.set.Policy).For)
		case airlock.Draft, airlock.InReview, airlock.Failed, airlock.Approved, airlock.Rejected, airlock.Blocked, airlock.Cancelled, airlock.Revoked:
		}
		if r.Stage == airlock.Failed && e.helped && r.Since.After(e.retried) {
			w.fail("I8 a retry in good weather helps", "request failed again in %s: %s", r.FailedFrom, r.Message)
		}
		w.checkWaits(r)
		w.checkMalware(r)
		w.checkTrail(r)
		w.checkContainers(r)
		w.checkMail(e, r)
		if len(r.Notices) > 0 {
			w.fail("everybody is told", "%d notices wait: %v", len(r.Notices), r.Notices)
		}
		if r.Stage == airlock.Approved && !r.Retired {
			w.checkReleased(r, "in the end")
		}
		if r.Stage == airlock.InReview || r.Stage == airlock.Approved && !r.Retired {
			w.checkSealed(r, "in the end")
		}
	}
	w.checkLinks()
	w.checkAside()
	w.estate.checkSettled()
}

// checkWaits is I9: an unfinished request has an owner, a deadline, a sentence
// and an exit, and a row by which sweep finds it.
func (w *World) checkWaits(r airlock.Request) {
	if !r.Stage.Unfinished() {
		return
	}
	wait := r.Waits(w.set.Policy)
	if wait.Owner == "" || wait.Deadline.IsZero() || wait.For == "" {
		w.fail("I9 what is unfinished waits for somebody", "%s: %+v", r.Stage, wait)
	}
	if len(airlock.Steps.Allowed(r.Stage, airlock.Roles...)) == 0 {
		w.fail("I9 what is unfinished has an exit", "%s", r.Stage)
	}
	if o, err := w.store.Open(context.Background(), r.Key()); err != nil || o.Due.After(wait.Deadline.Add(w.set.Cadence.Draft)) {
		w.fail("I9 sweep finds what is unfinished", "%s: due %v, deadline %v, %v", r.Stage, o.Due, wait.Deadline, err)
	}
}

// checkTrail is I7: the audit chain is whole, and leads to where the request is.
func (w *World) checkTrail(r airlock.Request) {
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) {
		return w.store.Lines(context.Background(), r.Key(), p)
	})
	if err != nil {
		w.fail("I7 the audit chain is whole", "%v", err)
		return
	}
	if err := audit.Verify(lines, r.Head); err != nil {
		w.fail("I7 the audit chain is whole", "%v", err)
	}
	stage := ""
	for _, line := range lines {
		if line.From != stage && line.From != "" {
			w.fail("I7 the audit chain is whole", "line %d goes on from %s, the one before led to %s", line.Seq, line.From, stage)
		}
		if line.To != "" {
			stage = line.To
		}
	}
	if stage != string(r.Stage) {
		w.fail("I7 the audit chain is whole", "it leads to %s, the request is %s", stage, r.Stage)
	}
}

// checkContainers: what the request owns is there, and nothing else is. That
// is I12 too: what was revoked is gone.
func (w *World) checkContainers(r airlock.Request) {
	owned := map[airlock.Place]bool{}
	for _, m := range r.Owns() {
		place := r.Place(m.Kind, m.Number)
		owned[place] = true
		if m.Kind == airlock.RescanFiles || r.Stage == airlock.Failed {
			continue // made when needed
		}
		if !w.exists(place) {
			w.fail("what a request owns is there", "%s of turn %d is not, in %s", m.Kind, m.Number, r.Stage)
		}
	}
	for place, made := range w.containers() {
		c, err := airlock.ParseContainer(place.Container)
		if err != nil || c.Key != r.Key() || owned[place] {
			continue
		}
		if !r.Made(c.Kind, c.Number) && len(w.list(place)) == 0 && w.now.Sub(made) < 2*w.set.Orphan {
			continue // made for a change that was not committed; retain will find it
		}
		w.fail("I12 what a request does not own is gone", "%s container %d is still there in %s", c.Kind, c.Number, r.Stage)
	}
}

// checkMail: everybody was told of everything, once.
func (w *World) checkMail(e *errand, r airlock.Request) {
	events := map[airlock.Event]int{}
	for _, m := range w.watch.moves[r.Key()] {
		for _, row := range airlock.Steps {
			if row.From == m.from && row.On == m.on {
				for _, o := range row.Then {
					if o == airlock.Notify {
						events[airlock.EventOf(row.On, row.To)]++
					}
				}
				break
			}
		}
	}
	for _, event := range airlock.Events {
		n := events[event]
		for _, role := range event.Audience() {
			switch {
			case role == airlock.Owner && (event == airlock.ToldInfected || event == airlock.ToldRecalled):
				w.checkTold(told{olga.Email, r.ID, string(event), n}, olga.Name)
			case role == airlock.Creator && event != airlock.ToldWaiting && event != airlock.ToldOverLimit:
				w.checkTold(told{e.by.Email, r.ID, string(event), n}, e.by.Name)
			case role == airlock.Manager && event != airlock.ToldWaiting:
				for _, m := range []struct{ oid, email, name string }{{mia.OID, mia.Email, mia.Name}, {marc.OID, marc.Email, marc.Name}} {
					if !w.people.fickle[m.oid] {
						w.checkTold(told{m.email, r.ID, string(event), n}, m.name)
					}
				}
			}
		}
	}
}

type told struct {
	email, request, event string
	times                 int
}

func (w *World) checkTold(t told, name string) {
	if got := w.mail.told(t.email, t.request, t.event); got != t.times {
		w.fail("everybody is told once", "%s: %d mails of %d %s", name, got, t.times, t.event)
	}
}

// checkLinks: no link ever given reads a draft, writes into anything sealed,
// or reads what is not released.
func (w *World) checkLinks() {
	for _, e := range w.people.errands {
		e.tryLinks(w)
		r := w.request(e.key)
		for _, l := range e.links {
			names, err := w.files.Names(l.URL)
			for _, name := range names {
				if content, err := w.files.Download(l.URL, name); err == nil && w.watch.malware[r.Key()][sha(content)] {
					w.fail("malware cannot be read by a link", "%q of a request that is %s", name, r.Stage)
				}
			}
			if err == nil && l.Access == "read" && r.Stage != airlock.Approved {
				w.fail("I12 links die with what they lead to", "a link to %d released files works in %s", len(names), r.Stage)
			}
			if err == nil && l.Access == "write" && r.Stage != airlock.Draft {
				w.fail("I3 links into a draft end with it", "one still works in %s", r.Stage)
			}
		}
	}
}

// checkAside: what was put aside was looked at.
func (w *World) checkAside() {
	for queue, box := range w.poison {
		if len(box) > 0 {
			w.fail("poisoned messages are marked", "%d of %s lie there", len(box), queue)
		}
	}
	if len(w.dead) > 0 {
		w.fail("dead letters are read", "%d lie there", len(w.dead))
	}
	lines, err := w.store.StrangeLines(context.Background())
	if err != nil {
		w.fail("strange lines can be read", "%v", err)
	}
	for _, line := range lines {
		w.secrets.check(w, "strange line", line.Reason+line.Detail)
	}
}

// checkEnd is what must hold when all deadlines and retention are over: no
// container, no open work, nothing unfinished.
func (w *World) checkEnd() {
	w.checkVerdicts()
	w.estate.checkEnd()
	for _, o := range w.open() {
		w.fail("work ends", "open work in %s, due %v", o.Stage, o.Due)
	}
	for place := range w.containers() {
		w.fail("retention purges everything", "container %s", place.Container)
	}
	for _, e := range w.people.errands {
		r := w.request(e.key)
		if e.made && r.Stage.Unfinished() {
			w.fail("I9 deadlines end what nobody decides", "request is %s", r.Stage)
		}
		w.checkTrail(r)
	}
}
