package azlink_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azlink"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

const secret = "sig=verysecret"

// link is a link into a server's container.
func link(server *httptest.Server) string { return server.URL + "/account/box?" + secret }

// calls are all that the client can do.
func calls(c *azlink.Client, link string, moved func(int64)) map[string]func(context.Context) error {
	block := transfer.Block{Name: "secret name", Content: []byte("content"), Moved: moved}
	return map[string]func(context.Context) error{
		"put":    func(ctx context.Context) error { _, err := c.Put(ctx, link, "text/csv", block); return err },
		"stage":  func(ctx context.Context) error { return c.Stage(ctx, link, "MDAw", block) },
		"commit": func(ctx context.Context) error { _, err := c.Commit(ctx, link, "", "secret name", nil); return err },
		"list":   func(ctx context.Context) error { _, err := c.List(ctx, link); return err },
		"read": func(ctx context.Context) error {
			return c.Read(ctx, link, transfer.Range{Name: "secret name", ETag: "1"}, make([]byte, 7), moved)
		},
	}
}

func silent(int64) {}

func TestAnswersAreWhatTheyMean(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, code string
		status     int
		header     map[string]string
		is         error
		after      time.Duration
		busy       bool
	}{
		{name: "the link ended", status: 403, code: "AuthenticationFailed", is: transfer.ErrLink},
		{name: "nobody is known", status: 401, code: "NoAuthenticationInformation", is: transfer.ErrLink},
		{name: "no such file", status: 404, code: "BlobNotFound", is: transfer.ErrGone},
		{name: "a container that goes", status: 409, code: "ContainerBeingDeleted", is: transfer.ErrGone},
		{name: "another version", status: 412, code: "ConditionNotMet", is: transfer.ErrChanged},
		{name: "no such block", status: 400, code: "InvalidBlockList", is: transfer.ErrBlocks},
		{name: "blocks of another program", status: 400, code: "InvalidBlobOrBlock", is: transfer.ErrForeign},
		{name: "busy", status: 503, code: "ServerBusy", busy: true},
		{name: "busy for so many seconds", status: 503, code: "ServerBusy", header: map[string]string{"Retry-After": "7"}, busy: true, after: 7 * time.Second},
		{name: "busy until", status: 429, code: "TooManyRequests", busy: true, after: 90 * time.Second, header: map[string]string{
			"Date": "Sun, 22 Nov 2026 12:00:00 GMT", "Retry-After": "Sun, 22 Nov 2026 12:01:30 GMT"}},
		{name: "not understood", status: 400, code: "InvalidInput"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("x-ms-error-code", tc.code)
				for name, value := range tc.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tc.status)
			}))
			defer server.Close()
			var sum atomic.Int64
			all := calls(azlink.New(azlink.Config{}), link(server), func(n int64) { sum.Add(n) })
			for name, call := range all {
				err := call(t.Context())
				busy, ok := errors.AsType[*transfer.Busy](err)
				if err == nil || ok != tc.busy || ok && busy.After != tc.after || tc.is != nil && !errors.Is(err, tc.is) {
					t.Errorf("%s: %v", name, err)
				}
				noSecret(t, err)
			}
			if int(asked.Load()) != len(all) || sum.Load() != 0 {
				t.Errorf("%d requests for %d calls; %d bytes are said to have moved", asked.Load(), len(all), sum.Load())
			}
		})
	}
}

func noSecret(t *testing.T, err error) {
	t.Helper()
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error holds the link or the name: %v", err)
	}
}

func TestNoAnswerMayPass(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	hangs := make(chan struct{})
	stalled := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hangs }))
	defer stalled.Close()
	defer close(hangs)
	for _, tc := range []struct {
		name   string
		server *httptest.Server
		busy   bool
		stall  time.Duration
	}{{"nobody listens", gone, true, 0}, {"somebody else listens", untrusted, false, 0}, {"nothing moves", stalled, true, 100 * time.Millisecond}} {
		for name, call := range calls(azlink.New(azlink.Config{Stall: tc.stall}), link(tc.server), silent) {
			err := call(t.Context())
			if _, busy := errors.AsType[*transfer.Busy](err); err == nil || busy != tc.busy {
				t.Errorf("%s, %s: %v", tc.name, name, err)
			}
			noSecret(t, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(azlink.New(azlink.Config{}), link(stalled), silent) {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after an interrupt: %v", name, err)
		}
	}
	for name, call := range calls(azlink.New(azlink.Config{}), "://secret", silent) {
		err := call(t.Context())
		if err == nil {
			t.Errorf("%s through no link", name)
			continue
		}
		noSecret(t, err)
	}
}
