package defender_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

// TestUploadBecomesFactAndVerdict joins the stand-ins as `make run` does: an upload through the gateway becomes a
// BlobCreated and a scan result, both delivered to webhooks by Event Grid.
func TestUploadBecomesFactAndVerdict(t *testing.T) {
	t.Parallel()
	e := azuritetest.Start(t)
	grid, err := eventgrid.Start(eventgrid.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { grid.Close() })
	grid.AddTopic("storage-"+account, "/storageAccounts/"+account)
	grid.AddTopic("scans", "/topics/scans")
	d := defender.New(defender.Config{
		BlobURL: e.Blob, Accounts: e.Accounts,
		Publish: func(event eventgrid.Event) error { return grid.Publish("scans", event) },
	})
	t.Cleanup(d.Close)
	g, err := gateway.Start(gateway.Config{
		Upstream: e.Blob, Accounts: e.Accounts, Uploaded: d.Uploaded,
		Sink: func(_ context.Context, account string, event eventgrid.Event) {
			if err := grid.Publish("storage-"+account, event); err != nil {
				t.Error(err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	facts := subscribe(t, grid, "storage-"+account, eventgrid.Filter{
		IncludedEventTypes: []string{gateway.BlobCreated}, SubjectBeginsWith: "/blobServices/default/containers/draft-",
	})
	verdicts := subscribe(t, grid, "scans", eventgrid.Filter{})

	client, err := azblob.NewClientFromConnectionString(e.WithBlob(g.URL()).ConnectionString(account), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{client: client}
	r.upload(t, r.container(t, "sealed-"), "kept.csv", "x")
	box := r.container(t, "draft-")
	r.upload(t, box, "dropped.csv", "x")
	if got, want := receive(t, facts).Subject, "/blobServices/default/containers/"+box+"/blobs/dropped.csv"; got != want {
		t.Errorf("fact of %q, want %q", got, want)
	}
	if got, want := receive(t, verdicts).Subject, "storageAccounts/"+account+"/containers/"+box+"/blobs/dropped.csv"; got != want {
		t.Errorf("verdict on %q, want %q", got, want)
	}
}

// subscribe puts a webhook on a topic.
func subscribe(t *testing.T, grid *eventgrid.Server, topic string, filter eventgrid.Filter) <-chan eventgrid.Event {
	t.Helper()
	events := make(chan eventgrid.Event, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var batch []eventgrid.Event
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			t.Error(err)
		}
		if r.Header.Get("aeg-event-type") == "SubscriptionValidation" {
			var code struct{ ValidationCode string }
			_ = json.Unmarshal(batch[0].Data, &code)
			_ = json.NewEncoder(w).Encode(map[string]string{"validationResponse": code.ValidationCode})
			return
		}
		events <- batch[0]
	}))
	t.Cleanup(hook.Close)
	if err := grid.Subscribe(t.Context(), eventgrid.Subscription{Name: topic, Topic: topic, Endpoint: hook.URL, Filter: filter}); err != nil {
		t.Fatal(err)
	}
	return events
}

func receive(t *testing.T, events <-chan eventgrid.Event) eventgrid.Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("no event")
		return eventgrid.Event{}
	}
}
