package storageproxy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sasVersion is the service version whose string to sign AccountSAS writes.
const sasVersion = "2018-11-09"

// Sign is storage's signature: base64 of HMAC-SHA256 with the account key. A key that is not base64 signs nothing.
func Sign(key, text string) string {
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return ""
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// AccountSAS is a query string that may do everything with the account's blobs until expiry. The stand-ins act on
// storage with it, as it needs no signature for each request.
// Source: https://learn.microsoft.com/rest/api/storageservices/create-account-sas
func AccountSAS(account, key string, expiry time.Time) string {
	q := url.Values{
		"sv": {sasVersion}, "ss": {"b"}, "srt": {"sco"}, "sp": {"rwdlacup"},
		"se": {expiry.UTC().Format(time.RFC3339)},
	}
	text := strings.Join([]string{account, q.Get("sp"), q.Get("ss"), q.Get("srt"), "", q.Get("se"), "", "", sasVersion, ""}, "\n")
	q.Set("sig", Sign(key, text))
	return q.Encode()
}

// HasSharedKey says whether the request carries a SharedKey signature, valid or not.
func HasSharedKey(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "SharedKey ")
}

// VerifySharedKey checks the request's SharedKey signature with the account's key. The service sorts x-ms-
// headers without regard to dashes, older clients sort them byte by byte: either order is accepted.
// Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
func VerifySharedKey(r *http.Request, account, key string) bool {
	given := r.Header.Get("Authorization")
	for _, order := range []func(a, b string) int{strings.Compare, withoutDashes} {
		want := "SharedKey " + account + ":" + Sign(key, stringToSign(r, account, order))
		if hmac.Equal([]byte(want), []byte(given)) {
			return true
		}
	}
	return false
}

func withoutDashes(a, b string) int {
	return strings.Compare(strings.ReplaceAll(a, "-", ""), strings.ReplaceAll(b, "-", ""))
}

func stringToSign(r *http.Request, account string, order func(a, b string) int) string {
	length, date := "", r.Header.Get("Date")
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	if r.Header.Get("x-ms-date") != "" {
		date = ""
	}
	lines := []string{
		r.Method,
		r.Header.Get("Content-Encoding"),
		r.Header.Get("Content-Language"),
		length,
		r.Header.Get("Content-MD5"),
		r.Header.Get("Content-Type"),
		date,
		r.Header.Get("If-Modified-Since"),
		r.Header.Get("If-Match"),
		r.Header.Get("If-None-Match"),
		r.Header.Get("If-Unmodified-Since"),
		r.Header.Get("Range"),
	}
	lines = append(lines, canonicalHeaders(r.Header, order)...)
	return strings.Join(append(lines, canonicalResource(r, account)), "\n")
}

func canonicalHeaders(h http.Header, order func(a, b string) int) []string {
	values := map[string]string{}
	for name, v := range h {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-ms-") {
			values[name] = strings.Join(v, ",")
		}
	}
	names := slices.SortedFunc(maps.Keys(values), order)
	for i, name := range names {
		names[i] = name + ":" + values[name]
	}
	return names
}

// canonicalResource repeats the account before a path that has it already: that is how path-style URLs are signed.
func canonicalResource(r *http.Request, account string) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	query := map[string][]string{}
	for name, values := range r.URL.Query() {
		name = strings.ToLower(name)
		query[name] = append(query[name], values...)
	}
	var b strings.Builder
	b.WriteString("/" + account + path)
	for _, name := range slices.Sorted(maps.Keys(query)) {
		slices.Sort(query[name])
		b.WriteString("\n" + name + ":" + strings.Join(query[name], ","))
	}
	return b.String()
}
