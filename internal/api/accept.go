package api

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// accepts tells whether an Accept header (RFC 9110, 12.5.1) takes one of the
// media types. An empty one takes everything.
func accepts(header string, types ...string) bool {
	if strings.TrimSpace(header) == "" {
		return true
	}
	for part := range strings.SplitSeq(header, ",") {
		wanted, parameters, err := mime.ParseMediaType(part)
		if err != nil || strings.Trim(parameters["q"], "0.") == "" && parameters["q"] != "" {
			continue
		}
		for _, t := range types {
			kind, _, _ := strings.Cut(t, "/")
			if wanted == "*/*" || wanted == t || wanted == kind+"/*" {
				return true
			}
		}
	}
	return false
}

// wantsProblem tells whether the client asks for errors as RFC 9457 has them.
func wantsProblem(accept string) bool {
	return strings.Contains(accept, problemJSON) && accepts(strings.ReplaceAll(accept, "*/*", ""), problemJSON)
}

// acceptable refuses with 406 a client that takes none of what a route
// answers with.
func (a *api) acceptable(types ...string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		if !accepts(strings.Join(r.Header.Values("Accept"), ","), append(types, problemJSON)...) {
			_ = huma.WriteErr(a.huma, ctx, http.StatusNotAcceptable, fmt.Sprintf("accept: this answers with %s only", strings.Join(types, " or ")))
			return
		}
		next(ctx)
	}
}

// contentType tells what is wrong with the media type of a body, "" when it is
// JSON that is not packed. A body without a type is taken for JSON, as
// AzureTRE does.
func contentType(h http.Header) string {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "content-encoding: send the body as it is"
	}
	header := h.Get("Content-Type")
	if header == "" {
		return ""
	}
	kind, parameters, err := mime.ParseMediaType(header)
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return "content-type: send application/json"
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "content-type: JSON is UTF-8"
	}
	return ""
}
