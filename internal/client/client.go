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
	"strconv"
	"strings"
	"time"
)

// Client calls the API in one person's name. Base and Token are required.
type Client struct {
	Base  string // under which AzureTRE's paths stand, such as https://tre.example.org/api
	Token func(ctx context.Context) (string, error)
	HTTP  *http.Client // nil means http.DefaultClient
	// Trace is told of every call, with status 0 when there was no answer; may
	// be nil.
	Trace func(req *http.Request, status int, took time.Duration)
}

// Refusal is an answer of the API that is not a success.
type Refusal struct {
	Status    int
	Text      string // the API's own words
	RequestID string // names the call in the system's log; may be empty
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

// Call is one call of the API.
type Call struct {
	Method string
	Path   string      // under the base address, with its query
	Body   []byte      // nil for none
	Header http.Header // of ours, such as ETag; Content-Type is JSON where there is a body
}

// Answer is what the API answered, a success.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes one call: in is sent as JSON unless nil, the answer is read into out
// unless nil. What is not a success is a *Refusal.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	call := Call{Method: method, Path: path}
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		call.Body = text
	}
	answer, err := c.Send(ctx, call)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return fmt.Errorf("%s %s: answer: %w", method, path, err)
	}
	return nil
}

// Send makes one call. What is not a success is a *Refusal. A call that only
// reads is made again when the API asks for a moment.
func (c *Client) Send(ctx context.Context, call Call) (*Answer, error) {
	for try := 1; ; try++ {
		answer, err := c.once(ctx, call)
		pause := again(call, answer, err, try)
		if pause == 0 {
			if err == nil && answer.Status >= http.StatusMultipleChoices {
				return nil, &Refusal{Status: answer.Status, Text: words(answer.Body), RequestID: answer.Header.Get("X-Request-Id")}
			}
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

const (
	maxTries = 4                // of a call that only reads
	maxPause = 30 * time.Second // between two tries: somebody waits
)

// again is how long to wait before the call is made again; 0 means not at all.
func again(call Call, answer *Answer, err error, try int) time.Duration {
	reads := call.Method == http.MethodGet || call.Method == http.MethodHead
	if err != nil || !reads || try == maxTries {
		return 0
	}
	if answer.Status != http.StatusTooManyRequests && answer.Status != http.StatusServiceUnavailable {
		return 0
	}
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || time.Duration(seconds)*time.Second > maxPause {
		return 0
	}
	return max(time.Duration(seconds)*time.Second, 10*time.Millisecond)
}

func (c *Client) once(ctx context.Context, call Call) (*Answer, error) {
	var body io.Reader
	if call.Body != nil {
		body = bytes.NewReader(call.Body)
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, strings.TrimSuffix(c.Base, "/")+call.Path, body)
	if err != nil {
		return nil, err
	}
	if call.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range call.Header {
		req.Header[name] = values
	}
	token, err := c.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("access token: %w", err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return c.send(req)
}

func (c *Client) send(req *http.Request) (*Answer, error) {
	httpClient, began := c.HTTP, time.Now() //nolint:forbidigo // only measures how long a call took
	if httpClient == nil {
		httpClient = http.DefaultClient
	}
	resp, err := httpClient.Do(req)
	if c.Trace != nil {
		status := 0
		if err == nil {
			status = resp.StatusCode
		}
		c.Trace(req, status, time.Since(began))
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: text}, nil
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
