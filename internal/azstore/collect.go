package azstore

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// Options adds to a client's options what a Store's table needs: its queries are
// read by the store. The SDK parses every row into a map, writes it as JSON
// again and leaves that to be parsed once more, which takes longer than all
// that the store does with a row.
func Options(o aztables.ClientOptions) *aztables.ClientOptions {
	o.PerCallPolicies = append(slices.Clip(o.PerCallPolicies), collector{})
	return &o
}

// collectingKey is where a context holds what collector adds rows to.
type collectingKey struct{}

// collecting has the queries made with the context add their rows to rows.
func collecting(ctx context.Context, rows *[]row) context.Context {
	return context.WithValue(ctx, collectingKey{}, rows)
}

// collector takes the rows out of the answers to queries, once the answer is
// whole: its place is outside of the retries.
type collector struct{}

// noRows is what is left for the SDK.
const noRows = `{"value":[]}`

// Do sends the request on. The rows of its answer go where the context says.
func (collector) Do(req *policy.Request) (*http.Response, error) {
	res, err := req.Next()
	rows, ok := req.Raw().Context().Value(collectingKey{}).(*[]row)
	if err != nil || !ok || res.StatusCode != http.StatusOK {
		return res, err
	}
	answer, err := runtime.Payload(res)
	if err != nil {
		return nil, err
	}
	more, err := parseRows(answer)
	if err != nil {
		return nil, err
	}
	*rows = append(*rows, more...)
	res.Body = io.NopCloser(strings.NewReader(noRows))
	return res, nil
}
