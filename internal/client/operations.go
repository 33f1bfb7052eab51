package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/api"
)

// Ordered is an operation that a call set going.
type Ordered struct {
	Operation api.Operation
	Path      string // under the base address, where it can be asked for
	Body      []byte // of the answer
}

// OperationPath is the address of an operation under the base address.
func OperationPath(o api.Operation) string {
	return o.ResourcePath + "/operations/" + url.PathEscape(o.ID)
}

// Order makes a call that sets an operation going. A POST is given a key, so that
// one order is not carried out twice.
func (c *Client) Order(ctx context.Context, call Call) (Ordered, error) {
	if call.Header == nil {
		call.Header = http.Header{}
	}
	if call.Method == http.MethodPost && call.Header.Get("Idempotency-Key") == "" {
		call.Header.Set("Idempotency-Key", uuid.NewString())
	}
	answer, err := c.Send(ctx, call)
	if err != nil {
		return Ordered{}, err
	}
	return OrderOf(answer)
}

// OrderOf is the operation that an answer tells of.
func OrderOf(answer *Answer) (Ordered, error) {
	o := Ordered{Body: answer.Body}
	var in api.OperationIn
	if err := json.Unmarshal(answer.Body, &in); err != nil {
		return o, fmt.Errorf("operation: %w", err)
	}
	if in.Operation.ID == "" || !strings.HasPrefix(in.Operation.ResourcePath, "/") {
		return o, fmt.Errorf("operation: the answer tells of none")
	}
	o.Operation, o.Path = in.Operation, OperationPath(in.Operation)
	return o, nil
}

// Operation reads an operation by its address under the base address.
func (c *Client) Operation(ctx context.Context, path string) (Ordered, error) {
	answer, err := c.Send(ctx, Call{Method: http.MethodGet, Path: path})
	if err != nil {
		return Ordered{}, err
	}
	return OrderOf(answer)
}
