package funchost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// proxyTries is how often a proxied request is sent again to a handler that
// went away (RetryProxyHandler.MaxRetries).
const proxyTries = 10

// resendable is the length up to which a request with a body is sent again: 64 KiB.
// The real proxy streams bodies and may refuse to repeat one it has read;
// repeating is the harsher behaviour, and the one handlers must bear.
const resendable = 64 << 10

// proxyCall streams the request to the handler and the answer back
// (enableProxyingHttpRequest). When the handler dies before it answers, the
// same request goes to its successor, under the same invocation id.
func (r *Running) proxyCall(w *reply, client *http.Request) func(context.Context, *process, string) error {
	return func(ctx context.Context, p *process, id string) error {
		open, again, err := proxyBody(client)
		if err != nil {
			return err
		}
		pause := r.host.Times.ProxyRetryMin
		for try := 0; ; try++ {
			resp, err := r.proxyOnce(ctx, p, client, outgoing{id, open()})
			if err == nil {
				defer func() { _ = resp.Body.Close() }()
				w.copyHead(resp)
				return r.stream(w, resp.Body)
			}
			if try == proxyTries || !again || !sleep(ctx, pause) {
				return err
			}
			pause = min(2*pause, r.host.Times.ProxyRetryMax)
		}
	}
}

// outgoing is what one sending of a proxied request has of its own.
type outgoing struct {
	id   string
	body io.Reader
}

// proxyOnce sends the request once; the caller closes the answer's body.
func (r *Running) proxyOnce(ctx context.Context, p *process, client *http.Request, send outgoing) (*http.Response, error) {
	target := p.url(proxiedPath(client.URL.EscapedPath()))
	if client.URL.RawQuery != "" {
		target += "?" + client.URL.RawQuery
	}
	req, err := http.NewRequestWithContext(ctx, client.Method, target, send.body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = client.ContentLength
	copyHeaders(req.Header, client.Header)
	if req.Header.Get("User-Agent") == "" {
		req.Header["User-Agent"] = nil // not ours either
	}
	r.mark(req.Header, send.id)
	req.Header.Set("x-ms-invocation-id", send.id)
	ip, _, err := net.SplitHostPort(client.RemoteAddr)
	if err != nil {
		ip = client.RemoteAddr
	}
	appendHeader(req.Header, "X-Forwarded-For", ", ", ip)
	req.Header.Set("X-Forwarded-Host", client.Host)
	req.Header.Set("X-Forwarded-Proto", "http")
	resp, err := p.direct.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return resp, nil
}

// stream copies an answer as it comes. A client that left is no failure.
func (r *Running) stream(w *reply, body io.ReadCloser) error {
	idle := time.AfterFunc(r.host.Times.ProxyIdle, func() { _ = body.Close() })
	defer idle.Stop()
	flusher, _ := w.ResponseWriter.(http.Flusher)
	buffer := make([]byte, 32<<10)
	for {
		n, err := body.Read(buffer)
		idle.Reset(r.host.Times.ProxyIdle)
		if n > 0 {
			if _, gone := w.Write(buffer[:n]); gone != nil {
				return nil
			}
			if flusher != nil && w.Header().Get("Content-Length") == "" {
				flusher.Flush()
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", errBroken, err)
		}
	}
}

// proxiedPath is a path as YARP sends it: decoded but for %2F and encoded
// again, so that %2F arrives as %252F.
func proxiedPath(escaped string) string {
	return (&url.URL{Path: unescape(escaped)}).EscapedPath()
}

// proxyBody is the client's body: whole, and sent again if need be, when it is
// short; streamed, and sent once, when it is not.
func proxyBody(client *http.Request) (open func() io.Reader, again bool, err error) {
	switch n := client.ContentLength; {
	case n == 0:
		return func() io.Reader { return http.NoBody }, true, nil
	case n < 0 || n > resendable:
		return func() io.Reader { return client.Body }, false, nil
	}
	whole, err := io.ReadAll(client.Body)
	return func() io.Reader { return bytes.NewReader(whole) }, true, err
}
