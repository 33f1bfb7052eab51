package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// errUnknown is what the store answers for anything it does not hold.
var errUnknown = errors.New("unknown")

// maxPending bounds sign-ins under way; the oldest goes first.
const maxPending = 1000

// store implements [op.Storage] in memory.
type store struct {
	keyring
	config    Config
	cryptoKey [32]byte

	mu       sync.Mutex
	pending  map[string]*request // by id
	order    []string            // of pending, oldest first
	codes    map[string]string   // authorization code to request id
	sessions map[string]request  // by refresh token
	devices  map[string]*device  // by device code
}

var (
	_ op.Storage                        = (*store)(nil)
	_ op.CanGetPrivateClaimsFromRequest = (*store)(nil)
	_ op.CanSetUserinfoFromRequest      = (*store)(nil)
	_ op.DeviceAuthorizationStorage     = (*store)(nil)
	_ op.ClientCredentialsStorage       = (*store)(nil)
)

func newStore(c Config) (*store, error) {
	s := &store{
		config:   c,
		pending:  map[string]*request{},
		codes:    map[string]string{},
		sessions: map[string]request{},
		devices:  map[string]*device{},
	}
	_, _ = rand.Read(s.cryptoKey[:]) // never fails (crypto/rand)
	return s, s.rotate()
}

func (s *store) user(match func(User) bool) (User, error) {
	i := slices.IndexFunc(s.config.Users, match)
	if i < 0 {
		return User{}, errUnknown
	}
	return s.config.Users[i], nil
}

func (s *store) byKey(key string) (User, error) {
	return s.user(func(u User) bool { return u.Key == key })
}

func (s *store) bySubject(sub string) (User, error) {
	return s.user(func(u User) bool { return subject(u) == sub })
}

func (s *store) userList() []User { return slices.Clone(s.config.Users) }

// CreateAuthRequest implements [op.AuthStorage].
func (s *store) CreateAuthRequest(_ context.Context, a *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if len(a.Prompt) == 1 && a.Prompt[0] == "none" {
		return nil, oidc.ErrLoginRequired() // nobody stays signed in here
	}
	audience, err := s.audienceOf(a.Scopes)
	if err != nil {
		return nil, err
	}
	r := &request{id: rand.Text(), asked: *a, audience: audience}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[r.id] = r
	s.order = append(s.order, r.id)
	if len(s.order) > maxPending {
		delete(s.pending, s.order[0])
		s.order = s.order[1:]
	}
	return r, nil
}

// AuthRequestByID implements [op.AuthStorage]. The caller gets a copy.
func (s *store) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.pending[id]
	if !ok {
		return nil, errUnknown
	}
	found := *r
	return &found, nil
}

// choose records who signs in.
func (s *store) choose(id string, u User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.pending[id]
	if !ok {
		return errUnknown
	}
	r.subject, r.signedIn = subject(u), s.config.Now()
	return nil
}

// SaveAuthCode implements [op.AuthStorage].
func (s *store) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// AuthRequestByCode implements [op.AuthStorage]. A code works once.
func (s *store) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id, ok := s.codes[code]
	delete(s.codes, code)
	s.mu.Unlock()
	if !ok {
		return nil, errUnknown
	}
	return s.AuthRequestByID(ctx, id)
}

// DeleteAuthRequest implements [op.AuthStorage].
func (s *store) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
	s.order = slices.DeleteFunc(s.order, func(o string) bool { return o == id })
	return nil
}

// CreateAccessToken implements [op.AuthStorage]: tokens are signed, not kept.
func (s *store) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), s.config.Now().Add(s.config.Lifetime), nil
}

// CreateAccessAndRefreshTokens implements [op.AuthStorage]. A refresh token
// works once.
func (s *store) CreateAccessAndRefreshTokens(_ context.Context, t op.TokenRequest, current string) (string, string, time.Time, error) {
	r, ok := t.(*request)
	if !ok {
		return "", "", time.Time{}, errUnknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, current)
	fresh := rand.Text()
	s.sessions[fresh] = *r
	return rand.Text(), fresh, s.config.Now().Add(s.config.Lifetime), nil
}

// TokenRequestByRefreshToken implements [op.AuthStorage].
func (s *store) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.sessions[token]
	if !ok {
		return nil, op.ErrInvalidRefreshToken
	}
	r.forID = false
	return &r, nil
}

// RevokeToken implements [op.AuthStorage].
func (s *store) RevokeToken(_ context.Context, token, _, _ string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
	return nil
}

// GetRefreshTokenInfo implements [op.AuthStorage].
func (s *store) GetRefreshTokenInfo(_ context.Context, _, token string) (string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.sessions[token]
	if !ok {
		return "", "", op.ErrInvalidRefreshToken
	}
	return r.subject, token, nil
}

// TerminateSession implements [op.AuthStorage]: nobody stays signed in.
func (s *store) TerminateSession(context.Context, string, string) error { return nil }

// ValidateJWTProfileScopes implements [op.OPStorage].
func (s *store) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnknown
}

// GetKeyByIDAndClientID implements [op.OPStorage]: no client signs here.
func (s *store) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnknown
}

// Health implements [op.Storage].
func (s *store) Health(context.Context) error { return nil }
