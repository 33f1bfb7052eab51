package api

import (
	"cmp"
	"time"
)

// Limits bound what one call may ask for. A zero field is its default.
type Limits struct {
	Body     int64         // bytes of a body; 0 means 1 MiB
	Template int64         // bytes of a body that registers a template; 0 means 6 MiB: an ARM template has 4 at most
	Depth    int           // nesting of JSON; 0 means 32: forms are flat
	Header   int           // bytes of all headers; 0 means 32 KiB, which a token full of groups needs
	Time     time.Duration // until a call is given up with 503; 0 means 100 s
	Key      time.Duration // how long an idempotency key holds; 0 means a week
	List     int           // entries in an answer where no limit is asked for; 0 means 5,000
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Body:     cmp.Or(l.Body, 1<<20),
		Template: cmp.Or(l.Template, 6<<20),
		Depth:    cmp.Or(l.Depth, 32),
		Header:   cmp.Or(l.Header, 32<<10),
		Time:     cmp.Or(l.Time, 100*time.Second),
		Key:      cmp.Or(l.Key, 7*24*time.Hour),
		List:     cmp.Or(l.List, 5000),
	}
}

// templateDepth is the nesting of JSON in a template: a module within a module
// is 20 levels down.
const templateDepth = 128

// body is how many bytes the body of a route's call may have.
func (l Limits) body(r Route) int64 {
	if r.big {
		return l.Template
	}
	return l.Body
}

// depth is how deep the JSON of a route's call may be nested.
func (l Limits) depth(r Route) int {
	if r.big {
		return max(l.Depth, templateDepth)
	}
	return l.Depth
}
