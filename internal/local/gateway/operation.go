package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// Operations that the gateway knows by name; they are Call.Operation of faults. Others are named by their comp
// parameter, such as metadata, properties, tier, snapshot, lease, list, appendblock, or else by their HTTP method.
// Source: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
const (
	PutBlob           = "PutBlob"
	PutBlobFromURL    = "PutBlobFromURL"
	PutBlock          = "PutBlock"
	PutBlockFromURL   = "PutBlockFromURL"
	PutBlockList      = "PutBlockList"
	CopyBlob          = "CopyBlob"
	CopyBlobFromURL   = "CopyBlobFromURL"
	GetBlob           = "GetBlob"
	GetBlobProperties = "GetBlobProperties"
	DeleteBlob        = "DeleteBlob"
	DeleteSnapshots   = "DeleteSnapshots"
	CreateContainer   = "CreateContainer"
	DeleteContainer   = "DeleteContainer"
)

// operation is what a request asks for, and of what.
type operation struct {
	name      string
	account   string
	container string
	blob      string // as people write it
	path      string // account, container and blob as the client escaped them
}

func (o operation) call() storageproxy.Call {
	resource := o.container
	if o.blob != "" {
		resource += "/" + o.blob
	}
	return storageproxy.Call{Service: storageproxy.Blob, Account: o.account, Operation: o.name, Resource: resource}
}

// parse splits /account/container/blob. Only the blob's name can hold escapes, and it may hold slashes.
func parse(r *http.Request) operation {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	o := operation{path: path, account: parts[0]}
	if len(parts) > 1 {
		o.container = parts[1]
	}
	if len(parts) > 2 {
		o.blob = parts[2]
		if name, err := url.PathUnescape(parts[2]); err == nil {
			o.blob = name
		}
	}
	o.name = nameOf(r, o)
	return o
}

func nameOf(r *http.Request, o operation) string {
	q := r.URL.Query()
	switch {
	case q.Get("restype") == "container" && q.Get("comp") == "":
		return containerOperation(r.Method)
	case o.blob == "":
		return firstOf(q.Get("comp"), r.Method)
	}
	switch r.Method + " " + q.Get("comp") {
	case "PUT ":
		return putOperation(r.Header)
	case "PUT block":
		if r.Header.Get("x-ms-copy-source") != "" {
			return PutBlockFromURL
		}
		return PutBlock
	case "PUT blocklist":
		return PutBlockList
	case "GET ":
		return GetBlob
	case "HEAD ":
		return GetBlobProperties
	case "DELETE ":
		if q.Has("snapshot") || q.Has("versionid") || r.Header.Get("x-ms-delete-snapshots") == "only" {
			return DeleteSnapshots
		}
		return DeleteBlob
	}
	return firstOf(q.Get("comp"), r.Method)
}

func containerOperation(method string) string {
	switch method {
	case http.MethodPut:
		return CreateContainer
	case http.MethodDelete:
		return DeleteContainer
	default:
		return "GetContainerProperties"
	}
}

// putOperation tells apart the four operations that are a bare PUT of a blob.
func putOperation(h http.Header) string {
	switch {
	case h.Get("x-ms-copy-source") == "":
		return PutBlob
	case h.Get("x-ms-blob-type") != "":
		return PutBlobFromURL
	case h.Get("x-ms-requires-sync") == "true":
		return CopyBlobFromURL
	default:
		return CopyBlob
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
