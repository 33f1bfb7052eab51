package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// All reads a list page by page, as its Link headers say (RFC 8288), and gives
// each page to take.
func (c *Client) All(ctx context.Context, call Call, take func(*Answer) error) error {
	seen := map[string]bool{}
	for {
		answer, err := c.Send(ctx, call)
		if err != nil {
			return err
		}
		if err := take(answer); err != nil {
			return err
		}
		next, err := c.next(call.Path, answer.Header)
		if err != nil || next == "" {
			return err
		}
		if seen[next] {
			return errLoop
		}
		seen[next], call.Path = true, next
	}
}

// next is the path of the next page; "" after the last. It never leads to
// another system: tokens go there.
func (c *Client) next(path string, h http.Header) (string, error) {
	for _, link := range strings.Split(strings.Join(h.Values("Link"), ","), ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(link), ";")
		if !strings.Contains(strings.ReplaceAll(params, `"`, ""), "rel=next") {
			continue
		}
		base, err := url.Parse(strings.TrimSuffix(c.Base, "/"))
		if err != nil {
			return "", err
		}
		at, err := base.Parse(base.Path + path)
		if err != nil {
			return "", err
		}
		to, err := at.Parse(strings.Trim(target, "<>"))
		if err != nil || to.Scheme != base.Scheme || to.Host != base.Host || !strings.HasPrefix(to.Path, base.Path+"/") {
			return "", fmt.Errorf("the link to the next page, %q, leads elsewhere", target)
		}
		return strings.TrimPrefix(to.RequestURI(), base.EscapedPath()), nil
	}
	return "", nil
}

// Whole reads a list page by page and returns it as one answer: a bare list, or
// the object of the first page with the lists of all pages in its field.
func (c *Client) Whole(ctx context.Context, path, field string) ([]byte, error) {
	var all []json.RawMessage
	first := map[string]json.RawMessage{}
	err := c.All(ctx, Call{Method: http.MethodGet, Path: path}, func(answer *Answer) error {
		page := answer.Body
		if field != "" {
			object := map[string]json.RawMessage{}
			if err := json.Unmarshal(page, &object); err != nil {
				return fmt.Errorf("%s: answer: %w", path, err)
			}
			if page = object[field]; len(first) == 0 {
				first = object
			}
		}
		var some []json.RawMessage
		if err := json.Unmarshal(page, &some); err != nil {
			return fmt.Errorf("%s: answer: %w", path, err)
		}
		all = append(all, some...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if all == nil {
		all = []json.RawMessage{}
	}
	if field == "" {
		return json.Marshal(all)
	}
	list, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	first[field] = list
	delete(first, "nextCursor") // there is none: this is all
	return json.Marshal(first)
}
