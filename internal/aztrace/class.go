// Package aztrace tells what may be told of calls to Azure: the class of an
// error, and spans that hold no address, name or key.
package aztrace

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// Class makes a word or two of an error: the service's status and code, or what
// kept it from answering. The error's own text may hold addresses and names.
func Class(err error) string {
	var network net.Error
	switch status, code := refusal(err); {
	case err == nil:
		return ""
	case status != 0:
		return strings.TrimSpace(strconv.Itoa(status) + " " + code)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &network):
		return "unreachable"
	}
	return "error"
}

// refusal is what the service answered; 0 when it did not.
func refusal(err error) (status int, code string) {
	if res, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return res.StatusCode, res.ErrorCode
	}
	var translated interface{ Refusal() (int, string) }
	if errors.As(err, &translated) {
		return translated.Refusal()
	}
	return 0, ""
}
