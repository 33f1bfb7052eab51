package azarm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Sealer seals what nobody else may read: where to poll is an address with a
// signature in it.
type Sealer interface {
	// Seal returns "" where it cannot, such as for what is too long.
	Seal(value []byte) string
	// Open returns an error for what was not sealed here, or has ended.
	Open(sealed string) ([]byte, error)
}

// Operation is a long-running operation: any of the SDK's pollers.
type Operation interface {
	Done() bool
	Poll(ctx context.Context) (*http.Response, error)
	ResumeToken() (string, error)
}

// Op is a poller as an Operation.
func Op[T any](p *runtime.Poller[T], err error) (Operation, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Token is what is kept of a long-running operation.
type Token struct {
	Kind   string `json:"kind"`   // of the operation
	About  string `json:"about"`  // what it is done to, so that a token is of use for nothing else
	Run    string `json:"run"`    // that began it
	Resume string `json:"resume"` // the SDK's own
}

// Seal makes a sealed token of an operation that goes on; "" where there is
// none to be had.
func (l Link) Seal(op Operation, t Token) string {
	if l.Sealer == nil || op == nil || op.Done() {
		return ""
	}
	resume, err := op.ResumeToken()
	if err != nil {
		return "" // all goes by name as well
	}
	t.Resume = resume
	text, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return l.Sealer.Seal(text)
}

// Open returns the token that is sealed in text, if it is ours and about this;
// otherwise false: whatever is wrong with it costs time only.
func (l Link) Open(text, about string) (Token, bool) {
	if l.Sealer == nil || text == "" {
		return Token{}, false
	}
	opened, err := l.Sealer.Open(text)
	if err != nil {
		return Token{}, false
	}
	var t Token
	if json.Unmarshal(opened, &t) != nil || t.About != about || t.Resume == "" {
		return Token{}, false
	}
	return t, true
}

// Look polls an operation once: how it stands, what broke it, and when to ask
// again. Absent means that nobody remembers it. The result of a complete one is
// not fetched: who wants it asks for the thing itself.
func Look(ctx context.Context, op Operation) (workspace.Seen, error) {
	resp, err := op.Poll(ctx) //nolint:bodyclose // the pipeline has read it whole
	switch {
	case refused(err):
		return workspace.Seen{Progress: workspace.Absent}, nil
	case err != nil:
		return workspace.Seen{}, err
	case passing(resp.StatusCode):
		return workspace.Seen{}, runtime.NewResponseError(resp)
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return workspace.Seen{Progress: workspace.Absent}, nil
	case !op.Done():
		return workspace.Seen{Progress: workspace.InProgress, After: After(resp)}, nil
	}
	return ended(resp), nil
}

// refused tells whether nobody will say more of an operation: Azure forgot it,
// its address has run out, or is not one where our token may go.
func refused(err error) bool {
	res, ok := errors.AsType[*azcore.ResponseError](err)
	return ok && !passing(res.StatusCode) || errors.As(err, new(astray))
}

// passing are statuses of a question that was not answered.
func passing(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// ended is how the last answer of an operation says that it ended.
func ended(resp *http.Response) workspace.Seen {
	body, _ := runtime.Payload(resp)
	var state struct {
		Status     string `json:"status"`
		Properties struct {
			State string `json:"provisioningState"`
		} `json:"properties"`
	}
	_ = json.Unmarshal(bytes.TrimSpace(body), &state) // an empty answer is a good end
	if resp.StatusCode >= http.StatusBadRequest {
		return workspace.Seen{Progress: workspace.Broken, Err: finish(&workspace.CloudError{Status: resp.StatusCode}, body, resp.Header.Get("X-Ms-Error-Code"))}
	}
	for _, word := range []string{state.Status, state.Properties.State} {
		if p := Progress(word); p == workspace.Broken || p == workspace.Stopped {
			return workspace.Seen{Progress: p, Err: Broken(body)}
		}
	}
	return workspace.Seen{Progress: workspace.Complete}
}

// Progress reads a provisioning state.
// https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations#provisioningstate-values
func Progress(state string) workspace.Progress {
	switch strings.ToLower(state) {
	case "succeeded", "":
		return workspace.Complete
	case "failed":
		return workspace.Broken
	case "canceled", "cancelled":
		return workspace.Stopped
	}
	return workspace.InProgress
}
