package airlockadvance_test

import (
	"fmt"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// A verdict whose writer read the file's row before it was listed, and wrote
// after the look, ordered no look: the one that listed the file did.
func TestVerdictAroundTheFirstLook(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	b := w.Drop(r, "a", "alpha")
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha")})
	r = w.Submit(r)
	look(w)
	clean := roomtest.Clean
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Verdict: &clean})
	sent := w.TakeSent()
	if len(sent) != 1 || !sent[0].At.After(w.Now()) {
		t.Fatalf("ordered %v", sent)
	}
	w.Pass(sent[0].At.Sub(w.Now()))
	_, err := room(w).Handle(w.Context("airlockadvance"), sent[0].Message.(message.Advance))
	w.Must(err)
	if now := w.Reload(r); now.Stage != airlock.InReview {
		t.Errorf("is %s", now.Stage)
	}
	look(w)
	if sent := w.TakeSent(); len(sent) != 0 {
		t.Errorf("then ordered %v", sent)
	}
}

// A look for which facts wait, and which finds another worker at the files,
// comes again; a mere hint does not.
func TestFactsBesideAChain(t *testing.T) {
	t.Parallel()
	for _, m := range []struct {
		message.Advance
		again int
	}{{order, 0}, {aboutFile, 1}, {message.Advance{Workspace: roomtest.Here, Request: roomtest.RequestID, Gathered: true}, 1}} {
		w := roomtest.New(t)
		r := w.Draft(airlock.Import)
		for i := range 9 {
			w.Ready(r, fmt.Sprint("f", i), "x")
		}
		r = w.Submit(r)
		look(w) // lists and seals the first page
		_, err := w.Ledger.Begin(t.Context(), w.Work, w.Reload(r))
		w.Must(err)
		w.TakeSent()
		out, err := room(w).Handle(w.Context("airlockadvance"), m.Advance)
		w.Must(err)
		if sent := w.TakeSent(); len(sent) != m.again || out.Advance != nil {
			t.Errorf("%+v: ordered %v and %q", m.Advance, sent, short(out))
		}
	}
}

// A file that is inspected while others are being sealed is looked at at once.
func TestInspectedWhileSealing(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	w.Ready(r, "a", "alpha")
	b := w.Drop(r, "b", "beta")
	r = w.Submit(r)
	w.Faults.Before("Vault.Copy", func() {
		w.Put(r, airlock.File{Name: "b", ETag: b.ETag, Inspection: w.Inspected("beta")})
	})
	if got := short(look(w)); got != "advance" {
		t.Errorf("ordered %q", got)
	}
}
