package issuer

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// request is one sign-in, from the authorization request to its tokens. It
// implements [op.AuthRequest] and [op.RefreshTokenRequest].
type request struct {
	id       string
	asked    oidc.AuthRequest
	audience string // of the access token
	subject  string // "" until somebody was chosen
	signedIn time.Time
	// forID is set once the access token is made: the library makes both tokens
	// from one request, access token first, and Entra's differ in audience.
	forID   bool
	service *Client // an application that speaks for itself; nil for a person
}

func (r *request) GetID() string          { return r.id }
func (r *request) GetACR() string         { return "" }
func (r *request) GetAMR() []string       { return nil }
func (r *request) GetAuthTime() time.Time { return r.signedIn }
func (r *request) GetClientID() string    { return r.asked.ClientID }
func (r *request) GetNonce() string       { return r.asked.Nonce }
func (r *request) GetRedirectURI() string { return r.asked.RedirectURI }
func (r *request) GetScopes() []string    { return r.asked.Scopes }
func (r *request) GetState() string       { return r.asked.State }
func (r *request) GetSubject() string     { return r.subject }
func (r *request) Done() bool             { return r.subject != "" }

func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }

func (r *request) SetCurrentScopes(scopes []string) { r.asked.Scopes = scopes }

func (r *request) GetAudience() []string {
	if r.forID {
		return []string{r.asked.ClientID}
	}
	return []string{r.audience}
}

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.asked.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}
