package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli/profile"
)

// Local is what of local.json signing in needs; `tre local up` writes it.
type Local struct {
	API    string      `json:"api"`
	Issuer string      `json:"issuer"`
	Users  []LocalUser `json:"users"`
}

// LocalUser is somebody who can sign in on this machine, without a password.
type LocalUser struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Token struct {
		URL  string            `json:"url"`
		Form map[string]string `json:"form"`
	} `json:"token"`
}

// ErrNotRunning means that there is no local system.
var ErrNotRunning = errors.New("the local system is not running")

// localPath is where local.json is, below a repository.
var localPath = filepath.Join("build", "local", "local.json")

// FindLocal looks for local.json in the folder and those above it.
func FindLocal(dir string) (string, error) {
	for {
		path := filepath.Join(dir, localPath)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("%w: no %s here or above; start it with `make run`", ErrNotRunning, localPath)
		}
		dir = up
	}
}

// ReadLocal reads local.json.
func ReadLocal(path string) (Local, error) {
	var l Local
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, fmt.Errorf("%w: %s is gone; start it with `make run`", ErrNotRunning, path)
	}
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	if err != nil {
		return l, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// Keys are the keys of the people who can sign in.
func (l Local) Keys() []string {
	var all []string
	for _, u := range l.Users {
		all = append(all, u.Key)
	}
	return all
}

// SignIn gets a token for one of the local people.
func (l Local) SignIn(ctx context.Context, client *http.Client, key string, now time.Time) (profile.Session, error) {
	for _, u := range l.Users {
		if u.Key != key {
			continue
		}
		form := url.Values{}
		for name, value := range u.Token.Form {
			form.Set(name, value)
		}
		var answer struct {
			Access    string `json:"access_token"`
			ExpiresIn int    `json:"expires_in"`
		}
		if err := postForm(ctx, client, u.Token.URL, form, &answer); err != nil {
			return profile.Session{}, err
		}
		return profile.Session{Access: answer.Access, Expiry: now.Add(time.Duration(answer.ExpiresIn) * time.Second), Issuer: l.Issuer}, nil
	}
	return profile.Session{}, fmt.Errorf("nobody here has the key %q; there are %s", key, strings.Join(l.Keys(), ", "))
}

func postForm(ctx context.Context, client *http.Client, address string, form url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxDocument)).Decode(out)
}
