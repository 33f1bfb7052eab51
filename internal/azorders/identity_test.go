package azorders_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/trefoil-tre/trefoil/internal/azorders"
)

// token is an identity that needs nobody to ask.
type token struct{}

func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t0ken", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestIdentitySignsInWithAToken(t *testing.T) {
	t.Parallel()
	seen := make(chan *http.Request, 10)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.WriteHeader(http.StatusCreated)
	}))
	defer server.Close()
	orders, err := azorders.New(azorders.Config{Endpoint: server.URL, Credential: token{}, Transport: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if err := orders.Send(t.Context(), "airlockinspect", order{Request: "r1"}, 1500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	r := <-seen
	if r.URL.Path != "/airlockinspect/messages" || r.Header.Get("Authorization") != "Bearer t0ken" || r.URL.Query().Get("visibilitytimeout") != "2" {
		t.Errorf("asked %s with visibility %q", r.URL.Path, r.URL.Query().Get("visibilitytimeout"))
	}
}

func TestRefusalsKeepTheirCause(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("x-ms-error-code", "AuthorizationFailure")
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	orders, err := azorders.New(azorders.Config{Endpoint: server.URL, Credential: token{}, Transport: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	_, depth := orders.Depth(t.Context(), "q")
	_, take := orders.Take(t.Context(), "q", 1)
	for name, err := range map[string]error{
		"Send": orders.Send(t.Context(), "q", order{}, 0), "Depth": depth, "Take": take,
		"Drop": orders.Drop(t.Context(), "q", azorders.Poisoned{ID: "x"}),
	} {
		if cause, ok := errors.AsType[*azcore.ResponseError](err); !ok || cause.StatusCode != http.StatusForbidden {
			t.Errorf("%s = %v, want the 403 in it", name, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := azorders.New(azorders.Config{}); err == nil {
		t.Error("no settings at all were taken")
	}
	_, err := azorders.New(azorders.Config{ConnectionString: "AccountName=a;AccountKey=sécret;"})
	if err == nil || strings.Contains(err.Error(), "sécret") {
		t.Errorf("malformed connection string: %v", err)
	}
	if _, err := azorders.New(azorders.Config{Endpoint: "https://a.queue.core.windows.net"}); err != nil {
		t.Errorf("identity: %v, want no question asked at start", err)
	}
}
