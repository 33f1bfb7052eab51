package simulation

import (
	"context"
	"errors"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// inReview decides, or leaves it, as the errand's goal says.
func (e *errand) inReview(w *World, r airlock.Request) {
	if e.goal == cancel && w.chance(0.2) {
		e.cancel()
		return
	}
	if e.goal == leaveReview {
		return
	}
	word := desk.Word{Verb: airlock.VerbApprove, Reason: "looked at", Digest: r.Manifest}
	switch {
	case e.goal == reject && w.chance(0.7):
		word.Verb = airlock.VerbReject
	case e.goal == returnFirst && !e.returned:
		word.Verb = airlock.VerbReturn
	}
	if w.chance(0.1) {
		word.Digest = "0000"
	} else if w.chance(0.1) {
		word.Digest = ""
	}
	e.look(w)
	who := pick(w, reviewers)
	if w.chance(0.1) {
		who = pick(w, []access.Person{e.by, olga, anna})
	}
	e.p.ask(who, string(word.Verb)+"s", func(ctx context.Context, c desk.Caller) error {
		_, err := e.p.desk.Decide(ctx, c, e.key, word)
		return err
	}, func(err error) {
		switch {
		case err == nil && (who.OID == e.by.OID || who.OID == olga.OID || who.OID == anna.OID):
			w.fail("I4 nobody decides who may not", "%s decided", who.Name)
		case err == nil && word.Digest == "0000":
			w.fail("decisions name the manifest", "a decision on another manifest counted")
		case err == nil && word.Verb == airlock.VerbReturn:
			e.returned = true
			e.plan = append(e.plan, w.drop(good))
		}
	})
}

// look has a reviewer read what is to be decided on, and try to change it.
func (e *errand) look(w *World) {
	who := pick(w, []access.Person{mia, marc, e.by})
	e.p.ask(who, "looks at the files", func(ctx context.Context, c desk.Caller) error {
		l, err := e.p.desk.SealedLink(ctx, c, e.key)
		if err != nil {
			return err
		}
		if who.OID == e.by.OID {
			w.fail("I3 no requester gets a link to sealed files", "%s did", who.Name)
		}
		names, _ := w.files.Names(l.URL)
		for _, name := range names {
			if _, err := w.files.Upload(l.URL, name, []byte("changed")); err == nil {
				w.fail("I3 no link changes sealed files", "%s wrote", who.Name)
			}
		}
		return nil
	}, func(error) {})
}

// tryLinks tries what no link into a draft may do.
func (e *errand) tryLinks(w *World) {
	for _, l := range e.links {
		if l.Access != airlock.WriteOnly {
			continue
		}
		names, _ := w.files.Names(l.URL)
		for _, name := range names {
			if _, err := w.files.Download(l.URL, name); err == nil {
				w.fail("draft links never read", "a file was read with a draft link")
			}
			if err := w.files.Erase(l.URL, name); err == nil {
				w.fail("draft links never delete", "a file was deleted with a draft link")
			}
		}
	}
}

// fetch downloads what was released, and holds it against the manifest.
func (e *errand) fetch(w *World, r airlock.Request) {
	e.p.ask(e.by, "fetches", func(ctx context.Context, c desk.Caller) error {
		l, err := e.p.desk.Link(ctx, c, e.key)
		if err != nil {
			return err
		}
		e.link(l)
		names, err := w.files.Names(l.URL)
		if err != nil {
			return err
		}
		for _, name := range names {
			content, err := w.files.Download(l.URL, name)
			if err == nil && !w.watch.approved[r.Key()][name+"\x00"+sha(content)] {
				w.fail("I1 only approved bytes cross", "a file was fetched that no approved manifest names")
			}
		}
		return nil
	}, func(err error) {
		held := errors.Is(err, airlock.ErrRefused) && w.people.fickle[e.by.OID] // was suspended
		if err != nil && !held && !w.storm && !isTrouble(err) && !errors.Is(err, errDied) && !errors.Is(err, airlock.ErrIllegal) && !errors.Is(err, airlock.ErrNotFound) {
			w.fail("what was approved can be fetched", "%v", err)
		}
	})
}
