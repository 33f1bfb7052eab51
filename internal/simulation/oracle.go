package simulation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// What follows looks at the truth behind the ports, as nobody in the story can.

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// request is a request as it is stored; the zero value when there is none.
func (w *World) request(key airlock.Key) airlock.Request {
	r, err := w.store.Request(context.Background(), key)
	if err != nil {
		return airlock.Request{}
	}
	return r
}

// list is what lies in a container.
func (w *World) list(place airlock.Place) []airlock.Blob {
	all, err := airlock.Collect(func(p airlock.Page) ([]airlock.Blob, string, error) {
		return w.files.List(context.Background(), place, p)
	})
	if err != nil {
		return nil
	}
	return all
}

// exists tells whether there is such a container.
func (w *World) exists(place airlock.Place) bool {
	_, _, err := w.files.List(context.Background(), place, airlock.Page{Limit: 1})
	return err == nil
}

func (w *World) blob(place airlock.Place, name string) airlock.Blob {
	for _, b := range w.list(place) {
		if b.Name == name {
			return b
		}
	}
	return airlock.Blob{}
}

func (w *World) content(place airlock.Place, name string) []byte {
	c, err := w.files.Open(context.Background(), airlock.Ref{Place: place, Name: name}, 0, 1<<40)
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(c)
	if err != nil {
		return nil
	}
	return text
}

// open lists all unfinished work.
func (w *World) open() []airlock.Open {
	var all []airlock.Open
	for _, ws := range append([]string{w.people.home.ID, w.people.abroad.ID}, w.estate.partitions()...) {
		rows, _, err := w.store.Due(context.Background(), ws, w.now.AddDate(100, 0, 0), airlock.Page{})
		if err == nil {
			all = append(all, rows...)
		}
	}
	return all
}

// containers lists every container with its account.
func (w *World) containers() map[airlock.Place]time.Time {
	all := map[airlock.Place]time.Time{}
	for _, account := range []string{airlock.AirlockAccount, w.people.home.StorageAccount, w.people.abroad.StorageAccount} {
		found, _, err := w.files.Containers(context.Background(), account, airlock.Page{})
		if err != nil {
			continue
		}
		for _, f := range found {
			all[airlock.Place{Account: account, Container: f.Name}] = f.Modified
		}
	}
	return all
}

// orphans are the ages of the containers that no request says it had made.
func (w *World) orphans() []time.Time {
	var ages []time.Time
	for place, made := range w.containers() {
		c, known := w.parsed[place.Container]
		if !known {
			c, _ = airlock.ParseContainer(place.Container) // none but ours exist
			w.parsed[place.Container] = c
		}
		if r := w.request(c.Key); !r.Made(c.Kind, c.Number) {
			ages = append(ages, made)
		}
	}
	return ages
}

// members are the memberships as they are.
func (w *World) members() []access.Membership {
	all, err := w.store.Members(context.Background(), w.people.home.ID)
	if err != nil {
		return nil
	}
	return all
}

// manifest is the manifest of that digest; false when there is none.
func (w *World) manifest(key airlock.Key, digest string) (airlock.Manifest, bool) {
	text, err := w.store.LoadManifest(context.Background(), key, digest)
	if err != nil {
		return airlock.Manifest{}, false
	}
	m, err := airlock.ReadManifest(text, digest)
	return m, err == nil
}

// submission is what the submit that committed handed in.
func (w *World) submission(r airlock.Request) (airlock.Submission, bool) {
	text, err := w.store.LoadManifest(context.Background(), r.Key(), r.Record)
	if err != nil {
		return airlock.Submission{}, false
	}
	s, err := airlock.ReadSubmission(text, r)
	return s, err == nil
}

// rows are the file rows of a turn that are selected.
func (w *World) rows(r airlock.Request, which airlock.Which) []airlock.File {
	all, err := airlock.Collect(func(p airlock.Page) ([]airlock.File, string, error) {
		return w.store.List(context.Background(), airlock.Slot{Key: r.Key(), Turn: r.Turn}, airlock.Selection{Which: which}, p)
	})
	if err != nil {
		return nil
	}
	return all
}
