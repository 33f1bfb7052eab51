package gateway_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

func readLink(t *testing.T, b *blockblob.Client) string {
	t.Helper()
	link, err := b.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestPutBlobFromURLCopiesAcrossAccounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{})
	from, keyed, linked := r.container(t, other), r.container(t, account), r.container(t, account)
	writable := withSAS(t, linked, sas.ContainerPermissions{Create: true, Write: true})
	for _, name := range append(awkwardNames(), "empty") {
		content := strings.TrimPrefix(name, "empty")
		source := from.NewBlockBlobClient(name)
		etag := upload(t, source, content, &blockblob.UploadOptions{
			HTTPHeaders: &blob.HTTPHeaders{BlobContentType: to.Ptr("text/csv"), BlobContentLanguage: to.Ptr("de")},
			Metadata:    map[string]*string{"source": to.Ptr("only")},
		})
		for _, as := range []struct{ writer, reader *container.Client }{{keyed, keyed}, {writable, linked}} {
			res, err := as.writer.NewBlockBlobClient(name).UploadBlobFromURL(t.Context(), readLink(t, source), copyOptions(etag))
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			checkCopy(t, as.reader.NewBlockBlobClient(name), *res.ETag, content)
		}
	}
	events := r.events.await(t, containerName(t, keyed), len(awkwardNames())+1)
	if api := decode(t, events[0])["api"]; api != "PutBlob" {
		t.Errorf("api = %v", api)
	}
}

func copyOptions(source azcore.ETag) *blockblob.UploadBlobFromURLOptions {
	return &blockblob.UploadBlobFromURLOptions{
		Tier:                           to.Ptr(blob.AccessTierCool),
		Metadata:                       map[string]*string{"given": to.Ptr("yes"), "with_under": to.Ptr("1")},
		SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{SourceIfMatch: &source},
	}
}

func checkCopy(t *testing.T, b *blockblob.Client, etag azcore.ETag, content string) {
	t.Helper()
	if got := download(t, b); got != content {
		t.Errorf("content = %q, want %q", got, content)
	}
	p, err := b.GetProperties(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"etag": string(*p.ETag), "type": *p.ContentType, "language": *p.ContentLanguage, "tier": *p.AccessTier}
	for key, value := range p.Metadata {
		got[strings.ToLower(key)] = *value
	}
	want := map[string]string{"etag": string(etag), "type": "text/csv", "language": "de", "tier": "Cool", "given": "yes", "with_under": "1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// copyCase is one Put Blob From URL and how it ends.
type copyCase struct {
	name, target, source string
	rights               sas.ContainerPermissions // none: the account's key
	options              *blockblob.UploadBlobFromURLOptions
	status               int
	code                 string
}

func TestPutBlobFromURLConditionsAndRights(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{})
	from, into := r.container(t, other), r.container(t, account)
	source := from.NewBlockBlobClient("source")
	sourceETag := upload(t, source, "bytes", nil)
	takenETag := upload(t, into.NewBlockBlobClient("taken"), "before", nil)
	link := readLink(t, source)
	cases := append(conditionCases(link, sourceETag, takenETag), rightsCases(link)...)
	cases = append(cases,
		copyCase{name: "no such source", target: "new5", source: readLink(t, from.NewBlockBlobClient("none")), status: 404, code: "CannotVerifyCopySource"},
		copyCase{name: "source without link", target: "new5", source: source.URL(), status: 403, code: "CannotVerifyCopySource"},
	)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := into
			if tc.rights != (sas.ContainerPermissions{}) {
				c = withSAS(t, into, tc.rights)
			}
			_, err := c.NewBlockBlobClient(tc.target).UploadBlobFromURL(context.Background(), tc.source, tc.options)
			wantCode(t, err, tc.status, tc.code)
		})
	}
}

func conditionCases(link string, sourceETag, takenETag azcore.ETag) []copyCase {
	wrong := azcore.ETag(`"0x1"`)
	ifMatch := func(e azcore.ETag) *blockblob.UploadBlobFromURLOptions {
		return &blockblob.UploadBlobFromURLOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &e}}}
	}
	sourceIf := func(c blob.SourceModifiedAccessConditions) *blockblob.UploadBlobFromURLOptions {
		return &blockblob.UploadBlobFromURLOptions{SourceModifiedAccessConditions: &c}
	}
	fresh := &blockblob.UploadBlobFromURLOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}}
	return []copyCase{
		{name: "source matches", target: "new2", source: link, options: sourceIf(blob.SourceModifiedAccessConditions{SourceIfMatch: &sourceETag})},
		{name: "source changed", target: "new3", source: link, options: sourceIf(blob.SourceModifiedAccessConditions{SourceIfMatch: &wrong}), status: 412, code: "SourceConditionNotMet"},
		{name: "source none match", target: "new3", source: link, options: sourceIf(blob.SourceModifiedAccessConditions{SourceIfNoneMatch: &sourceETag}), status: 412, code: "SourceConditionNotMet"},
		{name: "source newer", target: "new3", source: link, options: sourceIf(blob.SourceModifiedAccessConditions{SourceIfUnmodifiedSince: to.Ptr(time.Unix(0, 0))}), status: 412, code: "SourceConditionNotMet"},
		{name: "target matches", target: "taken", source: link, options: ifMatch(takenETag)},
		{name: "target changed", target: "taken", source: link, options: ifMatch(wrong), status: 412, code: "ConditionNotMet"},
		{name: "target exists", target: "taken", source: link, options: fresh, status: 409, code: "BlobAlreadyExists"},
		{name: "target is new", target: "new4", source: link, options: fresh},
	}
}

func rightsCases(link string) []copyCase {
	return []copyCase{
		{name: "plain", target: "new1", source: link},
		{name: "forged source link", target: "new5", source: strings.Replace(link, "sig=", "sig=A", 1), status: 403, code: "CannotVerifyCopySource"},
		{name: "source nowhere", target: "new5", source: "http://127.0.0.1:1/x", status: 400, code: "CannotVerifyCopySource"},
		{name: "source no URL", target: "new5", source: "name", status: 400, code: "InvalidHeaderValue"},
		{name: "link may create", target: "new6", source: link, rights: sas.ContainerPermissions{Create: true}},
		{name: "link may not overwrite", target: "taken", source: link, rights: sas.ContainerPermissions{Create: true}, status: 403, code: "AuthorizationPermissionMismatch"},
		{name: "link may only read", target: "new7", source: link, rights: sas.ContainerPermissions{Read: true}, status: 403, code: "AuthorizationPermissionMismatch"},
		{name: "caller before source", target: "new7", source: "http://127.0.0.1:1/x", rights: sas.ContainerPermissions{Read: true}, status: 403, code: "AuthorizationPermissionMismatch"},
	}
}

func TestPutBlobFromURLNeedsTheKey(t *testing.T) {
	t.Parallel()
	into := newRig(t, gateway.Config{}).container(t, account).NewBlockBlobClient("x")
	key, err := blob.NewSharedKeyCredential(account, base64.StdEncoding.EncodeToString([]byte("guess")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := blockblob.NewClientWithSharedKeyCredential(into.URL(), key, &blockblob.ClientOptions{ClientOptions: noRetry()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.UploadBlobFromURL(t.Context(), "http://127.0.0.1:1/x", nil)
	wantCode(t, err, http.StatusForbidden, "AuthenticationFailed")
}

func TestPutBlockFromURL(t *testing.T) {
	t.Parallel()
	r := newRig(t, gateway.Config{})
	from, into := r.container(t, other), r.container(t, account)
	source := from.NewBlockBlobClient("source")
	etag, wrong := upload(t, source, "0123456789", nil), azcore.ETag(`"0x1"`)
	link := readLink(t, source)
	block := func(i byte) string { return base64.StdEncoding.EncodeToString([]byte{'+', '/', '?', i}) }
	span := func(at, n int64, e azcore.ETag) *blockblob.StageBlockFromURLOptions {
		return &blockblob.StageBlockFromURLOptions{
			Range:                          blob.HTTPRange{Offset: at, Count: n},
			SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{SourceIfMatch: &e},
		}
	}
	writer := withSAS(t, into, sas.ContainerPermissions{Write: true}).NewBlockBlobClient("target")
	creator := withSAS(t, into, sas.ContainerPermissions{Create: true}).NewBlockBlobClient("target")
	for _, tc := range []struct {
		name    string
		client  *blockblob.Client
		block   byte
		options *blockblob.StageBlockFromURLOptions
		status  int
		code    string
	}{
		{"key", into.NewBlockBlobClient("target"), 0, span(0, 4, etag), 0, ""},
		{"link", writer, 1, span(4, 6, etag), 0, ""},
		{"create is not enough", creator, 2, span(0, 4, etag), 403, "AuthorizationPermissionMismatch"},
		{"source changed", writer, 2, span(0, 4, wrong), 412, "SourceConditionNotMet"},
		{"range beyond the end", writer, 2, span(100, 4, etag), 416, "InvalidRange"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.client.StageBlockFromURL(context.Background(), block(tc.block), link, tc.options)
			wantCode(t, err, tc.status, tc.code)
		})
	}
	if _, err := writer.CommitBlockList(t.Context(), []string{block(0), block(1)}, nil); err != nil {
		t.Fatal(err)
	}
	if got := download(t, into.NewBlockBlobClient("target")); got != "0123456789" {
		t.Errorf("content = %q", got)
	}
}

func TestAnyReadableURLIsASource(t *testing.T) {
	t.Parallel()
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/x-outside")
		_, _ = w.Write([]byte("from outside"))
	}))
	t.Cleanup(outside.Close)
	b := newRig(t, gateway.Config{}).container(t, account).NewBlockBlobClient("inside")
	if _, err := b.UploadBlobFromURL(t.Context(), outside.URL, nil); err != nil {
		t.Fatal(err)
	}
	if got := download(t, b); got != "from outside" {
		t.Errorf("content = %q", got)
	}
}
