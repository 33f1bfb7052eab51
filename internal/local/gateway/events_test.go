package gateway_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

func TestCreatedAndDeletedEventsHaveAzuresShape(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{Topic: func(a string) string { return "/topics/" + a }})
	c := r.container(t, account)
	name := containerName(t, c)
	b := c.NewBlockBlobClient("a b#%41.csv")
	etag := upload(t, b, "one,two", &blockblob.UploadOptions{HTTPHeaders: &blob.HTTPHeaders{BlobContentType: to.Ptr("text/csv")}})
	if _, err := b.Delete(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	byType := map[string]map[string]any{}
	for _, e := range r.events.await(t, name, 2) {
		if e.Topic != "/topics/"+account || e.Subject != "/blobServices/default/containers/"+name+"/blobs/a b#%41.csv" {
			t.Errorf("topic %q, subject %q", e.Topic, e.Subject)
		}
		if e.DataVersion != "" || e.MetadataVersion != "1" || e.ID == "" {
			t.Errorf("versions %q %q, id %q", e.DataVersion, e.MetadataVersion, e.ID)
		}
		if _, err := time.Parse(time.RFC3339Nano, e.EventTime); err != nil {
			t.Error(err)
		}
		byType[e.EventType] = decode(t, e)
	}
	created, deleted := byType[gateway.BlobCreated], byType[gateway.BlobDeleted]
	want := map[string]any{
		"api": "PutBlob", "eTag": strings.Trim(string(etag), `"`), "contentType": "text/csv", "contentLength": 7.0,
		"blobType": "BlockBlob", "url": r.URL() + "/" + account + "/" + name + "/a b#%41.csv",
	}
	compare(t, "created", want, created)
	delete(want, "eTag")
	delete(want, "contentLength")
	want["api"] = "DeleteBlob"
	compare(t, "deleted", want, deleted)
	if created["sequencer"].(string) >= deleted["sequencer"].(string) {
		t.Error("the deletion's sequencer is not behind the creation's")
	}
}

// compare checks data against want, and that what differs from call to call is there.
func compare(t *testing.T, what string, want, data map[string]any) {
	t.Helper()
	got := map[string]any{}
	for key, value := range data {
		switch key {
		case "clientRequestId": // the SDK sends none
		case "requestId", "sequencer":
			if value == "" {
				t.Errorf("%s: %s is empty", what, key)
			}
		case "storageDiagnostics":
			if value.(map[string]any)["batchId"] == "" {
				t.Errorf("%s: no batchId", what)
			}
		default:
			got[key] = value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// quietCalls change a blob without making or removing one.
func quietCalls(t *testing.T, c *container.Client, b *blockblob.Client) []func() error {
	t.Helper()
	return []func() error{
		func() error {
			_, err := b.SetMetadata(t.Context(), map[string]*string{"k": to.Ptr("v")}, nil)
			return err
		},
		func() error { _, err := b.SetHTTPHeaders(t.Context(), blob.HTTPHeaders{}, nil); return err },
		func() error { _, err := b.CreateSnapshot(t.Context(), nil); return err },
		func() error {
			_, err := b.Delete(t.Context(), &blob.DeleteOptions{DeleteSnapshots: to.Ptr(blob.DeleteSnapshotsOptionTypeOnly)})
			return err
		},
		func() error { _, err := b.SetTier(t.Context(), blob.AccessTierCool, nil); return err },
		func() error {
			_, err := c.NewAppendBlobClient("log").AppendBlock(t.Context(), nopCloser{strings.NewReader("line")}, nil)
			return err
		},
	}
}

func TestOnlyBlobsThatAppearOrGoAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{})
	c := r.container(t, account)
	name := containerName(t, c)
	b := c.NewBlockBlobClient("quiet")
	upload(t, b, "x", nil)
	if _, err := c.NewAppendBlobClient("log").Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for i, call := range quietCalls(t, c, b) {
		if err := call(); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	id := base64.StdEncoding.EncodeToString([]byte("0001"))
	if _, err := b.StageBlock(t.Context(), id, nopCloser{strings.NewReader("block")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CommitBlockList(t.Context(), []string{id}, nil); err != nil {
		t.Fatal(err)
	}
	source := b.URL()
	if _, err := c.NewBlockBlobClient("copy").StartCopyFromURL(t.Context(), source, nil); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, e := range r.events.await(t, name, 4) {
		data := decode(t, e)
		got[data["api"].(string)+" "+e.Subject[strings.LastIndex(e.Subject, "/")+1:]] = data["contentLength"].(float64)
	}
	want := map[string]float64{"PutBlob quiet": 1, "PutBlob log": 0, "PutBlockList quiet": 5, "CopyBlob copy": 5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnkindEvents(t *testing.T) {
	t.Parallel()
	const blobs = 8
	for _, tc := range []struct {
		name   string
		unkind gateway.Unkind
		blob   string
		events int
		data   string // pattern of "name eTag"
	}{
		{"kind", gateway.Unkind{}, "n", blobs, `^n 0x[0-9A-F]+$`},
		{"astral characters are always replaced", gateway.Unkind{}, "log_💎.txt", blobs, "^log_\uFFFD\uFFFD.txt 0x"},
		{"quoted", gateway.Unkind{QuoteETags: 1}, "n", blobs, `^n "0x[0-9A-F]+"$`},
		{"twice", gateway.Unkind{DuplicateEvents: 1}, "n", 2 * blobs, `^n 0x`},
		{"late", gateway.Unkind{MaxDelay: 50 * time.Millisecond}, "n", blobs, `^n 0x`},
		{"corrupted", gateway.Unkind{CorruptNames: 1}, "a%41#b", blobs, `^(a%41|aA#b|1#b) 0x`},
		{"some lost", gateway.Unkind{Seed: 7, LoseEvents: 0.5}, "n", 1, `^n 0x`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, gateway.Config{Unkind: tc.unkind})
			c := r.container(t, account)
			for range blobs {
				upload(t, c.NewBlockBlobClient(tc.blob), "x", nil)
			}
			ids := map[string]int{}
			for _, e := range r.events.await(t, containerName(t, c), tc.events) {
				ids[e.ID]++
				_, name, _ := strings.Cut(e.Subject, "/blobs/")
				if line := name + " " + decode(t, e)["eTag"].(string); !regexp.MustCompile(tc.data).MatchString(line) {
					t.Errorf("event says %q, want %s", line, tc.data)
				}
			}
			if want := blobs; tc.unkind.LoseEvents == 0 && len(ids) != want {
				t.Errorf("%d ids, want %d", len(ids), want)
			}
			if tc.unkind.LoseEvents > 0 && len(ids) == blobs {
				t.Error("no event was lost")
			}
		})
	}
}

func TestDeletedContainerNameIsTakenForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := newRig(t, gateway.Config{Now: func() time.Time { return now }})
	c := r.container(t, account)
	if _, err := c.Delete(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, err := c.Create(t.Context(), nil)
	wantCode(t, err, http.StatusConflict, "ContainerBeingDeleted")
	now = now.Add(31 * time.Second)
	if _, err := c.Create(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
