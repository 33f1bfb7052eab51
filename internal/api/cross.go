package api

import (
	"net/http"
	"slices"
	"strings"
)

// What pages of other origins may send and read.
// https://fetch.spec.whatwg.org/#http-cors-protocol
var (
	crossMethods = strings.Join([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, ", ")
	crossHeaders = strings.Join([]string{"Authorization", "Content-Type", "Accept", idempotencyKey, ifMatch, etagHeader}, ", ")
	crossExposed = strings.Join([]string{requestID, "ETag", "Link", "Retry-After", "X-Next-Cursor", "WWW-Authenticate"}, ", ")
)

// crossAge is how long a browser may remember a preflight, in seconds: Chromium
// keeps none longer than two hours.
const crossAge = "7200"

// cross adds what lets pages of the allowed origins call, and answers their
// preflights. Calls carry their token in a header, never in a cookie, so
// credentials are not allowed. It tells whether the call has its answer.
func (a *api) cross(w http.ResponseWriter, r *http.Request) (answered bool) {
	if len(a.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !slices.Contains(a.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", crossExposed)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", crossMethods)
	h.Set("Access-Control-Allow-Headers", crossHeaders)
	h.Set("Access-Control-Max-Age", crossAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}
