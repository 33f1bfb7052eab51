package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// statuses is the one table from what went wrong to what HTTP says of it. The
// first that fits counts; what is not in it, ErrUnavailable too, is trouble of
// ours that may pass: 503, and nothing of it is told.
var statuses = []struct {
	is     error
	status int
}{
	{ErrToken, http.StatusUnauthorized},
	{desk.ErrStale, http.StatusPreconditionFailed},
	{desk.ErrUnfit, http.StatusBadRequest},
	{desk.ErrDisabled, http.StatusMethodNotAllowed},
	{desk.ErrNotDeployed, http.StatusConflict},
	{airlock.ErrFrozen, http.StatusConflict},
	{provision.ErrSchema, http.StatusBadRequest}, // as AzureTRE
	{address.ErrFull, http.StatusConflict},
	{address.ErrTaken, http.StatusUnprocessableEntity},
	{address.ErrInvalid, http.StatusUnprocessableEntity},
	{airlock.ErrRefused, http.StatusForbidden},
	{airlock.ErrIllegal, http.StatusBadRequest},
	{airlock.ErrConflict, http.StatusConflict},
	{airlock.ErrInvalid, http.StatusUnprocessableEntity},
	{airlock.ErrNotFound, http.StatusNotFound},
}

// retryAfter is when a client may ask again after 503, in seconds: storage
// that throttles asks for about as much.
const retryAfter = 5

// failure is what the answer says of an error.
func failure(err error) (status int, text string) {
	for _, s := range statuses {
		if errors.Is(err, s.is) {
			return s.status, strings.TrimSuffix(desk.Text(err), ": "+s.is.Error())
		}
	}
	return http.StatusServiceUnavailable, "the service cannot answer now, try again in a moment"
}

// fail makes an error one that huma answers with, and logs what is our fault.
func (a *api) fail(ctx context.Context, err error) error {
	header := http.Header{}
	if busy, ok := errors.AsType[tooMany](err); ok {
		header.Set("Retry-After", strconv.Itoa(busy.seconds()))
		return huma.ErrorWithHeaders(huma.NewError(http.StatusTooManyRequests, busy.Error()), header)
	}
	status, text := failure(err)
	switch status {
	case http.StatusServiceUnavailable:
		a.Log.ErrorContext(ctx, "call failed", slog.Any("error", err))
		header.Set("Retry-After", strconv.Itoa(retryAfter))
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodGet) // RFC 9110, 15.5.6
	}
	return huma.ErrorWithHeaders(huma.NewError(status, text), header)
}

// plain is an error as AzureTRE answers it: its text alone.
type plain string

const problemJSON = "application/problem+json"

// shapeError gives errors the form that the client understands: RFC 9457 when
// it says so, else as AzureTRE: text, and JSON for what is wrong with fields.
func shapeError(ctx huma.Context, _ string, v any) (any, error) {
	problem, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	for _, e := range problem.Errors {
		e.Value = nil // the client knows what it sent, and it may be a megabyte
	}
	named(problem)
	switch {
	case wantsProblem(ctx.Header("Accept")):
		ctx.SetHeader("Content-Type", problemJSON)
		return problem, nil
	case problem.Status == http.StatusUnprocessableEntity:
		ctx.SetHeader("Content-Type", "application/json")
		return fields{Detail: problem.Detail, Errors: problem.Errors}, nil
	}
	ctx.SetHeader("Content-Type", "text/plain; charset=utf-8")
	return plain(problem.Detail), nil
}

// fields is what a client gets that sent wrong fields.
type fields struct {
	Detail string              `json:"detail"`
	Errors []*huma.ErrorDetail `json:"errors,omitempty"`
}

// maxFields is how many wrong fields a detail names.
const maxFields = 10

// named makes the detail say what the errors say, field and limit.
func named(problem *huma.ErrorModel) {
	if len(problem.Errors) == 0 {
		return
	}
	var all []string
	for _, e := range problem.Errors[:min(len(problem.Errors), maxFields)] {
		where := strings.TrimPrefix(strings.TrimPrefix(e.Location, "body."), "body")
		all = append(all, strings.TrimPrefix(fmt.Sprintf("%s: %s", where, e.Message), ": "))
	}
	problem.Detail = strings.Join(all, "; ")
}
