package azblobs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Error is what the service answered. Its text holds the status and the
// service's code and no more: the SDK's own text quotes URLs, and those hold
// file names and signatures.
// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
type Error struct {
	Status int
	Code   string
	kind   error
}

// Error is the answer's status and code, and what that means to the airlock.
func (e *Error) Error() string {
	text := fmt.Sprintf("storage answered %d %s", e.Status, e.Code)
	if e.kind != nil {
		text += ": " + e.kind.Error()
	}
	return text
}

// Unwrap is airlock.ErrNotFound, ErrChanged or ErrUnread where the answer means
// that, else nil.
func (e *Error) Unwrap() error { return e.kind }

// Refusal is the service's status and code, for those who may not see more.
func (e *Error) Refusal() (status int, code string) { return e.Status, e.Code }

// Translate turns an error of the SDK into one of the airlock's:
// airlock.ErrNotFound for a file or container that is not there (one being
// deleted is not), airlock.ErrChanged for a condition not met at source or
// destination, airlock.ErrUnread for one that is archived or encrypted with the
// uploader's key, else an *Error with the service's code, which is worth another
// try. Failures before any answer lose the URL they quote.
func Translate(err error) error {
	if _, translated := errors.AsType[*Error](err); err == nil || translated {
		return err
	}
	status, code := statusOf(err)
	switch {
	case status == 0:
		return unanswered(err)
	case status == http.StatusNotFound || code == string(bloberror.ContainerBeingDeleted):
		return &Error{Status: status, Code: code, kind: airlock.ErrNotFound}
	case code == string(bloberror.BlobArchived) || code == string(bloberror.BlobUsesCustomerSpecifiedEncryption):
		return &Error{Status: status, Code: code, kind: airlock.ErrUnread}
	case changed(status, code):
		return &Error{Status: status, Code: code, kind: airlock.ErrChanged}
	}
	return &Error{Status: status, Code: code}
}

// HasCode tells whether the service answered with this code.
func HasCode(err error, code bloberror.Code) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code == string(code)
	}
	return bloberror.HasCode(err, code)
}

// Leased tells whether the service refused because of a lease.
func Leased(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		return strings.HasPrefix(e.Code, leaseTrouble)
	}
	_, code := statusOf(err)
	return strings.HasPrefix(code, leaseTrouble)
}

func unanswered(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("storage did not answer: %w", u.Err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("storage: %w", err)
}
