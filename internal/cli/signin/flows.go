package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/trefoil-tre/trefoil/internal/cli/profile"
)

// Registration is whom to sign in with, and for what.
type Registration struct{ Issuer, ClientID, Scope string }

func session(t *oauth2.Token, issuer string) profile.Session {
	return profile.Session{Access: t.AccessToken, Expiry: t.Expiry, Refresh: t.RefreshToken, Issuer: issuer}
}

// Device signs a person in who types a code on any machine with a browser
// (RFC 8628). show is told where, and which code.
func Device(ctx context.Context, client *http.Client, r Registration, show func(address, code string)) (profile.Session, error) {
	e, err := discover(ctx, client, r.Issuer)
	if err != nil {
		return profile.Session{}, err
	}
	if e.Device == "" {
		return profile.Session{}, fmt.Errorf("%s does not sign in by device code; try `tre login interactive`", r.Issuer)
	}
	ctx, c := with(ctx, client), config(e, r.ClientID, r.Scope)
	answer, err := c.DeviceAuth(ctx)
	if err != nil {
		return profile.Session{}, explain(err)
	}
	show(answer.VerificationURI, answer.UserCode)
	t, err := c.DeviceAccessToken(ctx, answer)
	if err != nil {
		return profile.Session{}, explain(err)
	}
	return session(t, r.Issuer), nil
}

// browserTime is how long a person has to sign in, as with a device code.
const browserTime = 15 * time.Minute

// callback is what the browser brings back.
type callback struct {
	code string
	err  error
}

// Interactive signs a person in, in a browser on this machine, with PKCE and a
// redirect to a port of this program (RFC 8252). show opens or shows the address.
func Interactive(ctx context.Context, client *http.Client, r Registration, show func(address string)) (profile.Session, error) {
	e, err := discover(ctx, client, r.Issuer)
	if err != nil {
		return profile.Session{}, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return profile.Session{}, fmt.Errorf("sign-in: %w", err)
	}
	c := config(e, r.ClientID, r.Scope)
	// Entra ID takes any port of http://localhost, without a path.
	// https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions
	c.RedirectURL = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	back := make(chan callback, 1)
	server := &http.Server{Handler: landing(state, back), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends when it is closed
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx) // the browser has its page, or nobody waits for it
	}()
	show(c.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("prompt", "select_account")))
	var got callback
	select {
	case <-ctx.Done():
		return profile.Session{}, ctx.Err()
	case <-time.After(browserTime):
		return profile.Session{}, fmt.Errorf("nobody signed in within %v", browserTime)
	case got = <-back:
	}
	if got.err != nil {
		return profile.Session{}, got.err
	}
	t, err := c.Exchange(with(ctx, client), got.code, oauth2.VerifierOption(verifier))
	if err != nil {
		return profile.Session{}, explain(err)
	}
	return session(t, r.Issuer), nil
}

// landing answers the browser that comes back. What has another state was not
// asked for by us.
func landing(state string, back chan<- callback) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		if r.Method != http.MethodGet || r.URL.Path != "/" || q.Get("state") != state {
			http.Error(w, "This is not the sign-in that tre waits for.", http.StatusNotFound)
			return
		}
		got := callback{code: q.Get("code")}
		text := "You are signed in. Go back to the terminal; this page can be closed."
		if got.code == "" {
			reason, _, _ := strings.Cut(q.Get("error_description")+"\n", "\n")
			got.err = errors.New("the sign-in was refused: " + strings.TrimSpace(q.Get("error")+" "+reason))
			text = "You are not signed in. The terminal says why."
		}
		_, _ = w.Write([]byte(text))
		select {
		case back <- got:
		default: // the page was loaded again
		}
	})
}

// ClientCredentials signs a program in with its own secret (RFC 6749, 4.4).
func ClientCredentials(ctx context.Context, client *http.Client, r Registration, secret string) (profile.Session, error) {
	e, err := discover(ctx, client, r.Issuer)
	if err != nil {
		return profile.Session{}, err
	}
	c := clientcredentials.Config{ClientID: r.ClientID, ClientSecret: secret, TokenURL: e.Token,
		Scopes: []string{AppScope(r.Scope)}, AuthStyle: oauth2.AuthStyleInParams}
	t, err := c.Token(with(ctx, client))
	if err != nil {
		return profile.Session{}, explain(err)
	}
	s := session(t, r.Issuer)
	s.Secret = secret
	return s, nil
}

// AppScope is what a program asks for: all that it was given of the API, which
// the scope of people's tokens names.
// https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope
func AppScope(scope string) string {
	return strings.TrimSuffix(scope, "/user_impersonation") + "/.default"
}

// errRefused means that the refresh token is good no more.
var errRefused = errors.New("the sign-in has ended")

// renew gets a new access token for a refresh token.
func renew(ctx context.Context, client *http.Client, r Registration, refresh string) (profile.Session, error) {
	e, err := discover(ctx, client, r.Issuer)
	if err != nil {
		return profile.Session{}, err
	}
	t, err := config(e, r.ClientID, r.Scope).TokenSource(with(ctx, client), &oauth2.Token{RefreshToken: refresh}).Token()
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil && refused.Response.StatusCode < http.StatusInternalServerError {
		return profile.Session{}, fmt.Errorf("%w: %w", errRefused, explain(err))
	}
	if err != nil {
		return profile.Session{}, err
	}
	return session(t, r.Issuer), nil
}
