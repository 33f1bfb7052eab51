package azgraph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/trefoil-tre/trefoil/internal/people"
)

// Bounds of what is read of an answer.
const (
	maxAnswer = 2 << 20 // bytes: the longest list, 11,000 ids, has half a megabyte
	maxPages  = 50      // of one question
	maxError  = 4 << 10 // bytes of an error that are looked at
)

// page is one page of a list.
type page[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"@odata.nextLink"`
}

// question is what is asked.
type question struct {
	method, path string
	query        url.Values
	body         any // nil for none
	eventual     bool
}

// address is where the question is asked.
func (g *Graph) address(q question) string {
	u := *g.base
	u.Path = "/v1.0" + q.path
	u.RawQuery = strings.ReplaceAll(q.query.Encode(), "+", "%20") // OData reads a plus as a plus
	return u.String()
}

// list asks for a list and follows it to its end, or until enough says so.
func list[T any](ctx context.Context, g *Graph, q question, enough func(T) bool) error {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	address := g.address(q)
	for range maxPages {
		var p page[T]
		if err := g.ask(ctx, q, address, &p); err != nil {
			return err
		}
		for _, v := range p.Value {
			if enough(v) {
				return nil
			}
		}
		if p.Next == "" {
			return nil
		}
		if err := g.ours(p.Next); err != nil {
			return err
		}
		address, q.method, q.body = p.Next, http.MethodGet, nil
	}
	return fmt.Errorf("the list has more than %d pages", maxPages)
}

// ours refuses an address that leads elsewhere: our token would go with it.
func (g *Graph) ours(next string) error {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != g.base.Scheme || u.Host != g.base.Host || u.User != nil || !strings.HasPrefix(u.Path, "/v1.0/") {
		return errors.New("the next page is said to be at another address")
	}
	return nil
}

// one asks for one thing.
func (g *Graph) one(ctx context.Context, q question, into any) error {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	return g.ask(ctx, q, g.address(q), into)
}

// ask asks once, retries included.
func (g *Graph) ask(ctx context.Context, q question, address string, into any) error {
	req, err := runtime.NewRequest(ctx, q.method, address)
	if err != nil {
		return err
	}
	req.Raw().Header.Set("Accept", "application/json;odata.metadata=minimal")
	if q.eventual {
		// Without it Graph refuses to order what it filters.
		// https://learn.microsoft.com/graph/aad-advanced-queries
		req.Raw().Header.Set("ConsistencyLevel", "eventual")
	}
	if q.body != nil {
		if err := runtime.MarshalAsJSON(req, q.body); err != nil {
			return err
		}
	}
	return g.send(req, into)
}

// send reads the answer here, not in the pipeline, which would take it whole
// however long it is.
func (g *Graph) send(req *policy.Request, into any) error {
	runtime.SkipBodyDownload(req)
	resp, err := g.pipeline.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("answer broke off: %w", err)
	case len(body) > maxAnswer:
		return fmt.Errorf("answer longer than %d bytes", maxAnswer)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("answer not readable: %w", err)
	}
	return nil
}

// refusal is what a status other than 200 says. Graph's message may quote what
// was asked, so that only its code is kept.
// https://learn.microsoft.com/graph/errors
func refusal(resp *http.Response) error {
	var said struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxError))
	_ = json.Unmarshal(text, &said) // without it the status has to do
	switch resp.StatusCode {
	case http.StatusNotFound:
		return people.ErrNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("status %d, %.60q: the app's identity needs User.Read.All and GroupMember.Read.All", resp.StatusCode, said.Error.Code)
	}
	return fmt.Errorf("status %d, %.60q", resp.StatusCode, said.Error.Code)
}
