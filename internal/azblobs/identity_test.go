package azblobs_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const delegationKey = "ZGVsZWdhdGlvbiBrZXk="

// azure stands in for the key service of every account, and for the network
// and the identity that lead to it.
type azure struct {
	server *httptest.Server
	mu     sync.Mutex
	now    time.Time
	asked  []string // host, authorization, start and end of each key asked for
}

func newAzure(t *testing.T) *azure {
	a := &azure{now: start}
	a.server = httptest.NewTLSServer(a)
	t.Cleanup(a.server.Close)
	return a
}

func (a *azure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var key struct {
		XMLName xml.Name `xml:"KeyInfo"`
		Start   string
		Expiry  string
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = xml.Unmarshal(body, &key)
	}
	if err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "comp=userdelegationkey&restype=service" {
		http.Error(w, r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, strings.Join([]string{r.Host, r.Header.Get("Authorization"), key.Start, key.Expiry}, " "))
	w.Header().Set("Content-Type", "application/xml")
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid>
		<SignedStart>%s</SignedStart><SignedExpiry>%s</SignedExpiry><SignedService>b</SignedService><SignedVersion>2026-02-06</SignedVersion>
		<Value>%s</Value></UserDelegationKey>`, key.Start, key.Expiry, delegationKey)
}

// Do carries a request to the stand-in, whatever its host.
func (a *azure) Do(r *http.Request) (*http.Response, error) {
	client := a.server.Client()
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		return nil, errors.New("no transport")
	}
	transport = transport.Clone()
	transport.DisableKeepAlives = true
	transport.TLSClientConfig.ServerName = "example.com" // in the server's certificate
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, a.server.Listener.Addr().String())
	}
	return transport.RoundTrip(r)
}

func (a *azure) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "for " + strings.Join(o.Scopes, ","), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (a *azure) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *azure) pass(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
}

func (a *azure) accounts(t *testing.T) *azblobs.Accounts {
	t.Helper()
	accounts, err := azblobs.New(azblobs.Config{
		AirlockEndpoint: "https://stairlock.blob.core.windows.net", Credential: a, Transport: a, Now: a.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return accounts
}

// signed is the string that a user delegation signature covers, field by field
// as documented for versions from 2026-04-06 on.
// https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#construct-the-string-to-sign
func signed(q url.Values, resource string) string {
	fields := []string{
		q.Get("sp"), q.Get("st"), q.Get("se"), resource,
		q.Get("skoid"), q.Get("sktid"), q.Get("skt"), q.Get("ske"), q.Get("sks"), q.Get("skv"),
		"", "", "", // authorised and unauthorised object, correlation
		"", "", // tenant and object of a delegated user
		"", q.Get("spr"), q.Get("sv"), q.Get("sr"), "", "", // address; snapshot, encryption scope
		"", "", // headers, query parameters
		"", "", "", "", "", // response headers
	}
	return strings.Join(fields, "\n")
}

func TestUserDelegation(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	accounts := a.accounts(t)
	tests := []struct {
		grant              azblobs.Grant
		host, path, signed string
	}{
		{azblobs.Grant{Place: airlock.Place{Account: "stws1", Container: "draft-1"}, Permissions: "cwl"},
			"stws1.blob.core.windows.net", "/draft-1", "/blob/stws1/draft-1"},
		{azblobs.Grant{Place: airlock.Place{Account: airlock.AirlockAccount, Container: "released-1"}, Permissions: "rl"},
			"stairlock.blob.core.windows.net", "/released-1", "/blob/stairlock/released-1"},
		{azblobs.Grant{Place: airlock.Place{Account: "stws1", Container: "sealed-1"}, Blob: "a b/100%+é.csv", Permissions: "r"},
			"stws1.blob.core.windows.net", "/sealed-1/a%20b/100%25%2B%C3%A9.csv", "/blob/stws1/sealed-1/a b/100%+é.csv"},
	}
	for _, tt := range tests {
		tt.grant.Until = start.Add(time.Hour)
		link, err := accounts.Sign(t.Context(), tt.grant)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "https" || u.Host != tt.host || u.EscapedPath() != tt.path {
			t.Errorf("link to %s%s, %v", u.Host, u.EscapedPath(), err)
		}
		q := u.Query()
		mac := hmac.New(sha256.New, []byte("delegation key"))
		mac.Write([]byte(signed(q, tt.signed)))
		sr := "c"
		if tt.grant.Blob != "" {
			sr = "b"
		}
		want := url.Values{
			"sp": {tt.grant.Permissions}, "sr": {sr}, "spr": {"https"}, "sv": {"2026-12-06"},
			"st": {"2026-03-01T11:45:00Z"}, "se": {"2026-03-01T13:00:00Z"},
			"skoid": {"oid"}, "sktid": {"tid"}, "skt": {"2026-03-01T11:45:00Z"}, "ske": {"2026-03-01T16:00:00Z"},
			"sks": {"b"}, "skv": {"2026-02-06"}, "sig": {base64.StdEncoding.EncodeToString(mac.Sum(nil))},
		}
		if diff := cmp.Diff(want, q); diff != "" {
			t.Error(diff)
		}
	}
	token := " Bearer for https://storage.azure.com/.default 2026-03-01T11:45:00Z 2026-03-01T16:00:00Z"
	want := []string{"stws1.blob.core.windows.net" + token, "stairlock.blob.core.windows.net" + token}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Errorf("keys asked for: %s", diff)
	}
}

func TestKeyIsKeptWhileItOutlastsLinks(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	accounts := a.accounts(t)
	steps := []struct {
		pass, life time.Duration
		asked      int
		want       error
	}{
		{life: time.Hour, asked: 1},
		{pass: 2 * time.Hour, life: 2 * time.Hour, asked: 1},
		{life: 2*time.Hour + time.Second, asked: 2}, // the key ends first
		{life: 5 * 24 * time.Hour, asked: 3},        // longer than keys usually last
		{pass: 4 * 24 * time.Hour, life: time.Hour, asked: 3},
		{pass: 2 * 24 * time.Hour, life: time.Hour, asked: 4},
		{life: -time.Hour, asked: 4},
		{life: 7 * 24 * time.Hour, asked: 5},
		{life: 7*24*time.Hour + time.Second, asked: 5, want: airlock.ErrInvalid},
	}
	for i, s := range steps {
		a.pass(s.pass)
		_, err := accounts.Sign(t.Context(), azblobs.Grant{Place: airlock.Place{Account: "stws1", Container: "c"}, Permissions: "rl", Until: a.clock().Add(s.life)})
		if !errors.Is(err, s.want) || len(a.asked) != s.asked {
			t.Errorf("step %d: %d keys asked for, want %d; %v", i, len(a.asked), s.asked, err)
		}
	}
}
