// Package azgraph looks people and their groups up in Microsoft Graph v1.0, by
// REST: a handful of questions does not need its SDK.
// https://learn.microsoft.com/graph/api/overview
//
// The app's identity needs the application permissions User.Read.All and
// GroupMember.Read.All; it can read, and nothing here writes.
package azgraph

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/trefoil-tre/trefoil/internal/people"
)

// Config says which Graph to ask, and how long.
type Config struct {
	Endpoint   string                 // such as https://graph.microsoft.com; http only on this machine
	Credential azcore.TokenCredential // nil means azidentity's default, which asks nobody before the first question
	Timeout    time.Duration          // of one question with its retries; 0 means 10 s
	Retries    int                    // after trouble; 0 means none
	Pause      time.Duration          // before the first retry, when the answer names none; 0 means 800 ms
}

// Graph asks Microsoft Graph. It implements [people.Directory] and is safe for
// concurrent use.
type Graph struct {
	base     *url.URL
	pipeline runtime.Pipeline
	timeout  time.Duration
}

var _ people.Directory = (*Graph)(nil)

// New returns a Graph. It does not use the network.
func New(c Config) (*Graph, error) {
	base, err := url.Parse(strings.TrimRight(c.Endpoint, "/"))
	if err != nil || base.Host == "" || base.Path != "" || base.User != nil || base.RawQuery != "" {
		return nil, fmt.Errorf("graph: %q is no address such as https://graph.microsoft.com", c.Endpoint)
	}
	plain := base.Scheme == "http" && loopback(base.Hostname())
	if base.Scheme != "https" && !plain {
		return nil, fmt.Errorf("graph: %q is not https", c.Endpoint)
	}
	if c.Credential == nil {
		identity, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, fmt.Errorf("graph: identity: %w", err)
		}
		c.Credential = identity
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	bearer := runtime.NewBearerTokenPolicy(c.Credential, []string{base.String() + "/.default"},
		&policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: plain})
	return &Graph{base: base, timeout: c.Timeout, pipeline: runtime.NewPipeline("trefoil-graph", "v1",
		runtime.PipelineOptions{PerRetry: []policy.Policy{bearer}}, c.options())}, nil
}

// options bound retries by the question's time: who names a longer pause is
// not asked again.
func (c Config) options() *policy.ClientOptions {
	retries := c.Retries
	if retries <= 0 {
		retries = -1 // azcore's word for none
	}
	return &policy.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: int32(min(retries, 100)), RetryDelay: c.Pause, MaxRetryDelay: c.Timeout}, //nolint:gosec // at most 100
		Transport: &http.Client{
			Transport:     http.DefaultTransport.(*http.Transport).Clone(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// trouble is err as an answer that nobody could give, or the caller's own end.
func trouble(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("graph: %s: %w", what, context.Cause(ctx))
	}
	if errors.Is(err, people.ErrNotFound) {
		return fmt.Errorf("graph: %s: %w", what, people.ErrNotFound)
	}
	return fmt.Errorf("graph: %s: %w: %w", what, people.ErrUnavailable, err)
}
