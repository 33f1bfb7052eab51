package defender_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

func TestVerdictsByContent(t *testing.T) {
	t.Parallel()
	r := newRig(t, defender.Config{})
	box := r.container(t, "draft-")
	large := strings.Repeat("x", 64<<10-10)
	// SHA-256 of EICAR is public knowledge; it is upper case as Defender writes it.
	const eicarSum = "275A021BBFB6489E54D471899F7DB9D1663FC695EC2FE2A2C4538AABF651FD0F"
	for _, tc := range []struct {
		name, content string
		malicious     bool
		sum           string
	}{
		{"empty", "", false, ""},
		{"clean a b#%41 é💎.csv", "one,two", false, ""},
		{"deep/er/eicar.com", defender.EICAR, true, eicarSum},
		{"in the middle, across two reads", large + defender.EICAR + large, true, ""},
		{"at the end", strings.Repeat("y", 300<<10) + defender.EICAR, true, ""},
		{"not quite", defender.EICAR[:67], false, ""},
	} {
		etag := r.upload(t, box, tc.name, tc.content)
		e := r.result(t)
		if e.Subject != "storageAccounts/"+account+"/containers/"+box+"/blobs/"+tc.name {
			t.Errorf("subject = %q", e.Subject)
		}
		if e.EventType != defender.EventType || e.Topic != "/topics/scans" || e.DataVersion != "1.0" || e.MetadataVersion != "1" || e.ID == "" {
			t.Errorf("envelope = %+v", e)
		}
		got := data(t, e)
		want := map[string]any{
			"blobUri": r.base + "/" + account + "/" + box + "/" + tc.name, "eTag": etag,
			"scanResultType": defender.NoThreats, "scanResultDetails": nil,
		}
		if tc.malicious {
			found := got["scanResultDetails"].(map[string]any)
			if len(found["sha256"].(string)) != 64 || tc.sum != "" && found["sha256"] != tc.sum {
				t.Errorf("%s: sha256 = %v", tc.name, found["sha256"])
			}
			delete(found, "sha256")
			want["scanResultType"] = defender.Malicious
			want["scanResultDetails"] = map[string]any{"malwareNamesFound": []any{"Virus:DOS/EICAR_Test_File"}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestWhatIsNotScannedHasNoResult(t *testing.T) {
	t.Parallel()
	r := newRig(t, defender.Config{Decide: func(b gateway.Blob) (defender.Outcome, bool) {
		return defender.Outcome{Silent: true}, b.Name == "quota"
	}})
	for _, prefix := range []string{"sealed-", "released-"} {
		r.upload(t, r.container(t, prefix), "x", defender.EICAR)
	}
	box := r.container(t, "draft-")
	if _, err := r.client.ServiceClient().NewContainerClient(box).NewAppendBlobClient("log").Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	r.upload(t, box, "quota", "x")
	etag := r.upload(t, box, "last", "x")
	if got := data(t, r.result(t))["eTag"]; got != etag {
		t.Errorf("a result for ETag %v, want only that of the last blob", got)
	}
	if len(r.results) != 0 {
		t.Errorf("%d more results", len(r.results))
	}
}

func TestEveryCodeOnDemand(t *testing.T) {
	t.Parallel()
	byPrefix := map[string]defender.Outcome{
		"lower":     {Code: defender.Throttled, LowerCase: true},
		"malicious": {Type: defender.Malicious},
		"error":     {Type: "Error"},
		"late":      {Scan: true, Delay: 30 * time.Millisecond},
	}
	for _, code := range defender.Codes() {
		byPrefix[string(code)] = defender.Outcome{Code: code}
	}
	r := newRig(t, defender.Config{Decide: func(b gateway.Blob) (defender.Outcome, bool) {
		o, ok := byPrefix[b.Name]
		return o, ok
	}})
	box := r.container(t, "draft-")
	for name, outcome := range byPrefix {
		before := time.Now()
		r.upload(t, box, name, defender.EICAR)
		got := data(t, r.result(t))
		reason := ""
		if found, ok := got["scanResultDetails"].(map[string]any); ok && found["notScannedReason"] != nil {
			reason = found["notScannedReason"].(string)
		}
		switch name {
		case "lower":
			if got["scanResultType"] != "Not scanned" || !strings.HasPrefix(reason, "SAM259213: ") {
				t.Errorf("%s: %v", name, got)
			}
		case "malicious", "error":
			if got["scanResultType"] != outcome.Type || got["scanResultDetails"] != nil {
				t.Errorf("%s: %v", name, got)
			}
		case "late":
			if got["scanResultType"] != "Malicious" || time.Since(before) < outcome.Delay {
				t.Errorf("%s: %v after %v", name, got, time.Since(before))
			}
		default:
			if got["scanResultType"] != "Not Scanned" || !strings.HasPrefix(reason, name+": ") || len(reason) < 20 {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
}

func TestWhatTheScannerCannotRead(t *testing.T) {
	t.Parallel()
	e := azuritetest.Start(t)
	results := make(chan eventgrid.Event, 1)
	d := defender.New(defender.Config{
		BlobURL: e.Blob, Accounts: e.Accounts, MaxBytes: 10,
		Publish: func(event eventgrid.Event) error { results <- event; return nil },
	})
	t.Cleanup(d.Close)
	r := &rig{results: results}
	var err error
	if r.client, err = azblob.NewClientFromConnectionString(e.ConnectionString(account), nil); err != nil {
		t.Fatal(err)
	}
	box := r.container(t, "draft-")
	etag, archived := r.upload(t, box, "there", "small"), r.upload(t, box, "archived", "small")
	large := r.upload(t, box, "large", "more than ten bytes")
	if _, err := r.client.ServiceClient().NewContainerClient(box).NewBlobClient("archived").SetTier(t.Context(), blob.AccessTierArchive, nil); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, etag string
		want       defender.Code
	}{
		{"gone", etag, defender.NotFound},
		{"there", "0x1", defender.ETagMismatch},
		{"archived", archived, defender.ArchiveTier},
		{"large", large, defender.TooLarge},
	} {
		d.Uploaded(t.Context(), gateway.Blob{Account: account, Container: box, Name: tc.name, ETag: tc.etag, Type: "BlockBlob"})
		got := fmt.Sprint(data(t, r.result(t))["scanResultDetails"])
		if !strings.Contains(got, string(tc.want)) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestCopiesAndBlockListsAreScanned(t *testing.T) {
	t.Parallel()
	r := newRig(t, defender.Config{})
	box := r.container(t, "rescan-")
	c := r.client.ServiceClient().NewContainerClient(box)
	if _, err := r.client.UploadStream(t.Context(), box, "blocks", bytes.NewReader(bytes.Repeat([]byte("z"), 3<<20)), nil); err != nil {
		t.Fatal(err)
	}
	r.result(t)
	res, err := c.NewBlobClient("copy").StartCopyFromURL(t.Context(), c.NewBlobClient("blocks").URL(), &blob.StartCopyFromURLOptions{
		Tier: to.Ptr(blob.AccessTierHot),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := data(t, r.result(t))["eTag"]; got != strings.Trim(string(*res.ETag), `"`) {
		t.Errorf("eTag = %v, want the copy's %s", got, *res.ETag)
	}
}
