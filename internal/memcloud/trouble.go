package memcloud

import (
	"net/http"
	"path"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Call is a kind of call to the cloud.
type Call string

// The calls.
const (
	Deploy      Call = "deploy"
	Remove      Call = "remove"
	Look        Call = "look" // at a stack
	Cancel      Call = "cancel"
	Begin       Call = "begin" // an action on a machine
	LookMachine Call = "look at machine"
	Powers      Call = "powers"
	Busy        Call = "busy" // the metrics
	Groups      Call = "groups"
	Held        Call = "held" // a list of stacks
	Put         Call = "put"
	Forget      Call = "forget"
	Read        Call = "read"
	Kept        Call = "kept" // a list of secrets
	AnyCall     Call = ""
)

// Rule is trouble that is written down. The first one that fits a call counts.
type Rule struct {
	Call  Call   // "" is any
	Name  string // pattern, as of path.Match, of the stack's, secret's or subscription's name, or of the last part of a machine's id; "" is any
	Times int    // how often; 0 is always

	Before *workspace.CloudError // the call fails, nothing is done
	After  *workspace.CloudError // the call fails, and yet it is done
	End    *workspace.CloudError // the call is taken, and its work ends badly
	Lost   bool                  // the call is taken, and nobody hears of it again
	Takes  time.Duration         // the work takes this long instead: a deletion that waits for a vault
	Until  time.Time             // the rule ends then; zero: never. A 403 that is gone when the role has come through
}

// Rates are how often trouble comes by chance, 0 to 1 each.
type Rates struct {
	Before   float64 // of all calls: 503 and nothing was done
	After    float64 // of calls that change something: 503, and yet it was done
	Throttle float64 // of all calls: 429
	Lost     float64 // of deployments and actions: taken and forgotten
	End      float64 // of deployments, deletions and actions: they fail
	Slow     float64 // of the same: they take ten times as long
}

// Script adds rules after those that are there.
func (c *Cloud) Script(rules ...Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range rules {
		c.rules = append(c.rules, &r)
	}
}

// Calm ends all rules and all chance.
func (c *Cloud) Calm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules, c.config.Rates = nil, Rates{}
}

// fate is what becomes of one call.
type fate struct {
	before, after, end *workspace.CloudError
	lost, slow         bool
	takes              time.Duration
}

// fate asks the rules, then chance. Chance is drawn alike for every call, so
// that one seed is one story.
func (c *Cloud) fate(call Call, name string) fate {
	for i, r := range c.rules {
		if !r.fits(call, name, c.config.Now()) {
			continue
		}
		if r.Times > 0 {
			if r.Times--; r.Times == 0 {
				c.rules = append(c.rules[:i:i], c.rules[i+1:]...)
			}
		}
		return fate{before: told(r.Before), after: told(r.After), end: told(r.End), lost: r.Lost, takes: r.Takes}
	}
	if c.config.Rates == (Rates{}) {
		return fate{}
	}
	r := c.config.Rates
	drawn := make([]float64, 6)
	for i := range drawn {
		drawn[i] = c.chance.Float64()
	}
	var f fate
	works := call == Deploy || call == Remove || call == Begin
	changes := works || call == Put || call == Forget || call == Cancel
	switch {
	case drawn[0] < r.Throttle:
		f.before = Throttled(time.Duration(1+10*drawn[5]) * time.Second)
	case drawn[1] < r.Before:
		f.before = Unavailable()
	case drawn[2] < r.After && changes:
		f.after = Unavailable()
	}
	if works {
		f.lost = drawn[3] < r.Lost && call != Remove
		f.slow = drawn[5] < r.Slow
		if drawn[4] < r.End {
			f.end = Quota()
		}
	}
	return f
}

func (r *Rule) fits(call Call, name string, now time.Time) bool {
	if r.Call != AnyCall && r.Call != call || !r.Until.IsZero() && !now.Before(r.Until) {
		return false
	}
	matched, err := path.Match(r.Name, name)
	return r.Name == "" || err == nil && matched
}

// told is a copy with its class.
func told(e *workspace.CloudError) *workspace.CloudError {
	if e == nil {
		return nil
	}
	said := *e
	said.Class = workspace.Classify(e.Status, e.Code, 24*time.Hour)
	return &said
}

// Trouble makes an error of a status, a code and a message.
func Trouble(status int, code, message string) *workspace.CloudError {
	return told(&workspace.CloudError{Status: status, Code: code, Message: message})
}

// Throttled is 429: asked too often, wait so long.
func Throttled(after time.Duration) *workspace.CloudError {
	e := Trouble(http.StatusTooManyRequests, "TooManyRequests", "Number of requests exceeded the limit.")
	e.After = after
	return e
}

// Unavailable is 503: something passing.
func Unavailable() *workspace.CloudError {
	return Trouble(http.StatusServiceUnavailable, "ServiceUnavailable", "The service is unavailable.")
}

// Conflict is 409: something else is being done to it.
func Conflict() *workspace.CloudError {
	return Trouble(http.StatusConflict, "DeploymentStackInNonTerminalState", "The deployment stack is in a non-terminal state.")
}

// Forbidden is 403: not allowed, or not yet.
func Forbidden() *workspace.CloudError {
	return Trouble(http.StatusForbidden, "AuthorizationFailed", "The client does not have authorization to perform the action.")
}

// Quota is a failure that stays one.
func Quota() *workspace.CloudError {
	return Trouble(http.StatusConflict, "QuotaExceeded", "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.")
}
