package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
)

// dropped is a file that somebody means to upload.
type dropped struct {
	name    string
	content []byte
	tier    string // "" for the account's own
}

// variety is a kind of file.
type variety int

const (
	good variety = iota
	empty
	large      // read and copied in slices
	infected   // by the scanners' test file
	sealedShut // no scanner opens it
	tooLarge
	badName
	program // refused by its content
	frozen  // in a tier that cannot be read
	varieties
)

// names are what people call their files; the last place is for a number.
var names = []string{nameMark + " %d.csv", "sub folder/" + nameMark + "-%d.txt", nameMark + "-Ärger-\u0041\u0308-%d.csv",
	nameMark + "-😀-%d.csv", "😀/" + nameMark + "%%20+#&-%d.txt", nameMark + "-?-%d.txt"}

// badNames are refused.
var badNames = []string{nameMark + `\back-%d`, nameMark + "-dot-%d.", "/" + nameMark + "-%d", nameMark + "\u202e-%d"}

// drop makes up a file.
func (w *World) drop(kind variety) dropped {
	n := w.rng.IntN(1000)
	d := dropped{name: fmt.Sprintf(pick(w, names), n)}
	text := fmt.Sprintf("%s,%d,%s\n", contentMark, n, w.id())
	switch kind {
	case good, varieties:
	case empty:
		text = ""
	case large:
		text = strings.Repeat(text, 150+w.rng.IntN(200))
	case infected:
		text = eicar
	case sealedShut:
		text = locked + text
	case tooLarge:
		text = strings.Repeat(text, 600)
	case badName:
		d.name = fmt.Sprintf(pick(w, badNames), n)
	case frozen:
		d.tier = "Archive"
	case program:
		text = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00" + text
	}
	d.content = []byte(text)
	return d
}

// drops make up what a request is to hold: mostly good files.
func (w *World) drops() []dropped {
	var all []dropped
	n := 1 + w.rng.IntN(4)
	switch {
	case w.chance(0.05):
		n = 8 // too many
	case w.chance(0.03):
		n = 14 // far too many
	}
	for range n {
		kind := pick(w, []variety{good, good, good, empty, large, large})
		if w.chance(0.12) {
			kind = variety(w.rng.IntN(int(varieties)))
		}
		all = append(all, w.drop(kind))
	}
	return all
}

// inDraft uploads, overwrites, removes, and at last submits.
func (e *errand) inDraft(w *World, r airlock.Request) {
	link, ok := e.writable(w.now)
	switch {
	case e.goal == cancel && w.chance(0.2):
		e.cancel()
	case !ok || !strings.Contains(link.URL, r.Place(airlock.DraftFiles, r.Turn).Container):
		e.mine("gets a link", func(ctx context.Context, c desk.Caller) error {
			l, err := e.p.desk.DraftLink(ctx, c, e.key)
			if err == nil {
				e.link(l)
			}
			return err
		}, func(error) {})
	case len(e.plan) > 0:
		for range 1 + w.rng.IntN(len(e.plan)) {
			e.upload(w, link, e.plan[0])
			if w.chance(0.15) { // and again, before anybody can have looked at it
				d := w.drop(pick(w, []variety{good, large}))
				d.name = e.plan[0].name
				w.later(w.between(0, 5*time.Second), "", func() { e.upload(w, link, d) })
			}
			e.plan = e.plan[1:]
		}
	case w.chance(0.15) && len(e.there) > 0: // another version of a file
		d := w.drop(good)
		d.name = pick(w, slices.Sorted(maps.Keys(e.there)))
		e.upload(w, link, d)
	case w.chance(0.15) && len(e.there) > 1:
		e.remove(pick(w, slices.Sorted(maps.Keys(e.there))))
	case e.goal == leaveDraft && !w.chance(0.05):
	default:
		e.submit(w, link)
	}
}

// upload drops one file through a link, as any client would.
func (e *errand) upload(w *World, link desk.Link, d dropped) {
	b, err := w.files.Upload(link.URL, d.name, d.content)
	if place, ok := w.draft(e.key, link); ok && err == nil && d.tier != "" { // a client may say so as it uploads
		b, err = w.files.PutBlob(place, airlock.Blob{Name: d.name, Tier: d.tier}, d.content)
	}
	if err != nil {
		if !errors.Is(err, memfiles.ErrDenied) && !errors.Is(err, airlock.ErrNotFound) {
			w.fail("uploads are possible", "%v", err)
		}
		return
	}
	w.tracef("%s uploads %s %s of %d bytes", e.by.Name, d.name, b.ETag, b.Size)
	e.uploads[d.name]++
	e.there[d.name] = true
	delete(e.removed, d.name)
	delete(e.handed.removed, d.name) // a submit under way may still find it
	if place, ok := w.draft(e.key, link); ok {
		w.blobCreated(place, b)
		if w.chance(0.05) {
			_ = w.files.Lease(place, d.name) // the holder of a link may; it has to be broken later
		}
	}
}

// draft is where a link leads; an old one may still lead somewhere.
func (w *World) draft(key airlock.Key, link desk.Link) (airlock.Place, bool) {
	r := w.request(key)
	for n := 1; n <= r.Turn; n++ {
		if place := r.Place(airlock.DraftFiles, n); strings.Contains(link.URL, place.Container) {
			return place, true
		}
	}
	return airlock.Place{}, false
}

func (e *errand) remove(name string) {
	turn, before := e.turn, e.uploads[name]
	e.mine("removes a file", func(ctx context.Context, c desk.Caller) error {
		return e.p.desk.RemoveFile(ctx, c, e.key, name)
	}, func(err error) {
		if e.turn != turn {
			return
		}
		delete(e.there, name) // also when nobody knows whether it worked, or on which version
		if err == nil && e.uploads[name] == before {
			e.removed[name] = true
		}
	})
}

// submit hands in; when it is told what is wrong it mends that.
func (e *errand) submit(w *World, link desk.Link) {
	if e.busy && !e.tabs {
		return
	}
	e.handed = handed{maps.Clone(e.there), maps.Clone(e.removed)}
	e.mine("submits", func(ctx context.Context, c desk.Caller) error {
		_, err := e.p.desk.Submit(ctx, c, e.key)
		return err
	}, func(err error) {
		if !errors.Is(err, desk.ErrUnfit) {
			return
		}
		if len(e.there) == 0 {
			e.plan = append(e.plan, w.drop(good))
		}
		e.mend(w)
	})
	for w.chance(0.3) { // overwritten, or added, while it is being submitted
		d := w.drop(good)
		if len(e.handed.there) > 0 && w.chance(0.8) {
			d.name = pick(w, slices.Sorted(maps.Keys(e.handed.there)))
		}
		w.later(w.between(0, pick(w, []time.Duration{20 * time.Second, 10 * time.Minute})), "", func() { e.upload(w, link, d) })
	}
}

// mend removes what cannot be submitted, or what is too much.
func (e *errand) mend(w *World) {
	var bad []string
	e.mine("looks what is wrong", func(ctx context.Context, c desk.Caller) error {
		page, err := e.p.desk.Files(ctx, c, e.key, airlock.Page{})
		bad = nil
		for i, f := range page.Files {
			if f.Refused || i >= e.p.home.Policy.MaxFiles {
				bad = append(bad, f.Name)
			}
		}
		if len(bad) == 0 && len(page.Files) > 1 {
			bad = append(bad, page.Files[0].Name)
		}
		return err
	}, func(error) {
		for i, name := range bad {
			w.later(time.Duration(i+1)*2*time.Minute, "", func() { e.remove(name) })
		}
	})
}
