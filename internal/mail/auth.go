package mail

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// signIn is the first of PLAIN and LOGIN that the server offers: Azure's relay
// takes both, Exchange Online only the second. Both refuse to speak over a
// connection without TLS.
type signIn struct {
	settings Settings
	chosen   smtp.Auth
}

// Start implements [smtp.Auth].
func (a *signIn) Start(server *smtp.ServerInfo) (string, []byte, error) {
	s := a.settings
	switch {
	case slices.Contains(server.Auth, "PLAIN"):
		a.chosen = smtp.PlainAuth("", s.Username, s.Password, s.Host, false)
	case slices.Contains(server.Auth, "LOGIN"):
		a.chosen = smtp.LoginAuth(s.Username, s.Password, s.Host, false)
	default:
		return "", nil, errors.New("server offers neither PLAIN nor LOGIN")
	}
	return a.chosen.Start(server)
}

// Next implements [smtp.Auth].
func (a *signIn) Next(from []byte, more bool) ([]byte, error) {
	return a.chosen.Next(from, more)
}
