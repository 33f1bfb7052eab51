package api_test

import (
	"encoding/base64"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/identity"
)

// TestIdentity: a bad token is the caller's fault, an issuer that is away is not.
func TestIdentity(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	v, err := identity.New(identity.Settings{Issuers: []string{gone.URL}, Audiences: []string{"api"}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	signed := encode(`{"alg":"RS256","kid":"k"}`) + "." + encode(`{"iss":"`+gone.URL+`","aud":"api","exp":99999999999}`) + "." + encode("signature")
	for token, want := range map[string]error{"nonsense": api.ErrToken, "": api.ErrToken, signed: api.ErrUnavailable} {
		if p, err := api.Identity(v, nil, nil).Verify(t.Context(), token); !errors.Is(err, want) || p.OID != "" {
			t.Errorf("%.20q: %v, %v, want %v", token, p, err, want)
		}
	}
	got := api.PersonOf(identity.Person{OID: "o", Name: "n", Email: "e", Roles: []string{"TREAdmin", "x"}})
	if diff := cmp.Diff(access.Person{OID: "o", Name: "n", Email: "e", Roles: []access.Role{access.TREAdmin, "x"}}, got); diff != "" {
		t.Error(diff)
	}
}
