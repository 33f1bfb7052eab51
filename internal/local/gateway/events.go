package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

// Event types of a storage account.
// Source: https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
const (
	BlobCreated = "Microsoft.Storage.BlobCreated"
	BlobDeleted = "Microsoft.Storage.BlobDeleted"
)

// apiNames are data.api of the operations. What Azure writes for Put Blob From URL is not documented; it is a Put
// Blob in the documents' list, and nothing should depend on it.
var apiNames = map[string]string{
	PutBlob: "PutBlob", PutBlobFromURL: "PutBlob", PutBlockList: "PutBlockList",
	CopyBlob: "CopyBlob", CopyBlobFromURL: "CopyBlob", DeleteBlob: "DeleteBlob",
}

// blobData is the data of both events; a deletion has no ETag and no length.
type blobData struct {
	API                string             `json:"api"`
	ClientRequestID    string             `json:"clientRequestId"`
	RequestID          string             `json:"requestId"`
	ETag               string             `json:"eTag,omitempty"`
	ContentType        string             `json:"contentType"`
	ContentLength      *int64             `json:"contentLength,omitempty"`
	BlobType           string             `json:"blobType"`
	URL                string             `json:"url"`
	Sequencer          string             `json:"sequencer"`
	StorageDiagnostics storageDiagnostics `json:"storageDiagnostics"`
}

type storageDiagnostics struct {
	BatchID string `json:"batchId"`
}

// created emits BlobCreated. Length and type are asked of Azurite unless the request said them.
func (g *Gateway) created(r *http.Request, answer http.Header, op operation) {
	data := g.blobData(r, answer, op)
	data.ETag = strings.Trim(answer.Get("ETag"), `"`)
	data.BlobType = "BlockBlob" // what block lists and copies make here
	var complete func(context.Context, *blobData)
	if op.name == PutBlob {
		length := r.ContentLength
		data.ContentLength = &length
		data.BlobType = r.Header.Get("x-ms-blob-type")
		data.ContentType = firstOf(firstOf(r.Header.Get("x-ms-blob-content-type"), r.Header.Get("Content-Type")), "application/octet-stream")
	} else {
		complete = func(ctx context.Context, d *blobData) {
			properties := g.properties(ctx, op)
			length, _ := strconv.ParseInt(properties.Get("Content-Length"), 10, 64)
			d.ContentLength, d.ContentType = &length, properties.Get("Content-Type")
		}
	}
	if g.cfg.Uploaded != nil {
		blob := Blob{Account: op.account, Container: op.container, Name: op.blob, ETag: data.ETag, Type: data.BlobType}
		g.events.Go(func(ctx context.Context) { g.cfg.Uploaded(ctx, blob) })
	}
	g.emit(op, BlobCreated, data, complete)
}

// deleteBlob forwards a deletion and emits BlobDeleted, whose content type can only be had before.
func (g *Gateway) deleteBlob(w http.ResponseWriter, r *http.Request, op operation) {
	properties := g.properties(r.Context(), op)
	status := &statusRecorder{ResponseWriter: w}
	g.proxy.ServeHTTP(status, r)
	if status.code >= 300 {
		return
	}
	data := g.blobData(r, w.Header(), op)
	data.ContentType, data.BlobType = properties.Get("Content-Type"), properties.Get("x-ms-blob-type")
	g.emit(op, BlobDeleted, data, nil)
}

func (g *Gateway) blobData(r *http.Request, answer http.Header, op operation) blobData {
	g.mu.Lock()
	g.counter++
	count := g.counter
	g.mu.Unlock()
	return blobData{
		API:                apiNames[op.name],
		ClientRequestID:    r.Header.Get("x-ms-client-request-id"),
		RequestID:          firstOf(answer.Get("x-ms-request-id"), uuid.NewString()),
		Sequencer:          fmt.Sprintf("%032X%016X", g.cfg.Now().UnixNano(), count),
		StorageDiagnostics: storageDiagnostics{BatchID: uuid.NewString()},
	}
}

// emit sends the event on its way; complete, if any, fills in what has to be asked for.
func (g *Gateway) emit(op operation, eventType string, data blobData, complete func(context.Context, *blobData)) {
	fate := g.mood().draw()
	if g.cfg.Sink == nil || fate.lost {
		return
	}
	at := g.cfg.Now()
	g.events.Go(func(ctx context.Context) {
		if complete != nil {
			complete(ctx, &data)
		}
		event := g.event(op, eventType, data, fate)
		event.EventTime = eventgrid.FormatTime(at)
		var copies sync.WaitGroup
		for _, delay := range fate.copies {
			copies.Go(func() { g.deliver(ctx, op.account, event, delay) })
		}
		copies.Wait()
	})
}

func (g *Gateway) event(op operation, eventType string, data blobData, f fate) eventgrid.Event {
	name := replaceAstral(damage(op.blob, f.corruption))
	data.URL = g.URL() + "/" + op.account + "/" + op.container + "/" + name // not escaped, as in Azure
	if f.quoted && data.ETag != "" {
		data.ETag = `"` + data.ETag + `"`
	}
	body, err := json.Marshal(data)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return eventgrid.Event{
		ID:              uuid.NewString(),
		Topic:           g.cfg.Topic(op.account),
		Subject:         "/blobServices/default/containers/" + op.container + "/blobs/" + name,
		EventType:       eventType,
		Data:            body,
		MetadataVersion: "1",
	}
}

// deliver hands the event over after its delay, unless the gateway closes first.
func (g *Gateway) deliver(ctx context.Context, account string, event eventgrid.Event, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		g.cfg.Sink(ctx, account, event)
	case <-ctx.Done():
	}
}

// properties are the blob's headers now; empty when it is gone.
func (g *Gateway) properties(ctx context.Context, op operation) http.Header {
	res, err := g.own(ctx, http.MethodHead, op, "")
	if err != nil {
		return http.Header{}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return http.Header{}
	}
	return res.Header
}
