package stacktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

// Person finds somebody who can sign in, by key. A key that nobody has is a
// mistake of the test.
func (r *Rig) Person(key string) issuer.User {
	for _, u := range r.Issuer.Users() {
		if u.Key == key {
			return u
		}
	}
	panic("nobody is called " + key)
}

// Token gets a person's access token from the local provider, as any script
// does, and keeps it.
func (r *Rig) Token(ctx context.Context, key string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens[key] == "" {
		form := r.Issuer.TokenForm(key).Encode()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Issuer.TokenURL(), bytes.NewBufferString(form))
		if err != nil {
			return "", err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		var answer struct {
			Token string `json:"access_token"`
		}
		res, err := r.http.Do(req)
		if err != nil {
			return "", err
		}
		err = json.NewDecoder(res.Body).Decode(&answer)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			return "", err
		}
		r.tokens[key] = answer.Token
	}
	return r.tokens[key], nil
}

// Answer is what the API answered.
type Answer struct {
	Status int
	Body   []byte
}

// Error tells what the answer was, for messages of tests.
func (a Answer) Error() string { return fmt.Sprintf("%d: %.400s", a.Status, a.Body) }

// Into reads the answer's JSON; an answer that is no success is an error.
func (a Answer) Into(out any) error {
	if a.Status >= 300 {
		return a
	}
	if out == nil || len(a.Body) == 0 {
		return nil
	}
	return json.Unmarshal(a.Body, out)
}

// Call is one call of the API.
type Call struct {
	By           string // key of a person; "" is nobody
	Method, Path string // the address begins with /
	Body         any    // nil for none
	Match        string // version that is changed, as If-Match says it; "" for none
}

// Call sends one call of the API as a person; "" is nobody. An address begins
// with /. There is no second try.
func (r *Rig) Call(ctx context.Context, key, method, path string, body any) (Answer, error) {
	return r.Send(ctx, Call{By: key, Method: method, Path: path, Body: body})
}

// Send sends one call of the API. There is no second try.
func (r *Rig) Send(ctx context.Context, c Call) (Answer, error) {
	var text []byte
	if c.Body != nil {
		var err error
		if text, err = json.Marshal(c.Body); err != nil {
			return Answer{}, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, r.APIURL()+c.Path, bytes.NewReader(text))
	if err != nil {
		return Answer{}, err
	}
	if c.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Match != "" {
		req.Header.Set("If-Match", c.Match)
	}
	if c.By != "" {
		token, err := r.Token(ctx, c.By)
		if err != nil {
			return Answer{}, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := r.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	content, err := io.ReadAll(res.Body)
	return Answer{Status: res.StatusCode, Body: content}, errors.Join(err, res.Body.Close())
}

// Until asks a condition again and again until it holds, or Patience is over,
// and then says what was still wrong.
func Until(ctx context.Context, holds func(context.Context) error) error {
	return Within(ctx, Patience, 150*time.Millisecond, holds)
}

// Within is Until with another patience, and another pause between two looks.
func Within(ctx context.Context, patience, pause time.Duration, holds func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var wrong error
	for {
		err := holds(ctx)
		if err == nil {
			return nil
		}
		if wrong == nil || ctx.Err() == nil { // not that the time was over
			wrong = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("after %s: %w", patience, wrong)
		case <-tick.C:
		}
	}
}
