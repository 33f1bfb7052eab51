package arm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// maxBody is the largest request.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits
const maxBody = template.MaxBytes

// call is a request under way; the fakes carry it in the context to the functions that answer.
type call struct {
	request   *http.Request
	principal string
	scope     template.Scope
	// id is of the resource that the request is about.
	id string
	// body is what the request holds: the fakes drop what their version of the API does not know.
	body []byte
	// op is the operation that the request began; nil: none.
	op *operation
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if host, _, err := net.SplitHostPort(r.Host); err != nil || host != "127.0.0.1" && host != "localhost" {
		http.Error(w, "unknown host", http.StatusMisdirectedRequest) // a foreign name that resolves to this machine is a web page at work
		return
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	principal := ""
	if ok && token != "" {
		principal, ok = s.cfg.Authorize(token)
	}
	if !ok || token == "" {
		w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="https://login.microsoftonline.com/`+s.cfg.Tenant+`", error="invalid_token"`)
		refuse(http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing or its token is not valid.").write(w)
		return
	}
	if r.URL.Query().Get("api-version") == "" {
		refuse(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.").write(w)
		return
	}
	if id, result, ok := pollOf(r.URL.Path); ok && r.Method == http.MethodGet {
		s.poll(w, r, id, result)
		return
	}
	rt, ok := match(r)
	if !ok {
		refuse(http.StatusNotFound, "InvalidResourceType", "The resource type could not be found for '%s %s'.", r.Method, r.URL.Path).write(w)
		return
	}
	s.serve(w, r, rt, &call{request: r, principal: principal, scope: rt.scope, id: rt.id})
}

// serve lets a route answer, unless something goes wrong first.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, rt route, c *call) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		refuse(http.StatusRequestEntityTooLarge, "RequestContentTooLarge", "The request content size exceeds the maximum size of 4 MB.").write(w)
		return
	}
	if err != nil {
		return // the client went away
	}
	c.body = body
	named := Call{Stage: Request, Operation: rt.api, ID: rt.id, Type: rt.typ, Principal: c.principal}
	fault := s.requestFault(named)
	if fault != nil && !strings.HasPrefix(string(fault.Kind), "Then") {
		if fault.Kind != OutOfSync || !bypasses(r, body) {
			fault.told(named).write(w)
			return
		}
		fault = nil
	}
	// The fakes send on a channel that they closed when a caller goes away meanwhile.
	ctx := context.WithValue(context.WithoutCancel(r.Context()), callKey{}, c)
	ctx = context.WithValue(ctx, runtime.CtxAPINameKey{}, rt.api)
	inner := r.Clone(ctx)
	inner.URL.Path, inner.URL.RawPath = rt.path, ""
	inner.URL.Scheme, inner.URL.Host = "http", r.Host
	inner.Body = io.NopCloser(bytes.NewReader(body))
	res, err := rt.client(s, c).Do(inner)
	if fault != nil && s.afterwards(w, fault, named, c) {
		return
	}
	s.answer(w, c, res, err)
}

// bypasses says whether a change of a stack asks to pass over OutOfSync.
func bypasses(r *http.Request, body []byte) bool {
	return strings.EqualFold(r.URL.Query().Get("bypassStackOutOfSyncError"), "true") || bytes.Contains(body, []byte(`"bypassStackOutOfSyncError":true`))
}

// requestFault is what goes wrong with a request: of the mood, or because its group is young.
func (s *Server) requestFault(c Call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := groupKey(c.ID); g != "" && g != key(c.ID) && s.state.young[g] > 0 {
		s.state.young[g]--
		return &Fault{Kind: Forbidden}
	}
	f := s.mood.pick(c)
	if f == nil {
		return nil
	}
	found := *f
	return &found
}

// afterwards spoils the answer to work that was done; false when the answer is as it should be.
func (s *Server) afterwards(w http.ResponseWriter, f *Fault, named Call, c *call) bool {
	switch f.Kind {
	case ThenDrop:
		panic(http.ErrAbortHandler) // the server closes the connection and logs nothing
	case ThenVanish:
		s.mu.Lock()
		defer s.mu.Unlock()
		if c.op != nil {
			c.op.vanished = true
		}
		return false
	default:
		f.told(named).write(w)
		return true
	}
}

// answer writes what a fake answered, without its marks, and tells where the operation can be polled.
func (s *Server) answer(w http.ResponseWriter, c *call, res *http.Response, err error) {
	var refused *Error
	switch {
	case errors.As(err, &refused):
		refused.write(w)
		return
	case err != nil:
		refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%s'.", err).write(w)
		return
	}
	defer res.Body.Close()
	for name, values := range res.Header {
		if !strings.HasPrefix(name, "Fake-") {
			w.Header()[name] = values
		}
	}
	if c.op != nil {
		s.announce(w.Header(), c.op)
	}
	w.WriteHeader(res.StatusCode)
	if res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusAccepted {
		_, _ = io.Copy(w, res.Body) // a client that went away cannot be told so
	}
}
