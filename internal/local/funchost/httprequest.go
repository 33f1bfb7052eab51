package funchost

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// functionRequest serves an HTTP function: proxied, forwarded, or in the JSON
// protocol, as host.json and the function's bindings have it.
func (r *Running) functionRequest(life context.Context, w http.ResponseWriter, req *http.Request) {
	a, err := r.loaded()
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	f, params, ok := a.routes.find(req.Method, req.URL.EscapedPath())
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if !r.mayCall(f, req) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	req.Body = http.MaxBytesReader(w, req.Body, maxRequestBody)
	answer := &reply{ResponseWriter: w}
	c := call{function: f, reason: "This function was programmatically called via the host APIs."}
	switch {
	case f.plainHTTP() && a.config.proxy:
		c.send = r.proxyCall(answer, req)
	case f.plainHTTP() && a.config.forward:
		c.send = r.forwardCall(answer, req)
	default:
		if err := c.bindRequest(req, params); err != nil {
			answer.fail()
			return
		}
		c.answer = func(res result) error { return answer.result(f, res) }
	}
	if err := r.invoke(life, a, c); err != nil {
		answer.fail()
	}
}

func (r *Running) mayCall(f *function, req *http.Request) bool {
	switch strings.ToLower(f.trigger.AuthLevel) {
	case "anonymous":
		return true
	case "admin":
		return allowed(req, r.host.Keys.Master, "")
	default:
		return allowed(req, r.host.Keys.Function, r.host.Keys.Master)
	}
}

// reply is the client's end of an HTTP function.
type reply struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader notes that the answer has begun.
func (w *reply) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// fail answers 500 without a body, or breaks off an answer that has begun.
func (w *reply) fail() {
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusInternalServerError)
}

// bindRequest makes Data and Metadata of a request (HttpRequestExtensions).
func (c *call) bindRequest(req *http.Request, params []routeParam) error {
	var body []byte
	if req.ContentLength > 0 { // a chunked body has no length and is lost
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return err
		}
	}
	query := queryOf(req.URL.RawQuery)
	object := jtoken.Token{}.
		Set("Url", jtoken.Of("http://"+req.Host+req.URL.RequestURI())).
		Set("Method", jtoken.Of(req.Method)).
		Set("Query", query.object(joined)).
		Set("Headers", headersOf(req).object(listed))
	if len(params) > 0 {
		object = object.Set("Params", paramsObject(params))
	}
	object = object.Set("Identities", jtoken.Token{Kind: jtoken.Array, Items: []jtoken.Token{anonymous()}})
	if len(body) > 0 {
		object = object.Set("Body", bodyToken(req, body))
	}
	c.data = object
	c.binding.leak(string(body))
	for _, p := range query {
		if !strings.EqualFold(p.name, "code") {
			c.binding.set(p.name, p.values[len(p.values)-1])
		}
	}
	for _, p := range params {
		if !p.absent {
			c.binding.set(p.name, p.value)
		}
	}
	c.binding.add("Query", query.object(last))
	c.binding.add("Headers", headersOf(req).object(joined))
	return nil
}

// anonymous is the identity of somebody who did not sign in.
func anonymous() jtoken.Token {
	null := jtoken.Token{}
	return jtoken.Token{}.
		Set("AuthenticationType", null).Set("IsAuthenticated", boolean(false)).Set("Actor", null).
		Set("BootstrapContext", null).Set("Claims", jtoken.Token{Kind: jtoken.Array}).
		Set("Label", null).Set("Name", null).
		Set("NameClaimType", jtoken.Of("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name")).
		Set("RoleClaimType", jtoken.Of("http://schemas.microsoft.com/ws/2008/06/identity/claims/role"))
}

// bodyToken is the body as text, or in base64 where its type is binary.
func bodyToken(req *http.Request, body []byte) jtoken.Token {
	kind := strings.ToLower(req.Header.Get("Content-Type"))
	if strings.HasPrefix(kind, "application/octet-stream") || strings.HasPrefix(kind, "multipart/") {
		return encode(body)
	}
	return jtoken.Of(decodeUTF8(body))
}

func paramsObject(params []routeParam) jtoken.Token {
	t := jtoken.Token{Kind: jtoken.Object}
	for _, p := range params {
		value := jtoken.Of(p.value)
		if p.absent {
			value = jtoken.Token{}
		}
		t = t.Set(p.name, value)
	}
	return t
}

// headersOf adds what net/http takes out of the headers.
func headersOf(req *http.Request) pairs {
	all := pairs{{"Host", []string{req.Host}}}
	for name, values := range req.Header {
		all = append(all, pair{name, values})
	}
	if len(req.TransferEncoding) > 0 {
		all = append(all, pair{"Transfer-Encoding", req.TransferEncoding})
	}
	if _, ok := req.Header["Content-Length"]; !ok && (req.ContentLength > 0 || emptyBody(req)) {
		all = append(all, pair{"Content-Length", []string{strconv.FormatInt(req.ContentLength, 10)}})
	}
	return all
}

// emptyBody reports whether a request said Content-Length: 0. net/http does
// not keep that header, so the methods that always have it stand for it.
func emptyBody(req *http.Request) bool {
	return req.ContentLength == 0 && len(req.TransferEncoding) == 0 &&
		(req.Method == http.MethodPost || req.Method == http.MethodPut || req.Method == http.MethodPatch)
}
