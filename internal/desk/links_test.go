package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, created := b.draft(airlock.Export)
	_, err := b.files.Upload(created.Link.URL, "a.txt", []byte("content"))
	b.must(err)
	if _, err = b.files.Download(created.Link.URL, "a.txt"); err == nil {
		t.Error("the draft link reads")
	}
	link, err := b.Link(t.Context(), as(ann, ""), key)
	b.must(err)
	if want := b.clock().Add(time.Hour); !link.Until.Equal(want) || link.Access != airlock.WriteOnly || !strings.Contains(link.URL, "stgwshere/draft-") {
		t.Errorf("draft link: %+v", link)
	}
	if again, err := b.DraftLink(t.Context(), as(ann, ""), key); err != nil || !strings.Contains(again.URL, "/draft-") {
		t.Errorf("draft link: %v, %v", again, err)
	}
	_, err = b.SealedLink(t.Context(), as(olga, ""), key)
	wantError(t, err, airlock.ErrIllegal)
	_, err = b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	_, err = b.DraftLink(t.Context(), as(ann, ""), key)
	wantError(t, err, airlock.ErrIllegal)
	b.engine(key, airlock.Sealed, airlock.Passed)
	link, err = b.Link(t.Context(), as(mia, ""), key)
	b.must(err)
	if link.Access != airlock.ReadOnly || !strings.Contains(link.URL, "stgwshere/sealed-") {
		t.Errorf("sealed link: %+v", link)
	}
	_, err = b.Decide(t.Context(), as(mia, ""), key, desk.Word{Verb: airlock.VerbApprove})
	b.must(err)
	_, err = b.Link(t.Context(), as(ann, ""), key)
	wantError(t, err, airlock.ErrIllegal)
	b.engine(key, airlock.Delivered)
	link, err = b.Link(t.Context(), as(ann, ""), key)
	b.must(err)
	if link.Access != airlock.ReadOnly || !strings.Contains(link.URL, "airlock/released-") || !strings.HasPrefix(link.URL, "mem://airlock/") {
		t.Errorf("released link: %+v", link)
	}
}

// TestRevoke: the reason stands among the reviews, as AzureTRE has it, and
// there is no link any more.
func TestRevoke(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.approved(airlock.Import)
	_, err := b.Revoke(t.Context(), as(moe, ""), key, " ")
	wantError(t, err, airlock.ErrInvalid)
	view, err := b.Revoke(t.Context(), as(moe, ""), key, "a mistake")
	b.must(err)
	last := view.Request.Reviews[len(view.Request.Reviews)-1]
	if last.Decision != "revoked" || last.Reason != "a mistake" || last.Reviewer.OID != moe.OID || len(view.Request.Reviews) != 2 {
		t.Errorf("reviews: %+v", view.Request.Reviews)
	}
	_, err = b.Link(t.Context(), as(ann, ""), key)
	wantError(t, err, airlock.ErrIllegal)
	if got := b.orders.queues(); len(got) != 2 || got[0] != "airlockpurge" || got[1] != "notify" {
		t.Errorf("ordered %v", got)
	}
}

// TestTenThousandFiles: a full request goes through in few calls.
func TestTenThousandFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	place, slot := b.request(key).Place(airlock.DraftFiles, 1), airlock.Slot{Key: key, Turn: 1}
	for page := range 100 {
		rows := make([]airlock.File, 100)
		for i := range rows {
			blob, err := b.files.Put(place, fmt.Sprintf("%d/%d.csv", page, i), []byte("x"))
			b.must(err)
			rows[i] = airlock.File{Name: blob.Name, ETag: blob.ETag, Inspection: &airlock.Inspection{Size: 1, SHA256: "x"}}
		}
		b.must(b.store.Put(t.Context(), slot, rows))
	}
	b.faults.arm(0, false)
	view, err := b.Submit(t.Context(), as(ann, "op"), key)
	b.must(err)
	if calls := b.faults.count(); view.Request.Files != 10_000 || calls > 140 {
		t.Errorf("%d files in %d calls", view.Request.Files, calls)
	}
}
