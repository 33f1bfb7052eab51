package funchost

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// errNoResult marks an answer that the host never completes: an empty body,
// 204, or null. The invocation hangs until its timeout, and the handler is
// killed (recordings process/hang-*).
var errNoResult = errors.New("answer without a result: the invocation cannot complete before its timeout")

// errResponse marks an answer that fails the invocation.
var errResponse = errors.New("invalid answer of the handler")

// result is what a handler answered in the JSON protocol.
type result struct {
	outputs jtoken.Token // Null or Object
	value   jtoken.Token
	logs    []string
}

// readResult is the host's reading of an answer in the JSON protocol.
func readResult(status int, contentType, body string) (result, error) {
	if status < http.StatusOK || status > 299 {
		return result{}, fmt.Errorf("%w: status code does not indicate success: %d", errResponse, status)
	}
	if strings.TrimSpace(body) == "" {
		return result{}, errNoResult
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || (media != "application/json" && media != "text/json") {
		return result{}, fmt.Errorf("%w: content type %q is not JSON", errResponse, contentType)
	}
	token, _, err := jtoken.First(body, jtoken.ParseDates) // what follows is ignored
	if err != nil {
		return result{}, fmt.Errorf("%w: %w", errResponse, err)
	}
	switch token.Kind {
	case jtoken.Null:
		return result{}, errNoResult
	case jtoken.Object:
		return newResult(token)
	default:
		return result{}, fmt.Errorf("%w: not an object", errResponse)
	}
}

func newResult(token jtoken.Token) (result, error) {
	var r result
	r.outputs, _ = token.GetFold("Outputs")
	r.value, _ = token.GetFold("ReturnValue")
	if r.outputs.Kind != jtoken.Null && r.outputs.Kind != jtoken.Object {
		return result{}, fmt.Errorf("%w: Outputs is not an object", errResponse)
	}
	logs, _ := token.GetFold("Logs")
	if logs.Kind != jtoken.Null && logs.Kind != jtoken.Array {
		return result{}, fmt.Errorf("%w: Logs is not an array", errResponse)
	}
	for _, line := range logs.Items {
		if !line.Scalar() {
			return result{}, fmt.Errorf("%w: Logs holds more than text", errResponse)
		}
		if line.Kind == jtoken.Null {
			line = jtoken.Of("[null]")
		}
		r.logs = append(r.logs, line.String())
	}
	return r, nil
}

// output is the value meant for a declared output binding; ok is false when
// the answer has none.
func (r result) output(f *function, name string) (value jtoken.Token, ok bool) {
	returns := slices.ContainsFunc(f.outputs, func(b binding) bool { return b.Name == returnBinding })
	if name == returnBinding {
		return r.value, r.value.Kind != jtoken.Null
	}
	if !returns && r.value.Kind == jtoken.Object {
		if v, ok := r.value.Get(name); ok {
			return v, true
		}
	}
	return r.outputs.Get(name)
}
