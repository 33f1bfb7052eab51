package funchost

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// defaultHTTPType is the type of every answer that names none, objects too.
const defaultHTTPType = "text/plain; charset=utf-8"

// result answers the client from the http output of a function.
func (w *reply) result(f *function, res result) error {
	name := ""
	for _, b := range f.outputs {
		if b.is(httpOutput) {
			name = b.Name
		}
	}
	value, ok := res.output(f, name)
	switch {
	case ok:
		return w.response(value)
	case res.value.Kind != jtoken.Null && res.value.Kind != jtoken.Object:
		return w.plain(http.StatusOK, res.value)
	case res.outputs.Kind == jtoken.Object: // the whole of Outputs stands in
		return w.plain(http.StatusOK, res.outputs)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// response writes {"statusCode", "headers", "body"}. A status that cannot be
// read is 200.
func (w *reply) response(v jtoken.Token) error {
	if v.Kind != jtoken.Object {
		return fmt.Errorf("%w: http output is not an object", errResponse)
	}
	status := http.StatusOK
	if s, ok := v.GetFold("statusCode"); ok && s.Scalar() {
		if n, err := strconv.Atoi(s.String()); err == nil {
			status = n
		}
	}
	headers, _ := v.GetFold("headers")
	for _, h := range headers.Fields {
		if !h.Value.Scalar() || h.Value.Kind == jtoken.Null {
			return fmt.Errorf("%w: header %s is not text", errResponse, h.Name)
		}
	}
	for _, h := range headers.Fields {
		w.Header().Set(h.Name, h.Value.String())
	}
	body, _ := v.GetFold("body")
	return w.plain(status, body)
}

// plain writes a body: none for null, else chunked, as Kestrel does when it
// does not know the length.
func (w *reply) plain(status int, body jtoken.Token) error {
	w.Header().Set("Content-Type", withCharset(w.Header().Get("Content-Type")))
	w.WriteHeader(status)
	if body.Kind == jtoken.Null || status == http.StatusNoContent {
		return nil
	}
	// The client may be gone or the length a lie; the invocation has succeeded.
	_, _ = io.WriteString(w, body.String())
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
	return nil
}

func withCharset(contentType string) string {
	if contentType == "" {
		return defaultHTTPType
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["charset"] != "" {
		return contentType
	}
	params["charset"] = "utf-8"
	return mime.FormatMediaType(media, params)
}
