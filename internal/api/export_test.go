package api

import (
	"net/http"
	"sync"
	"testing"
)

// registered is all of the settings that stands in the routes themselves.
type registered struct {
	Limits   Limits
	Metadata Metadata
}

// spare is a handler that no test is using.
type spare struct {
	api     *api
	handler http.Handler
}

// spares are the handlers that tests are done with.
var spares struct {
	sync.Mutex
	of map[registered][]spare
}

// Reused is New for the length of a test, with the routes of a handler that an
// earlier test is done with: to register them again takes longer than most tests.
func Reused(t testing.TB, s Settings) http.Handler {
	t.Helper()
	made := registered{s.Limits, s.Metadata}
	one := taken(made)
	if one.api == nil {
		a, mux := build(s)
		a.publish(mux)
		one = spare{a, a.outermost(mux)}
	}
	s.Limits = s.Limits.withDefaults()
	*one.api = api{Settings: s, huma: one.api.huma, health: &healthMemory{}}
	t.Cleanup(func() {
		spares.Lock()
		defer spares.Unlock()
		spares.of[made] = append(spares.of[made], one)
	})
	return one.handler
}

// taken is a spare one, and no other's from now on; empty where there is none.
func taken(made registered) (one spare) {
	spares.Lock()
	defer spares.Unlock()
	if spares.of == nil {
		spares.of = map[registered][]spare{}
	}
	if all := spares.of[made]; len(all) > 0 {
		one, spares.of[made] = all[len(all)-1], all[:len(all)-1]
	}
	return one
}
