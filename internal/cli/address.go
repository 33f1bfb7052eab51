package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Base is the base address of an API, under which AzureTRE's paths stand and
// which ends in /api, from what a person gives as the system's address. Only a
// loopback address may go without TLS: tokens are sent there.
func Base(address string) (string, error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(strings.TrimRight(address, "/"))
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", Misused("%q is no address of a TRE; give one such as https://tre.example.org", address)
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
	default:
		return "", Misused("%s: tokens are sent over https only", address)
	}
	if !strings.HasSuffix(u.Path, "/api") {
		u.Path += "/api"
	}
	return u.String(), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// HTTP is the client for everything but transfers.
func HTTP() *http.Client { return &http.Client{Timeout: callTime, CheckRedirect: stay} }

// maxRedirects is how often one call is sent on, as net/http has it.
const maxRedirects = 10

// stay follows a redirect unless it takes a secret, a token or what was sent,
// to another address than the one that was asked, or off TLS.
func stay(next *http.Request, before []*http.Request) error {
	first := before[0]
	secret := first.Header.Get("Authorization") != "" || first.Method != http.MethodGet && first.Method != http.MethodHead
	elsewhere := next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host
	switch {
	case len(before) >= maxRedirects:
		return fmt.Errorf("sent on %d times", maxRedirects)
	case secret && elsewhere, first.URL.Scheme == "https" && next.URL.Scheme != "https":
		return fmt.Errorf("it sends on to %s://%s, where nothing is sent; ask for that address if it is the right one", next.URL.Scheme, next.URL.Host)
	}
	return nil
}

// NotSignedIn is the error of a command that needs somebody signed in.
func NotSignedIn() error {
	return &Error{Code: SignedOut, Err: errors.New("nobody is signed in"),
		Hint: "sign in with `tre login https://your-tre.example.org`, or set TRE_URL and TRE_TOKEN"}
}

func statusText(status int) string {
	if status == 0 {
		return "no answer"
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}
