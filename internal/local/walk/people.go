package walk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

// person is somebody who acts: through the API with a token of their own, and
// in a browser of their own.
type person struct {
	stack.UserInfo
	api     *client.Client
	browser *browser
}

// cast is who plays in one workspace.
type cast struct {
	workspace                          stack.WorkspaceInfo
	researcher, manager, both, auditor *person // both: researcher and airlock manager
	administrator, newcomer            *person // the newcomer has no workspace yet
}

// newCast finds people for the parts in the first workspace that has them all.
func newCast(info stack.Info) (cast, error) {
	var administrator, newcomer *person
	for key, part := range map[string]**person{"admin": &administrator, "visitor": &newcomer} {
		u, ok := info.User(key)
		if !ok {
			return cast{}, fmt.Errorf("nobody is called %s", key)
		}
		p, err := newPerson(info, u)
		if err != nil {
			return cast{}, err
		}
		*part = p
	}
	for _, w := range info.Workspaces {
		in := func(role access.Role, key string) bool { return slices.Contains(w.Members[role], key) }
		c := cast{workspace: w, administrator: administrator, newcomer: newcomer}
		for _, u := range info.Users {
			p, err := newPerson(info, u)
			if err != nil {
				return cast{}, err
			}
			researcher, manager := in(access.WorkspaceResearcher, u.Key), in(access.AirlockManager, u.Key)
			switch {
			case researcher && manager:
				first(&c.both, p)
			case researcher:
				first(&c.researcher, p)
			case manager:
				first(&c.manager, p)
			case in(access.WorkspaceOwner, u.Key):
				first(&c.auditor, p)
			}
		}
		if c.researcher != nil && c.manager != nil && c.both != nil && c.auditor != nil {
			return c, nil
		}
	}
	return cast{}, errors.New("no workspace has a researcher, an airlock manager, somebody who is both, and an owner")
}

func first(part **person, p *person) {
	if *part == nil {
		*part = p
	}
}

func newPerson(info stack.Info, u stack.UserInfo) (*person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &person{UserInfo: u, browser: &browser{issuer: info.Issuer, user: u.Key, http: &http.Client{Jar: jar}}}
	p.api = &client.Client{Base: info.API, Token: p.token}
	return p, nil
}

// token asks the local provider for an access token.
func (p *person) token(ctx context.Context) (string, error) {
	form := url.Values{}
	for field, value := range p.Token.Form {
		form.Set(field, value)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Token.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		return "", fmt.Errorf("provider answers %d without a token", resp.StatusCode)
	}
	return answer.Token, nil
}
