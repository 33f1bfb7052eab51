package scenario_test

import (
	"context"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// ctx is short for the contexts of conditions.
type ctx = context.Context

// TestTooLate: after submit the list of names is closed. What comes later does
// not get in; a listed file that is overwritten before its copy is taken as
// the new version, and what is overwritten after it changes nothing.
func TestTooLate(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Import, some())
	_, err := q.Looked(t.Context(), 2)
	x.must(err)
	sealed := airlock.Container{Kind: airlock.SealedFiles, Key: q.Key, Number: 1}.String()
	stop := rig.Troubles.Fail(storageproxy.ServerBusy, "PutBlobFromURL", sealed)
	defer stop()
	x.must(q.Submit(t.Context()))
	x.must(q.Drop(t.Context(), "late.txt", []byte("too late")))
	x.must(q.Drop(t.Context(), "notes.txt", []byte("overwritten while it is sealed\n")))
	x.await(q, airlock.Sealing)
	stop()
	x.await(q, airlock.InReview)
	want := some()
	want["notes.txt"] = []byte("overwritten while it is sealed\n")
	x.sees(q, manager, "sealed-link", want)
	if status, err := q.Put(t.Context(), "notes.txt", []byte("after all")); err == nil && status < 300 {
		t.Logf("the draft still took a file: %d", status) // it is deleted in a moment
	}
	x.must(q.Approve(t.Context(), manager))
	x.await(q, airlock.Approved)
	x.sees(q, researcher, "link", want)
}

// TestMalwareWhileSealing: the new version is scanned, whatever the old one
// was.
func TestMalwareWhileSealing(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Export, some())
	_, err := q.Looked(t.Context(), 2)
	x.must(err)
	sealed := airlock.Container{Kind: airlock.SealedFiles, Key: q.Key, Number: 1}.String()
	stop := rig.Troubles.Fail(storageproxy.ServerBusy, "PutBlobFromURL", sealed)
	defer stop()
	x.must(q.Submit(t.Context()))
	x.must(q.Drop(t.Context(), "notes.txt", eicar()))
	stop()
	x.await(q, airlock.Blocked)
}
