// Package sink is a server that takes block blobs and gives them back through
// links, fails on demand, and counts. It can hold no more of a file than the
// hashes of its blocks, so that files may be larger than memory.
package sink

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// Fault is what happens to a request instead of what it asked for. The zero
// value is no fault.
type Fault struct {
	Status int    // of the answer
	Code   string // of storage, in the answer
	After  int    // seconds, for Retry-After
	Drop   bool   // the connection is cut before the body is read
	Cut    int64  // so many bytes of the answer's body, then the connection is cut; below 0 means none
}

// Piece is a block or a whole small file.
type Piece struct {
	Size    int64
	Sum     [sha256.Size]byte
	Content []byte // nil unless content is kept
}

// Blob is a file that is there.
type Blob struct {
	Pieces []Piece
	ETag   string // with its quotes
	Type   string // as declared
}

// Size of the file, in bytes.
func (b Blob) Size() (n int64) {
	for _, p := range b.Pieces {
		n += p.Size
	}
	return n
}

// Sink is the server. Set the fields before the first request.
type Sink struct {
	Keep  bool                                   // hold content, so that it can be read
	Fault func(r *http.Request, call Call) Fault // nil: none
	Now   func() time.Time                       // nil: no link ends

	server *httptest.Server
	mu     sync.Mutex
	staged map[string]map[string]Piece // by name, by id
	blobs  map[string]Blob
	calls  map[string]int
	links  map[string]time.Time // end, by signature
	count  int
	taken  int64
}

// Start begins to serve.
func (s *Sink) Start() {
	s.staged, s.blobs, s.calls, s.links = map[string]map[string]Piece{}, map[string]Blob{}, map[string]int{}, map[string]time.Time{}
	s.server = httptest.NewServer(s)
}

// Close ends the server.
func (s *Sink) Close() { s.server.Close() }

// Link is a fresh link into the container, which ends when it says.
func (s *Sink) Link(until time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	signature := fmt.Sprintf("secret%d", s.count)
	s.links[signature] = until
	return s.server.URL + "/account/draft-1?" + url.Values{"sig": {signature}, "se": {until.UTC().Format(time.RFC3339)}}.Encode()
}

// End makes all links end now.
func (s *Sink) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.links)
}

// Forget drops all blocks that are not part of a file, as storage does after a
// week.
func (s *Sink) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.staged)
}

// Blob finds a file.
func (s *Sink) Blob(name string) (Blob, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[name]
	return b, ok
}

// Calls is how often an operation was asked for.
func (s *Sink) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Taken is how many bytes of content were taken in.
func (s *Sink) Taken() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// ServeHTTP implements http.Handler.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, allowed := s.begin(r)
	if s.Fault != nil {
		if f := s.Fault(r, call); f != (Fault{}) {
			s.fail(w, r, call, f)
			return
		}
	}
	if !allowed {
		answer(w, http.StatusForbidden, "AuthenticationFailed")
		return
	}
	s.serve(w, r, call)
}

func (s *Sink) fail(w http.ResponseWriter, r *http.Request, call Call, f Fault) {
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Cut != 0 {
		s.serve(&cutting{ResponseWriter: w, left: max(f.Cut, 0)}, r, call)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // as storage does, so that the connection can be used again
	if f.After > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.After))
	}
	answer(w, f.Status, f.Code)
}

// cutting ends the connection in the middle of the body.
type cutting struct {
	http.ResponseWriter
	left int64
}

// Write writes as much as is allowed.
func (c *cutting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); err == nil && n < len(p) {
		if f, ok := c.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("x-ms-error-code", code)
	w.WriteHeader(status)
}

func (s *Sink) serve(w http.ResponseWriter, r *http.Request, call Call) {
	switch call.Operation {
	case "Put":
		piece, ok := s.piece(w, r)
		if !ok {
			return
		}
		s.commit(w, call.Name, r.Header.Get("x-ms-blob-content-type"), []Piece{piece})
	case "Stage":
		s.stage(w, r, call.Name)
	case "Commit":
		s.list(w, r, call.Name)
	case "List":
		s.index(w)
	case "Read":
		s.read(w, r, call.Name)
	default:
		answer(w, http.StatusBadRequest, "UnsupportedHttpVerb")
	}
}

// piece takes content in. It is not there when it did not come whole.
func (s *Sink) piece(w http.ResponseWriter, r *http.Request) (Piece, bool) {
	var p Piece
	hash := sha256.New()
	var err error
	if s.Keep {
		p.Content, err = io.ReadAll(r.Body)
		hash.Write(p.Content)
		p.Size = int64(len(p.Content))
	} else {
		p.Size, err = io.Copy(hash, r.Body)
	}
	hash.Sum(p.Sum[:0])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken += p.Size
	if err != nil || p.Size != r.ContentLength {
		answer(w, http.StatusBadRequest, "IncompleteBody")
		return p, false
	}
	return p, true
}

func (s *Sink) stage(w http.ResponseWriter, r *http.Request, name string) {
	id := r.URL.Query().Get("blockid")
	raw, err := base64.StdEncoding.DecodeString(id)
	if err != nil || len(raw) > 64 {
		answer(w, http.StatusBadRequest, "InvalidBlockId")
		return
	}
	piece, ok := s.piece(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged[name] == nil {
		s.staged[name] = map[string]Piece{}
	}
	for other := range s.staged[name] {
		if len(other) != len(id) {
			answer(w, http.StatusBadRequest, "InvalidBlobOrBlock")
			return
		}
	}
	s.staged[name][id] = piece
	w.WriteHeader(http.StatusCreated)
}

func (s *Sink) list(w http.ResponseWriter, r *http.Request, name string) {
	var asked struct {
		Latest []string `xml:"Latest"`
	}
	if err := xml.NewDecoder(r.Body).Decode(&asked); err != nil {
		answer(w, http.StatusBadRequest, "InvalidXmlDocument")
		return
	}
	pieces := make([]Piece, len(asked.Latest))
	s.mu.Lock()
	for i, id := range asked.Latest {
		piece, ok := s.staged[name][id]
		if !ok {
			s.mu.Unlock()
			answer(w, http.StatusBadRequest, "InvalidBlockList")
			return
		}
		pieces[i] = piece
	}
	s.mu.Unlock()
	s.commit(w, name, r.Header.Get("x-ms-blob-content-type"), pieces)
}

func (s *Sink) commit(w http.ResponseWriter, name, mediaType string, pieces []Piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	b := Blob{Pieces: pieces, ETag: fmt.Sprintf(`"0x%016X"`, s.count), Type: mediaType}
	s.blobs[name] = b
	delete(s.staged, name)
	w.Header().Set("ETag", b.ETag)
	w.WriteHeader(http.StatusCreated)
}
