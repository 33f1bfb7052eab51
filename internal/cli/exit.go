package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// Code is what the program ends with.
type Code int

// The exit codes. ExitCodes says of each when it is given.
const (
	Done        Code = 0
	Failed      Code = 1
	Usage       Code = 2
	SignedOut   Code = 3
	NotAllowed  Code = 4
	Conflict    Code = 5
	Unreachable Code = 6
	Interrupted Code = 130

	// What `tre watch` ends with besides: how the request ended, or that time
	// was over.
	Rejected  Code = 10
	Blocked   Code = 11
	Cancelled Code = 12
	Broken    Code = 13
	Revoked   Code = 14
	TimeIsUp  Code = 15
)

// ExitCodes is the one table of exit codes, for help and documentation.
var ExitCodes = []struct {
	Code  Code
	Means string
}{
	{Done, "done"},
	{Failed, "failed for a reason not below; also when the answer is no: an audit trail is broken, the system is not well, a request that was waited for ended otherwise, an operation failed"},
	{Usage, "the command line cannot be understood, or a value in it is refused (HTTP 422)"},
	{SignedOut, "nobody is signed in, or the sign-in has ended (HTTP 401): `tre login`"},
	{NotAllowed, "your roles do not allow it, or there is no such thing (HTTP 403, 404)"},
	{Conflict, "not in this state: somebody was faster, or the request does not stand where this can be done (HTTP 400, 405, 409, 412, 417)"},
	{Unreachable, "the system cannot be reached, or has no time now (HTTP 429, 5xx): try again later"},
	{Rejected, "`tre watch`: the request was rejected"},
	{Blocked, "`tre watch`: the request was blocked by the malware scan"},
	{Cancelled, "`tre watch`: the request was cancelled, the operation stopped by somebody"},
	{Broken, "`tre watch`: the request, or the operation, failed"},
	{Revoked, "`tre watch`: the release was revoked"},
	{TimeIsUp, "`tre watch`: the time given with --timeout is over"},
	{Interrupted, "ended by Ctrl-C or a signal"},
}

// Error is an error with the exit code that it ends the program with.
type Error struct {
	Code Code
	Err  error
	Hint string // what to do about it; may be empty
}

// Error is what happened.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives what was wrapped.
func (e *Error) Unwrap() error { return e.Err }

// Exit is an end with an exit code, about which all has been said.
type Exit Code

// Error names the code.
func (e Exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Misused is an error in how the command was called.
func Misused(format string, args ...any) error {
	return &Error{Code: Usage, Err: fmt.Errorf(format, args...)}
}

// Args makes a check of arguments one whose errors say where help is.
func Args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		if call := Called(cmd); call != cmd.CommandPath() && !cmd.HasSubCommands() {
			err = fmt.Errorf("it is called as `%s`; arguments given: %d", call, len(args))
		}
		return Hint(cmd, err)
	}
}

// Hint makes err one about the command line, which says where help is.
func Hint(cmd *cobra.Command, err error) error {
	return &Error{Code: Usage, Err: err, Hint: fmt.Sprintf("see `%s --help`", cmd.CommandPath())}
}

// CodeOf is what err ends the program with.
func CodeOf(err error) Code {
	if err == nil {
		return Done
	}
	if exit, ok := errors.AsType[Exit](err); ok {
		return Code(exit)
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own.Code
	}
	if refusal, ok := client.Refused(err); ok {
		return codeOfStatus(refusal.Status)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return Interrupted
	case unreachable(err):
		return Unreachable
	}
	return Failed
}

func codeOfStatus(status int) Code {
	switch status {
	case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return Usage
	case http.StatusUnauthorized:
		return SignedOut
	case http.StatusForbidden, http.StatusNotFound:
		return NotAllowed
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusPreconditionFailed,
		http.StatusPreconditionRequired, http.StatusExpectationFailed:
		return Conflict
	case http.StatusTooManyRequests:
		return Unreachable
	}
	if status >= http.StatusInternalServerError {
		return Unreachable
	}
	return Failed
}

// unreachable tells whether nobody answered.
func unreachable(err error) bool {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return true
	}
	_, ok := errors.AsType[*net.OpError](err) // of an answer that broke off
	return ok || errors.Is(err, context.DeadlineExceeded)
}

// hintOf says what to do about err, where there is something to say.
func hintOf(err error) string {
	if own, ok := errors.AsType[*Error](err); ok {
		return own.Hint
	}
	switch CodeOf(err) {
	case SignedOut:
		return "sign in again: `tre login`"
	case Unreachable:
		if _, ok := client.Refused(err); ok {
			return "try again in a moment; `tre health` says how the system is"
		}
		return "check the address (`tre auth status`) and your network"
	case NotAllowed:
		return "`tre auth status` says who you are, `tre workspaces list` which roles you have"
	case Done, Failed, Usage, Conflict, Interrupted, Rejected, Blocked, Cancelled, Broken, Revoked, TimeIsUp:
	}
	return ""
}

// clean is a text of several lines without what steers a terminal: what the API
// says may hold words of others.
func clean(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = console.Clean(strings.ReplaceAll(line, "\t", " "))
	}
	return strings.Join(lines, "\n")
}

// Explain says on w what happened and what to do, and returns what to end with.
// Nothing is said of an end about which all has been said.
func Explain(w io.Writer, err error) Code {
	code := CodeOf(err)
	if _, said := errors.AsType[Exit](err); err == nil || said {
		return code
	}
	if code == Interrupted && errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "tre: interrupted")
		return code
	}
	fmt.Fprintln(w, "tre:", clean(err.Error()))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintln(w, "     "+hint)
	}
	if refusal, ok := client.Refused(err); ok && refusal.RequestID != "" && refusal.Status >= http.StatusInternalServerError {
		fmt.Fprintln(w, "     request id", refusal.RequestID)
	}
	return code
}
