package scenario_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

var dbg struct {
	sync.Mutex
	n   map[string]int
	d   map[string]time.Duration
	e   map[string]int
	err map[string]string
}

func count(app string, c funchost.Invocation) {
	dbg.Lock()
	defer dbg.Unlock()
	if dbg.n == nil {
		dbg.n, dbg.d, dbg.e, dbg.err = map[string]int{}, map[string]time.Duration{}, map[string]int{}, map[string]string{}
	}
	dbg.n[c.Function]++
	dbg.d[c.Function] += c.Duration
	if c.Err != nil {
		dbg.e[c.Function]++
		dbg.err[c.Function] = c.Err.Error()
	}
}

func report() {
	for f, n := range dbg.n {
		fmt.Printf("%-16s %6d calls %8s each %d errors %.200s\n", f, n, (dbg.d[f] / time.Duration(n)).Round(time.Millisecond), dbg.e[f], dbg.err[f])
	}
}
