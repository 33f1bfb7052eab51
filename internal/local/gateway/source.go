package gateway

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// refusal is an answer that ends a copy: storage's own response, or one of ours.
type refusal struct {
	response *http.Response
	err      *storageproxy.Error
	extra    http.Header
}

func refuse(status int, code, message string) *refusal {
	return &refusal{err: &storageproxy.Error{Status: status, Code: code, Message: message}}
}

func (f *refusal) relay(w http.ResponseWriter) {
	if f.response != nil {
		defer f.response.Body.Close()
		relay(w, f.response)
		return
	}
	for name, values := range f.extra {
		w.Header()[name] = values
	}
	f.err.Answer(w, storageproxy.Blob)
}

// openSource reads x-ms-copy-source as anybody with that link would, under the conditions on the source.
func (g *Gateway) openSource(r *http.Request) (*http.Response, *refusal) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.Header.Get("x-ms-copy-source"), nil)
	if err != nil || req.URL.Host == "" {
		return nil, refuse(http.StatusBadRequest, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.")
	}
	for name, values := range r.Header {
		if condition, ok := strings.CutPrefix(name, "X-Ms-Source-If-"); ok {
			req.Header["If-"+condition] = values
		}
	}
	if span := r.Header.Get("x-ms-source-range"); span != "" {
		req.Header.Set("Range", span)
		req.Header.Set("x-ms-range", span)
	}
	if token := r.Header.Get("x-ms-copy-source-authorization"); token != "" {
		req.Header.Set("Authorization", token)
	}
	req.Header.Set("x-ms-version", serviceVersion)
	res, err := g.client.Do(req)
	if err != nil {
		return nil, unverified(http.StatusBadRequest, "", "")
	}
	if refusal := judgeSource(res); refusal != nil {
		res.Body.Close()
		return nil, refusal
	}
	return res, nil
}

// judgeSource says why a source cannot be copied; nil when it can. A condition on the source has a code of its own,
// anything else is CannotVerifyCopySource with the status that the source gave.
func judgeSource(res *http.Response) *refusal {
	switch {
	case res.StatusCode == http.StatusNotModified || res.StatusCode == http.StatusPreconditionFailed:
		return refuse(http.StatusPreconditionFailed, "SourceConditionNotMet",
			"The source condition specified using HTTP conditional header(s) is not met.")
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange",
			"The range specified is invalid for the current size of the resource.")
	case res.StatusCode >= 300:
		return unverified(max(res.StatusCode, 400), strconv.Itoa(res.StatusCode), res.Header.Get("x-ms-error-code"))
	case res.ContentLength < 0:
		return unverified(http.StatusBadRequest, "", "")
	}
	return nil
}

// unverified is the answer about a source that could not be read, with what the source said where it said something.
func unverified(status int, sourceStatus, sourceCode string) *refusal {
	message := map[int]string{
		http.StatusForbidden: "This request is not authorized to perform this operation.",
		http.StatusNotFound:  "The specified resource does not exist.",
	}[status]
	f := refuse(status, "CannotVerifyCopySource", firstOf(message, "Could not verify copy source."))
	f.extra = http.Header{}
	if sourceStatus != "" {
		f.extra.Set("x-ms-copy-source-status-code", sourceStatus)
	}
	if sourceCode != "" {
		f.extra.Set("x-ms-copy-source-error-code", sourceCode)
	}
	return f
}
