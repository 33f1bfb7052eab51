package stacktest

import (
	"strings"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// Troubles make storage fail on demand, for one request or for all.
type Troubles struct {
	mu    sync.Mutex
	rules map[*trouble]bool
}

type trouble struct {
	kind  storageproxy.Kind
	match func(storageproxy.Call) bool
}

// kinds are the ways to fail that can be asked for.
var kinds = []storageproxy.Kind{storageproxy.ServerBusy, storageproxy.PermissionMismatch, storageproxy.InternalError,
	storageproxy.CommitThenTimeout, storageproxy.CommitThenDrop}

// Faults are for the gateway's configuration.
func (t *Troubles) Faults() []storageproxy.Fault {
	var all []storageproxy.Fault
	for _, kind := range kinds {
		all = append(all, storageproxy.Fault{Kind: kind, Match: func(c storageproxy.Call) bool { return t.applies(kind, c) }})
	}
	return all
}

func (t *Troubles) applies(kind storageproxy.Kind, c storageproxy.Call) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for rule := range t.rules {
		if rule.kind == kind && rule.match(c) {
			return true
		}
	}
	return false
}

// Fail has calls fail until stop is called. operation may be "" for all of
// them; resource is a part of container/name, "" for everything.
func (t *Troubles) Fail(kind storageproxy.Kind, operation, resource string) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rules == nil {
		t.rules = map[*trouble]bool{}
	}
	rule := &trouble{kind: kind, match: func(c storageproxy.Call) bool {
		return (operation == "" || c.Operation == operation) && strings.Contains(c.Resource, resource)
	}}
	t.rules[rule] = true
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.rules, rule)
	}
}
