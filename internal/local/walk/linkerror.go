package walk

import (
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// errLink stands for errors whose text would hold the link, which is a secret.
var errLink = errors.New("link not usable")

// refusedBy is what storage said no with.
type refusedBy struct {
	status int
	code   string
}

// Error gives status and code.
func (r *refusedBy) Error() string { return fmt.Sprintf("storage answers %d %s", r.status, r.code) }

// plain is an error of storage without the address that it was about.
func plain(err error) error {
	if resp, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return &refusedBy{status: resp.StatusCode, code: resp.ErrorCode}
	}
	return errLink
}
