package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/api"
)

// Requests is the address of a workspace's requests.
func Requests(workspace string) string {
	return "/workspaces/" + url.PathEscape(workspace) + "/requests"
}

// Request is the address of one request.
func Request(workspace, request string) string {
	return Requests(workspace) + "/" + url.PathEscape(request)
}

// Audit reads the whole audit trail of a request, see Trail.
func (c *Client) Audit(ctx context.Context, workspace, request string) (api.Trail, error) {
	return c.Trail(ctx, Request(workspace, request))
}

// Trail reads the whole audit trail of what is at an address, page by page: every
// line, where the object itself says that the chain ends, and whether every page
// was called unbroken.
func (c *Client) Trail(ctx context.Context, path string) (api.Trail, error) {
	all := api.Trail{Verified: true}
	err := pages(func(cursor string) (string, error) {
		var page api.Trail
		err := c.Do(ctx, http.MethodGet, path+"/audit"+query(cursor), nil, &page)
		all.Lines, all.Head, all.Verified = append(all.Lines, page.Lines...), page.Head, all.Verified && page.Verified
		return page.Next, err
	})
	return all, err
}

// Files lists all files of a request with what was found of them.
func (c *Client) Files(ctx context.Context, workspace, request string) ([]api.File, error) {
	var all []api.File
	err := pages(func(cursor string) (string, error) {
		var page api.Files
		err := c.Do(ctx, http.MethodGet, Request(workspace, request)+"/files"+query(cursor), nil, &page)
		all = append(all, page.Files...)
		return page.Next, err
	})
	return all, err
}

// pageSize is how many entries are asked for at once: the most the API gives.
const pageSize = 1000

func query(cursor string) string {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return "?" + q.Encode()
}

// errLoop ends a list whose pages name each other.
var errLoop = errors.New("list does not end: the same page comes again")

// pages reads page after page until the last.
func pages(read func(cursor string) (next string, err error)) error {
	seen := map[string]bool{}
	for cursor := ""; ; {
		next, err := read(cursor)
		if err != nil || next == "" {
			return err
		}
		if seen[next] {
			return errLoop
		}
		seen[next], cursor = true, next
	}
}
