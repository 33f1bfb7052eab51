package azfiles_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// attached is all that an uploader can attach to a file.
func attached(content []byte, t *testing.T, w world, place airlock.Place) airlock.Ref {
	t.Helper()
	c, err := w.accounts.Container(place)
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.NewBlockBlobClient("a.csv").Upload(t.Context(), stream(content), &blockblob.UploadOptions{
		Metadata: map[string]*string{"patient": to.Ptr("1"), "source": to.Ptr("0x1")},
		HTTPHeaders: &blob.HTTPHeaders{
			BlobContentType: to.Ptr("text/csv"), BlobContentEncoding: to.Ptr("gzip"), BlobContentLanguage: to.Ptr("patient 2"),
			BlobContentDisposition: to.Ptr("patient 3"), BlobCacheControl: to.Ptr("patient 4"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return airlock.Ref{Place: place, Name: "a.csv", ETag: airlock.NormalizeETag(string(*made.ETag))}
}

// TestNothingElseCrosses: what nobody reviews is no way out of a workspace.
func TestNothingElseCrosses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, size := range []int{0, 100, 30_000} {
		source := attached(make([]byte, size), t, w, w.place(t, w.account))
		c := airlock.Copy{From: source, To: airlock.Ref{Place: w.place(t, w.other), Name: "a.csv"}, Size: int64(size)}
		for done := (airlock.Copied{}); done.ETag == ""; c.Offset = done.Offset {
			var err error
			if done, err = w.vault().Copy(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		client, err := w.accounts.Container(c.To.Place)
		if err != nil {
			t.Fatal(err)
		}
		p, err := client.NewBlobClient("a.csv").GetProperties(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := []*string{p.ContentType, p.ContentEncoding, p.ContentLanguage, p.ContentDisposition, p.CacheControl}
		if diff := cmp.Diff([]*string{to.Ptr("text/csv"), nil, nil, nil, nil}, got); diff != "" {
			t.Errorf("%d bytes: %s", size, diff)
		}
		for key, value := range p.Metadata {
			if len(p.Metadata) != 1 || *value != source.ETag {
				t.Errorf("%d bytes: metadata %s is %q", size, key, *value)
			}
		}
	}
}

// TestStoredBytes: what is read is what is stored, whatever the file claims
// about its encoding, for that is what crosses.
func TestStoredBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte("unpacked")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{packed.Bytes(), []byte("not packed at all")} {
		ref := attached(content, t, w, w.place(t, w.account))
		got, err := w.vault().Open(t.Context(), ref, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got)
		if err != nil || got.Close() != nil || !bytes.Equal(text, content) || got.Size != int64(len(content)) {
			t.Errorf("%d of %d bytes, says %d, %v", len(text), len(content), got.Size, err)
		}
	}
}
