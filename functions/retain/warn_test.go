package retain_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// ending is a workspace in which a membership, and a person whose training,
// ends in five days.
func ending(t testing.TB) *roomtest.World {
	w := roomtest.New(t)
	soon := w.Now().Add(5 * 24 * time.Hour)
	w.Must(w.Store.PutMember(w.T.Context(), access.Membership{Workspace: roomtest.Here, OID: roomtest.Ada.OID, Name: "Ada", Role: access.WorkspaceResearcher, Expires: soon}))
	_, err := w.Store.CommitRecord(w.T.Context(), people.RecordChange{Record: people.Record{OID: roomtest.Mia.OID,
		Expiries: []people.Expiry{{Kind: people.Training, Ends: soon}}}})
	w.Must(err)
	return w
}

func TestEndingIsToldOnce(t *testing.T) {
	t.Parallel()
	w := ending(t)
	told := func() (n int) {
		out, err := tick(w)
		w.Must(err)
		for _, m := range out.Notify {
			if m != (message.Notify{Workspace: roomtest.Here, Request: roomtest.Here}) && m != (message.Notify{Workspace: people.Partition, Request: roomtest.Mia.OID}) {
				t.Errorf("order %+v", m)
			}
		}
		return len(out.Notify)
	}
	for _, step := range []struct {
		pass time.Duration
		want int
	}{{0, 2}, {time.Hour, 0}, {24 * time.Hour, 0}, {24 * time.Hour, 2}, {24 * time.Hour, 0}, {5 * 24 * time.Hour, 0}} {
		w.Pass(step.pass)
		if got := told(); got != step.want {
			t.Errorf("after %v more: %d orders, want %d", step.pass, got, step.want)
		}
	}
	roll, err := w.Store.Roll(t.Context(), roomtest.Here)
	w.Must(err)
	record, err := w.Store.Record(t.Context(), roomtest.Mia.OID)
	w.Must(err)
	if len(roll.Notices) != 2 || len(record.Notices) != 2 || roll.Notices[0].Member.Name != "Ada" {
		t.Errorf("notices %+v, %+v", roll.Notices, record.Notices)
	}
}

func TestEndingInTrouble(t *testing.T) {
	t.Parallel()
	roomtest.EveryFault(t, roomtest.Scene{Set: ending, Run: func(w *roomtest.World) error {
		_, err := tick(w)
		return err
	}})
}
