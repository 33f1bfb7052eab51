package funchost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// forwardCall copies the whole request to the handler and the whole answer
// back (enableForwardingHttpRequest). A body without a length fails.
func (r *Running) forwardCall(w *reply, client *http.Request) func(context.Context, *process, string) error {
	return func(ctx context.Context, p *process, id string) error {
		if client.ContentLength < 0 {
			return errors.New("forwarding a request of unknown length")
		}
		body, err := io.ReadAll(client.Body)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, client.Method, p.url(client.URL.RequestURI()), bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Host = client.Host
		copyHeaders(req.Header, client.Header)
		if len(body) == 0 {
			req.Header.Del("Content-Type")
		}
		appendHeader(req.Header, "User-Agent", " ", r.userAgent())
		appendHeader(req.Header, invocationHeader, ", ", id)
		req.Header.Set(versionHeader, r.host.Profile.Version)
		resp, err := p.direct.Do(req)
		if err != nil {
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		defer func() { _ = resp.Body.Close() }()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		w.copyHead(resp)
		_, _ = w.Write(answer) // the client may be gone, the function has run
		return nil
	}
}

// hopByHop headers belong to one connection (RFC 9110, 7.6.1).
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "Te", "Trailer"}

// copyHeaders copies what travels on; repeated headers become one.
func copyHeaders(to, from http.Header) {
	for name, values := range from {
		to.Set(name, strings.Join(values, ", "))
	}
	for _, name := range hopByHop {
		to.Del(name)
	}
	to.Del("Content-Length")
}

func appendHeader(h http.Header, name, separator, value string) {
	if old := h.Get(name); old != "" {
		value = old + separator + value
	}
	h.Set(name, value)
}

// copyHead starts the client's answer with the handler's status and headers.
func (w *reply) copyHead(resp *http.Response) {
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	for _, name := range hopByHop {
		w.Header().Del(name)
	}
	if _, typed := resp.Header["Content-Type"]; !typed {
		w.Header()["Content-Type"] = nil // or net/http would guess one
	}
	if _, dated := resp.Header["Date"]; !dated {
		w.Header().Del("Date")
	}
	w.WriteHeader(resp.StatusCode)
}
