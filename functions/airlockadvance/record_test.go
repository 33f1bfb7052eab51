package airlockadvance_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/airlockadvance"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// submitted is a request of so many files, every third of which nobody has
// inspected, with what an earlier try to hand in might have left.
func submitted(w *roomtest.World, files int) airlock.Request {
	r := w.Draft(airlock.Import)
	for i := range files {
		if name := fmt.Sprintf("f%05d", i); i%3 == 2 {
			w.Drop(r, name, "x")
		} else {
			w.Ready(r, name, "x")
		}
	}
	w.Put(r, airlock.File{Name: "f00000", ETag: "0xOLD", Record: &airlock.Record{Listed: true, Size: 9}})
	w.Put(r, airlock.File{Name: "gone", ETag: "0xGONE", Record: &airlock.Record{Listed: true, Size: 9}})
	return w.Submit(r)
}

// recorded checks that the rows are those of the record.
func recorded(t *testing.T, w *roomtest.World, r airlock.Request, files int) {
	t.Helper()
	rows := w.Known(r, airlock.Listed)
	if len(rows) != files {
		t.Errorf("%d rows are listed, %d files were handed in", len(rows), files)
	}
	for i, f := range rows {
		if f.Name != fmt.Sprintf("f%05d", i) || f.Record.Size != 1 {
			t.Fatalf("row %d is %q of %d bytes", i, f.Name, f.Record.Size)
		}
	}
}

// The rows of a request that is sealed in one go, and of one that is not, end
// as its record, whatever call fails on the way.
func TestRowsAreTheRecord(t *testing.T) {
	t.Parallel()
	for _, files := range []int{1, 2, 5} { // a page has 2
		t.Run(fmt.Sprint(files, " files"), func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				submitted(w, files)
				return w
			}
			w := set(t)
			w.Must(follow(w))
			recorded(t, w, w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID}), files)
			roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
		})
	}
}

// The record of as many files as there may be is written once, in full pages,
// and not looked at again; looks at once do not harm each other.
func TestRecordOfTenThousand(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	const files = 10_000
	r := w.Draft(airlock.Import)
	for i := range files {
		w.Drop(r, fmt.Sprintf("f%05d", i), "x")
	}
	r = w.Submit(r)
	f := room(w)
	f.Page = 0
	w.Faults.Fail(0, false)
	var looks sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		looks.Go(func() { _, errs[i] = f.Handle(w.Context("airlockadvance"), order) })
	}
	looks.Wait()
	for _, err := range errs {
		w.Must(err)
	}
	recorded(t, w, r, files)
	count := func(port string) int { return strings.Count(strings.Join(w.Faults.Calls(), " ")+" ", port+" ") }
	if puts := count("Files.Put"); puts < files/100 || puts > len(errs)*files/100 {
		t.Errorf("%d pages were written", puts)
	}
	if !w.Reload(r).Recorded {
		t.Error("the request does not say that its rows are written")
	}
	w.Faults.Fail(0, false)
	var out airlockadvance.Out
	out, err := f.Handle(w.Context("airlockadvance"), order)
	w.Must(err)
	if calls := count("Files.Put") + count("Manifests.LoadManifest"); calls != 0 || len(w.Faults.Calls()) > 10 || out.Advance != nil {
		t.Errorf("another look calls %v and orders %q", w.Faults.Calls(), short(out))
	}
}

// A request whose record is not kept, or is another's, is not sealed.
func TestRecordThatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, record := range []string{airlock.Digest(nil), ""} {
		w := roomtest.New(t)
		r := w.Draft(airlock.Import)
		w.Ready(r, "a", "alpha")
		r = w.Submit(r)
		r.Record = record
		w.Commit(r.Note())
		if _, err := room(w).Handle(w.Context("airlockadvance"), order); err == nil {
			t.Errorf("record %q passes", record)
		}
		if now := w.Reload(r); now.Stage != airlock.Sealing || len(w.Known(r, airlock.Listed)) != 0 {
			t.Errorf("is %s", now.Stage)
		}
	}
}

// What a worker that slept writes of the record after everything was sealed
// puts nothing back on the list.
func TestRecordWrittenLate(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	w.Ready(r, "a", "alpha")
	w.Ready(r, "b", "beta")
	r = w.Submit(r)
	late := w.Known(r, airlock.Everything)
	for i := range late {
		late[i] = airlock.File{Name: late[i].Name, ETag: late[i].ETag, Record: &airlock.Record{Listed: true, Size: 4, BlobType: "BlockBlob"}}
	}
	overwrite(w, r, "a", 1)
	if now := settle(w, r); now.Stage != airlock.InReview {
		t.Fatalf("is %s", now.Stage)
	}
	for _, f := range late {
		w.Put(r, f)
	}
	if rows := w.Known(r, airlock.Listed); len(rows) != 2 || !rows[0].Sealed() || !rows[1].Sealed() {
		t.Errorf("listed are %+v", rows)
	}
}

// A sealed file that is not on the list any more when the gate is passed is
// missed there.
func TestListThatChangedAtTheGate(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	w.Ready(r, "a", "alpha")
	b := w.Ready(r, "b", "beta")
	r = w.Seal(w.Submit(r))
	w.Put(r, airlock.File{Name: "b", ETag: b.ETag, Unlisted: &airlock.Unlisted{Why: "overwritten"}})
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.Draft || !strings.Contains(now.Message, "list of files changed") {
		t.Errorf("is %s: %s", now.Stage, now.Message)
	}
}
