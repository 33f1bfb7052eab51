package sweep_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// What is to be told of people is ordered again when its order was lost.
func TestPeopleAreHintedAt(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	n := []people.Notice{{Event: people.Frozen, Seq: 1, At: w.Now()}}
	due := w.Now().Add(time.Minute)
	_, err := w.Store.CommitRoll(t.Context(), people.Change{Workspace: roomtest.Here, Roll: people.Roll{Notices: n}}.WithOpen(due))
	w.Must(err)
	_, err = w.Store.CommitRecord(t.Context(), people.RecordChange{Record: people.Record{OID: roomtest.Ada.OID, Notices: n}}.WithOpen(due))
	w.Must(err)
	for _, want := range []int{0, 2} {
		out, err := tick(w, &aside{})
		if err != nil || len(out.Notify) != want || len(out.Advance) != 0 {
			t.Errorf("%+v, %v; want %d", out, err, want)
		}
		if want == 2 && (out.Notify[0] != message.Notify{Workspace: people.Partition, Request: roomtest.Ada.OID} ||
			out.Notify[1] != message.Notify{Workspace: roomtest.Here, Request: roomtest.Here}) {
			t.Errorf("orders %+v", out.Notify)
		}
		w.Pass(time.Minute)
	}
}
