package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// callerKey is where the context keeps who calls.
type callerKey struct{}

func callerOf(ctx context.Context) desk.Caller {
	c, _ := ctx.Value(callerKey{}).(desk.Caller)
	return c
}

// admit lets a call through whose token is good and whose bearer may take the
// action in the workspace of the path, before a field of it is looked at.
func (a *api) admit(action access.Action) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c, err := a.caller(ctx)
		if err == nil {
			if workspace := ctx.Param("workspace_id"); workspace != "" {
				c, err = a.Desk.Admit(ctx.Context(), c, canonical(workspace), action)
			}
		}
		if err != nil {
			a.refuse(ctx, err)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, c))
	}
}

// caller is who the call's token speaks for.
func (a *api) caller(ctx huma.Context) (desk.Caller, error) {
	r, _ := humago.Unwrap(ctx)
	token, err := bearerToken(r.Header)
	if err != nil {
		return desk.Caller{}, err
	}
	person, err := a.Verifier.Verify(ctx.Context(), token)
	if err != nil {
		return desk.Caller{}, err
	}
	operation, _ := ctx.Context().Value(operationKey{}).(string)
	return desk.Caller{Person: person, Operation: operation}, nil
}

// bearerToken reads the Authorization header (RFC 6750, 2.1).
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", fmt.Errorf("send one authorization header with a bearer token: %w", ErrToken)
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " ,\t") {
		return "", fmt.Errorf("send one authorization header with a bearer token: %w", ErrToken)
	}
	return token, nil
}

// refuse answers with an error.
func (a *api) refuse(ctx huma.Context, err error) {
	var h huma.HeadersError
	err = a.fail(ctx.Context(), err)
	if errors.As(err, &h) {
		for name, values := range h.GetHeaders() {
			ctx.SetHeader(name, values[0])
		}
	}
	var s huma.StatusError
	if errors.As(err, &s) {
		_ = huma.WriteErr(a.huma, ctx, s.GetStatus(), s.Error()) // the client is gone, or has its answer
	}
}

// Limits of a call's body.
const (
	maxBody  = 1 << 20 // bytes: a hundred times the longest request we take
	maxDepth = 32      // of JSON: forms are flat
)

// read takes the whole body in before anything looks at it, so that a broken
// one is the client's fault, never ours. No body is an empty one, whose
// missing fields are named.
func (a *api) read(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		_ = huma.WriteErr(a.huma, ctx, http.StatusBadRequest, "body: could not be read to its end")
		return
	case len(body) > maxBody:
		_ = huma.WriteErr(a.huma, ctx, http.StatusRequestEntityTooLarge, fmt.Sprintf("body: at most %d bytes", maxBody))
		return
	case len(bytes.TrimSpace(body)) == 0:
		body = []byte("{}")
	}
	if err := checkJSON(body); err != nil {
		a.refuse(ctx, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	next(ctx)
}

// checkJSON returns airlock.ErrInvalid unless text is JSON of bounded depth
// that Go can hold.
func checkJSON(text []byte) error {
	depth := 0
	for dec := json.NewDecoder(bytes.NewReader(text)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("body: not valid JSON: %w", airlock.ErrInvalid)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxDepth {
			return fmt.Errorf("body: nested deeper than %d: %w", maxDepth, airlock.ErrInvalid)
		}
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return fmt.Errorf("body: not valid JSON: %w", airlock.ErrInvalid)
	}
	return nil
}

// canonical is an id of a path in the form that rows are keyed by.
func canonical(id string) string { return strings.ToLower(id) }

func typeName(v any) string { return fmt.Sprintf("%T", v) }
