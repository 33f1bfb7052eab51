package identity_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		headers []string
		want    string
		err     error
	}{
		{name: "plain", headers: []string{"Bearer a.b-c_d.e"}, want: "a.b-c_d.e"},
		{name: "lower case", headers: []string{"bearer abc"}, want: "abc"},
		{name: "more spaces", headers: []string{"  Bearer   abc "}, want: "abc"},
		{name: "none", err: identity.ErrMissing},
		{name: "basic", headers: []string{"Basic dTpw"}, err: identity.ErrMissing},
		{name: "other scheme with our name", headers: []string{"Bearerish abc"}, err: identity.ErrMissing},
		{name: "empty", headers: []string{"Bearer"}, err: identity.ErrToken},
		{name: "two headers", headers: []string{"Bearer a", "Bearer b"}, err: identity.ErrToken},
		{name: "two tokens", headers: []string{"Bearer a b"}, err: identity.ErrToken},
		{name: "list", headers: []string{"Bearer a, Bearer b"}, err: identity.ErrToken},
		{name: "odd characters", headers: []string{"Bearer a\u00e9"}, err: identity.ErrToken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{Header: http.Header{"Authorization": tt.headers}}
			got, err := identity.Bearer(r)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	if got := identity.Challenge(identity.ErrMissing); got != "Bearer" {
		t.Errorf("missing: %q", got)
	}
	if got := identity.Challenge(identity.ErrToken); got != `Bearer error="invalid_token"` {
		t.Errorf("bad: %q", got)
	}
}

func FuzzBearer(f *testing.F) {
	f.Add("Bearer abc")
	f.Add("bearer  a b")
	f.Fuzz(func(t *testing.T, header string) {
		got, err := identity.Bearer(&http.Request{Header: http.Header{"Authorization": {header}}})
		if (got == "") != (err != nil) || strings.ContainsAny(got, " \t\r\n,\"") {
			t.Errorf("%q: %q, %v", header, got, err)
		}
	})
}
