package cli

import (
	"errors"
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
