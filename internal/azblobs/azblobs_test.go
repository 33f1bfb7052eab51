package azblobs_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

func TestAccountKey(t *testing.T) {
	t.Parallel()
	for endpoint, protocol := range map[string]string{"http://127.0.0.1:10000/stone": "", "https://stone.blob.core.windows.net": "https"} {
		accounts, err := azblobs.New(azblobs.Config{
			AirlockConnection: "DefaultEndpointsProtocol=http;AccountName=stone;AccountKey=a2V5;BlobEndpoint=" + endpoint + ";", Now: func() time.Time { return start },
		})
		if err != nil {
			t.Fatal(err)
		}
		link, err := accounts.Sign(t.Context(), azblobs.Grant{
			Place: airlock.Place{Account: airlock.AirlockAccount, Container: "c"}, Permissions: "cwl", Until: start.Add(time.Hour * 24 * 30),
		})
		if err != nil {
			t.Fatal(err)
		}
		text, query, _ := strings.Cut(link, "?")
		q, err := url.ParseQuery(query)
		if err != nil || text != endpoint+"/c" || q.Get("spr") != protocol || q.Get("sp") != "cwl" || q.Get("sr") != "c" ||
			q.Get("st") != "2026-03-01T11:45:00Z" || q.Get("se") != "2026-03-31T12:00:00Z" || q.Get("sig") == "" || q.Has("skoid") {
			t.Errorf("link %s with %v, %v", text, q, err)
		}
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	keyed, err := azblobs.New(azblobs.Config{
		AirlockEndpoint: "https://stairlock.blob.core.windows.net", Credential: a, Transport: a, Now: a.clock,
		WorkspaceConnections: []string{"AccountName=stone;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/stone"},
	})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := azblobs.New(azblobs.Config{
		AirlockEndpoint: "https://stairlock.blob.core.windows.net", Credential: a, Transport: a, Now: a.clock,
		WorkspaceConnections: []string{"AccountName=stone;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/stone",
			"AccountName={account};AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:2/{account};"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		accounts  *azblobs.Accounts
		name, url string // "" means ErrAccount
	}{
		{shared, "stone", "http://127.0.0.1:1/stone/c"},
		{shared, "sttwo", "http://127.0.0.1:2/sttwo/c"},
		{shared, "../stone", ""},
		{keyed, "stone", "http://127.0.0.1:1/stone/c"},
		{keyed, "sttwo", ""},
		{keyed, airlock.AirlockAccount, "https://stairlock.blob.core.windows.net/c"},
		{a.accounts(t), "stone", "https://stone.blob.core.windows.net/c"},
		{a.accounts(t), "evil.example/x", ""},
		{a.accounts(t), "Upper", ""},
		{a.accounts(t), "", ""},
		{a.accounts(t), "x@evil", ""},
	}
	for _, tt := range tests {
		c, err := tt.accounts.Container(airlock.Place{Account: tt.name, Container: "c"})
		if tt.url == "" && !errors.Is(err, azblobs.ErrAccount) || tt.url != "" && (err != nil || c.URL() != tt.url) {
			t.Errorf("%q: %v", tt.name, err)
		}
		if _, err := tt.accounts.Service(tt.name); (err == nil) != (tt.url != "") {
			t.Errorf("service %q: %v", tt.name, err)
		}
		if _, err := tt.accounts.Sign(t.Context(), azblobs.Grant{Place: airlock.Place{Account: tt.name}}); err == nil {
			t.Errorf("%q: a link that allows nothing was signed", tt.name)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t!"
	for _, c := range []azblobs.Config{
		{},
		{AirlockConnection: "AccountName=a;AccountKey=" + secret},
		{AirlockConnection: "AccountKey=" + secret},
		{AirlockConnection: secret},
		{AirlockEndpoint: "https://a.example", WorkspaceConnections: []string{"AccountName=a;AccountKey=" + secret}},
		{AirlockEndpoint: "https://a.example", WorkspaceConnections: []string{"AccountName={account};AccountKey=" + secret}},
	} {
		if _, err := azblobs.New(c); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("taken, or told: %v", err)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	other := errors.New("other")
	tests := []struct {
		err  error
		want error
		text string
	}{
		{&azcore.ResponseError{StatusCode: 404, ErrorCode: "BlobNotFound"}, airlock.ErrNotFound, "404 BlobNotFound"},
		{&azcore.ResponseError{StatusCode: 404, ErrorCode: "CannotVerifyCopySource"}, airlock.ErrNotFound, "404 CannotVerifyCopySource"},
		{&azcore.ResponseError{StatusCode: 409, ErrorCode: "ContainerBeingDeleted"}, airlock.ErrNotFound, "409 ContainerBeingDeleted"},
		{&azcore.ResponseError{StatusCode: 412, ErrorCode: "ConditionNotMet"}, airlock.ErrChanged, "412 ConditionNotMet"},
		{&azcore.ResponseError{StatusCode: 412, ErrorCode: "SourceConditionNotMet"}, airlock.ErrChanged, "412 SourceConditionNotMet"},
		{&azcore.ResponseError{StatusCode: 412, ErrorCode: "LeaseIdMissing"}, nil, "412 LeaseIdMissing"},
		{&azcore.ResponseError{StatusCode: 409, ErrorCode: "BlobArchived"}, nil, "409 BlobArchived"},
		{&azcore.ResponseError{StatusCode: 403, ErrorCode: "CannotVerifyCopySource"}, nil, "403 CannotVerifyCopySource"},
		{&url.Error{Op: "Get", URL: "https://x/secret-name?sig=1", Err: other}, other, "other"},
		{context.Canceled, context.Canceled, "canceled"},
		{other, other, "other"},
	}
	for _, tt := range tests {
		got := azblobs.Translate(fmt.Errorf("outer: %w", tt.err))
		if !strings.Contains(got.Error(), tt.text) || strings.Contains(got.Error(), "secret-name") {
			t.Errorf("%v became %v", tt.err, got)
		}
		for _, sentinel := range []error{airlock.ErrNotFound, airlock.ErrChanged, context.Canceled, other} {
			if errors.Is(got, sentinel) != errors.Is(tt.want, sentinel) {
				t.Errorf("%v became %v: is %v", tt.err, got, sentinel)
			}
		}
		if again := azblobs.Translate(got); again.Error() != got.Error() && !errors.Is(tt.want, other) {
			t.Errorf("translated twice: %v", again)
		}
		if code, ok := strings.CutPrefix(tt.text, "412 "); ok && azblobs.Leased(got) != strings.HasPrefix(code, "Lease") {
			t.Errorf("%v: leased %v", got, azblobs.Leased(got))
		}
	}
	if azblobs.Translate(nil) != nil {
		t.Error("nil is no error")
	}
}

func FuzzEscapeName(f *testing.F) {
	for _, name := range []string{"a b", "%41", "é/💎", "a+b#c?d&e;f", "\xff\x00"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		escaped := azblobs.EscapeName(name)
		if back, err := url.PathUnescape(escaped); err != nil || back != name {
			t.Errorf("%q became %q, back %q, %v", name, escaped, back, err)
		}
		if strings.ContainsAny(escaped, " +#?&;=\"\\") {
			t.Errorf("%q became %q", name, escaped)
		}
	})
}
