package azlink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// translate turns an error of the SDK into one of a transfer's. The SDK's own
// texts quote addresses, and those hold the link.
func translate(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	answer, answered := errors.AsType[*azcore.ResponseError](err)
	if !answered {
		return unanswered(err)
	}
	said := fmt.Sprintf("storage answered %d %s", answer.StatusCode, answer.ErrorCode)
	if kind := meaning(answer.StatusCode, bloberror.Code(answer.ErrorCode)); kind != nil {
		return fmt.Errorf("%w (%s)", kind, said)
	}
	if passing(answer.StatusCode) {
		return &transfer.Busy{Err: errors.New(said), After: retryAfter(answer.RawResponse)}
	}
	return errors.New(said)
}

// unanswered is a failure before the end of an answer: one that may pass,
// unless the other side is not who it should be.
func unanswered(err error) error {
	if quoted, ok := errors.AsType[*url.Error](err); ok {
		err = quoted.Err
	}
	plain := fmt.Errorf("storage did not answer: %w", err)
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return plain
	}
	return &transfer.Busy{Err: plain}
}

// meaning is what an answer means to a transfer, nil where it means nothing
// special.
// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
func meaning(status int, code bloberror.Code) error {
	switch {
	case code == bloberror.InvalidBlockList:
		return transfer.ErrBlocks
	case code == bloberror.InvalidBlobOrBlock:
		return transfer.ErrForeign
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return transfer.ErrLink
	case status == http.StatusNotFound || code == bloberror.ContainerBeingDeleted:
		return transfer.ErrGone
	case code == bloberror.ConditionNotMet:
		return transfer.ErrChanged
	}
	return nil
}

// passing tells answers that another try may change.
// https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific#general-rest-and-retry-guidelines
func passing(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// retryAfter is how long the answer asks to wait, in seconds or until a date.
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(answer *http.Response) time.Duration {
	if answer == nil {
		return 0
	}
	header := answer.Header
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date")) // by the other side's own clock
	if err != nil {
		return 0
	}
	return max(0, until.Sub(now))
}
