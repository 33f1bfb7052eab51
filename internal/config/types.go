package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// App says which half of the platform a process is.
type App string

// The halves, and both of them in one process.
const (
	AppFront  App = "front"
	AppEngine App = "engine"
	AppAll    App = "all"
)

// Set reads the setting's text.
func (a *App) Set(text string) error { return oneOf(a, text, AppFront, AppEngine, AppAll) }

// Front reports whether the process faces people and Event Grid.
func (a App) Front() bool { return a == AppFront || a == AppAll }

// Engine reports whether the process does the work.
func (a App) Engine() bool { return a == AppEngine || a == AppAll }

// TLSMode says how a connection to the mail server is protected.
type TLSMode string

// The modes.
const (
	TLSStart  TLSMode = "starttls" // plain first, then TLS or nothing
	TLSDirect TLSMode = "tls"      // TLS from the first byte
	TLSNone   TLSMode = "none"     // plain; for a server on the same machine
)

// Set reads the setting's text.
func (m *TLSMode) Set(text string) error { return oneOf(m, text, TLSStart, TLSDirect, TLSNone) }

// Protocol is how a collector is spoken to.
type Protocol string

// Set reads the setting's text.
func (p *Protocol) Set(text string) error { return oneOf(p, text, Protocol("http/protobuf")) }

// Exporter is who takes a kind of telemetry.
type Exporter string

// The exporters.
const (
	ExporterOTLP Exporter = "otlp"
	ExporterNone Exporter = "none"
)

// Set reads the setting's text.
func (e *Exporter) Set(text string) error { return oneOf(e, text, ExporterOTLP, ExporterNone) }

func oneOf[T ~string](to *T, text string, values ...T) error {
	if !slices.Contains(values, T(text)) {
		return fmt.Errorf("%q is none of %v", text, values)
	}
	*to = T(text)
	return nil
}

// hidden is what is shown of a secret.
const hidden = "(secret)"

// Secret is a setting that is shown to nobody: not in logs, errors, JSON or any form that fmt knows.
type Secret struct{ text string }

// NewSecret returns text as a secret.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the secret itself, for the one who needs it.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether the secret is not set.
func (s Secret) IsZero() bool { return s.text == "" }

// Set reads the setting's text.
func (s *Secret) Set(text string) error {
	s.text = text
	return nil
}

// Format writes that there is a secret, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// String returns that there is a secret.
func (Secret) String() string { return hidden }

// LogValue returns that there is a secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns that there is a secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Secrets are several, separated by line breaks or |.
type Secrets []Secret

// Set reads the setting's text.
func (s *Secrets) Set(text string) error {
	*s = nil
	for _, part := range split(text, "\n|") {
		*s = append(*s, Secret{part})
	}
	return nil
}

// Reveal returns the secrets themselves, for the one who needs them.
func (s Secrets) Reveal() []string {
	all := make([]string, len(s))
	for i, secret := range s {
		all[i] = secret.Reveal()
	}
	return all
}

// List is several texts, separated by commas, line breaks or |.
type List []string

// Set reads the setting's text.
func (l *List) Set(text string) error {
	*l = split(text, ",\n|")
	return nil
}

// Days are several numbers of days, separated as a List is.
type Days []int

// Set reads the setting's text.
func (d *Days) Set(text string) error {
	*d = Days{}
	for _, part := range split(text, ",\n|") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > 365 {
			return errors.New("a number of days from 1 to 365 each")
		}
		*d = append(*d, n)
	}
	return nil
}

func split(text, separators string) []string {
	var parts []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// URL is an absolute address of a web service, without a slash at its end.
type URL string

// Set reads the setting's text. A query or a user in it is refused: that is where secrets hide.
func (u *URL) Set(text string) error {
	parsed, err := url.Parse(text)
	switch {
	case err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http"):
		return errors.New("not an address that begins with https:// (or http:// on one machine)")
	case parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "":
		return errors.New("an address with a user, a query or a fragment")
	}
	*u = URL(strings.TrimRight(text, "/"))
	return nil
}

// Template is an address with {account} where an account's name belongs.
type Template string

// placeholder is what stands for the account's name.
const placeholder = "{account}"

// Set reads the setting's text.
func (t *Template) Set(text string) error {
	if strings.Count(text, placeholder) != 1 {
		return fmt.Errorf("an address in which %s stands once", placeholder)
	}
	var u URL
	if err := u.Set(strings.Replace(text, placeholder, "account", 1)); err != nil {
		return err
	}
	*t = Template(strings.TrimRight(text, "/"))
	return nil
}

// For returns the address for the named account.
func (t Template) For(account string) string {
	return strings.Replace(string(t), placeholder, account, 1)
}

// Address is a mail address, with or without a name before it.
type Address string

// Set reads the setting's text.
func (a *Address) Set(text string) error {
	if _, err := mail.ParseAddress(text); err != nil {
		return errors.New("not a mail address")
	}
	*a = Address(text)
	return nil
}

// Schedule is an NCRONTAB expression, {second} {minute} {hour} {day} {month} {weekday}:
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
type Schedule string

// Set reads the setting's text. What it means is the host's to say; here it has to look like one.
func (s *Schedule) Set(text string) error {
	if n := len(strings.Fields(text)); n != 6 {
		return fmt.Errorf("%d fields, a schedule has 6: second minute hour day month weekday", n)
	}
	if strings.Trim(text, "0123456789*/,- ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		return errors.New("a character that no schedule has")
	}
	*s = Schedule(text)
	return nil
}
