package simulation

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/access"
	rules "github.com/trefoil-tre/trefoil/internal/people"
)

// suspend suspends somebody, or lifts that, as the roster does: the record
// first, then the rows of their role anew, so that no decision which read the
// record before is committed.
func (p *people) suspend(who access.Person, on bool) {
	ctx, store := context.Background(), p.w.store
	r, err := store.Record(ctx, who.OID)
	if err != nil {
		return
	}
	r.Suspended = nil
	if on {
		r.Suspended = &rules.Suspension{At: p.w.now, Reason: "trouble"}
	}
	_, _ = store.CommitRecord(ctx, rules.RecordChange{Record: r})
	theirs, _ := store.MembershipsOf(ctx, p.home.ID, who.OID)
	for _, m := range theirs {
		_ = store.PutMember(ctx, m)
	}
}

func (w *World) suspended(oid string) bool {
	r, err := w.store.Record(context.Background(), oid)
	return err == nil && r.Suspended != nil
}
