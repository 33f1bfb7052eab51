// Package identity proves who is calling: it checks Entra ID access tokens and
// ID tokens, and knows nothing about what their bearers may do.
//
// Nothing is fetched before the first token arrives, so a handler starts
// without its issuer and survives while the issuer is down: callers then see
// ErrUnavailable (503), never ErrToken (401).
package identity

import (
	"errors"
	"net/http"
	"time"
)

var (
	// ErrMissing says that a request carries no bearer token: answer 401.
	ErrMissing = errors.New("no bearer token")
	// ErrToken says that a token is not good here, and will not be: answer 401.
	ErrToken = errors.New("token not accepted")
	// ErrUnavailable says that nobody can tell now whether a token is good,
	// because its issuer's keys cannot be had: answer 503, ask again.
	ErrUnavailable = errors.New("token issuer unavailable")
)

// Person is who a token speaks for.
type Person struct {
	OID    string   // object id in the directory: a UUID in lower case, the only key that identifies
	Name   string   // display name, for people to read; never empty
	Email  string   // address for notifications, "" if the token has none; never an identity
	Roles  []string // app roles as the token names them (TREAdmin, TREUser, …), sorted
	Groups []string // object ids of the person's groups, lower case, sorted; nil when the token names none
	// MoreGroups says that the person is in more groups than a token carries:
	// Groups is empty then, and the directory knows them.
	MoreGroups bool
	AppOnly    bool      // a program acting as itself, no person behind it
	Expires    time.Time // when the token ends
}

// Settings say which tokens to accept and how to get the keys that prove them.
// A zero limit means its default.
type Settings struct {
	// Issuers are the exact `iss` values accepted, e.g.
	// https://login.microsoftonline.com/<tenant>/v2.0. At least one; the first
	// one is where people sign in.
	Issuers []string
	// Audiences are the `aud` values accepted: the API's client id and its
	// api:// URI. At least one.
	Audiences []string
	// Discovery is where an issuer's discovery document is, where that is not
	// under its own address: see EntraIssuers.
	Discovery map[string]string
	// Tenants, if any, are the `tid` values accepted.
	Tenants []string
	// Scope is what a person's access token must hold in `scp`; an ID token
	// has none and so is never taken for one. Default user_impersonation.
	Scope string
	// Now is the clock. Required.
	Now func() time.Time
	// Client fetches discovery documents and keys. Default: a client of its
	// own that follows no redirects, with the timeout below.
	Client *http.Client
	// Timeout bounds one fetch. Default 5 s: a person is waiting.
	Timeout time.Duration
	// Refetch is the least time between two fetches from one issuer, however
	// many unknown keys callers invent. Default 1 min: Entra publishes a key
	// long before it signs with it.
	Refetch time.Duration
	// Retry is the least time before the next fetch after one that failed.
	// Default 3 s.
	Retry time.Duration
	// Fresh is how old keys may grow before they are fetched again. Default 1 h.
	Fresh time.Duration
	// Stale is how old keys may grow while the issuer cannot be reached;
	// a withdrawn key works no longer than this. Default 24 h, as Entra advises
	// (https://learn.microsoft.com/entra/identity-platform/signing-key-rollover).
	Stale time.Duration
	// MaxToken is the longest token looked at, in bytes. Default 32 KiB: an
	// Entra token with 200 groups has about 10.
	MaxToken int
}

// withDefaults fills what was left zero.
func (s Settings) withDefaults() Settings {
	orDuration := func(d *time.Duration, byDefault time.Duration) {
		if *d <= 0 {
			*d = byDefault
		}
	}
	orDuration(&s.Timeout, 5*time.Second)
	orDuration(&s.Refetch, time.Minute)
	orDuration(&s.Retry, 3*time.Second)
	orDuration(&s.Fresh, time.Hour)
	orDuration(&s.Stale, 24*time.Hour)
	if s.Scope == "" {
		s.Scope = "user_impersonation"
	}
	if s.MaxToken <= 0 {
		s.MaxToken = 32 << 10
	}
	if s.Client == nil {
		s.Client = &http.Client{
			Timeout:       s.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return s
}
