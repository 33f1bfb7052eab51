package funchost

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// retryFile is the retry section of function.json.
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages#retry-policies
type retryFile struct {
	Strategy string `json:"strategy"`
	Max      int    `json:"maxRetryCount"`
	Delay    string `json:"delayInterval"`
	Minimum  string `json:"minimumInterval"`
	Maximum  string `json:"maximumInterval"`
}

// retryPolicy runs a failed function again within the same host, before the
// trigger hears of the failure. The zero policy never does.
type retryPolicy struct {
	set      bool
	max      int // -1 is for ever
	min, top time.Duration
}

func newRetryPolicy(f *retryFile) (retryPolicy, error) {
	if f == nil {
		return retryPolicy{}, nil
	}
	p := retryPolicy{set: true, max: f.Max}
	if f.Max < -1 {
		return p, fmt.Errorf("retry: maxRetryCount %d", f.Max)
	}
	low, high := f.Delay, f.Delay
	switch {
	case strings.EqualFold(f.Strategy, "exponentialBackoff"):
		low, high = f.Minimum, f.Maximum
	case !strings.EqualFold(f.Strategy, "fixedDelay"):
		return p, fmt.Errorf("retry: strategy %q", f.Strategy)
	}
	var errLow, errHigh error
	p.min, errLow = parseSpan(low)
	p.top, errHigh = parseSpan(high)
	return p, errors.Join(errLow, errHigh)
}

func (p retryPolicy) again(done int) bool { return p.set && (p.max < 0 || done < p.max) }

// pause doubles from min to top.
func (p retryPolicy) pause(done int) time.Duration {
	return min(p.top, time.Duration(float64(p.min)*math.Pow(2, float64(done))))
}

// context is Metadata.RetryContext of the try after the one that ended in err.
func (p retryPolicy) context(done int, err error) jtoken.Token {
	failure := jtoken.Token{}
	if err != nil {
		failure = jtoken.Token{}.Set("Message", jtoken.Of(err.Error()))
	}
	return jtoken.Token{}.
		Set("RetryCount", integer(int64(done))).
		Set("MaxRetryCount", integer(int64(p.max))).
		Set("Exception", failure).
		Set("Instance", jtoken.Token{}).
		Set("State", jtoken.Token{Kind: jtoken.Object})
}
