package defender_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

const account = "airlock"

// rig is Azurite, a gateway and a Defender; results come by channel.
type rig struct {
	client  *azblob.Client
	base    string // Azurite's blob service
	results chan eventgrid.Event
}

func newRig(t *testing.T, cfg defender.Config) *rig {
	t.Helper()
	e := azuritetest.Start(t)
	r := &rig{base: e.Blob, results: make(chan eventgrid.Event, 100)}
	cfg.BlobURL, cfg.Accounts, cfg.Topic = e.Blob, e.Accounts, "/topics/scans"
	cfg.Publish = func(event eventgrid.Event) error { r.results <- event; return nil }
	d := defender.New(cfg)
	t.Cleanup(d.Close)
	g, err := gateway.Start(gateway.Config{Upstream: e.Blob, Accounts: e.Accounts, Uploaded: d.Uploaded})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	if r.client, err = azblob.NewClientFromConnectionString(e.WithBlob(g.URL()).ConnectionString(account), nil); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) container(t *testing.T, prefix string) string {
	t.Helper()
	name := prefix + azuritetest.Suffix(t)
	if _, err := r.client.CreateContainer(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	return name
}

// upload returns the unquoted ETag.
func (r *rig) upload(t *testing.T, container, name, content string) string {
	t.Helper()
	res, err := r.client.UploadBuffer(t.Context(), container, name, []byte(content), nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(*res.ETag), `"`)
}

func (r *rig) result(t *testing.T) eventgrid.Event {
	t.Helper()
	select {
	case e := <-r.results:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("no scan result")
		return eventgrid.Event{}
	}
}

// data is a result's data less what differs every time.
func data(t *testing.T, e eventgrid.Event) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal(e.Data, &got); err != nil {
		t.Fatal(err)
	}
	if got["correlationId"] == "" {
		t.Error("no correlationId")
	}
	if _, err := time.Parse(time.RFC3339Nano, got["scanFinishedTimeUtc"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "correlationId")
	delete(got, "scanFinishedTimeUtc")
	return got
}
