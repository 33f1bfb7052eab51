package vault

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request: a value has at most 25 kB.
// Source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
const (
	maxBody  = 128 << 10
	maxValue = 25_000
	pageSize = 25 // what Key Vault lists at most
)

var validName = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)

// refusal is an error as Key Vault answers it.
type refusal struct {
	status               int
	code, message, inner string
}

func notFound(name string) *refusal {
	return &refusal{http.StatusNotFound, "SecretNotFound", "A secret with (name/id) " + name + " was not found in this key vault. If you recently deleted this secret " +
		"you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182", ""}
}

func conflict(name, state, inner string) *refusal {
	return &refusal{http.StatusConflict, "Conflict", "Secret " + name + " is currently " + state + ".", inner}
}

func (r *refusal) write(w http.ResponseWriter) {
	e := map[string]any{"code": r.code, "message": r.message}
	if r.inner != "" {
		e["innererror"] = map[string]string{"code": r.inner}
	}
	answer(w, r.status, map[string]any{"error": e})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if v != nil {
		_ = json.NewEncoder(w).Encode(v) // a client that went away cannot be told so
	}
}

// does answers a request; the lock is held.
type does func(r *http.Request, principal string) (any, *refusal)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, route := range map[string]struct {
		action string
		does   does
	}{
		"PUT /secrets/{name}":                 {"set", s.set},
		"GET /secrets/{name}/{$}":             {"get", s.get},
		"GET /secrets/{name}":                 {"get", s.get},
		"GET /secrets/{name}/versions":        {"list", s.listVersions},
		"GET /secrets/{name}/{version}":       {"get", s.get},
		"PATCH /secrets/{name}/{version}":     {"set", s.update},
		"GET /secrets":                        {"list", s.list},
		"DELETE /secrets/{name}":              {"delete", s.remove},
		"GET /deletedsecrets/{name}":          {"list", s.getDeleted},
		"POST /deletedsecrets/{name}/recover": {"recover", s.recover},
		"DELETE /deletedsecrets/{name}":       {"purge", s.purge},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route.action, route.does) })
	}
	return mux
}

// serve asks for a token, and for the right to act, before anything is looked at.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, action string, do does) {
	if host, _, err := net.SplitHostPort(r.Host); err != nil || host != "127.0.0.1" && host != "localhost" {
		http.Error(w, "unknown host", http.StatusMisdirectedRequest) // a foreign name that resolves to this machine is a web page at work
		return
	}
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	principal, ok := "", isBearer && token != ""
	if ok {
		principal, ok = s.cfg.Authorize(token)
	}
	if !ok {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization="https://login.microsoftonline.com/%s", resource="%s"`, s.cfg.Tenant, s.cfg.Resource))
		(&refusal{http.StatusUnauthorized, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", ""}).write(w)
		return
	}
	if r.URL.Query().Get("api-version") == "" {
		(&refusal{http.StatusBadRequest, "BadParameter", "api-version must be specified", ""}).write(w)
		return
	}
	if !s.cfg.Allow(principal, action) {
		(&refusal{http.StatusForbidden, "Forbidden", "Caller is not authorized to perform action on resource. Action: 'Microsoft.KeyVault/vaults/secrets/" + action +
			"Secret/action'.", "ForbiddenByRbac"}).write(w)
		return
	}
	if name := r.PathValue("name"); name != "" && !validName.MatchString(name) {
		(&refusal{http.StatusBadRequest, "BadParameter", "The request URI contains an invalid name: " + name, ""}).write(w)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.mu.Lock()
	result, refused := do(r, principal)
	s.mu.Unlock()
	switch {
	case refused != nil:
		refused.write(w)
	case result == nil:
		answer(w, http.StatusNoContent, nil)
	default:
		answer(w, http.StatusOK, result)
	}
}

// page is a part of a list, with the address of the next.
func page[T any](s *Server, r *http.Request, all []T) map[string]any {
	from, err := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
	if err != nil || from < 0 || from > len(all) {
		from = 0
	}
	out := map[string]any{"value": all[from:], "nextLink": nil}
	if len(all)-from > pageSize {
		query := r.URL.Query()
		query.Set("$skiptoken", strconv.Itoa(from+pageSize))
		out["value"], out["nextLink"] = all[from:from+pageSize], s.url+r.URL.Path+"?"+query.Encode()
	}
	return out
}

// busy refuses a name that a deletion or a recovery works on, or that a deleted secret holds. The lock is held.
func (s *Server) busy(name string) *refusal {
	sec := s.secrets[strings.ToLower(name)]
	switch {
	case sec == nil:
		return nil
	case s.cfg.Now().Before(sec.changing) && sec.deleted.IsZero():
		return conflict(name, "being recovered", "ObjectIsBeingRecovered")
	case s.cfg.Now().Before(sec.changing):
		return conflict(name, "being deleted", "ObjectIsBeingDeleted")
	case !sec.deleted.IsZero():
		return conflict(name, "in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged",
			"ObjectIsDeletedButRecoverable")
	}
	return nil
}

func (s *Server) settled() time.Time { return s.cfg.Now().Add(s.cfg.Settle) }
