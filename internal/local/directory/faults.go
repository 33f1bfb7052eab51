package directory

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Throttled answers as a Graph that has been asked too often.
func Throttled(pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(pause.Seconds())))
		refuse(w, http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
	}
}

// Status answers with an error of a status.
func Status(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, code, "Not now.") }
}

// Silent never answers: it waits until the caller has gone.
func Silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Broken answers what is no JSON.
func Broken(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"value": [{"id": `) }

// Endless answers empty pages, each with another one after it.
func (s *Server) Endless(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, pageOf[User]{Next: s.URL() + r.URL.RequestURI(), Value: []User{}})
}

// Elsewhere answers a first page whose next one is at another address.
func Elsewhere(next string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, pageOf[User]{Next: next, Value: []User{}})
	}
}

// Huge answers more than anybody should read.
func Huge(w http.ResponseWriter, _ *http.Request) {
	chunk := strings.Repeat(" ", 64<<10)
	for range 100 {
		if _, err := fmt.Fprint(w, chunk); err != nil {
			return // the caller has had enough
		}
	}
	_, _ = fmt.Fprint(w, `{"value":[]}`)
}
