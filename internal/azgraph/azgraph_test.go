package azgraph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/azgraph"
	"github.com/trefoil-tre/trefoil/internal/local/directory"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// identity gets its token from the stand-in, as azidentity does.
type identity struct {
	server *directory.Server
	wrong  string // a token of its own, if not empty
}

func (i identity) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if i.wrong != "" {
		return azcore.AccessToken{Token: i.wrong, ExpiresOn: time.Now().Add(time.Hour)}, nil
	}
	env := i.server.Identity("00000000-0000-4000-8000-00000000000f")
	address := env["IDENTITY_ENDPOINT"] + "?api-version=2019-08-01&resource=" + url.QueryEscape(strings.TrimSuffix(o.Scopes[0], "/.default"))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	req.Header.Set("X-IDENTITY-HEADER", env["IDENTITY_HEADER"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	defer resp.Body.Close()
	var said struct {
		Token string `json:"access_token"`
	}
	err = json.NewDecoder(resp.Body).Decode(&said)
	return azcore.AccessToken{Token: said.Token, ExpiresOn: time.Now().Add(time.Hour)}, err
}

// TestManagedIdentity: with nothing but the environment of App Service the
// product's own credential gets in.
//
//nolint:paralleltest // sets the environment
func TestManagedIdentity(t *testing.T) {
	s := start(t)
	for name, value := range s.Identity("00000000-0000-4000-8000-00000000000f") {
		t.Setenv(name, value)
	}
	g := open(t, s, func(c *azgraph.Config) { c.Credential = nil })
	if got, err := g.Entry(t.Context(), oid(2)); err != nil || got.Name != "heart manager" {
		t.Errorf("%+v, error %v", got, err)
	}
}

func oid(n int) string { return fmt.Sprintf("a3c1f0de-0000-4000-8000-%012d", n) }

func group(n int) string { return fmt.Sprintf("d1000000-0000-4000-8000-%012d", n) }

// staff is a directory of people with awkward names and 300 plain ones.
func staff() []directory.User {
	users := []directory.User{
		{ID: strings.ToUpper(oid(1)), DisplayName: "Heart O'Researcher", PrincipalName: "researcher@heart.example", Mail: "r.o@heart.example", Enabled: true, Groups: []string{strings.ToUpper(group(2)), group(1), group(2)}},
		{ID: oid(2), DisplayName: "heart manager", PrincipalName: "manager@heart.example", Enabled: true},
		{ID: oid(3), DisplayName: "Heart, who left", PrincipalName: "left@heart.example"},
		{ID: oid(4), DisplayName: "Lung & Heart + 100% 'Owner'", PrincipalName: "owner@lung.example", Enabled: true},
		{ID: oid(5), DisplayName: "Somebody in everything", PrincipalName: "all@tre.example", Enabled: true},
	}
	for n := range 11_001 {
		users[4].Groups = append(users[4].Groups, group(n))
	}
	for n := range 300 {
		users = append(users, directory.User{ID: oid(1000 + n), DisplayName: fmt.Sprintf("Person %03d", n), PrincipalName: fmt.Sprintf("p%03d@tre.example", n), Enabled: true})
	}
	return users
}

func start(t *testing.T) *directory.Server {
	t.Helper()
	s, err := directory.Start(t.Context(), directory.Config{Users: staff(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func open(t *testing.T, s *directory.Server, change func(*azgraph.Config)) *azgraph.Graph {
	t.Helper()
	c := azgraph.Config{Endpoint: s.URL(), Credential: identity{server: s}, Timeout: 10 * time.Second, Pause: time.Millisecond}
	if change != nil {
		change(&c)
	}
	g, err := azgraph.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := open(t, s, nil)
	for _, tt := range []struct {
		name, prefix string
		limit        int
		want         []string
	}{
		{name: "whatever the case, by name, not who left", prefix: "HEART", limit: 10, want: []string{"heart manager", "Heart O'Researcher"}},
		{name: "a quote is a letter", prefix: "Heart O'R", limit: 10, want: []string{"Heart O'Researcher"}},
		{name: "by principal name", prefix: "owner@", limit: 10, want: []string{"Lung & Heart + 100% 'Owner'"}},
		{name: "by mail", prefix: "r.o@", limit: 10, want: []string{"Heart O'Researcher"}},
		{name: "signs that an address gives a meaning to", prefix: "Lung & Heart + 100% 'O", limit: 10, want: []string{"Lung & Heart + 100% 'Owner'"}},
		{name: "a filter in the name", prefix: "x') or startswith(displayName,'", limit: 10},
		{name: "a filter in the name, closed well", prefix: "x') or accountEnabled eq false or startswith(mail,'", limit: 10},
		{name: "a limit", prefix: "heart", limit: 1, want: []string{"heart manager"}},
		{name: "no limit is none", prefix: "heart"},
		{name: "nobody", prefix: "zzz", limit: 10},
		{name: "longer than any name", prefix: strings.Repeat("h", 300), limit: 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, err := g.Search(t.Context(), tt.prefix, tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range found {
				got = append(got, e.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if everybody, err := g.Search(t.Context(), "", 250); err != nil || len(everybody) != 250 {
		t.Errorf("everybody: %d, error %v", len(everybody), err)
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := open(t, s, nil)
	got, err := g.Entry(t.Context(), strings.ToUpper(oid(1)))
	want := people.Entry{OID: oid(1), Name: "Heart O'Researcher", PrincipalName: "researcher@heart.example", Email: "r.o@heart.example", Enabled: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, %s", err, diff)
	}
	if got, err := g.Entry(t.Context(), oid(3)); err != nil || got.Enabled {
		t.Errorf("who left: %+v, error %v", got, err)
	}
	asked := s.Asked()
	for _, id := range []string{"", "me", "../groups", oid(1) + "/manager", "{" + oid(1) + "}", "00000000-0000-0000-0000-000000000000"} {
		if _, err := g.Entry(t.Context(), id); !errors.Is(err, people.ErrNotFound) {
			t.Errorf("%q: error %v", id, err)
		}
	}
	if s.Asked() != asked {
		t.Error("asked about what is no object id")
	}
	if _, err := g.Entry(t.Context(), oid(99)); !errors.Is(err, people.ErrNotFound) || errors.Is(err, people.ErrUnavailable) {
		t.Errorf("nobody: error %v", err)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := open(t, s, nil)
	got, err := g.Groups(t.Context(), oid(1))
	if diff := cmp.Diff([]string{group(1), group(2)}, got); err != nil || diff != "" {
		t.Errorf("error %v, %s", err, diff)
	}
	if got, err := g.Groups(t.Context(), oid(2)); err != nil || len(got) != 0 {
		t.Errorf("in none: %v, error %v", got, err)
	}
	if _, err := g.Groups(t.Context(), oid(5)); !errors.Is(err, people.ErrUnavailable) {
		t.Errorf("in more than Graph names: error %v", err)
	}
	if _, err := g.Groups(t.Context(), oid(99)); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("nobody: error %v", err)
	}
}

// TestAnyPrefix: whatever a person types is looked for as it is: nobody is
// found whose name does not begin with it, and Graph understands the question.
func TestAnyPrefix(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := open(t, s, nil)
	words := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"heart", "'", "''", "') or (", "%27", "+", "&$top=1", "\x00", "Lung & "}))
	rapid.Check(t, func(t *rapid.T) {
		prefix := strings.Join(rapid.SliceOfN(words, 0, 3).Draw(t, "words"), "")
		found, err := g.Search(context.Background(), prefix, 10)
		if err != nil {
			t.Fatalf("%q: %v", prefix, err)
		}
		begin := strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(prefix), ""))
		for _, e := range found {
			if !strings.HasPrefix(strings.ToLower(e.Name), begin) && !strings.HasPrefix(strings.ToLower(e.PrincipalName), begin) && !strings.HasPrefix(strings.ToLower(e.Email), begin) {
				t.Fatalf("%q finds %+v", prefix, e)
			}
		}
	})
}
