package api

import (
	"context"
	"fmt"
	"net/url"
)

// nextLink is the Link header (RFC 8288) to the page behind a cursor, relative
// to the call's own address; "" at the end.
func nextLink(ctx context.Context, cursor string) string {
	address, ok := ctx.Value(addressKey{}).(*url.URL)
	if !ok || cursor == "" {
		return ""
	}
	query := address.Query()
	query.Set("cursor", cursor)
	return fmt.Sprintf("<%s?%s>; rel=\"next\"", address.EscapedPath(), query.Encode())
}

// paged is an answer with a link to the next page.
type paged[T any] struct {
	Link string `header:"Link" doc:"Address of the next page, with rel=\"next\" (RFC 8288); absent on the last"`
	Body T
}
