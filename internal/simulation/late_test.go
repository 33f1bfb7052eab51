package simulation

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// late are mistakes with malware that comes out late.
var late = []mistake{
	{name: "a verdict on malware is written over by another one", alter: func(_ *World, p Ports) Ports {
		p.Files = overwriting{p.Files}
		return p
	}, brew: func(t *weather) { *t = weather{others: 0.6, scanLate: 0.8, factTwice: 0.5} }},
	{name: "nobody looks for malware after the gate", alter: func(w *World, p Ports) Ports {
		p.Files = untroubled{p.Files, func(r airlock.Request, turn int) bool {
			return turn == r.Turn && (r.Stage == airlock.InReview || r.Stage == airlock.Approving || r.Stage == airlock.Approved)
		}, w}
		return p
	}, brew: func(t *weather) { *t = weather{scanLate: 0.3} }},
	{name: "nobody looks for malware after the release", alter: func(w *World, p Ports) Ports {
		p.Files = untroubled{p.Files, func(r airlock.Request, _ int) bool { return r.Stage == airlock.Approved }, w}
		return p
	}, brew: func(t *weather) { *t = weather{scanLate: 0.3} }},
	{name: "nobody looks what became of files that were kept", alter: func(w *World, p Ports) Ports {
		p.Files = untroubled{p.Files, func(r airlock.Request, turn int) bool { return turn < r.Turn }, w}
		return p
	}, brew: func(t *weather) { *t = weather{scanLate: 0.25, jump: 0.002} }},
}

// overwriting keeps one verdict, whatever it says.
type overwriting struct{ airlock.Files }

func (o overwriting) Put(ctx context.Context, slot airlock.Slot, rows []airlock.File) error {
	one := make([]airlock.File, len(rows))
	for i, row := range rows {
		if row.Malware != nil {
			row.Verdict, row.Malware = row.Malware, nil
		}
		one[i] = row
	}
	return o.Files.Put(ctx, slot, one)
}

// untroubled finds nothing troubled where it is blind.
type untroubled struct {
	airlock.Files
	blind func(r airlock.Request, turn int) bool
	w     *World
}

func (u untroubled) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, page airlock.Page) ([]airlock.File, string, error) {
	if sel.Which == airlock.Troubled && u.blind(u.w.request(slot.Key), slot.Turn) {
		return nil, "", nil
	}
	return u.Files.List(ctx, slot, sel, page)
}
