package arm

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// keptOperations is how many operations are remembered; Azure forgets them after a day or so.
const keptOperations = 4096

// operation is a long-running operation that somebody may poll. It is guarded by the server's lock.
type operation struct {
	id, secret string
	// path is below the subscription: where Azure has the operations of the provider.
	path string
	// status is what a poll tells.
	status string
	err    *Error
	// gives says that the operation has a result, which Location leads to; others have Azure-AsyncOperation alone.
	gives  bool
	result any
	// vanished operations are told of as unknown.
	vanished bool
}

// States of operations, in the spelling that polls tell them.
const (
	running   = "Running"
	succeeded = "Succeeded"
	failed    = "Failed"
	canceled  = "Canceled"
)

// begin makes an operation; kind is where its provider has operations, below the subscription.
func (s *Server) begin(subscription, kind string) *operation {
	op := &operation{id: uuid.NewString(), secret: rand.Text(), status: running}
	op.path = "/subscriptions/" + subscription + kind + "/" + op.id
	s.state.operations[op.id] = op
	s.state.operationOrder = append(s.state.operationOrder, op.id)
	if len(s.state.operationOrder) > keptOperations {
		delete(s.state.operations, s.state.operationOrder[0])
		s.state.operationOrder = s.state.operationOrder[1:]
	}
	return op
}

// end settles an operation.
func (op *operation) end(err *Error) {
	op.status, op.err = succeeded, err
	if err != nil {
		op.status = failed
	}
}

// announce tells where the operation can be polled; the query is signed, so the address is a secret.
func (s *Server) announce(h http.Header, op *operation) {
	query := "?" + url.Values{"api-version": {"2024-03-01"}, "t": {op.id}, "s": {op.secret}}.Encode()
	h.Set("Azure-AsyncOperation", s.url+op.path+query)
	if op.gives {
		subscription := strings.Split(op.path, "/")[2]
		h.Set("Location", s.url+"/subscriptions/"+subscription+"/operationresults/"+op.id+query)
	}
	retryAfter(h, s.cfg.Pace.RetryAfter)
}

// poll answers with the state of an operation, or with its result.
func (s *Server) poll(w http.ResponseWriter, r *http.Request, id string, result bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := s.state.operations[id]
	known := op != nil && !op.vanished && subtle.ConstantTimeCompare([]byte(op.secret), []byte(r.URL.Query().Get("s"))) == 1
	switch {
	case !known:
		refuse(http.StatusNotFound, "OperationNotFound", "The operation '%s' could not be found.", id).write(w)
	case op.status == running:
		retryAfter(w.Header(), s.cfg.Pace.RetryAfter)
		if result {
			w.Header().Set("Location", s.url+r.URL.RequestURI())
			w.WriteHeader(http.StatusAccepted)
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"id": op.path, "name": op.id, "status": op.status})
	case result && op.err != nil:
		op.err.write(w)
	case result:
		writeJSON(w, http.StatusOK, op.result)
	default:
		answer := map[string]any{"id": op.path, "name": op.id, "status": op.status}
		if op.err != nil {
			answer["error"] = op.err
		}
		writeJSON(w, http.StatusOK, answer)
	}
}
