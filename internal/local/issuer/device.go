package issuer

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// devicePath is where a person types the code that a program shows
// (RFC 8628, 3.3).
const devicePath = "/device"

// deviceLife is how long a code waits for its person, as Entra's does.
const deviceLife = 15 * time.Minute

// device is one sign-in by code.
type device struct {
	request  request
	userCode string
	until    time.Time
	denied   bool
}

// StoreDeviceAuthorization implements [op.DeviceAuthorizationStorage]. Codes
// that have ended make room.
func (s *store) StoreDeviceAuthorization(_ context.Context, client, deviceCode, userCode string, _ time.Time, scopes []string) error {
	audience, err := s.audienceOf(scopes)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	for code, d := range s.devices {
		if now.After(d.until) {
			delete(s.devices, code)
		}
	}
	if len(s.devices) >= maxPending {
		return oidc.ErrServerError().WithDescription("too many sign-ins under way")
	}
	s.devices[deviceCode] = &device{userCode: userCode, until: now.Add(deviceLife), request: request{
		asked:    oidc.AuthRequest{ClientID: client, Scopes: scopes, ResponseType: oidc.ResponseTypeCode},
		audience: audience,
	}}
	return nil
}

// GetDeviceAuthorizatonState implements [op.DeviceAuthorizationStorage]. The
// token route of this server answers without it, because the library would
// name the client as another audience of the access token.
func (s *store) GetDeviceAuthorizatonState(context.Context, string, string) (*op.DeviceAuthorizationState, error) {
	return nil, errUnknown
}

// byUserCode finds the sign-in that a person's code stands for. People type
// codes in any case and leave the dash out.
func (s *store) byUserCode(code string) (*device, error) {
	now := s.config.Now()
	for _, d := range s.devices {
		if plainCode(d.userCode) == plainCode(code) && !now.After(d.until) && !d.denied && !d.request.Done() {
			return d, nil
		}
	}
	return nil, errUnknown
}

func plainCode(code string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
}

// deviceClient is who asks with the code, "" if it stands for nothing.
func (s *store) deviceClient(code string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, err := s.byUserCode(code); err == nil {
		return d.request.GetClientID()
	}
	return ""
}

// answerDevice records who signs in with the code, or that nobody does.
func (s *store) answerDevice(code string, u *User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.byUserCode(code)
	if err != nil {
		return err
	}
	if u == nil {
		d.denied = true
		return nil
	}
	d.request.subject, d.request.signedIn = subject(*u), s.config.Now()
	return nil
}

// collect returns the sign-in of a device code once its person has signed in;
// a code works once. Errors are those of RFC 8628, 3.5.
func (s *store) collect(client, deviceCode string) (*request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.devices[deviceCode]
	switch {
	case !ok || d.request.GetClientID() != client:
		return nil, oidc.ErrInvalidGrant().WithDescription("device code unknown")
	case s.config.Now().After(d.until):
		return nil, oidc.ErrExpiredDeviceCode()
	case d.denied:
		delete(s.devices, deviceCode)
		return nil, oidc.ErrAccessDenied()
	case !d.request.Done():
		return nil, oidc.ErrAuthorizationPending()
	}
	delete(s.devices, deviceCode)
	return &d.request, nil
}

// deviceToken answers a program that asks whether its person has signed in.
func (s *Server) deviceToken(w http.ResponseWriter, r *http.Request) {
	ctx := op.ContextWithIssuer(r.Context(), s.url)
	answer, err := s.exchangeDevice(ctx, r.PostForm.Get("client_id"), r.PostForm.Get("device_code"))
	if err != nil {
		op.RequestError(w, r, err, s.config.Logger)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Server) exchangeDevice(ctx context.Context, id, code string) (*oidc.AccessTokenResponse, error) {
	found, err := s.store.GetClientByClientID(ctx, id)
	if err != nil || !slices.Contains(found.GrantTypes(), oidc.GrantTypeDeviceCode) {
		return nil, oidc.ErrInvalidClient()
	}
	r, err := s.store.collect(id, code)
	if err != nil {
		return nil, err
	}
	return op.CreateDeviceTokenResponse(ctx, r, s.provider, found)
}

// deviceView is what the page for codes shows.
type deviceView struct {
	Code    string // "" until one was typed
	Client  string // who asks with it
	Users   []User
	Problem string
	Done    string // what happened, at the end
}

// devicePage asks for the code, and then who signs in.
func (s *Server) devicePage(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("user_code")
	view := deviceView{Code: code, Users: s.Users(), Client: s.store.deviceClient(code)}
	status := http.StatusOK
	if code != "" && view.Client == "" {
		view, status = deviceView{Problem: "No sign-in waits for this code. Look at the code again, or ask the program for a new one."}, http.StatusNotFound
	}
	s.render(w, status, devicePage, view)
}

// deviceChosen takes the form: user_code, and user (a key) or deny.
func (s *Server) deviceChosen(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	code, key := r.PostFormValue("user_code"), r.PostFormValue("user")
	var who *User
	done := "You have refused. The program gets no access."
	if r.PostFormValue("deny") == "" {
		u, err := s.store.byKey(key)
		if err != nil {
			s.render(w, http.StatusNotFound, devicePage, deviceView{Problem: "There is no such person."})
			return
		}
		who, done = &u, "You are signed in as "+u.Name+". Go back to the program; this page can be closed."
	}
	if err := s.store.answerDevice(code, who); err != nil {
		s.render(w, http.StatusNotFound, devicePage, deviceView{Problem: "No sign-in waits for this code. Ask the program for a new one."})
		return
	}
	s.render(w, http.StatusOK, devicePage, deviceView{Done: done})
}
