package storageproxy_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// TestSharedKeySignaturesOfTheSDKHold lets azblob sign awkward requests and verifies what arrives.
func TestSharedKeySignaturesOfTheSDKHold(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString([]byte("the key of the account"))
	other := base64.StdEncoding.EncodeToString([]byte("another key"))
	valid, forged := make(chan bool, 10), make(chan bool, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		valid <- storageproxy.VerifySharedKey(r, account, key)
		r.Header.Set("x-ms-version", "changed")
		forged <- storageproxy.VerifySharedKey(r, account, key) || storageproxy.VerifySharedKey(r, account, other)
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(server.Close)
	credential, err := azblob.NewSharedKeyCredential(account, key)
	if err != nil {
		t.Fatal(err)
	}
	client, err := azblob.NewClientWithSharedKeyCredential(server.URL+"/"+account, credential, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plain", "a b/%41+#?&.csv", "é💎", strings.Repeat("x", 1024)} {
		_, err := client.UploadBuffer(t.Context(), "box", name, []byte(name), &azblob.UploadBufferOptions{
			Metadata:    map[string]*string{"foo_bar": to.Ptr("1"), "fooaaa": to.Ptr("2"), "foo": to.Ptr("a, b")},
			HTTPHeaders: &blob.HTTPHeaders{BlobContentType: to.Ptr("text/csv"), BlobContentDisposition: to.Ptr("x")},
			AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{
				IfNoneMatch: to.Ptr(azcore.ETagAny), IfMatch: to.Ptr(azcore.ETag(`"0x1"`)),
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if !<-valid {
			t.Errorf("%q: the SDK's signature does not hold", name)
		}
		if <-forged {
			t.Errorf("%q: a signature holds for a changed request or another key", name)
		}
	}
}

func TestKeyThatIsNoBase64SignsNothing(t *testing.T) {
	t.Parallel()
	if got := storageproxy.Sign("not base64!", "text"); got != "" {
		t.Errorf("Sign = %q", got)
	}
}
