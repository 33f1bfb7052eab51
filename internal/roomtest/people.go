package roomtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/people"
)

func (p rows) Roll(ctx context.Context, workspace string) (people.Roll, error) {
	return call(&p.w.Faults, "Rolls.Roll", func() (people.Roll, error) { return p.w.Store.Roll(ctx, workspace) })
}

func (p rows) CommitRoll(ctx context.Context, c people.Change) (people.Roll, error) {
	return call(&p.w.Faults, "Rolls.CommitRoll", func() (people.Roll, error) { return p.w.Store.CommitRoll(ctx, c) })
}

func (p rows) Record(ctx context.Context, oid string) (people.Record, error) {
	return call(&p.w.Faults, "Records.Record", func() (people.Record, error) { return p.w.Store.Record(ctx, oid) })
}

func (p rows) CommitRecord(ctx context.Context, c people.RecordChange) (people.Record, error) {
	return call(&p.w.Faults, "Records.CommitRecord", func() (people.Record, error) { return p.w.Store.CommitRecord(ctx, c) })
}

func (p rows) Records(ctx context.Context, page airlock.Page) ([]people.Record, string, error) {
	return paged(&p.w.Faults, "Records.Records", func() ([]people.Record, string, error) {
		return p.w.Store.Records(ctx, p.w.small(page))
	})
}

// staff is what can be told of a workspace's people and of those of whom
// something is kept.
func (w *World) staff(state map[string]any) {
	w.T.Helper()
	for _, workspace := range []string{Here, There} {
		roll, err := w.Store.Roll(w.T.Context(), workspace)
		w.Must(err)
		members, err := w.Store.Members(w.T.Context(), workspace)
		w.Must(err)
		var all []string
		for _, n := range roll.Notices {
			all = append(all, string(n.Event)+" "+n.Member.OID)
		}
		for _, m := range members {
			all = append(all, fmt.Sprint(m.OID, m.Role, m.Expires, m.Warned))
		}
		state["people of "+workspace] = append(all, fmt.Sprint(roll.Freeze != nil, roll.Told, roll.Head.Seq))
	}
	records, _, err := w.Store.Records(w.T.Context(), airlock.Page{})
	w.Must(err)
	for _, r := range records {
		events := []string{}
		for _, n := range r.Notices {
			events = append(events, string(n.Event))
		}
		slices.Sort(events)
		state["person "+r.OID] = fmt.Sprint(events, r.Expiries, r.Suspended != nil, r.Told, r.Head.Seq)
	}
}
