package storageproxy

import (
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
)

// Kind is a way to fail, named by the error code that storage answers.
type Kind string

// The ways to fail. Those without "CommitThen" refuse before anything happened.
const (
	InternalError          Kind = "InternalError"
	ServerBusy             Kind = "ServerBusy"
	PermissionMismatch     Kind = "AuthorizationPermissionMismatch" // a role assignment that is not effective yet
	BlobArchived           Kind = "BlobArchived"
	CannotVerifyCopySource Kind = "CannotVerifyCopySource" // caller, source and destination do not meet in one network
	ContainerBeingDeleted  Kind = "ContainerBeingDeleted"
	// CommitThenTimeout does the work and then says that it took too long.
	CommitThenTimeout Kind = "OperationTimedOut"
	// CommitThenDrop does the work and then closes the connection without an answer.
	CommitThenDrop Kind = "drop"
)

var refusals = map[Kind]*Error{
	InternalError:          {500, "InternalError", "The server encountered an internal error. Please retry the request."},
	ServerBusy:             {503, "ServerBusy", "The server is currently unable to receive requests. Please retry your request."},
	PermissionMismatch:     {403, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission."},
	BlobArchived:           {409, "BlobArchived", "This operation is not permitted on an archived blob."},
	CannotVerifyCopySource: {403, "CannotVerifyCopySource", "This request is not authorized to perform this operation."},
	ContainerBeingDeleted:  {409, "ContainerBeingDeleted", "The specified container is being deleted. Try operation later."},
	CommitThenTimeout:      {500, "OperationTimedOut", "Operation could not be completed within the specified time."},
}

// Refusal is the answer of a kind; nil for CommitThenDrop, which has none.
func Refusal(kind Kind) *Error { return refusals[kind] }

// Call is what a fault can be chosen by.
type Call struct {
	Service Service
	Account string
	// Operation is the REST operation, such as PutBlob, GetBlob, CreateContainer, Transaction, PutMessage.
	Operation string
	// Resource is the unescaped path below the account, such as container/folder/name.
	Resource string
}

// Fault fails some calls.
type Fault struct {
	Kind Kind
	// Match chooses the calls. Nil: all.
	Match func(Call) bool
	// Probability that a chosen call fails, under the injector's seed. 0 means always.
	Probability float64
	// Times is how many calls fail at most. 0: no limit.
	Times int
}

// Injector decides which calls fail. The same seed, faults and order of calls give the same decisions.
// It may be used by many goroutines.
type Injector struct {
	mu     sync.Mutex
	random *rand.Rand
	faults []Fault
	hits   []int
}

// NewInjector makes an injector; without faults it fails nothing.
func NewInjector(seed uint64, faults ...Fault) *Injector {
	return &Injector{random: rand.New(rand.NewPCG(seed, seed)), faults: faults, hits: make([]int, len(faults))}
}

// Pick says whether and how the call fails. The first fault that applies wins.
func (in *Injector) Pick(call Call) (Kind, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, f := range in.faults {
		if f.Times > 0 && in.hits[i] >= f.Times || f.Match != nil && !f.Match(call) {
			continue
		}
		if f.Probability > 0 && in.random.Float64() >= f.Probability {
			continue
		}
		in.hits[i]++
		return f.Kind, true
	}
	return "", false
}

// Serve lets next serve the call unless a fault applies.
func (in *Injector) Serve(w http.ResponseWriter, r *http.Request, call Call, next http.Handler) {
	kind, failed := in.Pick(call)
	if !failed {
		next.ServeHTTP(w, r)
		return
	}
	if kind == CommitThenTimeout || kind == CommitThenDrop {
		next.ServeHTTP(&unheard{header: http.Header{}}, r)
	}
	// A client that is still sending would find a closed connection instead of the answer. What next has read is gone.
	_, _ = io.Copy(io.Discard, r.Body)
	refusal := Refusal(kind)
	if refusal == nil {
		panic(http.ErrAbortHandler) // the server closes the connection and logs nothing
	}
	refusal.Answer(w, call.Service)
}

// unheard is where the answer goes that the client must not get.
type unheard struct{ header http.Header }

// Header is a header that is never sent.
func (u *unheard) Header() http.Header { return u.header }

// Write takes all and keeps nothing.
func (u *unheard) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader does nothing.
func (u *unheard) WriteHeader(int) {}
