package identity

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Endpoints are where an issuer signs people in and out.
type Endpoints struct {
	oauth2.Endpoint
	EndSession string // "" if the issuer has none
}

// Endpoints returns those of the first issuer, asking it when they are not
// known yet. Errors wrap ErrUnavailable.
func (v *Verifier) Endpoints(ctx context.Context) (Endpoints, error) {
	d, err := v.issuers[v.settings.Issuers[0]].discover(ctx)
	if err != nil {
		return Endpoints{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return d.endpoints, nil
}

// document is what discovery tells.
type document struct {
	endpoints Endpoints
	keys      string // where the public keys are
}

// issuer is one accepted `iss` and its keys.
type issuer struct {
	url      string
	base     string // where its discovery document is
	settings Settings
	keys     *keySet

	mu  sync.Mutex
	doc *document // nil until first asked
}

func newIssuer(url, base string, s Settings) *issuer {
	i := &issuer{url: url, base: base, settings: s}
	i.keys = newKeySet(s, func(ctx context.Context) (string, error) {
		d, err := i.discover(ctx)
		return d.keys, err
	})
	return i
}

// verify checks signature, algorithm, issuer, expiry and not-before.
func (i *issuer) verify(ctx context.Context, raw string) (*oidc.IDToken, error) {
	// go-oidc flattens its key set's errors into text, so the one that must
	// not be taken for a bad token is kept aside.
	proof := &proof{keys: i.keys}
	token, err := oidc.NewVerifier(i.url, proof, &oidc.Config{
		SupportedSigningAlgs: []string{algorithm},
		SkipClientIDCheck:    true, // several audiences are right: checked by the caller
		Now:                  i.settings.Now,
	}).Verify(ctx, raw)
	switch {
	case proof.err != nil:
		return nil, proof.err
	case err != nil:
		return nil, refused("%v", err)
	}
	return token, nil
}

// discover returns the discovery document, fetched once and kept: an issuer
// changes its addresses about never, and a restart reads them again.
func (i *issuer) discover(ctx context.Context) (document, error) {
	i.mu.Lock()
	known := i.doc
	i.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, i.settings.Timeout)
	defer cancel()
	// Where the document is elsewhere it must still say whose it is.
	ctx = oidc.InsecureIssuerURLContext(oidc.ClientContext(ctx, i.settings.Client), i.url)
	p, err := oidc.NewProvider(ctx, i.base)
	if err != nil {
		return document{}, fmt.Errorf("issuer %q: discovery: %w", i.url, err)
	}
	var more struct {
		Keys       string `json:"jwks_uri"`
		EndSession string `json:"end_session_endpoint"`
	}
	if err := p.Claims(&more); err != nil {
		return document{}, fmt.Errorf("issuer %q: discovery: %w", i.url, err)
	}
	d := document{endpoints: Endpoints{Endpoint: p.Endpoint(), EndSession: more.EndSession}, keys: more.Keys}
	var said struct {
		Issuer string `json:"issuer"`
	}
	if err := p.Claims(&said); err != nil || said.Issuer != i.url {
		return document{}, fmt.Errorf("issuer %q: discovery: the document is of %q", i.url, said.Issuer)
	}
	if err := d.check(i.base); err != nil {
		return document{}, fmt.Errorf("issuer %q: discovery: %w", i.url, err)
	}
	i.mu.Lock()
	i.doc = &d
	i.mu.Unlock()
	return d, nil
}

// check refuses a document that leads off TLS.
func (d document) check(from string) error {
	return errors.Join(
		checkURL(d.keys, from),
		checkURL(d.endpoints.AuthURL, from),
		checkURL(d.endpoints.TokenURL, from),
	)
}

// checkURL admits https, and http only to this machine: whoever can change
// what an issuer says decides who everybody is. With from set, http is for an
// issuer that itself is http.
func checkURL(raw, from string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is no address", raw)
	}
	if u.Scheme == "https" {
		return nil
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "http" && loopback && (from == "" || checkURL(from, "") == nil && from[:5] == "http:") {
		return nil
	}
	return fmt.Errorf("%q is not https", raw)
}
