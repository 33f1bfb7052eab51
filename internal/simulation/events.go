package simulation

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Where events come from.
const (
	storageTopic   = "/subscriptions/s1/resourceGroups/tre/providers/Microsoft.Storage/storageAccounts/"
	scanTopic      = "/subscriptions/s1/resourceGroups/tre/providers/Microsoft.EventGrid/topics/scans"
	ownTopic       = "/subscriptions/s1/resourceGroups/tre/providers/Microsoft.EventGrid/topics/airlock"
	airlockAccount = "stairlock"
)

// deliveries is the schedule of Event Grid's tries; then it is a dead letter.
// https://learn.microsoft.com/azure/event-grid/delivery-and-retry
var deliveries = []time.Duration{0, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute}

// subscribers says which function gets which type of event.
var subscribers = map[string]string{
	"Microsoft.Storage.BlobCreated":            "blobcreated",
	"Microsoft.Security.MalwareScanningResult": "blobscanned",
	message.TypeStatusChanged:                  "airlockchanged",
	message.TypeWorkspaceRequested:             "workspacerequested",
	armWritten:                                 "armchanged",
}

// happened publishes a fact. In bad weather it comes late, twice, or never.
func (w *World) happened(ev azfunc.Event) {
	if w.storm && w.chance(w.weather.factLost) {
		w.tracef("%s is lost", ev.EventType)
		return
	}
	w.awaitVerdict(ev)
	late := time.Duration(0)
	if w.storm && w.chance(w.weather.factLate) {
		late = pick(w, []time.Duration{time.Minute, 5 * time.Minute, time.Hour, 6 * time.Hour})
	}
	w.later(late, "", func() { w.deliver(ev, 0) })
	if w.storm && w.chance(w.weather.factTwice) {
		w.later(late+w.between(0, time.Hour), "", func() { w.deliver(ev, 0) })
	}
}

func (w *World) deliver(ev azfunc.Event, try int) {
	w.invoke(w.engine[subscribers[ev.EventType]], ev, func(end outcome) {
		switch {
		case end == done:
		case try+1 < len(deliveries) && !(w.storm && w.chance(0.2)):
			w.later(deliveries[try+1], "", func() { w.deliver(ev, try+1) })
		default:
			w.tracef("%s becomes a dead letter", ev.EventType)
			w.dead = append(w.dead, &letterbox{id: w.id(), event: ev})
		}
	})
}

// account is the storage account's name behind a place.
func account(place airlock.Place) string {
	if place.Account == airlock.AirlockAccount {
		return airlockAccount
	}
	return place.Account
}

// broken is a name as Event Grid may tell it.
func (w *World) broken(name string) string {
	if !w.storm || !w.chance(w.weather.factBroken) {
		return name
	}
	bad := pick(w, []string{"?", "\uFFFD"})
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return []rune(bad)[0]
		}
		return r
	}, name)
}

// quoted is an ETag as events show it: with quotes or without.
func (w *World) quoted(etag string) string {
	if w.chance(0.5) {
		return `"` + etag + `"`
	}
	return etag
}

// blobCreated tells everybody of a new blob.
func (w *World) blobCreated(place airlock.Place, b airlock.Blob) {
	data, _ := json.Marshal(map[string]any{"api": "PutBlob", "eTag": w.quoted(b.ETag), "contentLength": b.Size})
	w.happened(azfunc.Event{ID: w.id(), Topic: storageTopic + account(place), EventType: "Microsoft.Storage.BlobCreated",
		Subject:   "/blobServices/default/containers/" + place.Container + "/blobs/" + w.broken(b.Name),
		EventTime: w.now, Data: data})
	w.scanner.created(w, place, b)
}

func ownEvent(w *World, fact message.Fact, data []byte) azfunc.Event {
	return azfunc.Event{ID: fact.ID, Topic: ownTopic, Subject: fact.Subject, EventType: fact.Type, EventTime: w.now, Data: data}
}

// created tells of the blobs that copies make.
type created struct {
	w  *World
	to airlock.Vault
}

func (c created) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	return c.to.Open(ctx, ref, from, count)
}

func (c created) Remove(ctx context.Context, ref airlock.Ref) error { return c.to.Remove(ctx, ref) }

func (c created) Copy(ctx context.Context, copy airlock.Copy) (airlock.Copied, error) {
	before := c.w.blob(copy.To.Place, copy.To.Name).ETag
	result, err := c.to.Copy(ctx, copy)
	if err == nil && result.ETag != "" && result.ETag != before {
		c.w.blobCreated(copy.To.Place, c.w.blob(copy.To.Place, copy.To.Name))
	}
	return result, err
}
