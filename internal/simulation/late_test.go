package simulation

import (
	"context"
	"time"

	"github.com/trefoil-tre/trefoil/functions/sweep"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// late are mistakes with malware that comes out late.
var late = []mistake{
	{name: "a verdict on malware is written over by another one", shown: 124, alter: func(_ *World, p Ports) Ports {
		p.Files = overwriting{p.Files}
		return p
	}, brew: func(t *weather) { *t = weather{others: 0.6, scanLate: 0.8, factTwice: 0.5} }},
	{name: "a verdict that was poisoned or is a dead letter is only a hint", shown: 283, tune: func(s *Settings) {
		s.Sweep = func(f *sweep.Function) { f.Orders = deaf{} }
	}, brew: func(t *weather) { *t = weather{fail: 0.2, scanLate: 0.5} }},
	{name: "a dead letter is dropped before its verdict is ordered", shown: 14, tune: func(s *Settings) {
		s.Sweep = func(f *sweep.Function) { f.Dead = dropping{f.Dead} }
	}, brew: func(t *weather) { *t = weather{fail: 0.5, partial: 0.3, dieAtEnd: 0.2, scanLate: 0.8} }},
	{name: "a dead letter is believed whoever wrote it", shown: 39, tune: func(s *Settings) {
		s.Sweep = func(f *sweep.Function) { f.Door.ScanTopics = []string{"*"} }
	}, brew: func(t *weather) { *t = weather{scanLost: 0.5, scanOdd: 0.5} }},
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
	{name: "nobody looks what became of files that were kept", shown: 12, alter: func(w *World, p Ports) Ports {
		p.Files = untroubled{p.Files, func(r airlock.Request, turn int) bool { return turn < r.Turn }, w}
		return p
	}, brew: func(t *weather) { *t = weather{scanLate: 0.25, jump: 0.002} }},
}

// deaf takes every order and puts none on a queue.
type deaf struct{}

func (deaf) Send(context.Context, string, any, time.Duration) error { return nil }

// dropping drops dead letters when they are read.
type dropping struct{ sweep.Dead }

func (d dropping) Letters(ctx context.Context, limit int) ([]sweep.Letter, error) {
	all, err := d.Dead.Letters(ctx, limit)
	for _, l := range all {
		if err := l.Drop(ctx); err != nil {
			return nil, err
		}
	}
	return all, err
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
