package telemetry

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// routeKey is where the context keeps the pattern of the route.
type routeKey struct{}

// WithRoute returns a context in which a handler can say by which pattern it
// was reached, and a function that reads it.
func WithRoute(ctx context.Context) (context.Context, func() string) {
	pattern := new(string)
	return context.WithValue(ctx, routeKey{}, pattern), func() string { return *pattern }
}

// Route says by which pattern of a route a request was served. Spans are named
// by it: addresses hold ids, and queries hold more.
func Route(ctx context.Context, pattern string) {
	if p, ok := ctx.Value(routeKey{}).(*string); ok && pattern != "" {
		*p = pattern
	}
}

// RequestIn is the airlock request that an address is about: the id that
// follows "requests". "" when there is none.
func RequestIn(path string) string {
	_, rest, ok := strings.Cut(path, "/requests/")
	id, _, _ := strings.Cut(rest, "/")
	parsed, err := uuid.Parse(id)
	if !ok || err != nil || len(id) != len(parsed.String()) {
		return ""
	}
	return parsed.String()
}
