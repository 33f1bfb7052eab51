package arm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

var errNoVault = errors.New("the vault does not exist")

// Error is an error of Resource Manager, with the errors that caused it.
type Error struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Target  string   `json:"target,omitempty"`
	Details []*Error `json:"details,omitempty"`

	// Status is the HTTP status, where the error answers a request. Default 409.
	Status int `json:"-"`
	// RetryAfter is told to the caller; zero: nothing is.
	RetryAfter time.Duration `json:"-"`
}

// Error prints code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// NonRetriable keeps the fakes from wrapping the error once more.
func (*Error) NonRetriable() {}

func refuse(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// notFound is said of a resource that does not exist.
func notFound(typ, name, group string) *Error {
	return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s/%s' under resource group '%s' was not found. "+
		"For more details please go to https://aka.ms/ARMResourceNotFoundFix", typ, name, group)
}

func groupNotFound(name string) *Error {
	return refuse(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
}

// ofTemplate is an error of the template language.
func ofTemplate(err error) *Error {
	var e *template.Error
	if errors.As(err, &e) {
		return &Error{Status: http.StatusBadRequest, Code: e.Code, Message: e.Message, Target: e.Target}
	}
	return &Error{Status: http.StatusBadRequest, Code: "InvalidTemplate", Message: err.Error()}
}

// write answers a request with the error.
func (e *Error) write(w http.ResponseWriter) {
	status := e.Status
	if status == 0 {
		status = http.StatusConflict
	}
	retryAfter(w.Header(), e.RetryAfter)
	writeJSON(w, status, map[string]any{"error": e})
}

// retryAfter tells a wait in whole seconds, or in milliseconds when it is shorter than one, which Azure's clients
// know as well.
func retryAfter(h http.Header, d time.Duration) {
	switch {
	case d >= time.Second:
		h.Set("Retry-After", strconv.Itoa(int((d+time.Second-1)/time.Second)))
	case d > 0:
		h.Set("x-ms-retry-after-ms", strconv.Itoa(max(1, int(d.Milliseconds()))))
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("x-ms-request-id", uuid.NewString())
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away cannot be told so
}
