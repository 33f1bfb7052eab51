package sink

import (
	"net/http"
	"strings"
)

// Call is what a request asks for.
type Call struct {
	Operation string // Put, Stage, Commit, List, Read
	Name      string // of the blob
	Number    int    // of this operation so far, from 1
	Try       int    // of this operation on this blob and block, from 1
}

func (s *Sink) begin(r *http.Request) (Call, bool) {
	name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/account/draft-1"), "/")
	query := r.URL.Query()
	operation := map[string]string{"GET ": "Read", "PUT ": "Put", "PUT block": "Stage", "PUT blocklist": "Commit", "GET list": "List"}[r.Method+" "+query.Get("comp")]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[operation]++
	one := operation + " " + name + " " + query.Get("blockid")
	s.calls[one]++
	until, known := s.links[query.Get("sig")]
	return Call{Operation: operation, Name: name, Number: s.calls[operation], Try: s.calls[one]}, known && (s.Now == nil || s.Now().Before(until))
}
