package gateway

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// Largest sources, in bytes.
// Source: https://learn.microsoft.com/azure/storage/blobs/scalability-targets
const (
	maxPutBlobFromURL  = 5000 << 20
	maxPutBlockFromURL = 4000 << 20
)

// serviceVersion of the gateway's own requests.
const serviceVersion = "2021-12-02"

// fromURL is Put Blob From URL and Put Block From URL: caller, then source, then the bytes, as a stream.
// Sources: https://learn.microsoft.com/rest/api/storageservices/put-blob-from-url and …/put-block-from-url
func (g *Gateway) fromURL(w http.ResponseWriter, r *http.Request, op operation) {
	target, refusal := g.authorise(r, op)
	if refusal != nil {
		refusal.relay(w)
		return
	}
	source, refusal := g.openSource(r)
	if refusal != nil {
		refusal.relay(w)
		return
	}
	defer source.Body.Close()
	if source.ContentLength > limitOf(op) {
		refuse(http.StatusRequestEntityTooLarge, "RequestBodyTooLarge",
			"The request body is too large and exceeds the maximum permissible limit.").relay(w)
		return
	}
	put, err := http.NewRequestWithContext(r.Context(), http.MethodPut, g.cfg.Upstream, source.Body)
	if err != nil {
		refuse(http.StatusInternalServerError, "InternalError", err.Error()).relay(w)
		return
	}
	put.URL.Opaque, put.URL.RawQuery = op.path, target.query
	put.ContentLength = source.ContentLength
	put.Header = writeHeaders(r, op, source.Header)
	if target.authorization != "" {
		put.Header.Set("Authorization", target.authorization)
	}
	if source.ContentLength == 0 {
		put.Body = http.NoBody // else Go sends no length at all
	}
	res, err := g.client.Do(put)
	if err != nil {
		refuse(http.StatusInternalServerError, "CannotVerifyCopySource", "Could not verify the copy source within the specified time.").relay(w)
		return
	}
	defer res.Body.Close()
	relay(w, res)
}

func limitOf(op operation) int64 {
	if op.name == PutBlockFromURL {
		return maxPutBlockFromURL
	}
	return maxPutBlobFromURL
}

// credential is how the bytes may be written.
type credential struct{ query, authorization string }

// authorise checks the caller; see the package comment for how.
func (g *Gateway) authorise(r *http.Request, op operation) (credential, *refusal) {
	if storageproxy.HasSharedKey(r) {
		key := azurite.KeyOf(g.cfg.Accounts, op.account)
		if key == "" || !storageproxy.VerifySharedKey(r, op.account, key) {
			return credential{}, refuse(http.StatusForbidden, "AuthenticationFailed",
				"Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly including the signature.")
		}
		return credential{query: g.ownQuery(r, op)}, nil
	}
	c := credential{query: r.URL.RawQuery, authorization: r.Header.Get("Authorization")}
	return c, g.probe(r, op, c)
}

// ownQuery is the request's operation with the gateway's own signature.
func (g *Gateway) ownQuery(r *http.Request, op operation) string {
	query := g.sas(op.account)
	for _, name := range []string{"comp", "blockid"} {
		if value := r.URL.Query().Get(name); value != "" {
			query += "&" + name + "=" + url.QueryEscape(value)
		}
	}
	return query
}

// probe asks Azurite whether the credential may write the blob, and changes nothing: no blob has that ETag. Put
// Block needs the write permission, which setting metadata needs too; Put Blob is also content with create.
func (g *Gateway) probe(r *http.Request, op operation, c credential) *refusal {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPut, g.cfg.Upstream, http.NoBody)
	if err != nil {
		return refuse(http.StatusInternalServerError, "InternalError", err.Error())
	}
	query := r.URL.Query()
	query.Del("blockid")
	if op.name == PutBlockFromURL {
		query.Set("comp", "metadata")
	}
	req.URL.Opaque, req.URL.RawQuery = op.path, query.Encode()
	req.Header = http.Header{
		"If-Match": {`"0x0"`}, "X-Ms-Version": {serviceVersion}, "X-Ms-Blob-Type": {"BlockBlob"},
	}
	if c.authorization != "" {
		req.Header.Set("Authorization", c.authorization)
	}
	res, err := g.client.Do(req)
	if err != nil {
		return refuse(http.StatusInternalServerError, "InternalError", "storage does not answer")
	}
	code := res.Header.Get("x-ms-error-code")
	if res.StatusCode == http.StatusPreconditionFailed || code == "BlobNotFound" {
		res.Body.Close()
		return nil
	}
	return &refusal{response: res}
}

// own sends a request of the gateway's own to Azurite.
func (g *Gateway) own(ctx context.Context, method string, op operation, query string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, g.cfg.Upstream, nil)
	if err != nil {
		return nil, err
	}
	req.URL.Opaque, req.URL.RawQuery = op.path, g.sas(op.account)+query
	req.Header.Set("x-ms-version", serviceVersion)
	return g.client.Do(req)
}

// writeHeaders are the headers of the Put Blob or Put Block that carries the bytes: the caller's, less the
// signature and all that speaks of the source, and the source's content headers where the caller gave none.
func writeHeaders(r *http.Request, op operation, source http.Header) http.Header {
	h := r.Header.Clone()
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-ms-copy-source") || strings.HasPrefix(lower, "x-ms-source-") {
			h.Del(name)
		}
	}
	for _, name := range []string{"Authorization", "x-ms-date", "Date", "Content-Length", "Content-MD5", "Content-Type", "Connection"} {
		h.Del(name)
	}
	if md5 := r.Header.Get("x-ms-source-content-md5"); md5 != "" {
		h.Set("Content-MD5", md5)
	}
	if op.name == PutBlobFromURL && !strings.EqualFold(r.Header.Get("x-ms-copy-source-blob-properties"), "false") {
		for from, to := range contentHeaders {
			if h.Get(to) == "" && source.Get(from) != "" {
				h.Set(to, source.Get(from))
			}
		}
	}
	return storageproxy.LowerMetadata(h)
}

// contentHeaders maps the headers of a read to those of a write. Metadata, tags and tier are not among them: Put
// Blob From URL sets what the request says, and nothing else.
var contentHeaders = map[string]string{
	"Content-Type":        "x-ms-blob-content-type",
	"Content-Encoding":    "x-ms-blob-content-encoding",
	"Content-Language":    "x-ms-blob-content-language",
	"Content-Disposition": "x-ms-blob-content-disposition",
	"Cache-Control":       "x-ms-blob-cache-control",
}

func relay(w http.ResponseWriter, res *http.Response) {
	for name, values := range res.Header {
		if name != "Connection" && name != "Keep-Alive" && name != "Transfer-Encoding" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body) // a caller that went away cannot be told
}
