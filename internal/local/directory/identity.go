package directory

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// identity is a managed identity: who it is, and for which services it gets
// tokens.
type identity struct {
	principal string
	tokens    map[string]string // by audience
}

// identityPath is where a managed identity gets its tokens.
const identityPath = "/msi/token"

// Identity makes a managed identity with that object id, which gets tokens for
// this Graph and for the audiences named. It returns the environment of a
// process that has it, as App Service gives it to one.
// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
func (s *Server) Identity(principal string, audiences ...string) map[string]string {
	made, header := identity{principal: principal, tokens: map[string]string{}}, rand.Text()
	for _, audience := range slices.Concat(audiences, []string{s.URL()}) {
		made.tokens[strings.TrimSuffix(audience, "/")] = rand.Text()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities[header] = made
	return map[string]string{"IDENTITY_ENDPOINT": s.URL() + identityPath, "IDENTITY_HEADER": header}
}

// Principal is the object id of the identity that has a token for an audience.
func (s *Server) Principal(token, audience string) (principal string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.identities {
		if known := i.tokens[strings.TrimSuffix(audience, "/")]; known != "" && known == token {
			return i.principal, true
		}
	}
	return "", false
}

// Token is a token of an identity for an audience, for who runs the directory;
// "" when nobody has one.
func (s *Server) Token(principal, audience string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.identities {
		if token := i.tokens[strings.TrimSuffix(audience, "/")]; i.principal == principal && token != "" {
			return token
		}
	}
	return ""
}

// issue gives a token to who knows an identity's header, for its audiences
// alone.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) {
	resource := strings.TrimSuffix(r.URL.Query().Get("resource"), "/")
	s.mu.Lock()
	token := s.identities[r.Header.Get("X-IDENTITY-HEADER")].tokens[resource]
	s.mu.Unlock()
	if token == "" {
		http.Error(w, "not for you", http.StatusUnauthorized)
		return
	}
	answer(w, http.StatusOK, map[string]string{"access_token": token, "token_type": "Bearer", "resource": resource,
		"expires_on": strconv.FormatInt(s.config.Now().Add(24*time.Hour).Unix(), 10)})
}
