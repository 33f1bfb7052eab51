package identity

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Bearer returns the access token of a request's Authorization header
// (RFC 6750, 2.1). Tokens in the query or a form are not looked at: addresses
// end up in logs. Errors are ErrMissing, or ErrToken for a header that is
// there but is not one well-formed bearer token.
func Bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", ErrMissing
	case 1:
	default:
		return "", fmt.Errorf("%d authorization headers: %w", len(values), ErrToken)
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrMissing
	}
	token = strings.TrimLeft(token, " ")
	if token == "" || strings.ContainsFunc(token, notToken68) {
		return "", fmt.Errorf("authorization header malformed: %w", ErrToken)
	}
	return token, nil
}

// notToken68 reports characters that no bearer token has (RFC 9110, 11.2).
func notToken68(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-._~+/=", r)
}

// Challenge returns the WWW-Authenticate header that goes with a 401 for err
// (RFC 6750, 3). It says nothing about why a token was refused.
func Challenge(err error) string {
	if errors.Is(err, ErrMissing) {
		return "Bearer"
	}
	return `Bearer error="invalid_token"`
}
