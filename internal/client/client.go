// Package client calls Trefoil's API, as the command line does and as anybody's
// script may.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/api"
)

// Client calls the API in one person's name. Base and Token are required.
type Client struct {
	Base  string // under which AzureTRE's paths stand, such as https://tre.example.org/api
	Token func(ctx context.Context) (string, error)
	HTTP  *http.Client // nil means http.DefaultClient
}

// Refusal is an answer of the API that is not a success.
type Refusal struct {
	Status int
	Text   string // the API's own words
}

// Error gives the API's words and the status.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s (%d %s)", r.Text, r.Status, http.StatusText(r.Status))
}

// Refused returns the refusal within err, and whether there is one.
func Refused(err error) (*Refusal, bool) { return errors.AsType[*Refusal](err) }

// maxAnswer bounds an answer, in bytes: a page of a thousand entries with the
// longest names is far below.
const maxAnswer = 64 << 20

// Do makes one call: in is sent as JSON unless nil, the answer is read into out
// unless nil. What is not a success is a *Refusal.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Base, "/")+path, body)
	if err != nil {
		return err
	}
	token, err := c.Token(ctx)
	if err != nil {
		return fmt.Errorf("access token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.send(req, out)
}

func (c *Client) send(req *http.Request, out any) error {
	httpClient := c.HTTP
	if httpClient == nil {
		httpClient = http.DefaultClient
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return &Refusal{Status: resp.StatusCode, Text: words(text)}
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: answer: %w", req.Method, req.URL.Path, err)
	}
	return nil
}

// words are what a refusal says: text as it is, of JSON its detail.
func words(text []byte) string {
	var problem struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
		return problem.Detail
	}
	if said := strings.TrimSpace(string(text)); said != "" {
		return said
	}
	return "no reason given"
}

// Requests is the address of a workspace's requests.
func Requests(workspace string) string {
	return "/workspaces/" + url.PathEscape(workspace) + "/requests"
}

// Request is the address of one request.
func Request(workspace, request string) string {
	return Requests(workspace) + "/" + url.PathEscape(request)
}

// Audit reads the whole audit trail of a request, page by page: every line,
// where the request says that the chain ends, and whether every page was called
// unbroken.
func (c *Client) Audit(ctx context.Context, workspace, request string) (api.Trail, error) {
	all := api.Trail{Verified: true}
	err := pages(func(cursor string) (string, error) {
		var page api.Trail
		err := c.Do(ctx, http.MethodGet, Request(workspace, request)+"/audit"+query(cursor), nil, &page)
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
