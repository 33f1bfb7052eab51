package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/trefoil-tre/trefoil/internal/access"
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
			} else {
				c, err = a.Desk.AdmitEverywhere(ctx.Context(), c, action)
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
	return desk.Caller{Person: person, Operation: operation, Call: operation}, nil
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

// canonical is an id of a path in the form that rows are keyed by.
func canonical(id string) string { return strings.ToLower(id) }

func typeName(v any) string { return fmt.Sprintf("%T", v) }
