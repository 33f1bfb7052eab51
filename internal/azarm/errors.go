package azarm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/trefoil-tre/trefoil/internal/aztrace"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// settled is older than any role assignment that has yet to come through; who
// knows the thing's age classifies again.
const settled = 24 * time.Hour

// Error makes the rulebook's error of what the SDK returned: Azure's innermost
// words of an answer, a sentence without addresses where there was none. ctx is
// the caller's own, whose end stays what it is.
func Error(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("azure: %w", context.Cause(ctx))
	}
	if told, ok := errors.AsType[*workspace.CloudError](err); ok {
		return told
	}
	if res, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return answered(res)
	}
	e := &workspace.CloudError{Class: workspace.Passing, Message: "Azure could not be asked: " + aztrace.Class(err)}
	var authentication *azidentity.AuthenticationFailedError
	switch {
	case errors.As(err, &authentication):
		e.Message = "the engine's identity got no token for Azure"
	case errors.As(err, new(astray)):
		e.Message = "Azure could not be asked: " + astray{}.Error()
	}
	return e
}

// Refuse is the error of a call that is not worth making.
func Refuse(format string, args ...any) *workspace.CloudError {
	return &workspace.CloudError{Class: workspace.Final, Status: http.StatusBadRequest, Code: "InvalidRequest", Message: fmt.Sprintf(format, args...)}
}

// Is tells whether err is an answer of Azure with this status.
func Is(err error, status int) bool {
	res, ok := errors.AsType[*azcore.ResponseError](err)
	return ok && res.StatusCode == status
}

// Gone tells whether err says that a thing is not there. A subscription that
// nobody finds is a mistake in the settings, not the end of what was in it.
func Gone(err error) bool {
	res, ok := errors.AsType[*azcore.ResponseError](err)
	return ok && res.StatusCode == http.StatusNotFound && !strings.HasPrefix(res.ErrorCode, "Subscription") && res.ErrorCode != "InvalidSubscriptionId"
}

// answered is what an answer of Azure says.
func answered(res *azcore.ResponseError) *workspace.CloudError {
	var body []byte
	e := &workspace.CloudError{Status: res.StatusCode}
	if res.RawResponse != nil {
		body, _ = runtime.Payload(res.RawResponse) // without it the status has to do
		e.After = After(res.RawResponse)
	}
	return finish(e, body, res.ErrorCode)
}

// Broken is the error of a thing that ended badly: what its body says. There is
// no status of HTTP for it, so that one is taken from the code.
func Broken(body []byte) *workspace.CloudError {
	e := finish(new(workspace.CloudError), body, "")
	e.Status = statusOf(e.Code)
	e.Class = workspace.Classify(e.Status, e.Code, settled)
	return e
}

// finish fills in code, message and class.
func finish(e *workspace.CloudError, body []byte, code string) *workspace.CloudError {
	if !codes.MatchString(code) {
		code = ""
	}
	said := innermost(body, code)
	e.Code, e.Message = said.code, Clean(said.message)
	if e.Message == "" {
		e.Message = "Azure gave no reason"
		if e.Status != 0 {
			e.Message = fmt.Sprintf("Azure answered %d %s", e.Status, http.StatusText(e.Status))
		}
	}
	e.Class = workspace.Classify(e.Status, e.Code, settled)
	return e
}

// statusOf is the status that goes with a code inside of a failed deployment:
// what is not known there is the template's or the request's own fault.
func statusOf(code string) int {
	switch code {
	case "AuthorizationFailed", "Forbidden", "LinkedAuthorizationFailed", "LinkedAccessCheckFailed", "AuthorizationPermissionMismatch":
		return http.StatusForbidden
	case "Conflict", "AnotherOperationInProgress", "DeploymentStackInNonTerminalState", "DeploymentActive":
		return http.StatusConflict
	case "TooManyRequests", "SubscriptionRequestsThrottled", "OperationThrottled":
		return http.StatusTooManyRequests
	case "InternalServerError", "ServerError", "ServiceUnavailable", "GatewayTimeout", "ServerTimeout", "InternalError", "InternalExecutionError":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// After is how long an answer asks to wait; 0 when it does not say.
// https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
func After(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if ms, err := strconv.Atoi(resp.Header.Get(name)); err == nil && ms > 0 {
			return min(time.Duration(ms)*time.Millisecond, longest)
		}
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(longest/time.Second))) * time.Second
	}
	// A date is read by the clock of who wrote it.
	until, err := http.ParseTime(text)
	now, err2 := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || err2 != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), longest)
}

// longest is the longest pause that is believed: quotas of Resource Manager are
// an hour's at most.
const longest = time.Hour

// Without is err without a value that must not be read in it.
func Without(err error, value string) error {
	e, ok := errors.AsType[*workspace.CloudError](err)
	if !ok || value == "" {
		return err
	}
	told := *e
	told.Message = strings.ReplaceAll(e.Message, value, "…")
	return &told
}
