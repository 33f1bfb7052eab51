package identity

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// algorithm is the only signature accepted: what Entra signs with. Naming one
// shuts out "none" and an HMAC keyed with the public key.
const algorithm = oidc.RS256

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	settings Settings
	issuers  map[string]*issuer
}

// New returns a verifier. It fetches nothing; its errors name every setting
// that is wrong.
func New(s Settings) (*Verifier, error) {
	var wrong []error
	if len(s.Issuers) == 0 {
		wrong = append(wrong, errors.New("issuers: none"))
	}
	if len(s.Audiences) == 0 || slices.Contains(s.Audiences, "") {
		wrong = append(wrong, errors.New("audiences: none, or an empty one"))
	}
	if s.Now == nil {
		wrong = append(wrong, errors.New("now: none"))
	}
	s = s.withDefaults()
	v := &Verifier{settings: s, issuers: make(map[string]*issuer, len(s.Issuers))}
	for _, url := range s.Issuers {
		base := cmp.Or(s.Discovery[url], url)
		if err := errors.Join(checkURL(url, ""), checkURL(base, "")); err != nil {
			wrong = append(wrong, fmt.Errorf("issuer %q: %w", url, err))
		}
		v.issuers[url] = newIssuer(url, base, s)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, fmt.Errorf("identity settings: %w", err)
	}
	return v, nil
}

// Verify checks an access token for this API and returns who it speaks for.
// Errors wrap ErrToken or ErrUnavailable, or are the context's.
func (v *Verifier) Verify(ctx context.Context, raw string) (Person, error) {
	_, c, err := v.check(ctx, raw, v.settings.Audiences)
	if err != nil {
		return Person{}, err
	}
	if c.Nonce != "" {
		return Person{}, refused("id token presented as access token")
	}
	if !c.appOnly() && !slices.Contains(strings.Fields(c.Scp), v.settings.Scope) {
		return Person{}, refused("scope %q missing", v.settings.Scope)
	}
	return c.person(), nil
}

// VerifyID checks an ID token against the sign-in it was asked for. Errors are
// those of Verify.
func (v *Verifier) VerifyID(ctx context.Context, raw string, want Binding) (Person, error) {
	token, c, err := v.check(ctx, raw, []string{want.ClientID})
	if err != nil {
		return Person{}, err
	}
	if want.Nonce == "" || subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(want.Nonce)) != 1 {
		return Person{}, refused("nonce is not this sign-in's")
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(want.AccessToken) != nil {
		return Person{}, refused("access token is not this id token's")
	}
	return c.person(), nil
}

// Binding ties an ID token to the sign-in that asked for it.
type Binding struct {
	ClientID    string // who signed the person in: the token's audience
	Nonce       string // what the sign-in made up; never empty
	AccessToken string // what came with the ID token; checked if the token carries at_hash
}

// check does what both kinds of token need: issuer, signature, times, audience,
// tenant, object id.
func (v *Verifier) check(ctx context.Context, raw string, audiences []string) (*oidc.IDToken, claims, error) {
	if len(raw) > v.settings.MaxToken {
		return nil, claims{}, refused("%d bytes long", len(raw))
	}
	from, ok := v.issuers[claimedIssuer(raw)]
	if !ok {
		return nil, claims{}, refused("unknown issuer")
	}
	token, err := from.verify(ctx, raw)
	if err != nil {
		return nil, claims{}, err
	}
	if !slices.ContainsFunc(token.Audience, func(a string) bool { return slices.Contains(audiences, a) }) {
		return nil, claims{}, refused("audience %q is somebody else", token.Audience)
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return nil, claims{}, refused("claims unreadable")
	}
	if err := c.complete(v.settings.Tenants); err != nil {
		return nil, claims{}, err
	}
	if err := c.from(token.Issuer); err != nil {
		return nil, claims{}, err
	}
	c.expires = token.Expiry
	return token, c, nil
}

// refused is an ErrToken with its reason.
func refused(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrToken)
}
