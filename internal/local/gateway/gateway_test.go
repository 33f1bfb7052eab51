package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

const account, other = "ws1", "airlock"

// rig is a gateway before the shared Azurite, with its events.
type rig struct {
	*gateway.Gateway
	azurite azurite.Endpoints
	events  *recorder
}

func newRig(t *testing.T, cfg gateway.Config) *rig {
	t.Helper()
	e := azuritetest.Start(t)
	events := &recorder{changed: make(chan struct{}, 1)}
	cfg.Upstream, cfg.Accounts, cfg.Sink = e.Blob, e.Accounts, events.take
	g, err := gateway.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return &rig{Gateway: g, azurite: e, events: events}
}

// noRetry shows the service's own answers to the test.
func noRetry() azcore.ClientOptions {
	return azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}
}

// container makes a container in an account, through the gateway and with the account's key.
func (r *rig) container(t *testing.T, account string) *container.Client {
	t.Helper()
	key, err := azblob.NewSharedKeyCredential(account, r.azurite.Key(account))
	if err != nil {
		t.Fatal(err)
	}
	u := r.URL() + "/" + account + "/box-" + azuritetest.Suffix(t)
	c, err := container.NewClientWithSharedKeyCredential(u, key, &container.ClientOptions{ClientOptions: noRetry()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// withSAS is the container as the holder of a link sees it.
func withSAS(t *testing.T, c *container.Client, p sas.ContainerPermissions) *container.Client {
	t.Helper()
	link, err := c.GetSASURL(p, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := container.NewClientWithNoCredential(link, &container.ClientOptions{ClientOptions: noRetry()})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func upload(t *testing.T, b *blockblob.Client, content string, o *blockblob.UploadOptions) azcore.ETag {
	t.Helper()
	res, err := b.Upload(t.Context(), nopCloser{strings.NewReader(content)}, o)
	if err != nil {
		t.Fatal(err)
	}
	return *res.ETag
}

func download(t *testing.T, b *blockblob.Client) string {
	t.Helper()
	res, err := b.DownloadStream(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var content bytes.Buffer
	if _, err := io.Copy(&content, res.Body); err != nil {
		t.Fatal(err)
	}
	return content.String()
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// recorder keeps events and wakes whoever waits for them.
type recorder struct {
	mu      sync.Mutex
	events  []eventgrid.Event
	changed chan struct{}
}

func (r *recorder) take(_ context.Context, _ string, e eventgrid.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// await returns the first n events of a container.
func (r *recorder) await(t *testing.T, containerName string, n int) []eventgrid.Event {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if found := r.of(containerName); len(found) >= n {
			return found
		}
		select {
		case <-r.changed:
		case <-deadline:
			t.Fatalf("%d events of %s, want %d", len(r.of(containerName)), containerName, n)
		}
	}
}

func (r *recorder) of(containerName string) []eventgrid.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []eventgrid.Event
	for _, e := range r.events {
		if strings.HasPrefix(e.Subject, "/blobServices/default/containers/"+containerName+"/blobs/") {
			found = append(found, e)
		}
	}
	return found
}

func containerName(t *testing.T, c *container.Client) string {
	t.Helper()
	u, err := url.Parse(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	return u.Path[strings.LastIndex(u.Path, "/")+1:]
}

func decode(t *testing.T, e eventgrid.Event) map[string]any {
	t.Helper()
	var data map[string]any
	if err := json.Unmarshal(e.Data, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// awkwardNames are names that break when anything on the way escapes, unescapes or normalises.
func awkwardNames() []string {
	return []string{
		"plain.csv", "a b  c.txt", "100%.txt", "%41%20%zz", "a+b", "a#b?c&d=e;f", "é-nfc", "e\u0301-nfd",
		"💎/🧬.bin", "deep/" + strings.Repeat("folder/", 60) + "file", strings.Repeat("x", 1024),
		"quote'\"<>", "comma,semi;colon:at@", "tilde~`^|{}[]", "中文 名字.dat", "dots../..hidden",
	}
}

func TestNamesPassByteForByte(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{})
	c := r.container(t, account)
	link := withSAS(t, c, sas.ContainerPermissions{Create: true, Write: true, Read: true, List: true})
	for _, name := range awkwardNames() {
		upload(t, link.NewBlockBlobClient(name), name, nil)
		if got := download(t, c.NewBlockBlobClient(name)); got != name {
			t.Errorf("content of %q = %q", name, got)
		}
	}
	want, got := map[string]bool{}, map[string]bool{}
	for _, name := range awkwardNames() {
		want[name] = true
	}
	for pages := link.NewListBlobsFlatPager(nil); pages.More(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page.Segment.BlobItems {
			got[*b.Name] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAccountThatIsNotThereHasNoAnswer(t *testing.T) {
	t.Parallel()
	var there atomic.Bool
	r := newRig(t, gateway.Config{Exists: func(string) bool { return there.Load() }})
	key, err := azblob.NewSharedKeyCredential(account, r.azurite.Key(account))
	if err != nil {
		t.Fatal(err)
	}
	c, err := container.NewClientWithSharedKeyCredential(r.URL()+"/"+account+"/box-"+azuritetest.Suffix(t), key, &container.ClientOptions{ClientOptions: noRetry()})
	if err != nil {
		t.Fatal(err)
	}
	var answer *azcore.ResponseError
	if _, err := c.Create(t.Context(), nil); err == nil || errors.As(err, &answer) {
		t.Errorf("before: %v", err)
	}
	there.Store(true)
	if _, err := c.Create(t.Context(), nil); err != nil {
		t.Errorf("after: %v", err)
	}
}
