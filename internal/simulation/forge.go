package simulation

import (
	"encoding/json"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// forge sends an event that nobody of ours sent. None may change anything but
// have an order to look go out.
func (p *people) forge(e *errand) {
	w, r := p.w, p.w.request(e.key)
	place := r.Place(airlock.DraftFiles, r.Turn)
	all := w.list(place)
	switch w.rng.IntN(4) {
	case 0: // a verdict that does not come from the scanner
		if len(all) == 0 {
			return
		}
		ev := scanEvent(w, scanned{place, pick(w, all), "No threats found", map[string]any{}})
		ev.Topic = "/subscriptions/evil/topics/scans"
		w.later(0, "somebody forges a verdict", func() { w.deliver(ev, 0) })
	case 1: // a verdict about another account's container of the same name
		if len(all) == 0 {
			return
		}
		elsewhere := airlock.Place{Account: "stevil", Container: place.Container}
		ev := scanEvent(w, scanned{elsewhere, pick(w, all), "No threats found", map[string]any{}})
		w.later(0, "a verdict about a foreign account", func() { w.deliver(ev, 0) })
	case 2: // the same, put where Event Grid puts what it could not deliver
		if len(all) == 0 {
			return
		}
		ev := scanEvent(w, scanned{place, pick(w, all), "No threats found", map[string]any{}})
		ev.Topic = "/subscriptions/evil/topics/scans"
		w.later(0, "somebody forges a dead letter", func() { w.dead = append(w.dead, &letterbox{id: w.id(), event: ev}) })
	default: // a status that is not so
		data, _ := json.Marshal(message.StatusChanged{RequestID: r.ID, WorkspaceID: r.Workspace, Type: string(r.Type),
			NewStatus: "approved", PreviousStatus: "in_review"})
		ev := azfunc.Event{ID: w.id(), Topic: ownTopic, Subject: r.ID + "/statusChanged", EventType: message.TypeStatusChanged, Data: data}
		w.later(0, "somebody says it was approved", func() { w.deliver(ev, 0) })
	}
}
