package walk

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

// Calls records which functions ran. It is safe for concurrent use.
type Calls struct {
	mu  sync.Mutex
	all []funchost.Invocation
}

// Add notes one run; it fits stack.Config.OnInvocation.
func (c *Calls) Add(_ string, call funchost.Invocation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, call)
}

// mark is the end of what was recorded so far.
func (c *Calls) mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// asked are the functions that people call; how often the walk-through asked
// how things stand is of no interest.
var asked = []string{"api", "portal"}

// since says which functions ran after the mark, in the order in which they
// first ended.
func (c *Calls) since(mark int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	count, failed := map[string]int{}, map[string]int{}
	for _, call := range c.all[mark:] {
		if !slices.Contains(names, call.Function) {
			names = append(names, call.Function)
		}
		count[call.Function]++
		if call.Err != nil {
			failed[call.Function]++
		}
	}
	for i, name := range names {
		if n := count[name]; n > 1 && !slices.Contains(asked, name) {
			names[i] = fmt.Sprintf("%s ×%d", name, n)
		}
		if n := failed[name]; n > 0 {
			names[i] += fmt.Sprintf(" (%d failed)", n)
		}
	}
	return strings.Join(names, ", ")
}
