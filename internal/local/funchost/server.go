package funchost

import (
	"context"
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
)

// maxRequestBody is the host's limit of request bodies, 100 MB
// (ScriptConstants.DefaultMaxRequestBodySize).
const maxRequestBody = 104_857_600

// webhookPath is where Event Grid delivers.
const webhookPath = "/runtime/webhooks/eventgrid"

// handler serves the host's address until life ends.
func (r *Running) handler(life context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Server", "Kestrel")
		path := strings.ToLower(req.URL.Path)
		switch {
		case strings.HasPrefix(path, "/admin/"):
			r.admin(life, w, req)
		case path == webhookPath:
			r.webhook(life, w, req)
		default:
			r.functionRequest(life, w, req)
		}
	})
}

func (r *Running) webhook(life context.Context, w http.ResponseWriter, req *http.Request) {
	if !allowed(req, r.host.Keys.EventGrid, r.host.Keys.Master) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a, err := r.loaded()
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	r.eventGrid(life, a, w, req)
}

// allowed reports whether the request carries the key, or the master key. An
// empty key opens the door.
func allowed(req *http.Request, key, master string) bool {
	if key == "" {
		return true
	}
	given := req.Header.Get("x-functions-key")
	if code := req.URL.Query().Get("code"); code != "" {
		given = code
	}
	return same(given, key) || master != "" && same(given, master)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
