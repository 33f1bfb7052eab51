// Package azarm is what the adapters to Azure Resource Manager share: how they
// reach it, how often they try, how its errors become the rulebook's, and how
// the handle of a long-running operation is kept.
// https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
package azarm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/trefoil-tre/trefoil/internal/aztrace"
)

// Public is the endpoint of Azure's public cloud.
const Public = "https://management.azure.com"

// Config says which Resource Manager to ask, as whom, and how long. The zero
// value asks Azure's public cloud with azidentity's default identity.
type Config struct {
	Endpoint   string                 // base URL; "" means Public
	Audience   string                 // of the tokens; "" means the endpoint's own
	Credential azcore.TokenCredential // nil means azidentity's default, which asks nobody before the first call
	Plain      bool                   // the endpoint may be http: one machine only
	Roots      *x509.CertPool         // authorities of its certificate; nil means the system's
	Timeout    time.Duration          // of one call with its retries; 0 means a minute: a large template is checked before it is taken
	Pause      time.Duration          // before the first retry, growing; 0 means 800 ms
	Sealer     Sealer                 // of resume tokens; nil means that there are none and all goes by name
	Transport  policy.Transporter     // for tests; nil means HTTP
}

// Link is a Config made ready for the SDK's clients.
type Link struct {
	Credential azcore.TokenCredential
	Options    *arm.ClientOptions
	Timeout    time.Duration
	Sealer     Sealer
}

// Open checks c. It does not use the network.
func (c Config) Open() (Link, error) {
	if c.Endpoint == "" {
		c.Endpoint = Public
	}
	c.Endpoint = strings.TrimRight(c.Endpoint, "/")
	base, err := url.Parse(c.Endpoint)
	if err != nil || base.Host == "" || base.Path != "" || base.User != nil || base.RawQuery != "" {
		return Link{}, fmt.Errorf("arm: %q is no address such as %s", c.Endpoint, Public)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !c.Plain) {
		return Link{}, fmt.Errorf("arm: %q is not https", c.Endpoint)
	}
	if c.Audience == "" {
		c.Audience = c.Endpoint
	}
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.Credential == nil {
		if c.Credential, err = azidentity.NewDefaultAzureCredential(nil); err != nil {
			return Link{}, fmt.Errorf("arm: identity: %w", err)
		}
	}
	return Link{Credential: c.Credential, Options: c.options(base), Timeout: c.Timeout, Sealer: c.Sealer}, nil
}

func (c Config) options(base *url.URL) *arm.ClientOptions {
	o := aztrace.Options("arm")
	o.Cloud = cloud.Configuration{
		ActiveDirectoryAuthorityHost: cloud.AzurePublic.ActiveDirectoryAuthorityHost,
		Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: c.Endpoint, Audience: c.Audience}},
	}
	o.Retry = Retries(c.Timeout, c.Pause)
	o.InsecureAllowCredentialWithHTTP = base.Scheme == "http"
	o.PerCallPolicies = append(o.PerCallPolicies, home{base})
	if o.Transport = c.Transport; o.Transport == nil {
		o.Transport = Transport(c.Roots)
	}
	// A provider that a subscription has not registered is told, not registered
	// on the way: that would wait for minutes.
	return &arm.ClientOptions{ClientOptions: o, DisableRPRegistration: true}
}

// Client asks what none of the SDK's clients does.
func (l Link) Client() (*arm.Client, error) {
	return arm.NewClient("trefoil", "v1.0.0", l.Credential, l.Options)
}

// Retries are azcore's own three, after trouble that a moment mends. One who is
// asked too often (429) is not asked again here: the engine waits as long as
// it is told, and nothing runs meanwhile.
func Retries(timeout, pause time.Duration) policy.RetryOptions {
	return policy.RetryOptions{MaxRetries: 3, RetryDelay: pause, MaxRetryDelay: timeout / 4, StatusCodes: []int{
		http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}}
}

// Transport follows no redirects: a token would go with it. nil roots are the
// system's.
func Transport(roots *x509.CertPool) policy.Transporter {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Call bounds one call with its retries.
func (l Link) Call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, l.Timeout)
}

// home keeps requests at the endpoint and its regions' (westeurope.management…):
// where to poll comes from answers, and our token goes with the question.
type home struct{ base *url.URL }

// Do sends the request on, or refuses it.
func (h home) Do(req *policy.Request) (*http.Response, error) {
	to := req.Raw().URL
	if to.Scheme != h.base.Scheme || to.Host != h.base.Host && !strings.HasSuffix(to.Host, "."+h.base.Host) {
		return nil, astray{}
	}
	return req.Next()
}

// astray says that a request would have left the endpoint.
type astray struct{}

// Error names no address: it may hold a signature.
func (astray) Error() string { return "the answer leads to another address" }

// NonRetriable marks the error for azcore.
func (astray) NonRetriable() {}
