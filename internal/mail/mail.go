// Package mail sends one message to one person over SMTP and says whether a
// failure will pass.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"
)

var (
	// ErrTemporary says that the message may go out later: the server could not
	// be reached, refused the sign-in, or answered 4xx.
	ErrTemporary = errors.New("mail not sent yet")
	// ErrPermanent says that this message will never go out: the address is
	// bad, or the server answered 5xx.
	ErrPermanent = errors.New("mail refused")
)

// Sender sends messages. Errors wrap ErrTemporary or ErrPermanent. A message
// that failed with ErrTemporary may have arrived all the same, if the
// connection broke at the last word: send it again with the same ID, and mail
// systems show it once.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Message is one mail to one person.
type Message struct {
	// ID is the Message-ID without angle brackets, "left@right": the same for
	// every try of the same message.
	ID      string
	Date    time.Time // Date header: when the thing happened that the mail tells of
	To      Address
	Subject string // one line
	Text    string // the message in plain text; required
	HTML    string // the same as HTML; may be empty
}

// Address is a mailbox and whose it is.
type Address struct {
	Name  string // "" if not known
	Email string // local@domain
}

// Limits of a message.
const (
	maxSubject = 250     // characters: RFC 5322 has lines of 998, screens far less
	maxName    = 256     // characters, as Entra's displayName
	maxEmail   = 254     // bytes (RFC 5321, 4.5.3.1.3, less the brackets)
	maxID      = 200     // bytes
	maxBody    = 1 << 20 // bytes each
)

// Check reports what makes a message impossible to send. Errors wrap
// ErrPermanent.
func (m Message) Check() error {
	var wrong []error
	refuse := func(bad bool, text string) {
		if bad {
			wrong = append(wrong, errors.New(text))
		}
	}
	refuse(!validID(m.ID), "message id malformed")
	refuse(m.Date.IsZero(), "date missing")
	refuse(m.Subject == "" || !oneLine(m.Subject, maxSubject), "subject empty, too long or not one line")
	refuse(!oneLine(m.To.Name, maxName), "recipient's name too long or not one line")
	refuse(!validEmail(m.To.Email), "recipient's address malformed")
	refuse(m.Text == "", "text missing")
	refuse(len(m.Text) > maxBody || len(m.HTML) > maxBody, "body too large")
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return nil
}

// validEmail accepts exactly an address, with no name, comment or header in it.
func validEmail(s string) bool {
	if s == "" || len(s) > maxEmail || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	a, err := netmail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}

// validID accepts left@right in the characters of RFC 5322's dot-atom.
func validID(s string) bool {
	left, right, ok := strings.Cut(s, "@")
	return ok && left != "" && right != "" && len(s) <= maxID &&
		!strings.ContainsFunc(left+right, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune(`()<>[]:;@\,"`, r)
		})
}

// oneLine reports text without line breaks or other control characters, of at
// most limit characters.
func oneLine(s string, limit int) bool {
	return len([]rune(s)) <= limit && strings.ToValidUTF8(s, "") == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}
