package aztrace

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// Options are a client's, with a span for every try of a call to service, such
// as "table". The SDK's own spans hold whole addresses, and so the names of
// files.
func Options(service string) policy.ClientOptions {
	return policy.ClientOptions{PerRetryPolicies: []policy.Policy{spans{service}}}
}

// spans makes spans below work that is traced, and costs nothing elsewhere.
type spans struct{ service string }

// Do sends the request on, within a span.
func (s spans) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	if !trace.SpanFromContext(raw.Context()).IsRecording() {
		return req.Next()
	}
	_, span := telemetry.Below(raw.Context(), name(s.service, raw), attribute.String("az.service", s.service),
		attribute.String("http.request.method", raw.Method))
	defer span.End()
	res, err := req.Next()
	switch {
	case err != nil:
		telemetry.Fail(span, Class(err))
	default:
		span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
		if res.StatusCode >= http.StatusInternalServerError { // others are answers: not there, not changed
			telemetry.Fail(span, res.Header.Get("x-ms-error-code"))
		}
	}
	return res, err
}

// word is what an operation's name may be.
var word = regexp.MustCompile(`^[a-zA-Z]{1,30}$`)

// name is service, method and operation; the operation is what comp says, which
// the storage protocol fixes.
func name(service string, r *http.Request) string {
	operation := r.URL.Query().Get("comp")
	if !word.MatchString(operation) {
		operation = ""
	}
	return strings.TrimSpace(service + " " + r.Method + " " + operation)
}
